"""Drafts: sealed, for their author alone, gone once saved, thrown away or too old."""

from __future__ import annotations

import uuid
from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.errors import BadInput, Forbidden, NotFound
from coordination.privacy import drafts
from coordination.privacy.drafts import KEPT, LONGEST, Fields, Place, drop_draft, find_draft, keep_draft
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.worker import sweep_drafts, worker_engine
from tests.support import day, import_rows, journey_id, person, role, rows, scalar, seen_by, world

SAID: Fields = {"note": ["Un texte à moitié écrit."], "mode": ["VAD"], "idempotency_key": ["k" * 32]}


@pytest.fixture
def place(app: Flask) -> Place:
    import_rows(world())
    journey = journey_id("PRE-1")
    return Place(journey, "cases.log_contact", journey)


def found(name: str, place: Place) -> Fields | None:
    with consult(person(name), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(place.journey_id)
        draft = find_draft(grant, place, clock.now())
        r.audit(grant)
    return draft.fields if draft else None


def test_a_draft_comes_back_to_its_author_alone(app: Flask, place: Place) -> None:
    assert keep_draft(person("ref1"), place, SAID, clock.now())
    assert found("ref1", place) == SAID and found("coord.pre", place) is None
    assert rows("SELECT 1 FROM draft WHERE said LIKE %s", b"%moiti%") == []
    settings = app.config["SETTINGS"]
    for name, seen in (("ref1", 1), ("coord.pre", 0), ("ref2", 0), ("dpo", 0), ("admin", 0)):
        with seen_by(settings, person(name).id) as connection:
            assert connection.execute("SELECT count(*) FROM draft").fetchone() == (seen,), name


def test_nobody_writes_a_draft_in_another_s_name(app: Flask, place: Place) -> None:
    keep_draft(person("ref1"), place, SAID, clock.now())
    for statement in (
        "INSERT INTO draft (id, journey_id, folder_id, author_id, form, of_id, saved_at) SELECT gen_random_uuid(),"
        " journey_id, id, %s, 'f', journey_id, now() FROM folder WHERE volet = 'coordination' LIMIT 1",
        "UPDATE draft SET author_id = %s",
    ):
        with (
            seen_by(app.config["SETTINGS"], person("ref1").id) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement, (person("coord.pre").id,))


def test_the_latest_takes_the_place_of_the_one_before(place: Place) -> None:
    now = clock.now()
    keep_draft(person("ref1"), place, SAID, now)
    keep_draft(person("ref1"), place, {"note": ["Plus long."]}, now + timedelta(seconds=3))
    # One that was on its way for too long changes nothing.
    keep_draft(person("ref1"), place, {"note": ["Vieux"]}, now - timedelta(seconds=1))
    assert found("ref1", place) == {"note": ["Plus long."]} and scalar("SELECT count(*) FROM draft") == 1


def test_each_form_and_each_author_has_its_own(place: Place) -> None:
    other = Place(place.journey_id, "cases.change_record", uuid.uuid4())
    for name, where, text in (("ref1", place, "a"), ("ref1", other, "b"), ("coord.pre", place, "c")):
        keep_draft(person(name), where, {"note": [text]}, clock.now())
    assert (found("ref1", place), found("ref1", other), found("coord.pre", place)) == (
        {"note": ["a"]}, {"note": ["b"]}, {"note": ["c"]}
    )  # fmt: skip


def test_a_form_that_was_saved_has_no_draft(place: Place) -> None:
    """Whichever comes last: the draft on its way when the form was saved is neither kept nor shown."""
    actor, key = person("ref1"), SAID["idempotency_key"][0]
    keep_draft(actor, place, SAID, clock.now())
    log_contact(actor, place.journey_id, NewContact(day(), "VAD", "ABOUTI", ""), clock.now(), key=key)
    assert found("ref1", place) is None
    rows("DELETE FROM draft")
    assert not keep_draft(actor, place, SAID, clock.now())
    assert rows("SELECT 1 FROM draft") == []


def test_a_draft_is_dropped(place: Place) -> None:
    keep_draft(person("ref1"), place, SAID, clock.now())
    drop_draft(person("coord.pre"), place, clock.now())
    assert found("ref1", place) == SAID
    drop_draft(person("ref1"), place, clock.now())
    assert rows("SELECT 1 FROM draft") == []
    drop_draft(person("ref1"), place, clock.now())
    told = rows("SELECT detail FROM audit_entry WHERE action = 'brouillon' ORDER BY sequence")
    assert told == [("draft",), ("draft,dropped",)]


def test_who_may_not_write_keeps_no_draft(place: Place) -> None:
    for name in ("ref2", "ml", "admin", "dpo"):
        with pytest.raises(NotFound):
            keep_draft(person(name), place, SAID, clock.now())
    keep_draft(person("ref1"), place, SAID, clock.now())
    rows("UPDATE access SET can_write = false WHERE actor_id = %s", person("ref1").id)
    with pytest.raises(Forbidden):
        keep_draft(person("ref1"), place, SAID, clock.now())
    assert found("ref1", place) is None, "without the right to write, the draft is out of reach"


@pytest.mark.parametrize(("over", "kept"), [(-1, True), (0, True), (1, False)])
def test_a_draft_has_a_length(place: Place, over: int, kept: bool) -> None:
    text = "x" * (LONGEST + over - len('{"note": [""]}'))
    if kept:
        assert keep_draft(person("ref1"), place, {"note": [text]}, clock.now())
        return
    with pytest.raises(BadInput):
        keep_draft(person("ref1"), place, {"note": [text]}, clock.now())


@pytest.mark.parametrize(("minutes", "there"), [(-1, True), (1, False)])
def test_a_week_later_it_is_gone(app: Flask, place: Place, minutes: int, there: bool) -> None:
    keep_draft(person("ref1"), place, SAID, clock.now() - KEPT - timedelta(minutes=minutes))
    assert (found("ref1", place) is not None) == there
    engine = worker_engine(app.config["SETTINGS"])
    try:
        assert sweep_drafts(engine) == (0 if there else 1)
    finally:
        engine.dispose()
    assert scalar("SELECT count(*) FROM draft") == (1 if there else 0)


def test_the_worker_sees_no_draft_that_is_still_wanted(app: Flask, place: Place) -> None:
    keep_draft(person("ref1"), place, SAID, clock.now())
    with role(app.config["SETTINGS"], "worker") as connection:
        assert connection.execute("SELECT saved_at FROM draft").fetchall() == []
        assert connection.execute("DELETE FROM draft").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT author_id FROM draft")


def test_a_hand_made_form_moves_no_draft_to_another_journey(place: Place) -> None:
    """It would be sealed with the key of one journey and stand in the other: a cell that no longer opens."""
    coordinator = person("coord.pre")
    assert keep_draft(coordinator, place, SAID, clock.now())
    kept = rows("SELECT journey_id, folder_id, said FROM draft")
    elsewhere = Place(journey_id("PRE-2"), place.form, place.of_id)
    keep_draft(coordinator, elsewhere, {"note": ["Ailleurs"]}, clock.now())
    assert rows("SELECT journey_id, folder_id, said FROM draft") == kept
    assert found("coord.pre", place) == SAID


def test_nobody_keeps_drafts_without_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_KEPT", 3)
    places = [Place(place.journey_id, place.form, uuid.uuid4()) for _ in range(4)]
    for one in places[:3]:
        assert keep_draft(person("ref1"), one, SAID, clock.now())
    with pytest.raises(BadInput, match="déjà 3 brouillons"):
        keep_draft(person("ref1"), places[3], SAID, clock.now())
    assert scalar("SELECT count(*) FROM draft") == 3
    # What is begun already goes on; another author has a measure of their own.
    assert keep_draft(person("ref1"), places[0], {"note": ["Suite"]}, clock.now())
    assert keep_draft(person("coord.pre"), places[3], SAID, clock.now())
