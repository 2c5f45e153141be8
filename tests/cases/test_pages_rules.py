"""« Règles de ce parcours »: what stands, what is out, what cannot be computed, what is off, and for whom."""

from __future__ import annotations

import html
import re
import uuid

from flask import Flask

from coordination.alerts.catalogue import rules
from coordination.cases.rules import CASE_RULES
from coordination.referrals.rules import REFERRAL_RULES
from coordination.web.filters import long_date
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    browser,
    journeys_of,
    last_audit,
    post,
    silent_journey,
    statements,
)
from tests.conftest import TODAY
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
    assert "30 jours sans échange, sans compter" in found and "deux rendez-vous de suite perdus" in found
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


def deadline(journey: uuid.UUID, rule_id: str, kind: str, due_on: str, since: str, because: str) -> None:
    """A date of a rule in place of those it has, without an alert."""
    rows("DELETE FROM deadline WHERE journey_id = %s AND rule = %s AND kind = %s", journey, rule_id, kind)
    folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", journey)
    rows(
        "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, due_on, since, because)"
        " VALUES (%s, %s, %s, %s, 'x', %s, %s, %s)",
        *(journey, folder, rule_id, kind, due_on, since, because),
    )


def rules_of(site: Flask, journey: uuid.UUID) -> str:
    return " ".join(browser(site, REFERENT).get(f"/parcours/{journey}/regles").text.split())


def test_an_announcement_has_a_date_of_alert_and_a_date_in_view(site: Flask) -> None:
    journey = silent_journey(REFERENT)
    deadline(journey, "S03", "lead", "2027-04-04", "2027-09-01", "school_year")
    deadline(journey, "S06", "lead", "2027-03-01", "2027-03-01", "age")
    page = rules_of(site, journey)
    passage, age = rule(page, "S03"), rule(page, "S06")
    assert "<dt>Alerte dès le</dt><dd>4 avril 2027</dd>" in passage
    in_view = "<dt>Date visée</dt><dd>1er septembre 2027 (le changement d'année scolaire)</dd>"
    assert in_view in html.unescape(passage)
    assert "Fait de départ" not in passage + age and "Échéance" not in passage + age
    # Of a birthday, the month.
    assert "<dt>Alerte dès le</dt><dd>1er mars 2027</dd>" in age
    assert "<dt>Date visée</dt><dd>septembre 2027</dd>" in age
    assert "Passage CM2 → 6e" in passage and "->" not in page and "&gt;=" not in page


def test_the_fact_of_a_rule_with_two_dates_is_said_once(site: Flask) -> None:
    journey = silent_journey(REFERENT)
    deadline(journey, "T09", "lead", "2027-04-01", "2026-05-01", "entry")
    deadline(journey, "T09", "overdue", "2027-05-01", "2026-05-01", "entry")
    found = rule(rules_of(site, journey), "T09")
    assert found.count("Fait de départ") == 1 and "dans le parcours, le 1er mai 2026" in found
    assert "<dt>Date visée</dt><dd>1er mai 2027</dd>" in found


def test_a_day_that_has_come_since_the_last_scan_is_not_a_date_to_come(site: Flask) -> None:
    journey = silent_journey(REFERENT)
    deadline(journey, "S21", "overdue", str(TODAY), str(TODAY), "event")
    page = rules_of(site, journey)
    found = rule(page, "S21")
    assert "sera signalé à la prochaine analyse" in found and "échéance fixée" not in found
    assert "Échéance le" in found and "Prochaine date" not in found


def test_an_answered_alert_says_what_was_answered_and_leads_to_it(site: Flask) -> None:
    journey = silent_journey(REFERENT)
    alert, name = rows(
        "SELECT d.alert_id, d.rule FROM deadline d JOIN alert a ON a.id = d.alert_id WHERE d.journey_id = %s"
        " AND a.status = 'OUVERTE' AND (SELECT count(*) FROM deadline e WHERE e.journey_id = d.journey_id"
        " AND e.rule = d.rule) = 1 LIMIT 1",
        journey,
    )[0]
    rows("UPDATE alert SET status = 'REPORTEE', postponed_until = '2027-01-15' WHERE id = %s", alert)
    found = rule(rules_of(site, journey), name)
    assert "reportée jusqu'au 15 janvier 2027" in found and "alerte en cours" not in found
    assert f"/parcours/alerte/{alert}" in found
    rows("UPDATE alert SET status = 'SANS_OBJET', postponed_until = NULL WHERE id = %s", alert)
    found = rule(rules_of(site, journey), name)
    assert "alerte classée" in found and "alerte en cours" not in found
    assert f"/parcours/alerte/{alert}" in found


def test_a_delay_set_by_the_coordination_says_who_set_it_then_the_catalogue(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    place = post(client, "/parcours/seuils/PRE/A01", threshold_days="40", months="6").location
    assert post(client, place, valid_from=str(TODAY)).status_code == 303
    who = scalar("SELECT display_name FROM account WHERE email = %s", COORDINATOR)
    journey = silent_journey(REFERENT)
    alert = scalar(
        "SELECT id FROM alert WHERE journey_id = %s AND rule IN ('A01', 'A02') AND status = 'OUVERTE'"
        " ORDER BY rule LIMIT 1",
        journey,
    )
    found = rule(rules_of(site, journey), "A01")
    said = f"Réglé par la coordination pour le programme, depuis le {long_date(TODAY)} ({who})"
    assert said in found and "40 jours sans échange" in found
    before, after = found.split("Le catalogue prévoit")
    assert "trente jours" not in before and "trente jours" in after
    assert "30 jours sans échange" in after and "choix raisonné" in after
    # A rule that nobody set is still the catalogue's.
    other = rule(rules_of(site, journey), "A15")
    assert "Réglé par" not in other and "Le catalogue prévoit" not in other
    # The page of an alert says the same.
    rows("UPDATE alert SET rule = 'A01' WHERE id = %s", alert)
    assert said in browser(site, REFERENT).get(f"/parcours/alerte/{alert}").text


def test_a_delay_set_for_a_structure_names_it(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    structure, name = rows(
        "SELECT s.id, s.name FROM structure s WHERE s.id IN (SELECT referent_structure(j.referent_id, j.programme)"
        " FROM journey j JOIN account a ON a.id = j.referent_id WHERE a.email = %s)",
        REFERENT,
    )[0]
    place = post(
        client, "/parcours/seuils/PRE/A15", threshold_days="70", months="6", structure=str(structure)
    ).location
    assert post(client, place, valid_from=str(TODAY)).status_code == 303
    found = rule(rules_of(site, silent_journey(REFERENT)), "A15")
    assert html.unescape(found).count(f"Réglé par la coordination pour {name}, depuis le") == 1


def test_a_source_is_a_link_by_its_host_or_a_plain_text(site: Flask) -> None:
    page = rules_of(site, silent_journey(REFERENT))
    address = "https://inclusion.gouv.fr/blog/reduire-delais-orientation-rsa-2-leviers"
    assert f'<a href="{address}" rel="noreferrer noopener">inclusion.gouv.fr</a>' in rule(page, "A03")
    assert "Source : cahier des charges du projet." in rule(page, "A13")
    assert "Source : les délais de DORA, service public de l&#39;insertion." in rule(page, "T14")
    assert ":443" not in page and "gip-inclusion" not in page and "contract" not in page
