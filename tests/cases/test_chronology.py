"""What took place before its journey, or out of its action, is refused; a day far ahead is asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.attendance import note_sessions
from coordination.cases.commands.records import add_fact, correct_fact
from coordination.cases.dates import FACTS, FAR_AHEAD, SINCE_OPENING
from coordination.cases.kinds import (
    ACTION,
    APPOINTMENT,
    ATTENDANCE,
    BARRIER,
    EVENT,
    OBJECTIVE,
    PAUSE,
    REVIEW,
    RIGHT,
    RecordKind,
)
from coordination.cases.kinds_facts import ALL_KINDS
from coordination.errors import BadInput
from tests.cases.records_kit import add, filled, opened
from tests.support import day, import_rows, journey_id, person, rows, scalar, world

OPENED = -40
SAID = f"Le parcours a commencé le {day(OPENED):%d/%m/%Y} : la date ne peut pas être avant."


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world())
    rows(
        "UPDATE journey SET opened_on = %s, entered_on = NULL, validated_on = NULL WHERE id = %s",
        day(OPENED),
        journey_id("PRE-1"),
    )
    yield journey_id("PRE-1")


def correct(kind: RecordKind, record: uuid.UUID, sure: tuple[str, ...] = (), **changes: Any) -> None:
    version = scalar(f"SELECT version FROM {kind.table} WHERE id = %s", record)
    values = filled(kind, **changes)
    correct_fact(person("ref1"), kind, record, version, values, clock.now(), sure=sure)


def refusal(kind: RecordKind, journey: uuid.UUID, **changes: Any) -> BadInput:
    with pytest.raises(BadInput) as refused:
        add(kind, journey, **changes)
    return refused.value


def test_the_tables_name_dates_of_records() -> None:
    kinds = {kind.table: kind for kind in ALL_KINDS.values()}
    for table, names in SINCE_OPENING.items():
        assert names <= FACTS[table] and names <= {cell.name for cell in kinds[table].cells}
    for table, (name, _) in FAR_AHEAD.items():
        assert name in {cell.name for cell in kinds[table].cells}


EARLY: list[tuple[RecordKind, str, dict[str, Any]]] = [
    (APPOINTMENT, "on_date", {"status": "HONORE"}),
    (APPOINTMENT, "on_date", {"status": "ABS_NON_EXCUSEE"}),
    (ACTION, "started_on", {"status": "EN_COURS"}),
    (ACTION, "ended_on", {"status": "ABANDONNEE"}),
    (REVIEW, "held_on", {}),
    (BARRIER, "identified_on", {}),
    (EVENT, "on_date", {}),
    (PAUSE, "from_on", {}),
    (OBJECTIVE, "set_on", {}),
]


@pytest.mark.parametrize(("kind", "field", "given"), EARLY)
def test_what_took_place_before_the_journey_is_refused(
    journey: uuid.UUID, kind: RecordKind, field: str, given: dict[str, Any]
) -> None:
    assert refusal(kind, journey, **given, **{field: OPENED - 1}).fields == {field: SAID}
    add(kind, journey, **given, **{field: OPENED})


def test_what_an_import_brought_from_before_is_corrected_without_its_day(journey: uuid.UUID) -> None:
    for kind, field, given in EARLY:
        record = add(kind, journey, **given, **{field: OPENED})
        rows(f"UPDATE {kind.table} SET {field} = %s WHERE id = %s", day(OPENED - 9), record)
        correct(kind, record, **given, **{field: OPENED - 9})
        with pytest.raises(BadInput) as refused:
            correct(kind, record, **given, **{field: OPENED - 8})
        assert refused.value.fields == {field: SAID}
        rows(f"DELETE FROM {kind.table} WHERE id = %s", record)


def test_one_may_come_with_a_right_and_a_plan(journey: uuid.UUID) -> None:
    add(RIGHT, journey, ends_on=OPENED - 5)
    add(REVIEW, journey, due_on=OPENED - 5)
    add(ACTION, journey, planned_start=OPENED - 5)


def test_a_session_is_within_its_action(journey: uuid.UUID) -> None:
    action = add(ACTION, journey, status="TERMINEE_ATTEINTE", planned_start=-20, started_on=-20, ended_on=-10)

    def note(number: int) -> None:
        note_sessions(person("ref1"), action, {day(number): "PRESENT"}, clock.now())

    for number, words in ((-21, "L'action a commencé"), (-9, "s'est terminée"), (OPENED - 1, SAID)):
        with pytest.raises(BadInput) as refused:
            note(number)
        assert words in refused.value.fields[day(number).isoformat()]
    for number in (-20, -10):
        note(number)
    first = scalar("SELECT id FROM attendance WHERE on_date = %s", day(-20))
    with pytest.raises(BadInput) as refused:
        correct(ATTENDANCE, first, status="PRESENT", on_date=-21)
    assert "L'action a commencé" in refused.value.fields["on_date"]
    # Nor does the action leave its sessions.
    ended = {"status": "TERMINEE_ATTEINTE", "planned_start": -20, "started_on": -20, "ended_on": -10}
    for changes, words in (({"started_on": -19}, "avant ce début"), ({"ended_on": -11}, "après cette fin")):
        with pytest.raises(BadInput) as refused:
            correct(ACTION, action, **{**ended, **changes})
        assert words in refused.value.fields[next(iter(changes))]
    correct(ACTION, action, **{**ended, "started_on": -21, "ended_on": -9})
    # What stood out of it already stays, and so does what else is corrected of it.
    rows("UPDATE attendance SET on_date = %s WHERE id = %s", day(-30), first)
    correct(ATTENDANCE, first, status="ABSENT", on_date=-30)
    correct(ACTION, action, **{**ended, "started_on": -21, "ended_on": -9, "owner": "La MIPE"})


def test_a_planned_action_that_has_begun_is_under_way_once_confirmed(journey: uuid.UUID) -> None:
    begun = {"status": "PREVUE", "planned_start": None, "started_on": -2}
    question = refusal(ACTION, journey, **begun).asked["status"]
    assert f"a commencé le {day(-2):%d/%m/%Y}" in question and "« En cours »" in question
    values = filled(ACTION, **begun)
    action = add_fact(person("ref1"), ACTION, journey, values, clock.now(), sure={question})
    assert opened(ACTION, action)["status"] == "EN_COURS"
    # So brought by an import, it is corrected otherwise without a word.
    rows("UPDATE action SET status = 'PREVUE' WHERE id = %s", action)
    correct(ACTION, action, **begun, owner="Le club")
    assert opened(ACTION, action)["status"] == "PREVUE"
    over = refusal(ACTION, journey, **{**begun, "ended_on": -1})
    assert "« Terminée le » est rempli" in over.fields["status"]


FAR: list[tuple[RecordKind, str, int, dict[str, Any]]] = [
    (APPOINTMENT, "on_date", 1, {}),
    (PAUSE, "expected_return", 1, {}),
    (ACTION, "planned_start", 2, {}),
    (RIGHT, "ends_on", 15, {}),
]


@pytest.mark.parametrize(("kind", "field", "years", "given"), FAR)
def test_a_day_far_ahead_is_asked(
    journey: uuid.UUID, kind: RecordKind, field: str, years: int, given: dict[str, Any]
) -> None:
    today = day(0)
    limit = today.replace(year=today.year + years, day=min(today.day, 28))
    late = limit.replace(year=limit.year + 1)
    found = refusal(kind, journey, **given, **{field: late})
    assert not found.fields and list(found.asked) == [field]
    question = found.asked[field]
    assert f"{late:%d/%m/%Y}" in question and "Vérifiez l'année" in question
    values = filled(kind, **given, **{field: late})
    record = add_fact(person("ref1"), kind, journey, values, clock.now(), sure={question})
    correct(kind, record, **given, **{field: late})
    rows(f"DELETE FROM {kind.table} WHERE id = %s", record)
    add(kind, journey, **given, **{field: limit})
