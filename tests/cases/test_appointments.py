"""What became of an appointment, and a person of an outing: one work each."""

from __future__ import annotations

import threading
import uuid

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.appointments import set_outcome
from coordination.cases.commands.contacts import NewContact
from coordination.cases.commands.outings import Kept, Visit, log_visit
from coordination.cases.vocabulary import OUTCOMES
from coordination.errors import BadInput, Forbidden, NotFound
from coordination.privacy.records import EditConflict
from coordination.privacy.work import AlreadyDone
from tests.support import day, email, import_rows, journey_id, person, rows, scalar, world


@pytest.fixture
def journey(app: Flask) -> uuid.UUID:
    given = world()
    given["appointments.csv"] = [
        {"journey": "PRE-1", "on": str(day(n)), "status": "A_VENIR", "structure": "ESCAL"} for n in (-1, 0, 1)
    ]
    import_rows(given)
    return journey_id("PRE-1")


def appointment(offset: int) -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM appointment WHERE on_date = %s", day(offset))))


def status(offset: int) -> tuple[str, int]:
    found = rows("SELECT status, version FROM appointment WHERE on_date = %s", day(offset))[0]
    return found[0], found[1]


@pytest.mark.parametrize("code", OUTCOMES)
def test_an_outcome_is_said_once_and_kept_with_its_past(journey: uuid.UUID, code: str) -> None:
    assert set_outcome(person("ref1"), appointment(0), code, 1, clock.now()) == journey
    assert status(0) == (code, 2)
    assert scalar("SELECT count(*) FROM revision WHERE of_table = 'appointment'") == 1


@pytest.mark.parametrize(("offset", "code", "taken"), [
    (-1, "HONORE", True), (0, "HONORE", True), (1, "HONORE", False), (1, "ANNULE_SERVICE", True),
    (0, "A_VENIR", False), (0, "PEUT_ETRE", False), (0, "", False),
])  # fmt: skip
def test_what_has_not_taken_place_has_no_outcome(
    journey: uuid.UUID, offset: int, code: str, taken: bool
) -> None:
    if taken:
        set_outcome(person("ref1"), appointment(offset), code, 1, clock.now())
        return
    with pytest.raises(BadInput) as refused:
        set_outcome(person("ref1"), appointment(offset), code, 1, clock.now())
    assert list(refused.value.fields) == ["status"] and status(offset) == ("A_VENIR", 1)


def test_an_appointment_honoured_ends_the_silence(journey: uuid.UUID) -> None:
    query = "SELECT since FROM deadline WHERE journey_id = %s AND rule = 'A01'"
    before = rows(query, journey)
    set_outcome(person("ref1"), appointment(0), "HONORE", 1, clock.now())
    assert rows(query, journey) == [(day(0),)] != before


def test_two_who_say_different_things_lose_nothing(app: Flask, journey: uuid.UUID) -> None:
    target, ended, start = appointment(0), [], threading.Barrier(2)

    def say(code: str) -> None:
        with app.app_context():
            actor = person("ref1")
            start.wait()
            try:
                set_outcome(actor, target, code, 1, clock.now())
                ended.append(code)
            except EditConflict as conflict:
                ended.append(f"after {conflict.theirs['status']}")

    threads = [threading.Thread(target=say, args=(code,)) for code in ("HONORE", "ABS_EXCUSEE")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = status(0)[0]
    assert sorted(ended) == sorted([won, f"after {won}"]) and status(0)[1] == 2


def test_an_appointment_of_somebody_else_does_not_exist(journey: uuid.UUID) -> None:
    for name in ("ref2", "ml", "coord.cite", "admin"):
        with pytest.raises(NotFound):
            set_outcome(person(name), appointment(0), "HONORE", 1, clock.now())
    rows("UPDATE access SET can_write = false WHERE actor_id = %s", person("ref1").id)
    with pytest.raises(Forbidden):
        set_outcome(person("ref1"), appointment(0), "HONORE", 1, clock.now())


def visit(outcome: str = "", note: str = "", status: str = "", offset: int = 0, mode: str = "VAD") -> Visit:
    kept = Kept(appointment(offset), status, 1) if status else None
    return Visit(NewContact(day(), mode, outcome, note), kept)


def contacts() -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in rows("SELECT mode, outcome FROM contact WHERE on_date = %s", day())]


