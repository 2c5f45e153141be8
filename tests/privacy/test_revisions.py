"""Records of a volet: written where the agreement allows, corrected without erasing, removed with their trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask

from coordination import clock
from coordination.cases.models import Barrier, LifeEvent
from coordination.errors import BadInput, Forbidden, NotFound
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import (
    EditConflict,
    add_record,
    change_record,
    earlier,
    journey_of,
    remove_record,
)
from coordination.privacy.volets import Volet
from coordination.privacy.work import Work, consult, work
from tests.support import day, import_rows, journey_id, person, role, rows, world


@pytest.fixture
def journey(app: Flask) -> uuid.UUID:
    import_rows(world())
    return journey_id("PRE-1")


def write(name: str, journey: uuid.UUID, do: Callable[[Work, Grant], Any]) -> Any:
    """`do` in a work of `name` on the journey."""
    with work(person(name), Action.LOG_CONTACT, clock.now()) as w:
        grant = w.require(journey)
        done = do(w, grant)
        w.audit(grant)
    return done


def a_barrier(journey: uuid.UUID, volet: Volet = Volet.SOCIAL, name: str = "ref1") -> uuid.UUID:
    values = {"identified_on": day(-9), "barrier": "MOBILITE", "level": None}
    row: uuid.UUID = write(
        name, journey, lambda _w, grant: add_record(grant, Barrier, journey, volet, values)
    )
    return row


def said(name: str, journey: uuid.UUID) -> list[tuple[bool, dict[str, str]]]:
    with consult(person(name), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(journey)
        found = earlier(grant, journey, Barrier)
        r.audit(grant)
    return [(line.removed, dict(line.values)) for line in found]


def test_a_correction_keeps_what_was_said(journey: uuid.UUID) -> None:
    row = a_barrier(journey)
    change = {"barrier": "LOGEMENT", "identified_on": day(-9), "lifted_on": day(-1)}
    changed = write("ref1", journey, lambda w, grant: change_record(w, grant, Barrier, row, 1, change))
    assert changed == ["barrier", "lifted_on"]
    assert rows("SELECT version, lifted_on FROM barrier WHERE id = %s", row) == [(2, day(-1))]
    assert said("ref1", journey) == [(False, {"barrier": "MOBILITE", "lifted_on": ""})]
    assert rows("SELECT said FROM revision WHERE of_id = %s AND said LIKE %s", row, b"%MOBILITE%") == []


def test_nothing_changed_is_no_correction(journey: uuid.UUID) -> None:
    row = a_barrier(journey)
    same = {"barrier": "MOBILITE", "identified_on": day(-9), "level": ""}
    assert write("ref1", journey, lambda w, g: change_record(w, g, Barrier, row, 1, same)) == []
    assert said("ref1", journey) == [] and rows("SELECT version FROM barrier WHERE id = %s", row) == [(1,)]


def test_a_stale_correction_is_refused_with_both_texts(journey: uuid.UUID) -> None:
    row = a_barrier(journey)
    write("ref1", journey, lambda w, g: change_record(w, g, Barrier, row, 1, {"barrier": "LOGEMENT"}))
    with pytest.raises(EditConflict) as conflict:
        write("ref1", journey, lambda w, g: change_record(w, g, Barrier, row, 1, {"barrier": "LANGUE"}))
    assert (conflict.value.theirs, conflict.value.mine) == ({"barrier": "LOGEMENT"}, {"barrier": "LANGUE"})
    assert conflict.value.version == 2 and len(said("ref1", journey)) == 1
    # One's own other window is not somebody else.
    assert conflict.value.own and "autre fenêtre" in str(conflict.value)


def test_what_is_removed_leaves_all_it_said(journey: uuid.UUID) -> None:
    row = a_barrier(journey)
    with pytest.raises(EditConflict):
        write("ref1", journey, lambda w, g: remove_record(w, g, Barrier, row, 2))
    write("ref1", journey, lambda w, g: remove_record(w, g, Barrier, row, 1))
    assert rows("SELECT id FROM barrier WHERE id = %s", row) == []
    removed, values = said("ref1", journey)[0]
    assert removed and values["barrier"] == "MOBILITE" and values["identified_on"] == str(day(-9))
    with pytest.raises(NotFound):
        journey_of(Barrier, row)


def test_who_only_reads_a_volet_does_not_write_in_it(journey: uuid.UUID) -> None:
    row = a_barrier(journey)
    with pytest.raises(Forbidden):
        a_barrier(journey, name="coord.pre")
    with pytest.raises(Forbidden):
        write("coord.pre", journey, lambda w, g: change_record(w, g, Barrier, row, 1, {"barrier": "LANGUE"}))
    with pytest.raises(Forbidden):
        write("coord.pre", journey, lambda w, g: remove_record(w, g, Barrier, row, 1))
    assert said("ref1", journey) == []


def test_a_record_and_its_past_are_for_those_who_see_its_volet(journey: uuid.UUID) -> None:
    row = a_barrier(journey, Volet.SANTE)
    write("ref1", journey, lambda w, g: change_record(w, g, Barrier, row, 1, {"barrier": "LOGEMENT"}))
    rows("DELETE FROM access WHERE actor_id = (SELECT id FROM account WHERE display_name = 'coord.pre')"
         " AND folder_id IN (SELECT id FROM folder WHERE volet = 'sante')")  # fmt: skip
    assert said("ref1", journey) != [] and said("coord.pre", journey) == []


def test_a_volet_that_is_not_open_takes_no_record(journey: uuid.UUID) -> None:
    with pytest.raises(BadInput, match="accord signé"):
        a_barrier(journey, Volet.EMPLOI)
    values = {"on_date": day(-1), "kind": "DEMENAGEMENT"}
    write("ref1", journey, lambda _w, g: add_record(g, LifeEvent, journey, Volet.COORDINATION, values))


def test_pages_can_neither_change_nor_delete_the_past(app: Flask, journey: uuid.UUID) -> None:
    for verb in ("UPDATE revision SET removed = true", "DELETE FROM revision"):
        with (
            role(app.config["SETTINGS"], "web") as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(verb)
