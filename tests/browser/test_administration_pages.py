"""The administrator's main tasks in a real browser, and every page of theirs on a phone and on a screen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Site
from tests.browser.test_every_page import Tour, check
from tests.support import rows, scalar

pytestmark = pytest.mark.browser
PASSWORD = "neuf zèbres dansent la nuit"


def create(page: Page) -> str:
    """Create an account with a role from the administrator's start page; the link shown once."""
    page.get_by_role("link", name="Nouveau compte").click()
    page.get_by_label("Prénom et nom").fill("Dominique Roy")
    page.get_by_label("Adresse e-mail professionnelle").fill("dominique.roy@demo.example")
    page.get_by_label("Base du secret professionnel").select_option("PROFESSION")
    page.get_by_label("Version de la charte signée").fill("2026-1")
    page.get_by_label("Signée le").fill("2026-01-05")
    page.get_by_label("Valable jusqu'au").fill("2036-01-05")
    page.get_by_label("Rôle", exact=True).select_option("COORD_PRE")
    page.get_by_label("Dispositif").select_option("PRE")
    page.get_by_role("button", name="Créer le compte").click()
    page.get_by_role("heading", name="Lien à remettre à Dominique Roy").wait_for()
    return page.locator(".typed a").get_attribute("href") or ""


def test_an_account_is_created_with_its_role_and_the_role_is_ended(site: Site) -> None:
    admin = site.signed_in("admin")
    link = create(admin)
    person = site.new_page()
    person.goto(link)
    person.get_by_label("Nouveau mot de passe").fill(PASSWORD)
    person.get_by_label("Le même, encore une fois").fill(PASSWORD)
    person.get_by_role("button", name="Enregistrer").click()
    person.get_by_label("Adresse e-mail").fill("dominique.roy@demo.example")
    person.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    person.get_by_role("button", name="Se connecter").click()
    person.locator(".person-name").first.wait_for()
    # Ended by the administrator, with the keyboard alone: closed at the next page.
    admin.get_by_role("link", name="Aller au compte").click()
    end = admin.get_by_role("button", name="Terminer maintenant")
    end.focus()
    admin.keyboard.press("Enter")
    expect(admin.get_by_text("Rôle terminé : son accès est fermé.")).to_be_visible()
    person.reload()
    expect(person.get_by_role("heading", level=1)).to_have_text("Vous n'avez pas accès à cette page")


@pytest.mark.long
def test_every_page_of_the_administrator(site: Site) -> None:
    check(_tour(site.signed_in("admin")))


def _tour(page: Page) -> Tour:
    create(page)
    yield "admin-lien", page
    link = page.locator(".typed a").get_attribute("href") or ""
    page.goto(link)
    yield "admin-choisir-mot-de-passe", page
    page.goto(link + "x")
    yield "admin-lien-termine", page
    account = scalar("SELECT id FROM account WHERE email = 'dominique.roy@demo.example'")
    structure = rows("SELECT id FROM structure LIMIT 1")[0][0]
    rows("INSERT INTO school_year VALUES ('2026-09-01', '2027-07-05', 1, gen_random_uuid())")
    for name, path in {
        "comptes": "comptes",
        "compte": f"comptes/{account}",
        "compte-nouveau": "comptes/nouveau",
        "structure": f"structures/{structure}",
        "structure-nouvelle": "structures/nouvelle",
        "listes": "listes",
        "liste": "listes/pause_reason",
        "quartiers": "quartiers",
        "quartier": "quartiers/QF_DANVERS",
        "annees": "annees-scolaires",
    }.items():
        page.goto(f"/{path}")
        page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        yield f"admin-{name}", page
    page.goto("/comptes/nouveau")
    page.get_by_role("button", name="Créer le compte").click()
    page.get_by_role("alert").wait_for()
    yield "admin-compte-refuse", page
    page.goto("/annees-scolaires")
    page.get_by_label("Dernier jour").last.fill("")
    page.get_by_role("button", name="Ajouter").click()
    page.get_by_role("alert").wait_for()
    yield "admin-annee-refusee", page
