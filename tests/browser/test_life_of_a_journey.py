"""The life of a journey in Chromium: opened, ended and taken up again without leaving the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.support import scalar

pytestmark = pytest.mark.browser


def test_a_saisine_becomes_a_journey_that_moves_on(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto("/parcours/mes-parcours")
    page.get_by_role("link", name="Ouvrir un parcours").press("Enter")
    ref = page.get_by_label("Référence").input_value()
    page.get_by_label("Prénom").fill("Zoé")
    page.get_by_label("Nom", exact=True).fill("Quénehen")
    page.get_by_label("Qui l'envoie ?").select_option("ECOLE")
    page.get_by_label("Absentéisme / assiduité").press("Space")
    page.get_by_role("button", name="Ouvrir le parcours").press("Enter")
    expect(page.get_by_text("Parcours ouvert.")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoé Quénehen")
    page.get_by_role("link", name="Étape, dates et rythme").press("Enter")
    page.get_by_label("Accord parental à recueillir").press("Space")
    page.get_by_role("button", name="Enregistrer").press("Enter")
    expect(page.get_by_text("Étape et dates enregistrées.")).to_be_visible()
    assert scalar("SELECT stage FROM journey WHERE ref = %s", ref) == "ACCORD_PARENTAL"


def test_an_absence_is_noted_and_taken_back(site: Site) -> None:
    page = site.signed_in("coordination.pre")
    page.goto("/parcours/absences")
    page.get_by_label("Premier jour d'absence").fill("2027-02-01")
    page.get_by_label("Dernier jour d'absence").fill("2027-02-05")
    page.get_by_label("Qui vous remplace ?").select_option(index=1)
    page.get_by_role("button", name="Noter cette absence").press("Enter")
    expect(page.get_by_role("heading", name="Pendant votre absence")).to_be_visible()
    page.get_by_role("link", name="Mes absences").click()
    expect(page.get_by_text("vous remplace.")).to_be_visible()
    page.get_by_role("button", name="Retirer").press("Enter")
    expect(page.get_by_text("Absence retirée.")).to_be_visible()
    assert scalar("SELECT count(*) FROM leave") == 0
