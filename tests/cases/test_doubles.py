"""What a journey cannot hold twice is refused, what is unlikely is asked; a correction is held to its changes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.alerts.calendar import is_public_holiday
from coordination.cases.checks_doubles import HELD_AGAINST
from coordination.cases.commands.records import add_fact, correct_fact
from coordination.cases.kinds import APPOINTMENT, BARRIER, EVENT, PAUSE, REVIEW, RIGHT, RecordKind
from coordination.cases.kinds_facts import ABSENCE, ALL_KINDS
from coordination.errors import BadInput
from coordination.privacy.work import AlreadyDone
from tests.cases.records_kit import add, filled, stage
from tests.support import day, import_rows, journey_id, person, rows, scalar, world

# A Friday of term, a Sunday, a Friday of holidays, a public holiday.
FRIDAY, SUNDAY, HOLIDAY, ARMISTICE = (
    date(2025, 11, 21),
    date(2025, 11, 23),
    date(2025, 10, 24),
    date(2025, 11, 11),
)


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world())
    yield journey_id("PRE-1")


def refusal(kind: RecordKind, journey: uuid.UUID, **changes: Any) -> BadInput:
    before = scalar(f"SELECT count(*) FROM {kind.table}")
    with pytest.raises(BadInput) as refused:
        add(kind, journey, **changes)
    assert scalar(f"SELECT count(*) FROM {kind.table}") == before
    return refused.value


def correct(kind: RecordKind, record: uuid.UUID, **changes: Any) -> uuid.UUID:
    version = scalar(f"SELECT version FROM {kind.table} WHERE id = %s", record)
    return correct_fact(person("ref1"), kind, record, version, filled(kind, **changes), clock.now())


def asked_then_kept(kind: RecordKind, journey: uuid.UUID, **changes: Any) -> str:
    """The one question; kept once that very sentence is confirmed, and no other."""
    found = refusal(kind, journey, **changes)
    assert not found.fields and len(found.asked) == 1
    (question,) = found.asked.values()
    values = filled(kind, **changes)
    with pytest.raises(BadInput):
        add_fact(person("ref1"), kind, journey, values, clock.now(), sure={"Autre chose"})
    for number in range(2):
        try:
            add_fact(person("ref1"), kind, journey, values, clock.now(), key="k", answer="/", sure={question})
            assert number == 0
        except AlreadyDone:
            assert number == 1, "what was written is not asked again"
    return question


def test_what_is_held_against_others_is_told_by_columns_of_the_kind() -> None:
    for slug, names in HELD_AGAINST.items():
        assert {*names} <= {cell.name for cell in ALL_KINDS[slug].cells}


def test_an_appointment_to_come_is_not_in_the_past(journey: uuid.UUID) -> None:
    found = refusal(APPOINTMENT, journey, on_date=-1)
    assert found.fields.keys() == {"status"} and "choisissez ce que" in found.fields["status"]
    add(APPOINTMENT, journey, on_date=-1, status="HONORE")
    record = add(APPOINTMENT, journey, on_date=0)
    rows("UPDATE appointment SET on_date = %s WHERE id = %s", day(-4), record)
    place = scalar("SELECT id FROM structure LIMIT 1")
    correct(APPOINTMENT, record, on_date=-4, structure_id=place)
    with pytest.raises(BadInput):
        correct(APPOINTMENT, record, on_date=-5, structure_id=place)


def test_the_same_appointment_twice_is_asked(journey: uuid.UUID) -> None:
    place = scalar("SELECT id FROM structure LIMIT 1")
    add(APPOINTMENT, journey, structure_id=place)
    add(APPOINTMENT, journey)
    add(APPOINTMENT, journey, on_date=4, structure_id=place)
    said = asked_then_kept(APPOINTMENT, journey, structure_id=place)
    assert f"{day(3):%d/%m/%Y}" in said and "avec cette structure" in said
    again = scalar("SELECT id FROM appointment ORDER BY position DESC LIMIT 1")
    correct(APPOINTMENT, again, structure_id=place, status="ANNULE_SERVICE")
    with pytest.raises(BadInput) as found:
        correct(APPOINTMENT, again, on_date=4, structure_id=place)
    assert found.value.asked.keys() == {"on_date"}
    assert "sans structure" in refusal(APPOINTMENT, journey).asked["on_date"]


def test_a_pause_neither_doubles_nor_overlaps_another(journey: uuid.UUID) -> None:
    add(PAUSE, journey, from_on=-30, expected_return=None, returned_on=-20)
    closed = f"Une pause est déjà notée du {day(-30):%d/%m/%Y} au {day(-20):%d/%m/%Y}."
    for first, last in ((-30, -20), (-28, -22), (-40, -29), (-21, -1), (-40, None)):
        found = refusal(PAUSE, journey, from_on=first, expected_return=None, returned_on=last)
        assert found.fields == {"from_on": closed}, (first, last)
    add(PAUSE, journey, from_on=-40, expected_return=None, returned_on=-30)
    opened = add(PAUSE, journey, from_on=-20)
    found = refusal(PAUSE, journey)
    assert found.fields["from_on"].startswith(f"Une pause est déjà ouverte depuis le {day(-20):%d/%m/%Y}")
    with pytest.raises(BadInput):
        correct(PAUSE, opened, from_on=-21)
    correct(PAUSE, opened, from_on=-20, returned_on=-1)
    add(PAUSE, journey)
    assert stage(journey) == "SUSPENDU"


def test_pauses_that_an_import_left_overlapping_can_be_ended(journey: uuid.UUID) -> None:
    first = add(PAUSE, journey, from_on=-9)
    rows(
        "INSERT INTO pause (id, journey_id, folder_id, from_on)"
        " SELECT gen_random_uuid(), journey_id, folder_id, %s FROM pause",
        day(-5),
    )
    correct(PAUSE, first, from_on=-9, returned_on=-1)


def test_a_day_without_school_is_asked_and_a_day_noted_is_not_noted_again(journey: uuid.UUID) -> None:
    record = add(ABSENCE, journey, on_date=FRIDAY, half_days=2)
    found = refusal(ABSENCE, journey, on_date=FRIDAY, half_days=1)
    assert found.fields.keys() == {"on_date"} and "déjà notée le 21/11/2025" in found.fields["on_date"]
    for on, why in ((SUNDAY, "un dimanche"), (HOLIDAY, "vacances scolaires"), (ARMISTICE, "un jour férié")):
        assert why in refusal(ABSENCE, journey, on_date=on, half_days=1).asked["on_date"]
    asked_then_kept(ABSENCE, journey, on_date=SUNDAY, half_days=1)
    sunday = scalar("SELECT id FROM school_absence WHERE on_date = %s", SUNDAY)
    correct(ABSENCE, sunday, on_date=SUNDAY, half_days=3)
    correct(ABSENCE, record, on_date=FRIDAY, half_days=1)
    with pytest.raises(BadInput) as moved:
        correct(ABSENCE, sunday, on_date=FRIDAY, half_days=3)
    assert moved.value.fields.keys() == {"on_date"}


def test_the_public_holidays_are_those_of_france() -> None:
    assert is_public_holiday(date(2026, 7, 14)) and is_public_holiday(date(2026, 4, 6))
    assert not is_public_holiday(date(2026, 7, 15)) and not is_public_holiday(date(2026, 12, 26))


def test_a_barrier_is_open_once(journey: uuid.UUID) -> None:
    record = add(BARRIER, journey)
    found = refusal(BARRIER, journey, identified_on=0)
    assert found.fields.keys() == {"barrier"}
    assert f"déjà noté depuis le {day(-3):%d/%m/%Y}" in found.fields["barrier"]
    correct(BARRIER, record, level="MOYEN")
    other = add(BARRIER, journey, barrier="LANGUE")
    with pytest.raises(BadInput):
        correct(BARRIER, other)
    correct(BARRIER, record, lifted_on=-1)
    add(BARRIER, journey, identified_on=0)
    with pytest.raises(BadInput):
        correct(BARRIER, record)
    # Twice open, as an import may leave them: what else they say can be corrected.
    rows("UPDATE barrier SET lifted_on = NULL WHERE id = %s", record)
    correct(BARRIER, record, level="FORT")


def test_a_right_ends_once_on_a_day_and_not_long_ago(journey: uuid.UUID) -> None:
    record = add(RIGHT, journey)
    assert refusal(RIGHT, journey).fields.keys() == {"ends_on"}
    add(RIGHT, journey, ends_on=91)
    add(RIGHT, journey, ends_on=-365)
    said = asked_then_kept(RIGHT, journey, ends_on=-366)
    assert f"{day(-366):%d/%m/%Y}" in said and "plus d'un an" in said
    old = scalar(f"SELECT id FROM {RIGHT.table} WHERE ends_on = %s", day(-366))
    correct(RIGHT, old, ends_on=-366)
    with pytest.raises(BadInput) as found:
        correct(RIGHT, record, ends_on=91)
    assert found.value.fields.keys() == {"ends_on"}


LIFTED = {"lifted_on": -1}
BACK = {"expected_return": None}


@pytest.mark.parametrize(
    ("kind", "field", "values", "other"),
    [
        (REVIEW, "due_on", {"due_on": 20}, {"due_on": 21}),
        (EVENT, "on_date", {"on_date": -2}, {"on_date": -3}),
        (EVENT, "on_date", {"on_date": -2}, {"on_date": -2, "kind": "EXPULSION_RELOGEMENT"}),
        (BARRIER, "identified_on", {"identified_on": -3, **LIFTED}, {"identified_on": -4, **LIFTED}),
        (
            PAUSE,
            "from_on",
            {"from_on": -3, "returned_on": -3, **BACK},
            {"from_on": -4, "returned_on": -4, **BACK},
        ),
    ],
)
def test_two_lines_that_a_bundle_could_not_tell_apart_are_refused(
    journey: uuid.UUID, kind: RecordKind, field: str, values: dict[str, Any], other: dict[str, Any]
) -> None:
    first = add(kind, journey, **values)
    said = refusal(kind, journey, **values).fields
    assert (
        said.keys() == {field} and "déjà" in said[field] and f"{day(values[field]):%d/%m/%Y}" in said[field]
    )
    second = add(kind, journey, **other)
    with pytest.raises(BadInput) as moved:
        correct(kind, second, **values)
    assert moved.value.fields.keys() == {field}
    # Twice there, as two that wrote at once may leave them: what else they say can be corrected.
    rows(f"UPDATE {kind.table} SET {field} = %s WHERE id = %s", day(values[field]), second)
    correct(kind, first, **values)
