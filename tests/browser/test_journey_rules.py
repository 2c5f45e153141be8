"""From a journey to all its rules and back to an alert, in Chromium, without leaving the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, keep_screenshot, scrolls_sideways, violations
from tests.cases.pages_kit import REFERENT, silent_journey

pytestmark = pytest.mark.browser


def test_the_rules_of_a_journey_are_read_with_the_keyboard(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{silent_journey(REFERENT)}")
    page.get_by_role("link", name="Toutes les règles de ce parcours").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Règles de ce parcours")
    for width, height in ((360, 800), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        keep_screenshot(page, f"regles-{width}")
    lost = page.get_by_role("region", name="Perte de contact")
    expect(lost).to_contain_text("alerte en cours")
    lost.get_by_text("En savoir plus").first.press("Enter")
    expect(lost.get_by_text("Pourquoi ce délai").first).to_be_visible()
    for width, height in ((360, 800), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        keep_screenshot(page, f"regles-ouvertes-{width}")
    page.get_by_role("link", name="Voir l'alerte").first.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Répondre à une alerte")


def test_why_is_one_tap_from_the_day(site: Site) -> None:
    page = site.signed_in("referent.pre")
    journey = silent_journey(REFERENT)
    page.locator(f"#parcours-{journey}").get_by_role("link", name="Pourquoi ?").first.click()
    expect(page.get_by_text("Décompte")).to_be_visible()
    expect(page.get_by_text("D'où il vient")).to_be_visible()
    for width, height in ((360, 800), (1280, 900)):
        page.set_viewport_size({"width": width, "height": height})
        assert scrolls_sideways(page) == 0 and violations(page) == []
        keep_screenshot(page, f"pourquoi-{width}")
    page.get_by_role("link", name="Ma journée").first.click()
    assert scrolls_sideways(page) == 0 and violations(page) == []


def test_escape_folds_the_menu_and_gives_the_focus_back(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{silent_journey(REFERENT)}")
    button = page.locator("summary", has_text="Ajouter")
    first = page.get_by_role("link", name="Une action", exact=True)
    button.press("Enter")
    expect(first).to_be_visible()
    first.focus()
    page.keyboard.press("Escape")
    expect(first).to_be_hidden()
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(first).to_be_visible()
