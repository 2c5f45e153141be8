"""Leaving a computer that others use: what the browser kept goes, and the sentence that says so arrives."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Site, sign_in

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
