"""Documents, outings and drafts in Chromium: what a hand does, what the eye sees, what comes back."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.conftest import Site, Thumb, keep_screenshot, sign_in, violations
from tests.browser.papers import a_pdf, a_png
from tests.cases.pages_kit import REFERENT, journeys_of, silent_journey
from tests.conftest import TODAY
from tests.support import rows, scalar

pytestmark = pytest.mark.browser
MOST_GESTURES_FOR_TWO = 8


def shown_as_pdf(page: Page) -> bool:
    """Whether Chromium's viewer opened the document: it makes frames of its own inside ours."""
    for _ in range(100):
        viewers = [frame for frame in page.frames if frame.url.startswith("chrome-extension://")]
        if viewers and viewers[0].locator("embed").count():
            page.wait_for_timeout(500)
            return True
        page.wait_for_timeout(100)
    return False


def test_a_pdf_goes_from_the_journey_to_its_preview(whole_chromium: Browser, site: Site) -> None:
    page = replace(site, browser=whole_chromium).signed_in("referent.pre", width=1280, height=900)
    journey_id = silent_journey(REFERENT)
    page.goto(f"/parcours/{journey_id}")
    page.get_by_role("link", name="Voir ou ajouter des documents").click()
    page.get_by_label("Fichier").set_input_files(
        FilePayload(
            name="accord de Zoé.pdf", mimeType="application/pdf", buffer=a_pdf("Accord du 12 octobre")
        )
    )
    page.get_by_label("Accord signé").check()
    page.get_by_label("Coordination").check()
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_text("Document ajouté.")).to_be_visible()
    page.get_by_role("link", name="Accord signé").click()
    frame = page.locator("iframe.document-frame")
    expect(frame).to_be_visible()
    assert shown_as_pdf(page), "the browser's own viewer took it, under our policy"
    keep_screenshot(page, "document-pdf")
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").click()
    assert re.fullmatch(r"document-PRE-\d+-\d{8}\.pdf", download.value.suggested_filename)
    page.get_by_role("link", name="Retirer ce document").click()
    page.get_by_role("button", name="Retirer ce document").click()
    expect(page.get_by_text("Document retiré : son contenu est effacé.")).to_be_visible()
    assert rows("SELECT 1 FROM document_part") == []


