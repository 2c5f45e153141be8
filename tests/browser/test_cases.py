"""The tasks of a référent and of a coordinator in Chromium: by thumb, by keyboard, without scripts, zoomed."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Thumb, scrolls_sideways
from tests.cases.pages_kit import REFERENT, silent_journey
from tests.people import PASSWORD
from tests.support import rows, scalar

pytestmark = pytest.mark.browser
MOST_GESTURES = 5
# A tile is seen by its label: the input itself is transparent.
IN_SIGHT = """() => {
  const element = document.activeElement;
  const box = (element.type === "radio" ? element.labels[0] : element).getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight;
}"""


def silent(page: Page) -> tuple[str, str]:
    """(id, name) of somebody of the référent whose silence is an alert."""
    journey_id = str(silent_journey(REFERENT))
    rows("UPDATE alert SET initial = false WHERE journey_id = %s", journey_id)
    page.goto("/parcours/ma-journee")
    return journey_id, page.locator(f"#nom-{journey_id} .person-name").inner_text()


def test_a_referent_logs_a_contact_in_at_most_five_gestures(site: Site) -> None:
    page = site.signed_in("referent.pre", has_touch=True, is_mobile=True)
    expect(page).to_have_url(re.compile("/parcours/ma-journee$"))
    journey_id, name = silent(page)
    card = page.locator(f"#parcours-{journey_id}")
    expect(card).to_contain_text("Aucun échange enregistré depuis")
    hand = Thumb()
    hand.tap(card.get_by_role("link", name="Noter un échange"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Noter un échange")
    hand.tap(page.get_by_label("Téléphone"))
    hand.tap(page.get_by_label("Échange abouti"))
    page.get_by_label("Note").fill("La mère sera au rendez-vous de jeudi.")
    hand.tap(page.get_by_role("button", name="Enregistrer"))
    expect(page.locator(".note-success", has_text="Échange enregistré")).to_be_visible()
    expect(page).to_have_url(re.compile("/parcours/ma-journee$"))
    assert hand.taps <= MOST_GESTURES
    expect(page.get_by_text(re.compile(f"Aucun échange enregistré.*{re.escape(name)}"))).to_have_count(0)
    assert not rows(
        "SELECT 1 FROM alert WHERE journey_id = %s AND rule IN ('A01','A02') AND status <> 'RESOLUE'",
        journey_id,
    )


def test_a_rare_way_and_another_day_stay_within_reach(site: Site) -> None:
    page = site.signed_in("referent.pre", has_touch=True, is_mobile=True)
    journey_id, _ = silent(page)
    hand = Thumb()
    hand.tap(page.locator(f"#parcours-{journey_id}").get_by_role("link", name="Noter un échange"))
    expect(page.get_by_label("Date de l'échange")).to_be_hidden()
    hand.tap(page.get_by_text("Autres moyens"))
    hand.tap(page.get_by_label("Visioconférence"))
    hand.tap(page.get_by_label("Échange abouti"))
    hand.tap(page.get_by_role("button", name="Enregistrer"))
    expect(page.locator(".note-success", has_text="Échange enregistré")).to_be_visible()
    assert hand.taps <= MOST_GESTURES
    page.goto(f"/parcours/{journey_id}/echange")
    page.get_by_label("Un autre jour").check()
    expect(page.get_by_label("Date de l'échange")).to_be_visible()


def test_a_refused_form_brings_the_eye_to_its_faults(site: Site) -> None:
    page = site.signed_in("referent.pre")
    journey_id, _ = silent(page)
    page.goto(f"/parcours/{journey_id}/echange")
    page.get_by_label("SMS").check()
    page.get_by_label("Note").fill("Texte à garder")
    page.get_by_role("button", name="Enregistrer").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(page.get_by_label("Note")).to_have_value("Texte à garder")
    expect(page.get_by_label("SMS")).to_be_checked()
    summary.get_by_role("link").first.click()
    assert page.url.endswith("#outcome")


def test_an_alert_is_taken_in_one_tap(site: Site) -> None:
    page = site.signed_in("referent.pre", has_touch=True, is_mobile=True)
    journey_id, _ = silent(page)
    card = page.locator(f"#parcours-{journey_id}")
    before = card.get_by_role("button", name="Pris en charge").count()
    Thumb().tap(card.get_by_role("button", name="Pris en charge").first)
    expect(page.get_by_text("Alerte prise en charge.")).to_have_count(1)
    expect(card.get_by_role("button", name="Pris en charge")).to_have_count(before - 1)


def test_a_coordinator_reviews_what_is_stalled_and_finds_somebody(site: Site) -> None:
    page = site.signed_in("coordination.pre", width=1280, height=900)
    expect(page).to_have_url(re.compile("/parcours/$"))
    expect(page.get_by_text("pour 130 places")).to_be_visible()
    first = page.locator(".person-name").first
    name = first.inner_text()
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Parcours bloqués").click()
    expect(page.get_by_role("heading", name="Perte de contact")).to_be_visible()
    page.get_by_label("Type de rupture").select_option(label="Perte de contact")
    page.get_by_role("button", name="Montrer").click()
    expect(page).to_have_url(re.compile("type=ABANDON"))
    expect(page.get_by_role("columnheader", name="Ce qui bloque")).to_be_visible()
    page.get_by_role("link", name="Rechercher").click()
    given, family = name.split(" ", 1)
    # A letter doubled, no accent, no capital, the wrong order: as one types on the phone.
    page.get_by_label("Nom, prénom ou référence").fill(f"{family}{family[-1]} {given}".lower())
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    assert page.url.endswith("/parcours/recherche?resultats=1"), "no name in an address"
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    # Search, open, back, the next one.
    page.go_back()
    expect(page.get_by_role("rowheader", name=name)).to_be_visible()
    page.get_by_role("link", name=name).click()
    expect(page.get_by_role("heading", name="Qui a ouvert ce dossier")).to_be_visible()


def press_until(page: Page, test: str, key: str = "Tab", most: int = 80) -> None:
    """Press a key until the focused element (`e`) passes `test`; it must then be in sight."""
    for _ in range(most):
        page.keyboard.press(key)
        if page.evaluate(f"(() => {{ const e = document.activeElement; return Boolean({test}); }})()"):
            # Scrolling may be smooth: the element arrives, in the end.
            page.wait_for_function(IN_SIGHT)
            return
    pytest.fail(f"The keyboard never reached {test}.")


def test_a_contact_is_logged_by_keyboard_alone(site: Site) -> None:
    page = site.new_page(width=1280, height=800)
    page.goto("/")
    press_until(page, "e.name === 'email'")
    page.keyboard.type(REFERENT)
    press_until(page, "e.name === 'password'")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ma journée")
    journey_id, _ = silent(page)
    before = scalar("SELECT count(*) FROM contact WHERE journey_id = %s", journey_id)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Aller au contenu"
    press_until(page, f"e.closest('#parcours-{journey_id}') && e.textContent.startsWith('Noter un échange')")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Noter un échange")
    press_until(page, "e.name === 'mode'")
    page.keyboard.press("Space")
    press_until(page, "e.name === 'outcome'")
    page.keyboard.press("Space")
    press_until(page, "e.value === 'MESSAGE'", key="ArrowDown")
    press_until(page, "e.tagName === 'TEXTAREA'")
    page.keyboard.type("Message laissé à la mère.")
    press_until(page, "e.type === 'submit'")
    page.keyboard.press("Enter")
    expect(page.locator(".note-success", has_text="Échange enregistré")).to_be_visible()
    assert scalar("SELECT count(*) FROM contact WHERE journey_id = %s", journey_id) == before + 1


def test_everything_works_without_scripts(site: Site) -> None:
    page = site.signed_in("referent.pre", java_script_enabled=False)
    journey_id, _ = silent(page)
    page.locator(f"#parcours-{journey_id}").get_by_role("link", name="Noter un échange").click()
    page.get_by_label("Téléphone").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("À corriger")).to_be_visible()
    page.get_by_label("Message laissé").check()
    page.get_by_label("Hier").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".note-success", has_text="Échange enregistré")).to_be_visible()
    page.locator(f"#parcours-{journey_id}").get_by_role("link", name="Autre choix").first.click()
    page.get_by_label("La reporter").check()
    page.get_by_label("Une semaine").check()
    page.get_by_label("Parcours en pause").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Alerte reportée.")).to_be_visible()
    page.get_by_role("link", name="Rechercher").click()
    ref = scalar("SELECT ref FROM journey WHERE id = %s", journey_id)
    page.get_by_label("Nom, prénom ou référence").fill(ref)
    page.get_by_role("button", name="Rechercher").click()
    page.locator(".person-name").click()
    expect(page.get_by_role("heading", name="Fil du parcours")).to_be_visible()


def test_the_main_gesture_stays_under_the_thumb_and_hides_nothing(site: Site) -> None:
    page = site.signed_in("referent.pre", width=360, height=640)
    journey_id, _ = silent(page)
    page.goto(f"/parcours/{journey_id}")
    page.mouse.wheel(0, 1500)
    expect(page.locator(".log-bar a")).to_be_in_viewport()
    last = page.locator("footer p").last
    last.scroll_into_view_if_needed()
    bar, foot = page.locator(".log-bar").bounding_box(), last.bounding_box()
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    foot = last.bounding_box()
    assert bar and foot and foot["y"] + foot["height"] <= bar["y"] + 1
    assert scrolls_sideways(page) == 0


def test_the_picture_opens_and_zooms_by_keyboard(site: Site) -> None:
    page = site.signed_in("referent.pre", java_script_enabled=False)
    journey_id = str(silent_journey(REFERENT))
    page.goto(f"/parcours/{journey_id}")
    page.get_by_role("link", name="Voir le parcours en image").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Le parcours en image")
    expect(page.get_by_role("img", name=re.compile("Image du parcours"))).to_have_count(1)
    page.get_by_role("navigation", name="Période").get_by_role("link", name="6 mois").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("periode=1a$"))
    box = page.get_by_role("group", name=re.compile("Image, à faire défiler"))
    box.focus()
    expect(box).to_be_focused()
    # On a phone the picture scrolls in its box and opens where today is; the page does not move.
    assert not scrolls_sideways(page)
    words = page.get_by_text("La même chose en tableau")
    words.focus()
    page.keyboard.press("Enter")
    # Folded on a phone: each cell says the name of its column.
    expect(page.get_by_role("cell", name="Ce qui est noté").first).to_be_visible()


def test_the_picture_opens_on_today_and_scrolls_by_keyboard(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{silent_journey(REFERENT)}/image?periode=1a")
    flag = page.locator(".today-name")
    place = flag.bounding_box()
    assert place and place["x"] >= 0 and place["x"] + place["width"] <= 360
    box = page.locator(".picture-box")
    before = box.evaluate("element => element.scrollLeft")
    box.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function("before => document.querySelector('.picture-box').scrollLeft < before", arg=before)


def test_the_lines_of_the_picture_can_be_read_where_it_opens(site: Site) -> None:
    """On a phone half of it is seen: each name begins and ends within what is seen. Elsewhere it is by its bar."""
    address = f"/parcours/{silent_journey(REFERENT)}/image"
    for width, names in ((360, ".lane-name"), (1280, ".caption-lane")):
        page = site.signed_in("referent.pre", width=width)
        page.goto(address)
        box = page.locator(".picture-box").bounding_box()
        shown = page.locator(".picture-box").locator(f"{names}:visible")
        assert box and shown.count() > 1
        assert page.locator(".lane-name:visible, .caption-lane:visible").count() == shown.count(), "said once"
        for name in (*shown.all(), page.locator(".gap-text-now")):
            place = name.bounding_box()
            assert place and place["x"] >= box["x"], name.inner_text()
            assert place["x"] + place["width"] <= box["x"] + box["width"], name.inner_text()


def test_a_coordinator_gives_two_files_to_another_referent(site: Site) -> None:
    page = site.signed_in("coordination.pre", width=1280, height=900)
    page.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Tableau").click()
    name = scalar("SELECT display_name FROM account WHERE email = %s", REFERENT)
    page.get_by_role("row", name=re.compile(name)).get_by_role("link", name="Réaffecter").click()
    boxes = page.get_by_role("checkbox")
    chosen = [boxes.nth(number).get_attribute("value").split(":")[0] for number in (0, 1)]
    page.get_by_role("button", name="Confier les parcours cochés").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_role("alert")).to_contain_text("Cochez au moins un parcours.")
    for number in (0, 1):
        boxes.nth(number).focus()
        page.keyboard.press("Space")
    julien = scalar("SELECT id FROM account WHERE display_name = 'Julien Bultel'")
    page.get_by_label("Nouveau référent").select_option(str(julien))
    page.get_by_role("button", name="Confier les parcours cochés").click()
    expect(page.get_by_text("Fait : 2 parcours ont changé de référent.")).to_be_visible()
    expect(page).to_have_url(re.compile("/parcours/tableau$"))
    found = rows(
        "SELECT a.email FROM journey j JOIN account a ON a.id = j.referent_id WHERE j.id = ANY(%s::uuid[])",
        chosen,
    )
    assert {row[0] for row in found} == {"julien.bultel@demo.example"} and len(found) == 2


def test_a_coordinator_cuts_what_is_stalled_without_scripts(site: Site) -> None:
    page = site.signed_in("coordination.pre", java_script_enabled=False)
    page.goto("/parcours/bloques")
    page.get_by_label("Grouper par").select_option(label="Quartier")
    page.get_by_role("button", name="Montrer").click()
    expect(page).to_have_url(re.compile("par=quartier"))
    first = page.get_by_label("Quartier").locator("option").nth(1).inner_text()
    page.get_by_label("Quartier").select_option(label=first)
    page.get_by_role("button", name="Montrer").click()
    expect(page.get_by_role("heading", level=2, name=first)).to_be_visible()
    assert first not in page.url
