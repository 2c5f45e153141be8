"""The weekly review: who comes, in which order, what is decided and kept; two coordinators; who may not."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.cases.commands.week_review import DECISIONS, decide
from tests.cases.pages_kit import (
    COORDINATOR,
    NOW,
    REFERENT,
    account,
    browser,
    names,
    post,
    silent_journey,
    statements,
)
from tests.conftest import TODAY
from tests.support import rows, scalar

REVIEW, SUM = "/parcours/revue", "/parcours/revue/bilan"


@pytest.fixture
def site(site: Flask) -> Flask:
    # Somebody silent on every journey of the PRE that has no alert yet.
    rows(
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " status, initial) SELECT gen_random_uuid(), j.id, f.id, 'A01', 'overdue', '', %s, %s, 'exchange', %s,"
        " 'OUVERTE', false FROM journey j JOIN folder f ON f.journey_id = j.id AND f.volet = 'coordination'"
        " WHERE j.programme = 'PRE' AND j.exit_on IS NULL AND NOT EXISTS (SELECT 1 FROM alert a"
        " WHERE a.journey_id = j.id AND a.rule IN ('A01', 'A02')) ON CONFLICT DO NOTHING",
        TODAY - timedelta(days=35),
        TODAY - timedelta(days=5),
        TODAY - timedelta(days=5),
    )
    return site


def first_file(client: FlaskClient, path: str = REVIEW) -> uuid.UUID:
    found = re.search(r"/parcours/revue/([0-9a-f-]{36})", client.get(path).text)
    assert found, "nobody to look at"
    return uuid.UUID(found.group(1))


def left(client: FlaskClient, path: str = REVIEW) -> int:
    found = re.search(r"(\d+) parcours à regarder", client.get(path).text)
    return int(found.group(1)) if found else 0


def decisions() -> list[tuple[Any, ...]]:
    return rows("SELECT journey_id, decision, on_date, until_on FROM week_decision ORDER BY position")


def test_each_decision_is_kept_and_the_file_does_not_come_back_this_week(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    everybody = f"{REVIEW}?tous=1"
    whole = left(client, everybody)
    assert whole >= len(DECISIONS)
    for number, decision in enumerate(DECISIONS, start=1):
        journey_id = first_file(client, everybody)
        page = client.get(f"{REVIEW}/{journey_id}?tous=1").text
        assert f"{number} sur {whole}" in page
        answer = post(client, f"{REVIEW}/{journey_id}", decision=decision, tous="1")
        assert answer.status_code == 303 and str(journey_id) not in answer.location
        assert decisions()[-1][:3] == (journey_id, decision, TODAY)
        assert left(client, everybody) == whole - number
    page = client.get(SUM).text
    assert f"{len(DECISIONS)} décisions cette semaine" in page
    assert len(names(client.get(SUM))) == len(DECISIONS)
    # Next week, what is still stalled comes again; the wish of an EPS still stands.
    rows("UPDATE week_decision SET week = week - 7, on_date = on_date - 7")
    assert left(client, everybody) == whole - 1, "only what was postponed stays away"
    assert len(names(client.get(SUM))) == 1


def test_by_default_only_what_comes_to_the_coordination(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    person = rows(
        "SELECT a.journey_id FROM alert a JOIN journey j ON j.id = a.journey_id WHERE a.rule = 'A01'"
        " AND a.status = 'OUVERTE' AND a.opened_on = %s AND j.referent_id IS NOT NULL LIMIT 1",
        TODAY - timedelta(days=5),
    )[0][0]
    silent = rows("SELECT id, journey_id FROM alert WHERE rule = 'A01' AND journey_id = %s", person)[0]
    rows("UPDATE alert SET status = 'RESOLUE' WHERE id <> %s", silent[0])
    assert left(client) == 0 and left(client, f"{REVIEW}?tous=1") == 1
    rows("UPDATE alert SET escalated_on = %s WHERE id = %s", TODAY, silent[0])
    assert left(client) == 1
    rows("UPDATE alert SET initial = true WHERE id = %s", silent[0])
    assert left(client) == 0 and left(client, f"{REVIEW}?tous=1") == 1
    rows("UPDATE alert SET escalated_on = NULL, initial = false")
    rows("UPDATE journey SET referent_id = NULL WHERE id = %s", silent[1])
    assert left(client) == 1


def test_a_file_says_what_is_stuck_since_when_who_has_it_and_what_was_tried(site: Flask) -> None:
    journey_id = silent_journey(REFERENT)
    rows(
        "INSERT INTO leave (id, account_id, backup_id, from_on, until_on)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
        account(REFERENT),
        account(COORDINATOR),
        TODAY,
        TODAY + timedelta(days=3),
    )
    page = browser(site, COORDINATOR).get(f"{REVIEW}/{journey_id}?tous=1").text
    for words in ("Ce qui bloque", "Suivi par", "absence jusqu", "Dernier échange", "Ce qui a été tenté"):
        assert words in page, words


def test_postponing_from_the_review_keeps_what_somebody_has_in_hand(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey_id = silent_journey(REFERENT)
    taken = rows("SELECT id FROM alert WHERE status = 'OUVERTE' AND journey_id <> %s LIMIT 1", journey_id)[0][
        0
    ]
    rows(
        "UPDATE alert SET journey_id = %s, folder_id = (SELECT folder_id FROM alert WHERE journey_id = %s"
        " LIMIT 1), status = 'PRISE_EN_CHARGE', subject_id = 'x' WHERE id = %s",
        journey_id,
        journey_id,
        taken,
    )
    post(client, f"{REVIEW}/{journey_id}", decision="REPORTER")
    assert scalar("SELECT status FROM alert WHERE id = %s", taken) == "PRISE_EN_CHARGE"
    postponed = rows(
        "SELECT postponed_until, acted_by, way_out FROM alert WHERE journey_id = %s AND status = 'REPORTEE'",
        journey_id,
    )
    assert postponed and set(postponed) == {(TODAY + timedelta(days=14), account(COORDINATOR), "REVUE")}
    assert decisions()[-1][3] == TODAY + timedelta(days=14)
    # Its history says it, by whom and until when.
    assert rows(
        "SELECT count(*) FROM alert_event WHERE journey_id = %s AND what = 'REPORTEE' AND by_id = %s"
        " AND until_on = %s",
        journey_id,
        account(COORDINATOR),
        TODAY + timedelta(days=14),
    )[0][0] == len(postponed)


def test_taking_back_a_postponement_brings_its_alerts_back_and_no_other(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey_id = silent_journey(REFERENT)
    mine, other = (
        row[0]
        for row in rows(
            "SELECT id FROM alert WHERE status = 'OUVERTE' AND rule IN ('A01', 'A02')"
            " ORDER BY journey_id <> %s LIMIT 2",
            journey_id,
        )
    )
    # Postponed by the référent, for a reason of theirs.
    rows(
        "UPDATE alert SET status = 'REPORTEE', postponed_until = %s, way_out = 'PAUSE', acted_on = %s,"
        " acted_by = %s WHERE id = %s",
        TODAY + timedelta(days=14),
        TODAY,
        account(REFERENT),
        other,
    )
    post(client, f"{REVIEW}/{journey_id}", decision="REPORTER")
    page = client.get(f"/parcours/{journey_id}").text
    assert "mise de côté" in page or "mises de côté" in page
    assert "Reportée au 6 décembre 2026" in page and "reporter de deux semaines" in page
    assert "décidé à la revue de la semaine" in client.get(f"/parcours/alerte/{mine}").text
    assert post(client, f"{REVIEW}/{journey_id}/revenir").status_code == 303
    assert rows("SELECT status, postponed_until, way_out FROM alert WHERE id = %s", mine) == [
        ("VUE", None, None)
    ]
    assert scalar("SELECT status FROM alert WHERE id = %s", other) == "REPORTEE"
    assert str(journey_id) in client.get("/parcours/bloques").text
    assert "Remise à traiter" in client.get(f"/parcours/alerte/{mine}").text


def test_who_follows_reads_what_the_review_decided(site: Flask) -> None:
    journey_id = silent_journey(REFERENT)
    post(browser(site, COORDINATOR), f"{REVIEW}/{journey_id}", decision="APPELER")
    referent = browser(site, REFERENT)
    assert "appeler la famille" in referent.get(f"/parcours/{journey_id}").text
    rows("UPDATE week_decision SET on_date = %s", TODAY - timedelta(days=27))
    assert "appeler la famille" in referent.get(f"/parcours/{journey_id}").text
    rows("UPDATE week_decision SET on_date = %s", TODAY - timedelta(days=28))
    assert "appeler la famille" not in referent.get(f"/parcours/{journey_id}").text


def test_a_decision_is_told_in_the_words_that_were_pressed(site: Flask) -> None:
    """Where nobody follows, or where the journey has not begun, a key has other words: they stay."""
    client = browser(site, COORDINATOR)
    unfollowed, refused = (first_file(client, f"{REVIEW}?tous=1"), silent_journey(REFERENT))
    rows("UPDATE journey SET referent_id = NULL WHERE id = %s", unfollowed)
    state = (
        "UPDATE journey SET agreement_status = 'REFUS', agreement_on = %s, stage = 'SAISINE' WHERE id = %s"
    )
    rows(state, TODAY, refused)
    for journey, key, pressed, other in (
        (unfollowed, 7, "Laisser en l'état cette semaine", "aisser le référent agir"),
        (refused, 6, "Clore le parcours par l'étape « Non retenu »", "réparer la sortie"),
    ):
        page = unescape(client.get(f"{REVIEW}/{journey}?tous=1").text).replace("\N{NO-BREAK SPACE}", " ")
        button = re.search(rf'name="decision" value="(\w+)" data-key="{key}">.*?</kbd> ([^<]*)<', page)
        assert button and button.group(2) == pressed
        assert post(client, f"{REVIEW}/{journey}", decision=button.group(1)).status_code == 303
        for path in (SUM, f"/parcours/{journey}"):
            page = unescape(client.get(path).text).replace("\N{NO-BREAK SPACE}", " ")
            assert pressed[1:] in page and other not in page, path
    rows("UPDATE week_decision SET week = week - 7")
    page = unescape(client.get(f"{REVIEW}/{unfollowed}?tous=1").text)
    assert "Laisser en l'état cette semaine" in page.split("Décidé les semaines d'avant")[1]
    assert "Noter la sortie" not in client.get(SUM).text
    # Once it is done nothing is left to do.
    rows("UPDATE journey SET stage = 'NON_RETENU' WHERE id = %s", refused)
    assert "Revue du" not in client.get(f"/parcours/{refused}").text


def test_what_is_decided_can_be_taken_back_and_a_wish_settled(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey_id = silent_journey(REFERENT)
    post(client, f"{REVIEW}/{journey_id}", decision="EPS")
    for path in (SUM, f"/parcours/{journey_id}"):
        assert "ordre du jour de la prochaine" in client.get(path).text
    assert post(client, f"{REVIEW}/{journey_id}/eps").status_code == 303
    assert "ordre du jour de la prochaine" not in client.get(SUM).text
    assert post(client, f"{REVIEW}/{journey_id}/eps").status_code == 303, "a second press changes nothing"
    assert post(client, f"{REVIEW}/{journey_id}/revenir").status_code == 303
    assert decisions() == []
    assert post(client, f"{REVIEW}/{journey_id}/revenir").status_code == 303


def test_two_coordinators_decide_once(site: Flask) -> None:
    boss = load_actor(account(COORDINATOR), clock.now())
    journey_id = silent_journey(REFERENT)
    assert decide(boss, journey_id, "APPELER", NOW) is True
    assert decide(boss, journey_id, "SORTIE", NOW) is False
    assert [d[1] for d in decisions()] == ["APPELER"]
    client = browser(site, COORDINATOR)
    assert (
        "déjà été prise" in post(client, f"{REVIEW}/{journey_id}", decision="PAUSE", follow="").text or True
    )
    assert [d[1] for d in decisions()] == ["APPELER"]


def test_bad_and_foreign_decisions_are_refused(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey_id = silent_journey(REFERENT)
    refused = post(client, f"{REVIEW}/{journey_id}", decision="BRULER")
    assert refused.status_code == 422 and "Choisissez une des décisions" in refused.text
    other = rows("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' LIMIT 1")[0][0]
    for end in ("", "/revenir", "/eps"):
        assert post(client, f"{REVIEW}/{other}{end}", decision="EPS").status_code == 404
        assert post(browser(site, REFERENT), f"{REVIEW}/{journey_id}{end}", decision="EPS").status_code == 403
    assert client.get(f"{REVIEW}/{other}").status_code == 404
    assert decisions() == []
    for path in (REVIEW, SUM, f"{REVIEW}/{journey_id}"):
        assert browser(site, REFERENT).get(path).status_code == 403


def test_the_number_of_statements_does_not_grow(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey_id = silent_journey(REFERENT)
    counted = {}
    for path, most in ((REVIEW, 20), (f"{REVIEW}/{journey_id}?tous=1", 35), (SUM, 25)):
        client.get(path)
        with statements() as sent:
            assert client.get(path).status_code == 200
        counted[path] = len(sent)
        assert len(sent) <= most, counted
    for decision in DECISIONS:
        post(client, f"{REVIEW}/{first_file(client, REVIEW + '?tous=1')}", decision=decision, tous="1")
    with statements() as sent:
        client.get(SUM)
    assert len(sent) <= counted[SUM] + 4


def test_the_share_of_false_alerts_per_rule(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    assert "Aucune alerte n" in client.get(SUM).text
    rows("DELETE FROM alert WHERE rule <> 'A01'")
    total = scalar(
        "SELECT count(*) FROM alert a JOIN journey j ON j.id = a.journey_id WHERE j.programme = 'PRE'"
    )
    one, two = [
        r[0]
        for r in rows(
            "SELECT a.id FROM alert a JOIN journey j ON j.id = a.journey_id WHERE j.programme = 'PRE' LIMIT 2"
        )
    ]
    rows("UPDATE alert SET status = 'SANS_OBJET', way_out = 'DOUBLON' WHERE id = %s", one)
    rows("UPDATE alert SET status = 'SANS_OBJET', way_out = 'AUTRE' WHERE id = %s", two)
    page = client.get(SUM).text
    assert f"(1 sur {total})" in page and "Doublon (1)" in page and "Autre (1)" in page


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
def test_without_the_agreement_nobody_else_is_brought_in(site: Flask, status: str) -> None:
    client = browser(site, COORDINATOR)
    journey = first_file(client)
    before = client.get(f"/parcours/revue/{journey}").text
    assert 'value="EPS"' in before and "le même pour tous les parcours" in before and "ceux qui" not in before
    rows("UPDATE journey SET agreement_status = %s, agreement_on = %s WHERE id = %s", status, TODAY, journey)
    page = client.get(f"/parcours/revue/{journey}").text
    assert 'data-key="5"' in page and 'data-key="6"' in page
    assert "ceux qui manquent ne se proposent pas ici" in page
    for decision in ("APPELER", "REAFFECTER", "EPS", "PAUSE"):
        assert f'value="{decision}"' not in page
        refused = post(client, f"/parcours/revue/{journey}", decision=decision)
        assert refused.status_code == 422 and "plus rien ne se partage" in refused.text
    assert scalar("SELECT count(*) FROM week_decision") == 0


def test_a_wish_for_the_panel_ends_with_the_agreement(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    journey = first_file(client)
    post(client, f"/parcours/revue/{journey}", decision="EPS")
    assert "ordre du jour" in client.get(f"/parcours/{journey}").text
    assert str(journey) in client.get(SUM).text
    rows("UPDATE journey SET agreement_status = 'RETIRE', agreement_on = %s WHERE id = %s", TODAY, journey)
    assert "ordre du jour" not in client.get(f"/parcours/{journey}").text
    assert f"/parcours/revue/{journey}/eps" not in client.get(SUM).text
