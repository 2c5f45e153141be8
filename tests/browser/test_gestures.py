"""What a référent writes about a journey, by thumb in Chromium: the gestures counted from « Ma journée »."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site, Thumb, keep_screenshot, scrolls_sideways, violations
from tests.cases.pages_kit import REFERENT, journeys_of
from tests.conftest import TODAY
from tests.support import rows, scalar

pytestmark = pytest.mark.browser
MOST = {"échange": 5, "rendez-vous": 3, "action": 8, "pause": 5, "dossier": 3}
COUNTED: dict[str, int] = {}


@pytest.fixture(scope="module", autouse=True)
def table() -> object:
    """One table of the gestures, printed at the end."""
    yield
    for name, taps in COUNTED.items():
        text = " et le texte" if name == "échange" else ""
        print(f"{name:<14}{taps} gestes{text}, {MOST[name]} au plus")


def shown(page: Page) -> uuid.UUID:
    """A running journey of the référent that « Ma journée » shows, since an appointment awaits its outcome."""
    journey_id = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " AND exit_on IS NULL ORDER BY ref LIMIT 1",
        journeys_of(REFERENT),
    )[0][0]
    rows("DELETE FROM appointment WHERE journey_id = ANY(%s)", journeys_of(REFERENT))
    rows(
        "INSERT INTO appointment (id, journey_id, folder_id, on_date, status) SELECT gen_random_uuid(), journey_id,"
        " id, %s, 'A_VENIR' FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        TODAY - timedelta(days=1),
        journey_id,
    )
    page.goto("/parcours/ma-journee")
    return uuid.UUID(str(journey_id))


def thumbed(site: Site) -> tuple[Page, Thumb, uuid.UUID]:
    page = site.signed_in("referent.pre", has_touch=True, is_mobile=True)
    return page, Thumb(), shown(page)


def counted(name: str, hand: Thumb) -> None:
    COUNTED[name] = hand.taps
    assert hand.taps <= MOST[name]


def test_the_outcome_of_an_appointment(site: Site) -> None:
    page, hand, journey_id = thumbed(site)
    hand.tap(page.get_by_text("Qu'en est-il ?").first)
    keep_screenshot(page, "ma-journee-issue-360")
    assert not violations(page)
    hand.tap(page.get_by_role("button", name="Honoré").first)
    expect(page.get_by_text("Rendez-vous renseigné.")).to_be_visible()
    assert scalar("SELECT status FROM appointment WHERE journey_id = %s", journey_id) == "HONORE"
    counted("rendez-vous", hand)


def test_a_contact_and_its_text(site: Site) -> None:
    page, hand, journey_id = thumbed(site)
    before = scalar("SELECT count(*) FROM contact WHERE journey_id = %s", journey_id)
    hand.tap(page.locator(f".person-name[href$='{journey_id}']").first)
    hand.tap(page.get_by_role("link", name="Noter un échange").first)
    hand.tap(page.get_by_label("SMS"))
    hand.tap(page.get_by_label("Échange abouti"))
    page.get_by_label("Note").fill("Passe jeudi.")
    hand.tap(page.get_by_role("button", name="Enregistrer"))
    expect(page.locator(".note-success", has_text="Échange enregistré")).to_be_visible()
    assert scalar("SELECT count(*) FROM contact WHERE journey_id = %s", journey_id) == before + 1
    counted("échange", hand)


def test_an_action(site: Site) -> None:
    page, hand, journey_id = thumbed(site)
    before = scalar("SELECT count(*) FROM action WHERE journey_id = %s", journey_id)
    hand.tap(page.locator(f".person-name[href$='{journey_id}']").first)
    hand.tap(page.get_by_text("Ajouter", exact=True))
    keep_screenshot(page, "parcours-ajouter-360")
    assert not violations(page) and scrolls_sideways(page) == 0
    hand.tap(page.get_by_role("link", name="Une action", exact=True))
    hand.tap(page.get_by_label("Accompagnement scolaire individualisé"))
    hand.tap(page.get_by_label("Scolarité et apprentissages"))
    hand.tap(page.get_by_label("Sollicité"))
    hand.tap(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("Action enregistrée.")).to_be_visible()
    assert scalar("SELECT count(*) FROM action WHERE journey_id = %s", journey_id) == before + 1
    counted("action", hand)


def test_a_pause(site: Site) -> None:
    page, hand, journey_id = thumbed(site)
    hand.tap(page.locator(f".person-name[href$='{journey_id}']").first)
    hand.tap(page.get_by_text("Ajouter", exact=True))
    hand.tap(page.get_by_role("link", name="Une pause"))
    hand.tap(page.get_by_label("Événement familial"))
    hand.tap(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("Pause enregistrée.")).to_be_visible()
    assert scalar("SELECT stage FROM journey WHERE id = %s", journey_id) == "SUSPENDU"
    counted("pause", hand)


def test_a_file_is_found(site: Site) -> None:
    page, hand, journey_id = thumbed(site)
    ref = scalar("SELECT ref FROM journey WHERE id = %s", journey_id)
    hand.tap(page.get_by_role("link", name="Rechercher"))
    page.get_by_label("Nom, prénom ou référence").fill(ref)
    hand.tap(page.get_by_role("button", name="Rechercher"))
    hand.tap(page.locator(f".person-name[href$='{journey_id}']").first)
    expect(page.get_by_role("heading", name="Fil du parcours")).to_be_visible()
    counted("dossier", hand)


def test_a_record_is_corrected_and_removed_without_scripts(site: Site) -> None:
    page = site.signed_in("referent.pre", java_script_enabled=False)
    journey_id = shown(page)
    page.goto(f"/parcours/{journey_id}")
    page.get_by_text("Ajouter", exact=True).click()
    page.get_by_role("link", name="Un objectif").click()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("À corriger")).to_be_visible()
    page.get_by_label("Ce qui doit changer").fill("Va au club chaque mardi")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Mettre à jour : Objectif : Va au club").click()
    page.get_by_label("Ce qui doit changer").fill("Va au club chaque jeudi")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("link", name="Mettre à jour : Objectif : Va au club chaque jeudi").click()
    expect(page.get_by_text("Va au club chaque mardi")).to_be_visible()
    page.get_by_text("Saisi par erreur ?").click()
    page.get_by_role("button", name="Retirer du parcours").click()
    expect(page.get_by_text("Retiré : objectif.")).to_be_visible()


def test_a_pause_is_added_by_keyboard_alone(site: Site) -> None:
    from tests.browser.test_cases import press_until

    page = site.signed_in("referent.pre", width=1280, height=900)
    journey_id = shown(page)
    page.goto(f"/parcours/{journey_id}")
    press_until(page, "e.tagName === 'SUMMARY' && e.textContent === 'Ajouter'")
    page.keyboard.press("Enter")
    press_until(page, "e.textContent === 'Une pause'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ajouter une pause")
    press_until(page, "e.name === 'reason'")
    page.keyboard.press("Space")
    press_until(page, "e.type === 'submit'", most=40)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Pause enregistrée.")).to_be_visible()