@pytest.mark.parametrize(("given", "kept"), [
    (("ABOUTI", "vu à la maison", ""), [("VAD", "ABOUTI")]),
    (("SANS_REPONSE", "", ""), [("VAD", "SANS_REPONSE")]),
    (("", "", "ABS_EXCUSEE"), []),
    (("", "", "HONORE"), []),
    (("", "tout va bien", "HONORE"), [("VAD", "ABOUTI")]),
    (("MESSAGE", "repassée", "ABS_NON_EXCUSEE"), [("VAD", "MESSAGE")]),
])  # fmt: skip
def test_a_visit_is_an_exchange_an_outcome_or_both(
    journey: uuid.UUID, given: tuple[str, str, str], kept: list[tuple[str, str]]
) -> None:
    log_visit(person("ref1"), journey, visit(*given), clock.now())
    assert contacts() == kept and status(0)[0] == (given[2] or "A_VENIR")


@pytest.mark.parametrize(("given", "dated"), [
    (("", "venue à l'heure", "HONORE"), [(-1, "VAD", "ABOUTI")]),
    (("", "", "HONORE"), []),
    (("MESSAGE", "rappelée aujourd'hui", "HONORE"), [(0, "VAD", "MESSAGE")]),
    (("SANS_REPONSE", "rappelée", "ABS_NON_EXCUSEE"), [(0, "VAD", "SANS_REPONSE")]),
])  # fmt: skip
def test_the_note_of_an_appointment_is_of_its_day(
    journey: uuid.UUID, given: tuple[str, str, str], dated: list[tuple[int, str, str]]
) -> None:
    before = set(rows("SELECT id FROM contact"))
    log_visit(person("ref1"), journey, visit(*given, offset=-1), clock.now())
    added = rows("SELECT on_date, mode, outcome FROM contact WHERE id <> ALL(%s)", [row[0] for row in before])
    assert added == [(day(offset), mode, outcome) for offset, mode, outcome in dated]
    assert status(-1)[0] == given[2] and status(0)[0] == "A_VENIR"
    if given[2] == "HONORE":
        silence = scalar("SELECT since FROM deadline WHERE journey_id = %s AND rule = 'A01'", journey)
        assert silence == day(-1)


def test_the_note_of_an_appointment_not_held_waits_for_an_exchange(journey: uuid.UUID) -> None:
    with pytest.raises(BadInput) as refused:
        log_visit(person("ref1"), journey, visit("", "jamais venue", "ABS_EXCUSEE", -1), clock.now())
    assert list(refused.value.fields) == ["outcome"] and status(-1) == ("A_VENIR", 1)


def test_what_the_day_of_the_appointment_forbids_is_said_beside_it(journey: uuid.UUID) -> None:
    """The day that all the people of the outing share is not to blame."""
    rows("UPDATE journey SET opened_on = %s WHERE id = %s", day(), journey)
    with pytest.raises(BadInput) as refused:
        log_visit(person("ref1"), journey, visit("", "venue", "HONORE", -1), clock.now())
    assert list(refused.value.fields) == ["status"] and status(-1) == ("A_VENIR", 1)


@pytest.mark.parametrize(("given", "field"), [
    (("", "une note seule", ""), "outcome"), (("", "", ""), "outcome"),
    (("", "une note", "ABS_EXCUSEE"), "outcome"), (("PARFAIT", "", "HONORE"), "outcome"),
    (("ABOUTI", "", "PEUT_ETRE"), "status"),
])  # fmt: skip
def test_a_refused_visit_writes_nothing_of_it(
    journey: uuid.UUID, given: tuple[str, str, str], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        log_visit(person("ref1"), journey, visit(*given), clock.now())
    assert field in refused.value.fields
    assert contacts() == [] and status(0) == ("A_VENIR", 1)


def test_a_visit_sent_twice_is_written_once(journey: uuid.UUID) -> None:
    given, key = visit("ABOUTI", "n", "HONORE"), uuid.uuid4().hex
    log_visit(person("ref1"), journey, given, clock.now(), key=key)
    with pytest.raises(AlreadyDone):
        log_visit(person("ref1"), journey, given, clock.now(), key=key)
    assert len(contacts()) == 1 and status(0) == ("HONORE", 2)


def test_an_appointment_of_another_journey_is_not_touched(journey: uuid.UUID) -> None:
    rows("UPDATE journey SET backup_id = (SELECT id FROM account WHERE email = %s)", email("ref1"))
    rows(
        "SELECT set_config('app.actor', (SELECT id::text FROM account WHERE kind = 'operator'), false),"
        " sync_journey_access(ARRAY(SELECT id FROM journey))"
    )
    with pytest.raises(NotFound):
        log_visit(person("ref1"), journey_id("PRE-2"), visit("ABOUTI", "", "HONORE"), clock.now())
    assert contacts() == [] and status(0) == ("A_VENIR", 1)