def test_a_photograph_is_shown_and_a_wrong_file_is_refused_beside_the_field(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{journeys_of(REFERENT)[0]}/documents")
    page.get_by_label("Attestation").check()
    page.get_by_label("Coordination").check()
    page.get_by_label("Fichier").set_input_files(
        FilePayload(name="virus.pdf", mimeType="application/pdf", buffer=b"MZ not a pdf")
    )
    page.get_by_role("button", name="Ajouter").click()
    expect(page.locator("#file-error")).to_contain_text("PDF, JPEG ou PNG")
    expect(page.get_by_label("Attestation")).to_be_checked()
    page.get_by_label("Fichier").set_input_files(
        FilePayload(name="photo.png", mimeType="image/png", buffer=a_png())
    )
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("link", name="Attestation").click()
    image = page.locator("img.document-image")
    expect(image).to_be_visible()
    # Visible as soon as it has its place; its eight pixels come after.
    expect(image).to_have_js_property("naturalWidth", 8)
    page.goto(page.url + "/contenu")
    expect(page.locator("img")).to_be_visible()


def test_a_file_too_large_is_said_so_before_it_travels(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{journeys_of(REFERENT)[0]}/documents")
    large = FilePayload(name="scan.pdf", mimeType="application/pdf", buffer=bytes(11 * 1024 * 1024))
    page.get_by_label("Fichier").set_input_files(large)
    said = page.get_by_text("Ce fichier fait 11,0 Mo : 10 Mo au plus.")
    expect(said).to_be_visible()
    assert page.get_by_label("Fichier").evaluate("input => input.files.length") == 0
    # Sent all the same: it is not told that no file was chosen.
    page.get_by_label("Attestation").check()
    page.get_by_label("Coordination").check()
    page.get_by_role("button", name="Ajouter").click()
    expect(said).to_be_visible()
    expect(page.locator("#file-error")).to_have_count(0)
    expect(page.get_by_label("Fichier")).to_be_focused()
    page.get_by_label("Fichier").set_input_files(
        FilePayload(name="photo.png", mimeType="image/png", buffer=a_png())
    )
    expect(said).to_have_count(0)
    page.get_by_role("button", name="Ajouter").click()
    expect(page.get_by_role("link", name="Attestation")).to_be_visible()


def test_two_people_of_an_outing_in_a_few_gestures(site: Site) -> None:
    page = site.signed_in("referent.pre", has_touch=True, is_mobile=True)
    people = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND exit_on IS NULL AND stage <> 'NON_RETENU'"
        " ORDER BY ref LIMIT 2",
        journeys_of(REFERENT),
    )
    first, second = (row[0] for row in people)
    rows("DELETE FROM alert WHERE NOT journey_id = ANY(%s)", [first, second])
    rows("DELETE FROM alert WHERE journey_id = %s AND rule <> 'A01'", first)
    rows("UPDATE alert SET rule = 'A01', kind = 'overdue', status = 'OUVERTE' WHERE journey_id = %s", first)
    page.goto("/parcours/ma-journee")
    hand = Thumb()
    hand.tap(page.get_by_role("link", name="Noter une tournée"))
    for id_ in (first, second):
        box = page.locator(f"#p-{id_}")
        if not box.is_visible():
            page.get_by_text("Les autres personnes suivies (").tap()
        hand.tap(box)
    hand.tap(page.get_by_role("button", name="Continuer"))
    hand.tap(page.get_by_label("Visite à domicile"))
    for id_, outcome, note in ((first, "Échange abouti", "Tout va bien."), (second, "Sans réponse", "")):
        card = page.locator(f"#visit-{id_.hex}")
        hand.tap(card.get_by_label(outcome))
        if note:
            card.get_by_label("Note").fill(note)
    hand.tap(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_text("2 personnes notées.")).to_be_visible()
    assert hand.taps <= MOST_GESTURES_FOR_TWO
    for id_, outcome in ((first, "ABOUTI"), (second, "SANS_REPONSE")):
        query = "SELECT outcome FROM contact WHERE journey_id = %s AND on_date = %s AND mode = 'VAD'"
        assert scalar(query, id_, TODAY) == outcome


def test_a_draft_comes_back_after_the_session_was_ended_elsewhere(site: Site) -> None:
    page = site.signed_in("referent.pre")
    path = f"/parcours/{silent_journey(REFERENT)}/echange"
    page.goto(path)
    page.get_by_label("SMS").check()
    with page.expect_response(re.compile("/brouillons$")) as kept:
        page.get_by_label("Note").press_sequentially("Un long texte dicté dans le bus.", delay=10)
    assert kept.value.status == 204
    assert scalar("SELECT count(*) FROM draft") == 1
    rows("UPDATE sign_in_session SET revoked_at = now() - interval '1 minute'")
    page.goto("about:blank")
    sign_in(page, "referent.pre")
    page.goto(path)
    expect(page.get_by_text(re.compile("Un brouillon du .* a été repris"))).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("Un long texte dicté dans le bus.")
    expect(page.get_by_label("SMS")).to_be_checked()
    keep_screenshot(page, "brouillon-repris")
    assert not violations(page)
    page.get_by_role("button", name="Effacer ce brouillon").click()
    expect(page.get_by_label("Note")).to_have_value("")
    assert rows("SELECT 1 FROM draft") == []


@pytest.mark.parametrize("path", ["/parcours/{}/diagnostic", "/parcours/nouveau"])
def test_what_was_typed_just_before_a_draft_is_erased_goes_with_it(site: Site, path: str) -> None:
    page = site.signed_in("referent.pre")
    path = path.format(silent_journey(REFERENT))
    page.goto(path)
    box = page.locator("form[data-drafts] textarea").last
    before = box.input_value()
    with page.expect_response(re.compile("/brouillons$")):
        box.fill("texte A")
    page.goto("about:blank")
    page.goto(path)
    expect(box).to_have_value("texte A")
    box.fill("texte B")
    page.get_by_role("button", name="Effacer ce brouillon").click()
    expect(box).to_have_value(before)
    page.wait_for_timeout(500)
    assert rows("SELECT 1 FROM draft") == []
    # The empty form lives: what is typed into it is kept.
    with page.expect_response(re.compile("/brouillons$")):
        box.fill("texte C")
    assert scalar("SELECT count(*) FROM draft") == 1


def test_an_answer_to_an_alert_is_kept_while_it_is_typed(site: Site) -> None:
    page = site.signed_in("referent.pre")
    query = "SELECT id FROM alert WHERE journey_id = %s AND status = 'OUVERTE' LIMIT 1"
    path = f"/parcours/alerte/{rows(query, silent_journey(REFERENT))[0][0]}"
    page.goto(path)
    page.get_by_label("La reporter").check()
    with page.expect_response(re.compile("/brouillons$")) as kept:
        page.get_by_label("Précision").press_sequentially("La famille déménage.", delay=10)
    assert kept.value.status == 204
    page.goto("about:blank")
    page.goto(path)
    expect(page.get_by_text(re.compile("Un brouillon du .* a été repris"))).to_be_visible()
    expect(page.get_by_label("Précision")).to_have_value("La famille déménage.")
    expect(page.get_by_label("La reporter")).to_be_checked()
    keep_screenshot(page, "alerte-brouillon-repris")
    assert not violations(page)
    page.get_by_role("button", name="Effacer ce brouillon").click()
    expect(page.get_by_label("Précision")).to_have_value("")


def test_an_opening_is_kept_while_it_is_typed(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto("/parcours/nouveau")
    page.get_by_label("Nom", exact=True).fill("Roux")
    page.get_by_label("Absentéisme / assiduité").check()
    with page.expect_response(re.compile("/brouillons$")) as kept:
        page.get_by_label("Précision").press_sequentially("L'école a écrit deux fois.", delay=10)
    assert kept.value.status == 204
    page.goto("about:blank")
    page.goto("/parcours/ma-journee")
    page.get_by_role("link", name="Parcours à ouvrir au PRE").click()
    expect(page.get_by_text(re.compile("Un brouillon du .* a été repris"))).to_be_visible()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Roux")
    expect(page.get_by_label("Précision")).to_have_value("L'école a écrit deux fois.")
    assert page.locator("input[name=reasons]:checked").count() == 1
    keep_screenshot(page, "ouverture-brouillon-repris")
    assert not violations(page)
    page.get_by_role("button", name="Effacer ce brouillon").click()
    expect(page.get_by_label("Précision")).to_have_value("")
    assert rows("SELECT 1 FROM draft") == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_sent_too_late_goes_on_after_signing_in(site: Site, scripts: bool) -> None:
    page = site.signed_in("referent.pre", java_script_enabled=scripts)
    path = f"/parcours/{silent_journey(REFERENT)}/echange"
    page.goto(path)
    page.get_by_label("Téléphone").check()
    rows("UPDATE sign_in_session SET revoked_at = now() - interval '1 minute'")
    page.get_by_label("Note").fill("Écrit juste avant la fin.")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", name="Votre session est terminée")).to_be_visible()
    keep_screenshot(page, "session-terminee")
    page.get_by_label("Adresse e-mail").fill(REFERENT)
    page.get_by_label("Mot de passe", exact=True).fill("sept girafes lisent dehors")
    page.get_by_role("button", name="Se reconnecter").click()
    expect(page.get_by_label("Note")).to_have_value("Écrit juste avant la fin.")
    expect(page.get_by_label("Téléphone")).to_be_checked()
    page.get_by_label("Message laissé").check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".note-success", has_text="Échange enregistré")).to_be_visible()
    assert rows("SELECT 1 FROM draft") == []


def test_leaving_the_page_keeps_what_was_typed(site: Site) -> None:
    page = site.signed_in("referent.pre")
    journey_id = silent_journey(REFERENT)
    page.goto(f"/parcours/{journey_id}/echange")
    page.get_by_label("Note").fill("Interrompue par un appel.")
    page.goto(f"/parcours/{journey_id}")
    for _ in range(50):
        if rows("SELECT 1 FROM draft"):
            break
        page.wait_for_timeout(100)
    page.goto(f"/parcours/{journey_id}/echange")
    expect(page.get_by_label("Note")).to_have_value("Interrompue par un appel.")
    assert uuid.UUID(str(scalar("SELECT journey_id FROM draft"))) == journey_id
