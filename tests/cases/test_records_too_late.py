"""On a journey that ended, or whose parents refused: the past is noted still, the rest is refused or asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.records import add_fact, correct_fact
from coordination.cases.kinds import ACTION, APPOINTMENT, OBJECTIVE, REVIEW, RecordKind
from coordination.errors import BadInput
from tests.cases.records_kit import add, filled, opened
from tests.support import day, import_rows, journey_id, person, rows, world


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world())
    yield journey_id("PRE-1")


def end(journey: uuid.UUID, on: int = -5) -> str:
    rows("UPDATE journey SET exit_on = %s, stage = 'SORTI' WHERE id = %s", day(on), journey)
    return f"Le parcours est terminé depuis le {day(on):%d/%m/%Y}."


PLANNED: list[tuple[RecordKind, dict[str, Any], str]] = [
    (ACTION, {"planned_start": 10}, "planned_start"),
    (ACTION, {"planned_start": -4}, "planned_start"),
    (APPOINTMENT, {"on_date": 3}, "on_date"),
    (REVIEW, {"due_on": 20}, "due_on"),
]


@pytest.mark.parametrize(("kind", "given", "field"), PLANNED)
def test_nothing_is_planned_after_the_end(
    journey: uuid.UUID, kind: RecordKind, given: dict[str, Any], field: str
) -> None:
    said = end(journey)
    with pytest.raises(BadInput) as refused:
        add(kind, journey, **given)
    assert refused.value.fields == {field: said}


def test_nothing_is_planned_once_turned_down(journey: uuid.UUID) -> None:
    rows("UPDATE journey SET stage = 'NON_RETENU' WHERE id = %s", journey)
    with pytest.raises(BadInput) as refused:
        add(ACTION, journey, planned_start=10)
    assert "pas été retenu" in refused.value.fields["planned_start"]


def test_what_took_place_before_the_end_is_noted_late(journey: uuid.UUID) -> None:
    end(journey)
    add(ACTION, journey, status="EN_COURS", planned_start=-4, started_on=-9)
    add(ACTION, journey, planned_start=-5)
    add(REVIEW, journey, due_on=-2, held_on=-6)
    add(APPOINTMENT, journey, on_date=-6, status="HONORE")


def test_what_was_planned_before_the_end_is_still_mended(journey: uuid.UUID) -> None:
    record = add(ACTION, journey, planned_start=10)
    said = end(journey)
    version = opened(ACTION, record)["version"]
    told = filled(ACTION, planned_start=10, status="ABANDONNEE", ended_on=-6)
    correct_fact(person("ref1"), ACTION, record, version, told, clock.now())
    later = filled(ACTION, planned_start=11, status="ABANDONNEE", ended_on=-6)
    with pytest.raises(BadInput) as refused:
        correct_fact(person("ref1"), ACTION, record, version + 1, later, clock.now())
    assert refused.value.fields == {"planned_start": said}


@pytest.mark.parametrize(("status", "word"), [("REFUS", "refusé"), ("RETIRE", "retiré")])
def test_what_would_begin_after_a_refusal_is_asked(journey: uuid.UUID, status: str, word: str) -> None:
    rows(
        "UPDATE journey SET agreement_status = %s, agreement_on = %s WHERE id = %s", status, day(-5), journey
    )
    for kind, field in ((ACTION, "planned_start"), (OBJECTIVE, "set_on"), (REVIEW, "due_on")):
        with pytest.raises(BadInput) as asked:
            add(kind, journey)
        assert not asked.value.fields and asked.value.asked.keys() == {field}
        question = asked.value.asked[field]
        assert question.startswith(f"L'accord est {word} depuis le {day(-5):%d/%m/%Y}")
        sure = [question]
        add_fact(person("ref1"), kind, journey, filled(kind), clock.now(), sure=sure)
    # What began before was agreed then.
    record = add(ACTION, journey, status="EN_COURS", planned_start=None, started_on=-6)
    version = opened(ACTION, record)["version"]
    told = filled(ACTION, planned_start=3, started_on=-6, status="EN_COURS")
    correct_fact(person("ref1"), ACTION, record, version, told, clock.now())
    # To tell the family what stops, one meets.
    add(APPOINTMENT, journey)


def test_at_the_cite_no_agreement_is_asked_for(journey: uuid.UUID) -> None:
    cite = journey_id("CITE-1")
    rows("UPDATE journey SET agreement_status = 'REFUS', agreement_on = %s WHERE id = %s", day(-5), cite)
    rows("UPDATE journey SET stage = 'EN_ACTION' WHERE id = %s", cite)
    add(OBJECTIVE, cite, "ml", axis=None)
