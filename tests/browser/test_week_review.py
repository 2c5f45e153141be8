"""The weekly review in Chromium: the keys and the taps that a file costs; without JavaScript too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Site, Thumb, keep_screenshot
from tests.support import rows

pytestmark = pytest.mark.browser
MOST = 6


class Hands:
    """Counts the keys pressed."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.page.keyboard.press(key)


def place(page: Page) -> tuple[int, int]:
    found = re.match(r"(\d+) sur (\d+)", page.locator(".review-place strong").inner_text())
    assert found
    return int(found.group(1)), int(found.group(2))


def test_every_file_by_keyboard_in_six_keys_at_most(site: Site) -> None:
    page = site.signed_in("coordination.pre", width=1280, height=900)
    page.goto("/parcours/revue?tous=1")
    page.get_by_role("link", name="Commencer la revue").click()
    page.locator(".review-place").wait_for()
    first, whole = place(page)
    assert first == 1
    counted = []
    for number in range(1, whole + 1):
        assert place(page) == (number, whole)
        keep_screenshot(page, f"revue-clavier-{number}-1280")
        hands = Hands(page)
        hands.press(str(1 + (number - 1) % 7))
        if number < whole:
            page.get_by_text(f"{number + 1} sur {whole}", exact=True).wait_for()
            # The keys are heard once the page is whole.
            page.wait_for_load_state()
        counted.append(hands.pressed)
    page.get_by_role("heading", name="Bilan de la revue").wait_for()
    print(f"revue de la semaine : {whole} parcours, {max(counted)} touche(s) par parcours, {MOST} au plus")
    assert max(counted) <= MOST
    assert len(rows("SELECT 1 FROM week_decision")) == whole
    page.goto("/parcours/revue?tous=1")
    page.get_by_text("Tout est vu pour cette semaine").wait_for()


def test_by_tabulation_alone_with_the_scripts_off(site: Site) -> None:
    page = site.signed_in("coordination.pre", java_script_enabled=False)
    page.goto("/parcours/revue?tous=1")
    page.get_by_role("link", name="Commencer la revue").click()
    page.get_by_role("button", name="Préparer la sortie").click()
    assert place(page)[0] == 2
    page.get_by_role("link", name="Passer au suivant sans décider").click()
    assert rows("SELECT decision FROM week_decision") == [("SORTIE",)]


def test_by_thumb_one_tap_a_file(site: Site) -> None:
    page = site.signed_in("coordination.pre", has_touch=True, is_mobile=True)
    page.goto("/parcours/revue?tous=1")
    page.get_by_role("link", name="Commencer la revue").tap()
    hand = Thumb()
    hand.tap(page.get_by_role("button", name="Laisser le référent agir"))
    page.get_by_text(re.compile(r"^2 sur ")).wait_for()
    assert hand.taps == 1
    # A figure typed elsewhere than in the form does nothing.
    page.locator("h1").click()
    page.keyboard.press("1")
    assert rows("SELECT count(*) FROM week_decision")[0][0] == 1


def test_the_keys_of_figures_of_a_french_keyboard(site: Site) -> None:
    """There the key of 6 writes "-" and that of 7 "è" as long as no other is held."""
    page = site.signed_in("coordination.pre", width=1280, height=900)
    page.goto("/parcours/revue?tous=1")
    page.get_by_role("link", name="Commencer la revue").click()
    page.locator(".review-place").wait_for()
    page.wait_for_load_state()
    keyboard = page.context.new_cdp_session(page)
    for kind in ("keyDown", "keyUp"):
        keyboard.send("Input.dispatchKeyEvent", {"type": kind, "key": "è", "code": "Digit7", "text": "è"})
    page.get_by_text(re.compile(r"^2 sur ")).wait_for()
    assert rows("SELECT decision FROM week_decision") == [("LAISSER",)]
