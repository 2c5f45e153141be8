"""Logging an exchange: sealed, audited, deadlines moved, refused with a sentence beside the field."""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.records import correct_fact, remove_fact
from coordination.cases.kinds import EXCHANGE
from coordination.cases.models import Contact
from coordination.db import db
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.records import EditConflict
from coordination.privacy.vault import open_rows
from coordination.privacy.work import consult
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import day, import_rows, journey_id, person, rows, scalar, world

NIR = "1 85 05 78 006 084 91"


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world())
    yield journey_id("PRE-1")


def a_contact(**changes: Any) -> NewContact:
    return NewContact(
        **({"on": day(), "mode": "TELEPHONE", "outcome": "ABOUTI", "note": "La maman rappelle."} | changes)
    )


def opened_note(name: str, contact: uuid.UUID) -> Any:
    with consult(person(name), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(scalar("SELECT journey_id FROM contact WHERE id = %s", contact))
        found = open_rows(grant, Contact, ("note", "mode", "outcome", "on_date"), Contact.id == contact)
        r.audit(grant)
    return found[0]


def test_an_exchange_is_sealed_and_comes_back(journey: uuid.UUID) -> None:
    row = log_contact(person("ref1"), journey, a_contact(note="  é à  "), clock.now())
    kept = opened_note("ref1", row)
    assert (kept["note"], kept["mode"], kept["outcome"], kept["on_date"]) == (
        "é à",
        "TELEPHONE",
        "ABOUTI",
        day(),
    )
    cell = bytes(scalar("SELECT note FROM contact WHERE id = %s", row))
    assert cell[:3] == b"\x01\x00\x01" and "é à".encode() not in cell
    assert scalar("SELECT author_id FROM contact WHERE id = %s", row) == person("ref1").id


def test_an_exchange_without_a_note_looks_like_one_with_a_note(journey: uuid.UUID) -> None:
    row = log_contact(person("ref1"), journey, a_contact(note="   "), clock.now())
    assert scalar("SELECT length(note) FROM contact WHERE id = %s", row) == 31 + 256


def test_the_clock_moves_in_the_same_work_and_the_alert_names_the_fact(
    app: Flask, journey: uuid.UUID
) -> None:
    from coordination.worker import run_scan

    due = scalar("SELECT due_on FROM deadline WHERE journey_id = %s AND rule = 'A01'", journey)
    run_scan(app.config["SETTINGS"], due)
    log_contact(person("ref1"), journey, a_contact(), clock.now())
    assert scalar("SELECT since FROM deadline WHERE journey_id = %s AND rule = 'A01'", journey) == day()
    status, because = rows(
        "SELECT status, resolved_because FROM alert WHERE journey_id = %s AND rule = 'A01'", journey
    )[0]
    assert (status, because) == ("RESOLUE", f"échange saisi le {day():%d/%m/%Y}")


@pytest.mark.parametrize(
    ("mode", "outcome"), [("TIERS", "ABOUTI"), ("TELEPHONE", "MESSAGE"), ("SMS", "SANS_REPONSE")]
)
def test_what_is_no_exchange_does_not_move_the_clock(journey: uuid.UUID, mode: str, outcome: str) -> None:
    query = "SELECT due_on FROM deadline WHERE journey_id = %s AND rule = 'A01'"
    before = scalar(query, journey)
    log_contact(person("ref1"), journey, a_contact(mode=mode, outcome=outcome), clock.now())
    assert scalar(query, journey) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"on": None}, "on"),
        ({"on": "future"}, "on"),
        ({"on": "before"}, "on"),
        ({"mode": ""}, "mode"),
        ({"mode": "PIGEON"}, "mode"),
        ({"outcome": "X"}, "outcome"),
        ({"note": f"son numéro {NIR}"}, "note"),
        ({"note": NIR.replace(" ", "")}, "note"),
        ({"note": "x" * 10_001}, "note"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    journey: uuid.UUID, changes: dict[str, Any], field: str
) -> None:
    before = scalar("SELECT count(*) FROM contact")
    days = {"future": day(1), "before": day(-201)}
    given = {
        name: days.get(value, value) if isinstance(value, str) else value for name, value in changes.items()
    }
    with pytest.raises(BadInput) as refused:
        log_contact(person("ref1"), journey, a_contact(**given), clock.now())
    assert refused.value.fields.keys() == {field}
    assert NIR not in str(refused.value) + repr(refused.value.fields)
    assert scalar("SELECT count(*) FROM contact") == before


