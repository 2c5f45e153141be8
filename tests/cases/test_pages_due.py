"""What is due and not opened yet is on the page of its journey at once: nobody waits for a scan to see it."""

from __future__ import annotations

from datetime import timedelta
from html import unescape

from flask import Flask

from coordination.worker import run_scan
from tests.cases.pages_kit import REFERENT, browser, journeys_of
from tests.conftest import TODAY
from tests.support import rows

NEXT = "Signalé à la prochaine analyse"
SIGNAL = "MDPH"


def test_a_fact_already_past_due_shows_until_the_scan_opens_it(site: Flask) -> None:
    client = browser(site, REFERENT)
    journey = journeys_of(REFERENT)[0]
    rows("DELETE FROM alert WHERE journey_id = %s", journey)
    rows("DELETE FROM deadline WHERE journey_id = %s", journey)

    def told() -> str:
        page = unescape(client.get(f"/parcours/{journey}").text)
        return page[page.index('id="alertes"') : page.index("Toutes les règles de ce parcours")]

    assert NEXT not in told() and "Aucune alerte" in told()
    for days, kind in ((0, "overdue"), (1, "lead")):
        rows(
            "INSERT INTO deadline (journey_id, rule, kind, subject_id, folder_id, due_on, since, because)"
            " SELECT journey_id, 'S17', %s, '', id, %s, %s, 'right' FROM folder"
            " WHERE journey_id = %s AND volet = 'coordination'",
            kind,
            TODAY + timedelta(days=days),
            TODAY + timedelta(days=days),
            journey,
        )
    due, _, coming = told().partition("À venir")
    assert NEXT in due and SIGNAL in due and SIGNAL in coming
    run_scan(site.config["SETTINGS"], TODAY)
    assert NEXT not in told() and SIGNAL in told()


def test_what_a_scan_for_a_later_day_opened_is_told_for_that_day(site: Flask) -> None:
    """As the tour of the README does: nobody reads of a silence that has not lasted yet."""
    run_scan(site.config["SETTINGS"], TODAY + timedelta(days=62))
    client = browser(site, REFERENT)
    page = unescape(client.get("/parcours/ma-journee").text)
    assert "depuis 0 jour" not in page and "Sans nouvel échange d'ici au" in page
