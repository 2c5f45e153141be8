"""What is written while its record moves to another volet ends up sealed for the volet where it stands."""

from __future__ import annotations

import uuid

import pytest
from flask import current_app

from coordination import clock
from coordination.alerts.commands import Answer, answer_alert
from coordination.alerts.models import Alert
from coordination.cases.commands.attendance import note_sessions
from coordination.cases.commands.records import correct_fact
from coordination.cases.kinds import ACTION, BARRIER
from coordination.errors import Conflict
from coordination.privacy.policy import Action
from coordination.privacy.vault import open_rows
from coordination.privacy.work import consult
from coordination.worker import run_scan
from tests.cases.records_kit import AtOnce, add, filled
from tests.support import day, journey_id, person, rows, scalar

TOLD = "SELECT id FROM alert WHERE rule = 'T25' AND status IN ('OUVERTE', 'VUE')"
# A barrier that nothing is done about: told after 30 days.
STRONG = {"level": "FORT", "identified_on": -40}


def told() -> None:
    add(BARRIER, journey_id("CITE-1"), "ml", barrier="MOBILITE", **STRONG)
    run_scan(current_app.config["SETTINGS"], day())
    assert scalar(TOLD)


def answered() -> None:
    said = Answer("PRISE_EN_CHARGE", comment="Le dossier est parti.")
    answer_alert(person("ml"), scalar(TOLD), said, 1, clock.now())


def moved() -> None:
    record = scalar("SELECT subject_id FROM alert WHERE rule = 'T25'")
    values = filled(BARRIER, barrier="SANTE", **STRONG)
    correct_fact(person("ml"), BARRIER, uuid.UUID(record), 1, values, clock.now())


@pytest.mark.parametrize("first", [answered, moved])
def test_an_answer_opens_where_it_stands(at_once: AtOnce, first: object) -> None:
    acts = (answered, moved) if first is answered else (moved, answered)
    refused = at_once(*acts, told)
    assert [type(error) for error in refused] == ([] if first is answered else [Conflict])
    with consult(person("ml"), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(journey_id("CITE-1"))
        alerts = open_rows(grant, Alert, ("comment", "status"), Alert.journey_id == journey_id("CITE-1"))
        r.audit(grant)
    said = [row["status"] for row in alerts if row["comment"]]
    assert said == (["RESOLUE"] if first is answered else [])


def an_action() -> uuid.UUID:
    last = "SELECT id FROM action WHERE journey_id = %s ORDER BY position DESC LIMIT 1"
    return uuid.UUID(str(scalar(last, journey_id("PRE-1"))))


def planned() -> None:
    add(ACTION, journey_id("PRE-1"), planned_start=-30)


def attended() -> None:
    note_sessions(person("ref1"), an_action(), {day(-2): "PRESENT"}, clock.now())


def told_of_health() -> None:
    values = filled(ACTION, kind="PSY", planned_start=-30)
    correct_fact(person("ref1"), ACTION, an_action(), 1, values, clock.now())


@pytest.mark.parametrize("first", [attended, told_of_health])
def test_a_session_goes_with_its_action(at_once: AtOnce, first: object) -> None:
    acts = (attended, told_of_health) if first is attended else (told_of_health, attended)
    assert at_once(*acts, planned) == []
    volets = "SELECT f.volet FROM attendance t JOIN folder f ON f.id = t.folder_id WHERE t.on_date = %s"
    assert rows(volets, day(-2)) == [("sante",)]