def test_every_problem_is_told_at_once(journey: uuid.UUID) -> None:
    with pytest.raises(BadInput) as refused:
        log_contact(person("ref1"), journey, NewContact(None, "", "", NIR), clock.now())
    assert refused.value.fields.keys() == {"on", "mode", "outcome", "note"}


def test_the_first_day_and_today_are_allowed_and_nothing_after_the_exit(journey: uuid.UUID) -> None:
    log_contact(person("ref1"), journey, a_contact(on=day(-200)), clock.now())
    rows("UPDATE journey SET exit_on = %s WHERE id = %s", day(-5), journey)
    log_contact(person("ref1"), journey, a_contact(on=day(-5)), clock.now())
    with pytest.raises(BadInput) as refused:
        log_contact(person("ref1"), journey, a_contact(on=day(-4)), clock.now())
    assert refused.value.fields.keys() == {"on"}


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("ref2", NotFound),
        ("coord.cite", NotFound),
        ("centre", NotFound),
        ("dpo", NotFound),
        ("admin", NotFound),
    ],
)
def test_outsiders_log_nothing(journey: uuid.UUID, name: str, error: type[Exception]) -> None:
    before = scalar("SELECT count(*) FROM contact")
    with pytest.raises(error):
        log_contact(person(name), journey, a_contact(), clock.now())
    assert scalar("SELECT count(*) FROM contact") == before


def test_a_reader_of_the_coordination_volet_logs_nothing(journey: uuid.UUID) -> None:
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write)"
        " SELECT gen_random_uuid(), %s, journey_id, id, 'receiver', false"
        " FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        person("centre").id,
        journey,
    )
    with pytest.raises(Forbidden):
        log_contact(person("centre"), journey, a_contact(), clock.now())


def test_the_coordinator_logs_too(journey: uuid.UUID) -> None:
    row = log_contact(person("coord.pre"), journey, a_contact(), clock.now())
    assert opened_note("ref1", row)["note"] == "La maman rappelle."


def correct(actor: Actor, row: uuid.UUID, version: int, /, **changes: Any) -> uuid.UUID:
    """Correct what `log_contact` just kept, in these cells alone."""
    said = {"mode": "TELEPHONE", "outcome": "ABOUTI", "on_date": day(), "note": "La maman rappelle."}
    return correct_fact(actor, EXCHANGE, row, version, said | changes, clock.now())


def test_a_note_is_corrected_and_its_clear_parts_stay(journey: uuid.UUID) -> None:
    row = log_contact(person("ref1"), journey, a_contact(), clock.now())
    assert correct(person("coord.pre"), row, 1, note="Le papa rappelle.") == journey
    assert opened_note("ref1", row)["note"] == "Le papa rappelle."
    assert scalar("SELECT version FROM contact WHERE id = %s", row) == 2
    with pytest.raises(NotFound):
        correct(person("ref2"), row, 2, note="x")
    with pytest.raises(BadInput):
        correct(person("ref1"), row, 2, note=NIR)


def test_the_day_and_the_outcome_are_corrected_and_the_deadlines_follow(journey: uuid.UUID) -> None:
    row = log_contact(person("ref1"), journey, a_contact(), clock.now())
    correct(person("ref1"), row, 1, outcome="SANS_REPONSE", mode="SMS", on_date=day(-1))
    kept = opened_note("ref1", row)
    assert (kept["mode"], kept["outcome"], kept["on_date"]) == ("SMS", "SANS_REPONSE", day(-1))
    assert stored() == from_scratch()
    assert scalar("SELECT author_id FROM contact WHERE id = %s", row) == person("ref1").id


