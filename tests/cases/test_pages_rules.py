"""« Règles de ce parcours »: what stands, what is out, what cannot be computed, what is off, and for whom."""

from __future__ import annotations

import re
import uuid

from flask import Flask

from coordination.alerts.catalogue import rules
from coordination.cases.rules import CASE_RULES
from coordination.referrals.rules import REFERRAL_RULES
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    browser,
    journeys_of,
    last_audit,
    silent_journey,
    statements,
)
from tests.support import rows, scalar


def rule(text: str, rule_id: str) -> str:
    """The lines of one rule on the page."""
    found = re.search(rf'<li class="rule" id="{rule_id}">.*?</li>', text, re.S)
    assert found, rule_id
    return found[0]


def test_every_rule_of_the_programme_and_no_other(site: Flask) -> None:
    page = browser(site, REFERENT).get(f"/parcours/{silent_journey(REFERENT)}/regles").text
    shown = re.findall(r'<li class="rule" id="(\w+)">', page)
    computed = CASE_RULES | REFERRAL_RULES
    assert sorted(shown) == sorted(r.id for r in rules().values() if r.concerns("PRE") and r.id in computed)
    assert last_audit("consultation_parcours")[2].startswith("rules,")


def test_an_alert_that_is_out_leads_to_its_page_and_a_date_to_come_is_said(site: Flask) -> None:
    journey = silent_journey(REFERENT)
    page = browser(site, REFERENT).get(f"/parcours/{journey}/regles").text
    alert, name = rows(
        "SELECT d.alert_id, d.rule FROM deadline d JOIN alert a ON a.id = d.alert_id"
        " WHERE d.journey_id = %s AND a.status = 'OUVERTE' LIMIT 1",
        journey,
    )[0]
    out = rule(page, name)
    assert f"/parcours/alerte/{alert}" in out and "alerte en cours" in out
    coming = rows(
        "SELECT rule FROM deadline d JOIN folder f ON f.id = d.folder_id AND f.volet = 'coordination'"
        " WHERE d.journey_id = %s AND alert_id IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM deadline e WHERE e.journey_id = d.journey_id AND e.rule = d.rule"
        " AND e.alert_id IS NOT NULL)",
        journey,
    )
    assert coming
    for (other,) in coming:
        assert "échéance fixée" in rule(page, other) and "Prochaine date" in rule(page, other)


def test_a_missing_fact_and_a_rule_switched_off_are_said(site: Flask) -> None:
    journey = rows(
        "SELECT id FROM journey WHERE referent_id IS NOT NULL AND stage = 'EN_COURS' AND id = ANY(%s)",
        journeys_of(REFERENT),
    )[0][0]
    rows("UPDATE journey SET validated_on = NULL WHERE id = %s", journey)
    rows("DELETE FROM deadline WHERE rule = 'T06' AND journey_id = %s", journey)
    page = browser(site, REFERENT).get(f"/parcours/{journey}/regles").text
    lacking = rule(page, "T06")
    assert "non calculable" in lacking and "Il manque la date de validation du parcours" in lacking
    assert "éteinte sur ce territoire" in rule(page, "A06")


def test_dates_of_a_volet_that_is_not_shared_do_not_show(site: Flask) -> None:
    """S23 stands in the protection volet, which the référent reads only where it was opened to them."""
    journey = silent_journey(REFERENT)
    folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'protection'", journey)
    assert folder is not None
    rows("DELETE FROM access WHERE folder_id = %s", folder)
    rows("DELETE FROM deadline WHERE journey_id = %s AND rule = 'S23'", journey)
    rows(
        "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, due_on, since, because)"
        " VALUES (%s, %s, 'S23', 'lead', 'x', '2099-01-05', '2099-03-06', 'right_end')",
        journey,
        folder,
    )
    page = browser(site, REFERENT).get(f"/parcours/{journey}/regles").text
    assert "rien à compter" in rule(page, "S23") and "2099" not in page
    coordination = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", journey)
    rows("UPDATE deadline SET folder_id = %s WHERE subject_id = 'x'", coordination)
    page = browser(site, REFERENT).get(f"/parcours/{journey}/regles").text
    assert "échéance fixée" in rule(page, "S23") and "2099" in page


def test_the_page_says_the_threshold_in_force_and_why(site: Flask) -> None:
    page = browser(site, REFERENT).get(f"/parcours/{silent_journey(REFERENT)}/regles").text
    found = rule(page, "A01")
    assert "30 jours après" in found and "deux rendez-vous de suite perdus" in found
    assert "missed cycles" not in page


def test_an_unknown_journey_or_somebody_elses_is_not_found_and_noted(site: Flask) -> None:
    other = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' LIMIT 1")
    client = browser(site, COORDINATOR)
    for journey in (other, uuid.uuid4()):
        assert client.get(f"/parcours/{journey}/regles").status_code == 404
        assert last_audit("consultation_parcours")[1] != "fait"


def test_the_page_costs_a_fixed_number_of_statements(site: Flask) -> None:
    client = browser(site, REFERENT)
    counts = set()
    for journey in journeys_of(REFERENT)[:3]:
        client.get(f"/parcours/{journey}/regles")
        with statements() as sent:
            assert client.get(f"/parcours/{journey}/regles").status_code == 200
        counts.add(len(sent))
    assert len(counts) == 1 and counts.pop() <= 40


def test_the_journey_leads_to_its_rules(site: Flask) -> None:
    journey = silent_journey(REFERENT)
    assert f"/parcours/{journey}/regles" in browser(site, REFERENT).get(f"/parcours/{journey}").text
