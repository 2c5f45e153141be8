"""Leaving a computer that others use: what the browser kept goes, and the sentence that says so arrives."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, sign_in
from tests.cases.pages_kit import REFERENT, journeys_of
from tests.people import PASSWORD

pytestmark = pytest.mark.browser


def test_signing_out_forgets_what_the_browser_kept(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.evaluate("localStorage.setItem('note', 'un brouillon')")
    page.get_by_role("button", name="Se déconnecter").click()
    page.get_by_text("Vous êtes déconnecté.").wait_for()
    assert page.evaluate("localStorage.getItem('note')") is None
    # The way back shows the form, not the page.
    page.go_back()
    page.get_by_label("Adresse e-mail").wait_for()
    sign_in(page, "referent.pre")


def test_a_form_left_open_in_another_tab_comes_back_after_sign_in(site: Site) -> None:
    page = site.signed_in("referent.pre")
    page.goto(f"/parcours/{journeys_of(REFERENT)[0]}/echange")
    page.get_by_label("Note").fill("La mère rappellera jeudi.")
    other = page.context.new_page()
    other.goto("/")
    other.get_by_role("button", name="Se déconnecter").click()
    other.get_by_text("Vous êtes déconnecté.").wait_for()
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_text("ce que vous aviez tapé reviendra").wait_for()
    page.get_by_label("Adresse e-mail").fill(REFERENT)
    page.get_by_label("Mot de passe", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Se reconnecter").click()
    expect(page.get_by_label("Note")).to_have_value("La mère rappellera jeudi.")


def test_a_filled_button_shows_where_the_keyboard_is(site: Site) -> None:
    page = site.new_page()
    page.goto("/")
    button = page.get_by_role("button", name="Se connecter")
    page.get_by_label("Mot de passe", exact=True).focus()
    for _ in range(4):
        page.keyboard.press("Tab")
        if button.evaluate("button => button === document.activeElement"):
            break
    expect(button).to_be_focused()
    expect(button).to_have_css("outline", "rgb(178, 94, 0) solid 3px")
