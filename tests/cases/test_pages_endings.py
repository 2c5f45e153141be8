"""A journey that ends with its reason, and one taken up again."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape

from flask import Flask

from coordination.cases.rules.writing import RULES as WRITTEN
from coordination.reference import label
from tests.cases.life_kit import course, send, state
from tests.cases.pages_kit import (
    REFERENT,
    browser,
    last_audit,
    post,
)
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import rows


def test_an_end_with_its_reason_then_a_reopening_that_keeps_the_delays(
    site: Flask, journey: uuid.UUID
) -> None:
    client = browser(site, REFERENT)
    before = stored()
    decided = TODAY - timedelta(days=2)
    decision = {"decided_by": "EPS du collège", "decided_on": decided.isoformat()}
    ended = {"reason": "RELAIS_DC", "on": TODAY.isoformat(), "note": "Relais au CCAS."}
    long_ago = send(client, journey, "sortie", **ended, **decision | {"decided_on": "0001-01-01"})
    assert long_ago.status_code == 422 and "à partir du 01/01/1900" in long_ago.text
    done = send(client, journey, "sortie", **ended, **decision)
    assert done.status_code == 303, done.text
    assert state(journey) == ("SORTI", TODAY)
    page = client.get(f"/parcours/{journey}").text
    assert "Relais au CCAS." in page and "Rouvrir le parcours" in page
    assert stored() == from_scratch()
    assert last_audit("sortie_parcours")[2] == "stage,exit_on,exit_reason,turn"
    again = client.get(f"/parcours/{journey}/sortie").text
    assert "déjà terminé, depuis le" in again and "Motif de sortie" not in again and "reouverture" in again
    watch = send(client, journey, "etape", stage="VEILLE", stage_on=TODAY.isoformat(), **course(journey))
    assert watch.status_code == 303 and state(journey) == ("VEILLE", TODAY)
    mute = send(client, journey, "reouverture", stage="EN_COURS", on=TODAY.isoformat(), note="")
    assert mute.status_code == 422 and "pourquoi le parcours reprend" in mute.text
    back = send(client, journey, "reouverture", stage="EN_COURS", on=TODAY.isoformat(), note="Retour au QPV.")
    assert back.status_code == 303 and state(journey) == ("EN_COURS", None)
    # The end that was taken back keeps its day, its reason and what was decided.
    assert rows("SELECT on_date FROM turn WHERE kind = 'SORTIE' AND journey_id = %s", journey) == [(TODAY,)]
    told = unescape(client.get(f"/parcours/{journey}").text)
    reason = label("pre_exit_reason", "RELAIS_DC")
    assert "Fin du parcours, rouvert ensuite" in told and "Décidé par EPS du collège" in told
    assert (
        f"Motif : {reason[:1].lower()}{reason[1:]}. Décision du {decided:%d/%m/%Y}. Relais au CCAS." in told
    )
    # On one day there is no room for the caption of the reopening beside that of the end.
    for drawn in (told, unescape(client.get(f"/parcours/{journey}/image").text)):
        assert "Fin, puis rouvert</text>" in drawn and ">Fin</text>" not in drawn
    running = client.get(f"/parcours/{journey}/reouverture").text
    assert "rien à rouvrir" in running and 'name="note"' not in running
    # To end and to reopen is to write: only what counts from the last writing has moved.
    assert stored() == from_scratch()
    assert {key: line for key, line in stored().items() if key[1] not in WRITTEN} == {
        key: line for key, line in before.items() if key[1] not in WRITTEN
    }
    said = rows("SELECT count(*) FROM revision WHERE journey_id = %s AND of_table = 'journey'", journey)
    assert said == [(3,)]


def attempt(journey: uuid.UUID, days: int, mode: str, outcome: str = "SANS_REPONSE") -> None:
    rows(
        "INSERT INTO contact (id, journey_id, folder_id, on_date, mode, outcome) SELECT gen_random_uuid(),"
        " journey_id, id, %s, %s, %s FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        TODAY - timedelta(days=days),
        mode,
        outcome,
        journey,
    )


def test_the_decision_is_within_the_journey(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    rows("UPDATE journey SET opened_on = %s WHERE id = %s", TODAY - timedelta(days=400), journey)
    opened = TODAY - timedelta(days=400)
    typed = {"reason": "RELAIS_DC", "on": TODAY.isoformat(), "decided_by": "EPS"}
    before = {**typed, "decided_on": (opened - timedelta(days=1)).isoformat()}
    refused = send(client, journey, "sortie", **before)
    assert refused.status_code == 422
    said = f"à partir du {opened:%d/%m/%Y} (début du parcours), et jusqu'au {TODAY:%d/%m/%Y} (la sortie)"
    assert said in unescape(refused.text)
    first_day = {**typed, "decided_on": opened.isoformat()}
    assert send(client, journey, "sortie", **first_day).status_code == 303
    assert state(journey) == ("SORTI", TODAY)


def test_the_decision_of_a_loss_of_contact_is_after_the_last_attempt_needed(
    site: Flask, journey: uuid.UUID
) -> None:
    rows("DELETE FROM contact WHERE journey_id = %s", journey)
    rows("DELETE FROM appointment WHERE journey_id = %s", journey)
    client = browser(site, REFERENT)
    # The third by the same way is not the one that is enough: the next is, by another; the last is one too many.
    for days, mode in ((12, "APPEL"), (11, "APPEL"), (10, "APPEL"), (8, "VAD"), (6, "SMS")):
        attempt(journey, days, mode)
    enough = TODAY - timedelta(days=8)
    typed = {"reason": "PERTE_CONTACT", "on": TODAY.isoformat(), "decided_by": "EPS"}
    too_soon = {**typed, "decided_on": (enough - timedelta(days=1)).isoformat()}
    refused = send(client, journey, "sortie", **too_soon)
    assert refused.status_code == 422
    assert f"à partir du {enough:%d/%m/%Y} (jour de la dernière tentative" in unescape(refused.text)
    ended = (TODAY - timedelta(days=4)).isoformat()
    after = {**typed, "on": ended, "decided_on": TODAY.isoformat()}
    assert "(la sortie)" in unescape(send(client, journey, "sortie", **after).text)
    done = send(client, journey, "sortie", **{**typed, "decided_on": enough.isoformat()})
    assert done.status_code == 303 and state(journey) == ("SORTI", TODAY)


def test_a_loss_of_contact_asks_for_three_attempts_two_ways_and_a_decision(
    site: Flask, journey: uuid.UUID
) -> None:
    rows("DELETE FROM contact WHERE journey_id = %s AND on_date >= %s", journey, TODAY - timedelta(days=9))
    attempt(journey, 9, "VAD", "ABOUTI")
    rows(
        "UPDATE appointment SET status = 'A_VENIR' WHERE journey_id = %s AND on_date > %s",
        journey,
        TODAY - timedelta(days=9),
    )
    client = browser(site, REFERENT)
    given = {"reason": "PERTE_CONTACT", "on": TODAY.isoformat()}

    def refused() -> str:
        answer = send(client, journey, "sortie", **given)
        assert answer.status_code == 422 and state(journey)[1] is None
        return str(answer.text).replace("\N{NO-BREAK SPACE}", " ")

    assert "Il manque 3 tentatives, par deux moyens différents." in refused()
    attempt(journey, 5, "TELEPHONE")
    assert "Il manque 2 tentatives, dont une par un autre moyen que « téléphone »." in refused()
    attempt(journey, 4, "TELEPHONE")
    assert "Il manque 1 tentative, par un autre moyen que « téléphone »." in refused()
    attempt(journey, 3, "TELEPHONE")
    assert "Il manque 1 tentative, par un autre moyen que « téléphone »." in refused()
    attempt(journey, 2, "SMS")
    page = refused()
    assert "Il manque" not in page
    assert "Indiquez qui a décidé" in page and "Indiquez le jour de la décision." in page
    given |= {"decided_by": "EPS", "decided_on": TODAY.isoformat()}
    assert send(client, journey, "sortie", **given).status_code == 303
    assert "décidé par EPS" in client.get(f"/parcours/{journey}").text


def test_an_exit_before_a_fact_or_too_early_is_refused(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    attempt(journey, 1, "VAD", "ABOUTI")
    early = send(client, journey, "sortie", reason="RELAIS_DC", on=(TODAY - timedelta(days=2)).isoformat())
    assert early.status_code == 422 and "Un échange est noté le" in early.text
    rows("DELETE FROM contact WHERE journey_id = %s", journey)
    sent_on = TODAY - timedelta(days=1)
    insert = (
        "INSERT INTO {} (id, journey_id, folder_id, {}) SELECT gen_random_uuid(), journey_id, id, %s FROM folder"
        " WHERE journey_id = %s AND volet = 'coordination'"
    )
    before = (TODAY - timedelta(days=2)).isoformat()
    for table, column, words in (
        ("invitation", "sent_on", "Une invitation est notée le"),
        ("stay_decision", "on_date", "Une décision est notée le"),
    ):
        rows(insert.format(table, column), sent_on, journey)
        early = send(client, journey, "sortie", reason="RELAIS_DC", on=before)
        assert early.status_code == 422 and words in early.text, table
        rows(f"TRUNCATE {table}")
    unknown = send(client, journey, "sortie", reason="EMPLOI_DURABLE", on=TODAY.isoformat())
    assert unknown.status_code == 422
    rows("UPDATE journey SET stage = 'SAISINE' WHERE id = %s", journey)
    not_begun = send(client, journey, "sortie", reason="RELAIS_DC", on=TODAY.isoformat())
    assert (
        not_begun.status_code == 422 and "«\N{NO-BREAK SPACE}Non retenu\N{NO-BREAK SPACE}»" in not_begun.text
    )
    # Nobody types first what is refused then.
    told = client.get(f"/parcours/{journey}/sortie").text
    assert "n'a pas encore commencé" in unescape(told) and "Motif de sortie" not in told
    assert f"/parcours/{journey}/etape" in told
    assert f"/parcours/{journey}/sortie" not in client.get(f"/parcours/{journey}/etape").text
    not_ended = send(client, journey, "reouverture", stage="EN_COURS", on=TODAY.isoformat(), note="x")
    assert not_ended.status_code == 422 and "rien à rouvrir" in not_ended.text


def test_what_only_the_agreement_takes_up_again_says_so(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    rows(
        "UPDATE journey SET stage = 'SORTI', exit_on = %s, agreement_status = 'RETIRE', agreement_on = %s"
        " WHERE id = %s",
        TODAY,
        TODAY,
        journey,
    )
    page = unescape(client.get(f"/parcours/{journey}/reouverture").text).replace("\N{NO-BREAK SPACE}", " ")
    body = page.partition("<main")[2]
    assert "il faut d'abord l'accord signé des parents" in body
    assert f'<a class="btn btn-primary" href="/parcours/{journey}/accord">Noter l\'accord</a>' in body
    # Nothing to fill in that would be refused.
    assert 'type="submit"' not in body and 'name="note"' not in body and 'name="on"' not in body
    # A page that was opened before.
    for stage in ("", "EN_COURS"):
        typed = {"stage": stage, "on": TODAY.isoformat(), "note": "La famille revient."}
        refused = send(client, journey, "reouverture", **typed)
        told = unescape(refused.text)
        assert refused.status_code == 422 and "Il faut d'abord l'accord signé des parents." in told
        assert "Choisissez une étape" not in told and "La famille revient." in told
        assert f'href="/parcours/{journey}/accord">Noter l\'accord</a>' in told
    signer = rows("SELECT id FROM representative WHERE journey_id = %s LIMIT 1", journey)[0][0]
    agreed = {"status": "SIGNE", "on": TODAY.isoformat(), "volets": ["social"], "signer": signer}
    assert send(client, journey, "accord", **agreed).status_code == 303
    assert send(client, journey, "reouverture", **typed).status_code == 303


def test_the_stages_offered_are_those_that_take_it_up_again(site: Flask, journey: uuid.UUID) -> None:
    """An import may end a journey without its stage."""
    client = browser(site, REFERENT)
    rows("UPDATE journey SET stage = 'EN_COURS', exit_on = %s WHERE id = %s", TODAY, journey)
    page = client.get(f"/parcours/{journey}/reouverture").text
    assert re.findall(r'name="stage"[^>]*value="(\w+)"', page) == ["EN_COURS"]
    back = {"stage": "EN_COURS", "on": TODAY.isoformat(), "note": "Retour au QPV."}
    assert send(client, journey, "reouverture", **back).status_code == 303


def test_a_review_still_planned_is_announced_and_no_longer_to_come(site: Flask, journey: uuid.UUID) -> None:
    client, later = browser(site, REFERENT), (TODAY + timedelta(days=40)).isoformat()
    planned = post(client, f"/parcours/{journey}/bilan", due_on=later)
    assert planned.status_code == 303, planned.text
    said = unescape(client.get(f"/parcours/{journey}").text).replace("\N{NO-BREAK SPACE}", " ")
    assert '<h3 class="month">À venir</h3>' in said
    page = unescape(client.get(f"/parcours/{journey}/sortie").text).replace("\N{NO-BREAK SPACE}", " ")
    notice = page.partition("Encore ouvert sur ce parcours")[2].partition("</p>")[0]
    assert re.search(r"\d bilans? prévus?", notice), notice
    rows("UPDATE journey SET exit_on = %s, stage = 'SORTI' WHERE id = %s", TODAY, journey)
    ended = unescape(client.get(f"/parcours/{journey}").text)
    assert '<h3 class="month">À venir</h3>' not in ended and "Était prévu après la fin du parcours" in ended
