"""The life of a journey in Chromium: opened, ended and taken up again without leaving the keyboard."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Site, keep_screenshot, scrolls_sideways
from tests.cases.life_kit import COLLEAGUE, colleague
from tests.cases.pages_kit import REFERENT, account
from tests.conftest import TODAY
from tests.support import scalar

pytestmark = pytest.mark.browser


def test_a_saisine_becomes_a_journey_that_moves_on(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto("/parcours/mes-parcours")
    page.get_by_role("link", name="Ouvrir un parcours").press("Enter")
    ref = page.get_by_label("Référence").input_value()
    page.get_by_role("textbox", name="Prénom", exact=True).fill("Zoé")
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


def reach(page: Page, wanted: Locator, most: int = 60) -> None:
    """Tab until the control has the focus."""
    for _ in range(most):
        if wanted.evaluate("control => control === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"not reached by Tab: {wanted}")


def test_an_absence_is_arranged_by_keyboard_on_a_phone(site: Site) -> None:
    with site.app.app_context():
        other = colleague()
    page = site.signed_in("referent.pre", width=360)
    page.goto("/parcours/absences")
    page.get_by_label("Premier jour d'absence").fill(str(TODAY + timedelta(days=3)))
    page.get_by_label("Dernier jour d'absence").fill(str(TODAY + timedelta(days=60)))
    page.get_by_role("button", name="Noter cette absence").press("Enter")
    page.get_by_role("heading", name="Pendant votre absence").wait_for()
    assert scrolls_sideways(page) == 0
    # Two people to one backup, then somebody for all the others: the keyboard alone.
    for number in range(2):
        box = page.locator(".falling input[type=checkbox]").nth(number)
        reach(page, box)
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    backup = page.get_by_label("Suppléant des parcours cochés")
    reach(page, backup, 400)
    page.keyboard.type("Camille")
    reach(page, page.get_by_role("button", name="Confier les parcours cochés"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 parcours confiés en suppléance.")).to_be_visible()
    held = "SELECT count(*) FROM journey WHERE backup_id = %s AND referent_id = %s"
    assert scalar(held, other, account(REFERENT)) == 2
    who = page.get_by_label("Qui remplace ?")
    reach(page, who)
    page.keyboard.type("Camille")
    reach(page, page.get_by_role("button", name="Enregistrer le remplacement"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Remplacement enregistré.")).to_be_visible()
    assert scalar("SELECT backup_id FROM leave") == other == account(COLLEAGUE)
    keep_screenshot(page, "absence-organisee-360")
