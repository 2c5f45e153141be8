"""A threshold is tried on the past and set in Chromium, without leaving the keyboard."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site
from tests.support import rows, scalar

pytestmark = pytest.mark.browser


def test_a_threshold_is_tried_and_set_with_the_keyboard(site: Site) -> None:
    page = site.signed_in("coordination.pre")
    page.goto("/parcours/tableau")
    page.get_by_role("link", name="Seuils").press("Enter")
    page.get_by_role("row", name="Aucun échange abouti avec").get_by_role("link").press("Enter")
    days = page.get_by_label("Jours avant l'alerte")
    expect(days).to_have_value("30")
    days.fill("sept")
    days.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("nombre entier")
    expect(days).to_have_value("sept")
    days.fill("20")
    days.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Essai sur le passé")
    expect(page.get_by_role("img", name="Nouvelles alertes par semaine")).to_be_visible()
    page.get_by_text("Le même graphique en tableau").press("Enter")
    expect(page.get_by_role("columnheader", name="Semaine du")).to_be_visible()
    assert scalar("SELECT count(*) FROM threshold") == 0
    page.get_by_role("button", name="Appliquer").press("Enter")
    expect(page.get_by_text("Réglage enregistré")).to_be_visible()
    expect(page.get_by_role("row", name="Aucun échange abouti avec")).to_contain_text("Après 20 jours")
    assert rows("SELECT threshold_days, status FROM threshold") == [(20, "EN_VIGUEUR")]


def test_a_recount_goes_on_by_itself(site: Site) -> None:
    rows(
        "INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey WHERE programme = 'PRE'"
    )
    page = site.signed_in("coordination.pre")
    page.goto("/parcours/seuils")
    expect(page.get_by_text("recalculés")).to_be_visible()
    expect(page.get_by_text("Recalcul des échéances en cours")).to_have_count(0)
    assert scalar("SELECT count(*) FROM recompute_queue") == 0
