"""No permission, no grant; no grant, no audit line; no audit line, no commit."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import InternalError, ProgrammingError

from coordination import clock
from coordination.alerts.models import State
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.models import Contact, Journey
from coordination.db import act_as, db, narrow, narrowed
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.privacy.policy import Action, Grant
from coordination.privacy.vault import open_rows
from coordination.privacy.work import AlreadyDone, consult, work
from tests.cases.pages_kit import statements
from tests.privacy.wall_world import superuser_transaction
from tests.support import day, import_rows, journey_id, person, rows, scalar, world

NOTE = NewContact(day(), "TELEPHONE", "ABOUTI", "Un mot de la maman.")
Line = tuple[str, str, uuid.UUID | None, str]


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    import_rows(world())
    yield app


def audit_lines(actor_id: uuid.UUID) -> list[Line]:
    """(action, result, journey, detail) of an actor, oldest first."""
    return rows(  # type: ignore[return-value]
        "SELECT action, result, journey_id, detail FROM audit_entry WHERE actor_id = %s ORDER BY sequence",
        actor_id,
    )


def test_a_work_without_an_audit_line_does_not_commit(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    with (
        pytest.raises(RuntimeError, match="without an audit line"),
        work(actor, Action.LOG_CONTACT, clock.now()) as w,
    ):
        w.require(journey)
        db.session.execute(update(Journey).where(Journey.id == journey).values(stage="SORTI"))
    assert scalar("SELECT stage FROM journey WHERE id = %s", journey) == "EN_COURS"
    assert audit_lines(actor.id) == []


def test_a_consult_without_an_audit_line_gives_nothing(house: Flask) -> None:
    with (
        pytest.raises(RuntimeError, match="without an audit line"),
        consult(person("ref1"), Action.VIEW_DAY, clock.now()) as r,
    ):
        r.require()


def test_another_works_grant_is_refused(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    with consult(actor, Action.OPEN_JOURNEY, clock.now()) as r:
        reading = r.require(journey)
        r.audit(reading)
    with consult(person("ref2"), Action.OPEN_JOURNEY, clock.now()) as r:
        foreign = r.require(journey_id("PRE-2"))
        r.audit(foreign)
    for grant in (reading, foreign):
        with (
            pytest.raises(RuntimeError, match="another work"),
            work(actor, Action.LOG_CONTACT, clock.now()) as w,
        ):
            w.require(journey)
            db.session.execute(update(Journey).where(Journey.id == journey).values(stage="SORTI"))
            w.audit(grant)
    assert scalar("SELECT stage FROM journey WHERE id = %s", journey) == "EN_COURS"


def test_sealed_cells_open_for_a_grant_alone(house: Flask) -> None:
    act_as(db.session, person("ref1").id)
    with pytest.raises(AssertionError):
        open_rows(None, Contact, ("note",))  # type: ignore[arg-type]
    contact = db.session.scalars(select(Contact)).first()
    # The ORM would otherwise load ciphertext without any question.
    with pytest.raises(Exception, match="raiseload"):
        _ = contact.note  # type: ignore[union-attr]
    db.session.rollback()


@pytest.mark.parametrize("target", ["foreign", "unknown"])
def test_a_foreign_or_unknown_id_leaves_a_refusal_naming_it(house: Flask, target: str) -> None:
    """Both answer the same, so that an outsider cannot tell one from the other."""
    actor = person("ref1")
    wanted = journey_id("PRE-2") if target == "foreign" else uuid.uuid4()
    with pytest.raises(NotFound) as refused:
        log_contact(actor, wanted, NOTE, clock.now())
    assert str(refused.value) == "Ce parcours n'existe pas, ou vous n'y avez pas accès."
    with pytest.raises(NotFound), consult(actor, Action.OPEN_JOURNEY, clock.now()) as r:
        r.require(wanted)
    assert audit_lines(actor.id) == [
        ("saisie_echange", "refus", wanted, "NotFound"),
        ("consultation_parcours", "refus", wanted, "NotFound"),
    ]


def test_a_visible_but_forbidden_action_leaves_a_refusal(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    with pytest.raises(Forbidden), work(actor, Action.ASSIGN_REFERENT, clock.now()) as w:
        w.require(journey)
    with pytest.raises(Forbidden), consult(actor, Action.VIEW_AUDIT, clock.now()) as r:
        r.require()
    assert audit_lines(actor.id) == [
        ("affectation_referent", "refus", journey, "Forbidden"),
        ("consultation_journal", "refus", None, "Forbidden"),
    ]


def test_bad_input_writes_nothing_and_is_no_refusal(house: Flask) -> None:
    actor = person("ref1")
    before = scalar("SELECT count(*) FROM contact")
    with pytest.raises(BadInput):
        log_contact(actor, journey_id("PRE-1"), NewContact(None, "", ""), clock.now())
    assert scalar("SELECT count(*) FROM contact") == before and audit_lines(actor.id) == []


def test_what_is_written_is_in_the_log_by_names_of_fields(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    log_contact(actor, journey, NOTE, clock.now())
    assert audit_lines(actor.id) == [("saisie_echange", "fait", journey, "contact,on,mode,outcome,note")]
    assert "maman" not in repr(rows("SELECT * FROM audit_entry"))


def test_the_audit_falls_with_the_work_and_the_work_with_the_audit(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    before = scalar("SELECT count(*) FROM contact")
    rows("ALTER TABLE audit_entry ADD CONSTRAINT no_more CHECK (action <> 'saisie_echange') NOT VALID")
    try:
        with pytest.raises(Exception, match="no_more"):
            log_contact(actor, journey, NOTE, clock.now())
        with pytest.raises(Exception, match="no_more"), consult(actor, Action.LOG_CONTACT, clock.now()) as r:
            r.audit(r.require(journey))
    finally:
        rows("ALTER TABLE audit_entry DROP CONSTRAINT no_more")
    assert scalar("SELECT count(*) FROM contact") == before and audit_lines(actor.id) == []


def test_reads_cannot_write(house: Flask) -> None:
    """Mechanically: the transaction is READ ONLY, whatever the code asks."""
    actor, journey = person("coord.pre"), journey_id("PRE-1")
    attempts: list[Callable[[], object]] = [
        lambda: db.session.execute(insert(State).values(name="x", value="1")),
        lambda: db.session.execute(update(Journey).where(Journey.id == journey).values(stage="SORTI")),
        lambda: db.session.execute(
            text("SELECT append_audit(:s, 1, NULL, 'x', 'fait', '')"), {"s": actor.structure_id}
        ),
        lambda: db.session.execute(
            text("SELECT sync_journey_access(ARRAY[CAST(:j AS uuid)])"), {"j": journey}
        ),
        lambda: db.session.execute(text("CREATE TEMP TABLE t (x int)")),
    ]
    for attempt in attempts:
        act_as(db.session, actor.id)
        with pytest.raises(
            (InternalError, ProgrammingError), match=r"read-only transaction|permission denied"
        ):
            attempt()
        db.session.rollback()
        with (
            pytest.raises((InternalError, ProgrammingError)),
            consult(actor, Action.OPEN_JOURNEY, clock.now()) as r,
        ):
            r.audit(r.require(journey))
            attempt()
    assert scalar("SELECT count(*) FROM state") == 0


def test_after_a_work_reads_are_read_only_again(house: Flask) -> None:
    actor = person("ref1")
    log_contact(actor, journey_id("PRE-1"), NOTE, clock.now())
    with pytest.raises(BadInput):
        log_contact(actor, journey_id("PRE-1"), NewContact(None, "", ""), clock.now())
    act_as(db.session, actor.id)
    with pytest.raises(InternalError, match="read-only"):
        db.session.execute(insert(State).values(name="x", value="1"))
    db.session.rollback()


def test_the_actor_does_not_survive_into_the_next_user_of_a_pooled_connection(house: Flask) -> None:
    act_as(db.session, person("ref1").id)
    assert db.session.scalar(text("SELECT count(*) FROM journey")) == 1
    act_as(db.session, None)
    assert db.session.scalar(text("SELECT count(*) FROM journey")) == 0
    db.session.remove()
    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT current_setting('app.actor', true)")) in (None, "")


def test_the_same_form_twice_is_answered_the_same(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    before = scalar("SELECT count(*) FROM contact")
    log_contact(actor, journey, NOTE, clock.now(), key="k1", answer="/p/1")
    for _ in range(2):
        with pytest.raises(AlreadyDone) as again:
            log_contact(actor, journey, NOTE, clock.now(), key="k1", answer="/p/2")
        assert again.value.answer == "/p/1"
    with pytest.raises(Conflict):
        log_contact(actor, journey, NewContact(day(), "VAD", "ABOUTI"), clock.now(), key="k1", answer="/p/1")
    # The key is the account's own; another's changes nothing for it.
    log_contact(person("ref2"), journey_id("PRE-2"), NOTE, clock.now(), key="k1", answer="/p/3")
    assert scalar("SELECT count(*) FROM contact") == before + 2


def test_a_refused_form_does_not_use_up_its_key(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    with pytest.raises(BadInput):
        log_contact(actor, journey, NewContact(day(1), "VAD", "ABOUTI"), clock.now(), key="k", answer="/")
    log_contact(actor, journey, NOTE, clock.now(), key="k", answer="/")


def test_two_sendings_at_once_write_one_row(house: Flask) -> None:
    actor, journey = person("ref1"), journey_id("PRE-1")
    before = scalar("SELECT count(*) FROM contact")
    outcomes: list[str] = []
    barrier = threading.Barrier(4)

    def send() -> None:
        with house.app_context():
            barrier.wait()
            try:
                log_contact(actor, journey, NOTE, clock.now() + timedelta(0), key="same", answer="/p")
                outcomes.append("done")
            except AlreadyDone as again:
                outcomes.append(again.answer)
            finally:
                db.session.remove()

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert sorted(outcomes) == ["/p", "/p", "/p", "done"]
    assert scalar("SELECT count(*) FROM contact") == before + 1


def test_a_grant_cannot_name_what_it_was_not_given() -> None:
    grant = Grant(uuid.uuid4(), Action.LOG_CONTACT, uuid.uuid4())
    with pytest.raises(AttributeError):
        grant.journey_id = uuid.uuid4()  # type: ignore[misc]


def test_asking_of_one_journey_leaves_the_others_in_sight(house: Flask) -> None:
    actor, one = person("coord.pre"), journey_id("PRE-1")
    with consult(actor, Action.OPEN_JOURNEY, clock.now()) as r:
        before = set(db.session.scalars(select(Journey.id)))
        assert len(before) > 1
        r.audit(r.require(one))
        assert set(db.session.scalars(select(Journey.id))) == before


@pytest.mark.parametrize(
    ("order", "holds"),
    [(("PRE-1", "PRE-1"), 1), (("PRE-1", "PRE-2", "PRE-1"), 3), (("PRE-1", "PRE-2", "PRE-2", "PRE-1"), 3)],
)
def test_a_journey_asked_twice_in_a_row_is_held_once_and_stays_held(
    house: Flask, order: tuple[str, ...], holds: int
) -> None:
    def held_by_somebody() -> set[str]:
        with superuser_transaction() as other:
            free = other.execute("SELECT ref FROM journey FOR NO KEY UPDATE SKIP LOCKED").fetchall()
        return {"PRE-1", "PRE-2"} - {ref for (ref,) in free}

    with statements() as sent, work(person("coord.pre"), Action.CHANGE_STAGE, clock.now()) as w:
        for ref in order:
            grant = w.require(journey_id(ref))
            assert grant.journey_id == journey_id(ref) and w.wanted == grant.journey_id
        assert held_by_somebody() == set(order)
        w.audit(grant)
    assert sum("FOR NO KEY UPDATE" in one for one in sent) == holds
    assert held_by_somebody() == set()


def test_whoever_asks_again_of_another_is_refused_it_and_the_first_stays_theirs(house: Flask) -> None:
    """The refusal names the journey that was refused, not the one asked before."""
    actor, own, other = person("ref1"), journey_id("PRE-1"), journey_id("PRE-2")
    with pytest.raises(NotFound), work(actor, Action.CHANGE_STAGE, clock.now()) as w:
        w.require(own)
        w.require(other)
    assert audit_lines(actor.id)[-1][1:3] == ("refus", other)


def test_a_narrower_question_ends_where_it_began(house: Flask) -> None:
    one, other = journey_id("PRE-1"), journey_id("PRE-2")
    act_as(db.session, person("coord.pre").id)
    narrow([one])
    with narrowed([one, other]):
        assert set(db.session.scalars(select(Journey.id))) == {one, other}
    assert set(db.session.scalars(select(Journey.id))) == {one}
    # The next transaction sees all again.
    db.session.rollback()
    with narrowed([other]):
        assert set(db.session.scalars(select(Journey.id))) == {other}
    assert set(db.session.scalars(select(Journey.id))) == {one, other}
