"""What only pages bring, in Chromium with the keyboard alone: each is noted from its journey, one tap away."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.cases.pages_kit import NOW, REFERENT, account, journeys_of
from tests.conftest import TODAY
from tests.support import rows, scalar

pytestmark = pytest.mark.browser
COUNSELLOR = "mipe.plie@demo.example"


def one_of_the_cite(*, ended: bool = False) -> uuid.UUID:
    """A journey of the Cité that the counsellor follows; ended after a job was found, if wanted."""
    journey_id = scalar(
        "SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL AND stage = 'EN_ACTION'"
        " ORDER BY ref LIMIT 1"
    )
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at)"
        " SELECT gen_random_uuid(), %s, journey_id, id, 'referent', true, %s FROM folder"
        " WHERE journey_id = %s ON CONFLICT DO NOTHING",
        account(COUNSELLOR),
        NOW - timedelta(hours=1),
        journey_id,
    )
    exit_on, stage = (TODAY, "SORTI") if ended else (None, "EN_ACTION")
    rows("UPDATE journey SET exit_on = %s, stage = %s WHERE id = %s", exit_on, stage, journey_id)
    return uuid.UUID(str(journey_id))


def from_the_menu(page: Page, journey_id: uuid.UUID, link: str) -> None:
    page.goto(f"/parcours/{journey_id}")
    page.get_by_text("Ajouter", exact=True).press("Enter")
    page.get_by_role("link", name=link).press("Enter")
    page.get_by_role("button", name="Enregistrer").wait_for()


def save(page: Page, said: str) -> None:
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.get_by_text(said)).to_be_visible()


def test_an_invitation_and_an_application_get_their_answer(site: Site) -> None:
    journey_id, page = one_of_the_cite(), site.signed_in("mipe.plie")
    from_the_menu(page, journey_id, "Une invitation")
    page.get_by_label("Atelier").press("Space")
    save(page, "Invitation enregistrée.")
    expect(page.get_by_text("Pas encore de réponse notée")).to_be_visible()
    page.get_by_role("link", name="Mettre à jour : Invitation : atelier").press("Enter")
    page.get_by_label("Viendra", exact=True).press("Space")
    page.get_by_label("Réponse reçue le").fill(TODAY.isoformat())
    save(page, "Invitation : mise à jour enregistrée.")
    expect(page.get_by_text(": viendra")).to_be_visible()
    from_the_menu(page, journey_id, "Une candidature")
    page.get_by_label("Structure d'insertion").fill("Jardins d'Opale")
    save(page, "Candidature enregistrée.")
    expect(page.locator(".entry-title", has_text="Candidature : Jardins d'Opale")).to_be_visible()


def test_a_child_of_the_household_is_noted_by_its_month(site: Site) -> None:
    journey_id, page = one_of_the_cite(), site.signed_in("mipe.plie")
    from_the_menu(page, journey_id, "Un enfant du foyer")
    page.get_by_label("Mois de naissance").fill("mars")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.get_by_text("Écrivez-le ainsi : 03/2021.").first).to_be_visible()
    expect(page.get_by_label("Mois de naissance")).to_have_value("mars")
    page.get_by_label("Mois de naissance").fill("03/2021")
    save(page, "Enfant du foyer enregistré.")
    from_the_menu(page, journey_id, "Un enfant du foyer")
    expect(page.get_by_text("Né ou née en mars 2021").first).to_be_visible()


def test_what_follows_the_end_is_noted(site: Site) -> None:
    journey_id, page = one_of_the_cite(ended=True), site.signed_in("mipe.plie")
    from_the_menu(page, journey_id, "Un suivi après la sortie")
    page.get_by_label("En emploi").press("Space")
    save(page, "Suivi après la sortie enregistré.")
    from_the_menu(page, journey_id, "La décision de conservation")
    page.get_by_label("Effacer le dossier").press("Space")
    save(page, "Décision de conservation enregistrée.")
    expect(
        page.locator(".entry-title", has_text="Conservation du dossier : effacer le dossier")
    ).to_be_visible()


def test_half_days_of_school_are_noted(site: Site) -> None:
    page = site.signed_in("referent.pre")
    journey_id = scalar(
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " ORDER BY ref LIMIT 1",
        journeys_of(REFERENT),
    )
    from_the_menu(page, journey_id, "Une absence à l'école")
    page.get_by_label("Nombre de demi-journées").fill("3")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    # TODAY is a Sunday: the page asks first.
    page.get_by_label("C'est bien cela").press("Space")
    save(page, "Absence à l'école enregistrée.")
    expect(page.get_by_text("3 demi-journées d'absence").first).to_be_visible()


def test_a_decision_says_why(site: Site) -> None:
    page = site.signed_in("referent.pre")
    journey_id = scalar(
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " ORDER BY ref LIMIT 1",
        journeys_of(REFERENT),
    )
    from_the_menu(page, journey_id, "Une décision")
    page.get_by_label("Préparer la sortie").press("Space")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.get_by_text("Écrivez quelques mots ici.").first).to_be_visible()
    page.get_by_label("Pourquoi").fill("Le club et l'école prennent le relais.")
    save(page, "Décision enregistrée.")
    expect(page.locator(".entry-title", has_text="Décision : préparer la sortie")).to_be_visible()