def test_an_exchange_entered_by_mistake_is_removed_and_the_silence_is_back(journey: uuid.UUID) -> None:
    before = scalar("SELECT due_on FROM deadline WHERE journey_id = %s AND rule = 'A01'", journey)
    row = log_contact(person("ref1"), journey, a_contact(), clock.now())
    moved = scalar("SELECT due_on FROM deadline WHERE journey_id = %s AND rule = 'A01'", journey)
    remove_fact(person("ref1"), EXCHANGE, journey, row, 1, clock.now())
    assert rows("SELECT 1 FROM contact WHERE id = %s", row) == [] and moved != before
    assert scalar("SELECT due_on FROM deadline WHERE journey_id = %s AND rule = 'A01'", journey) == before
    assert stored() == from_scratch()
    assert rows("SELECT removed FROM revision WHERE of_id = %s", row) == [(True,)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        # In the future on the day after too: midnight may cut a run in two.
        ({"on_date": day(2)}, "on_date"),
        ({"on_date": None}, "on_date"),
        ({"on_date": day(-4000)}, "on_date"),
        ({"mode": "PIGEON"}, "mode"),
        ({"outcome": None}, "outcome"),
    ],
)
def test_a_correction_is_refused_beside_its_field(
    journey: uuid.UUID, change: dict[str, Any], field: str
) -> None:
    row = log_contact(person("ref1"), journey, a_contact(), clock.now())
    with pytest.raises(BadInput) as refused:
        correct(person("ref1"), row, 1, **change)
    assert refused.value.fields.keys() == {field}
    assert opened_note("ref1", row)["on_date"] == day()


def test_an_imported_day_from_before_the_journey_may_stay(journey: uuid.UUID) -> None:
    row = log_contact(person("ref1"), journey, a_contact(), clock.now())
    early = scalar("SELECT opened_on FROM journey WHERE id = %s", journey) - timedelta(days=3)
    rows("UPDATE contact SET on_date = %s WHERE id = %s", early, row)
    correct(person("ref1"), row, 1, on_date=early, note="Venu avant.")
    with pytest.raises(BadInput):
        correct(person("ref1"), row, 2, on_date=early - timedelta(days=1))


def test_a_concurrent_edit_keeps_and_shows_both_texts(journey: uuid.UUID) -> None:
    row = log_contact(person("ref1"), journey, a_contact(), clock.now())
    correct(person("coord.pre"), row, 1, note="le leur")
    with pytest.raises(EditConflict) as conflict:
        correct(person("ref1"), row, 1, note="le mien")
    assert (conflict.value.theirs, conflict.value.mine, conflict.value.version) == (
        {"note": "le leur"},
        {"note": "le mien"},
        2,
    )
    assert "le leur" not in str(conflict.value) and isinstance(conflict.value, Conflict)
    assert opened_note("ref1", row)["note"] == "le leur"
    correct(person("ref1"), row, 2, note="les deux")


def _two_editors(app: Flask, journey: uuid.UUID, rounds: int) -> None:
    """Each reads, writes and, refused, reads again: no text that was acknowledged is overwritten unseen."""
    row = log_contact(person("ref1"), journey, a_contact(note="0"), clock.now())
    taken: list[tuple[int, str]] = []
    failures: list[BaseException] = []

    def edit(name: str) -> None:
        drawn = random.Random(name)
        with app.app_context():
            actor, version = person(name), 1
            try:
                for number in range(rounds):
                    text = f"{name} {number}"
                    try:
                        correct(actor, row, version, note=text)
                        version += 1
                        taken.append((version, text))
                    except EditConflict as conflict:
                        version = conflict.version - (drawn.random() < 0.2)
            except BaseException as error:
                failures.append(error)
            finally:
                db.session.remove()

    editors = [threading.Thread(target=edit, args=(name,)) for name in ("ref1", "coord.pre")]
    for editor in editors:
        editor.start()
    for editor in editors:
        editor.join()
    assert failures == []
    # Each version was written by exactly one editor: nothing was written over in silence.
    assert sorted(version for version, _ in taken) == list(range(2, len(taken) + 2))
    assert opened_note("ref1", row)["note"] == dict(taken)[len(taken) + 1]


def test_two_editors_never_overwrite_each_other(app: Flask, journey: uuid.UUID) -> None:
    _two_editors(app, journey, 15)


@pytest.mark.soak
@pytest.mark.long
def test_two_editors_a_thousand_rounds(app: Flask, journey: uuid.UUID) -> None:
    _two_editors(app, journey, 1000)
