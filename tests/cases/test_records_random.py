"""After any sequence of records, corrections and removals, the deadlines are those recomputed."""

from __future__ import annotations

import random
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.appointments import set_outcome
from coordination.cases.commands.attendance import note_sessions
from coordination.cases.commands.diagnosis import write_diagnosis
from coordination.cases.commands.records import add_fact, correct_fact, remove_fact
from coordination.cases.dates import FACTS
from coordination.cases.kinds import (
    ACTION,
    ADDED,
    APPOINTMENT,
    EXCHANGE,
    KINDS,
    RecordKind,
    Shape,
)
from coordination.cases.vocabulary import OUTCOMES, coded
from coordination.errors import CoordinationError
from tests.cases.records_kit import filled
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import PEOPLE, day, import_rows, journey_id, person, rows, scalar, world


def _drawn_values(drawn: random.Random, kind: RecordKind, programme: str) -> dict[str, Any]:
    """Good answers, some of them drawn again: most can be, some cannot."""
    values = filled(kind)
    for cell in drawn.sample(kind.cells, drawn.randint(0, min(3, len(kind.cells)))):
        if cell.shape is Shape.CODE:
            values[cell.name] = drawn.choice([*coded(cell.codes, programme)])
        elif cell.shape is Shape.DAY:
            values[cell.name] = day(
                drawn.randint(-60, 20 if cell.name not in FACTS.get(kind.table, ()) else 0)
            )
    return values


def _after_any_sequence(rounds: int, seed: int) -> None:
    """Whatever people note, correct, remove: the stored deadlines are those recomputed from all facts."""
    drawn = random.Random(seed)
    team = {"PRE-1": "ref1", "PRE-2": "ref2", "CITE-1": "ml", "CITE-2": "plie"}
    done: dict[str, int] = {}
    for _ in range(rounds):
        ref = drawn.choice(list(team))
        journey, programme = journey_id(ref), "PRE" if ref.startswith("PRE") else "CITE_EMPLOI"
        coordinator = "coord.pre" if programme == "PRE" else "coord.cite"
        actor = person(drawn.choice([*[team[ref]] * 20, coordinator, *PEOPLE]))
        kind = KINDS[drawn.choice([*ADDED, EXCHANGE.slug])]
        values = _drawn_values(drawn, kind, programme)
        known = rows(f"SELECT id, version FROM {kind.table} WHERE journey_id = %s", journey)
        record, version = drawn.choice(known) if known else (None, 0)
        what = drawn.choice(
            ["add", "add", "correct", "correct", "remove", "outcome", "sessions", "diagnosis"]
        )
        try:
            if what == "add" or record is None:
                add_fact(actor, kind, journey, values, clock.now())
            elif what == "correct":
                correct_fact(actor, kind, record, version, values, clock.now())
            elif what == "remove":
                remove_fact(actor, kind, journey, record, version, clock.now())
            elif what == "outcome" and kind is APPOINTMENT:
                set_outcome(actor, record, drawn.choice(OUTCOMES), version, clock.now())
            elif what == "sessions" and kind is ACTION:
                note_sessions(actor, record, {day(-drawn.randint(0, 30)): "PRESENT"}, clock.now())
            else:
                at = scalar("SELECT version FROM journey WHERE id = %s", journey)
                write_diagnosis(actor, journey, day(-drawn.randint(0, 90)), "mots", at, clock.now())
            done[what] = done.get(what, 0) + 1
        except CoordinationError:
            pass
        assert stored() == from_scratch(), (what, kind.slug)
    assert {"add", "correct", "remove"} <= set(done) and sum(done.values()) > rounds // 6


@pytest.mark.parametrize("seed", [1, 2])
def test_after_any_sequence_the_deadlines_are_those_recomputed(app: Flask, seed: int) -> None:
    import_rows(world())
    _after_any_sequence(60, seed)


@pytest.mark.soak
@pytest.mark.long
def test_after_long_sequences_the_deadlines_are_those_recomputed(app: Flask) -> None:
    import_rows(world())
    for seed in range(10, 20):
        _after_any_sequence(200, seed)
