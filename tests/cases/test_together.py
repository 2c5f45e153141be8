"""What a page of one journey reads at once, what it reads again, and how its transaction ends."""

from __future__ import annotations

import uuid

import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import text, update
from sqlalchemy.exc import InternalError, ProgrammingError

from coordination.accounts.queries import load_actor
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.models import Contact, Journey
from coordination.cases.queries.journey_page import REPRESENTATIVES, SHEET
from coordination.cases.timeline import CONTACTS, sources
from coordination.connections import ReadingConnection
from coordination.db import act_as, db, memory, narrow, remembered
from coordination.privacy.policy import Action
from coordination.privacy.together import read_together
from coordination.privacy.vault import Opened, Read, open_journey_rows
from coordination.privacy.work import consult, work
from tests.cases.pages_kit import COORDINATOR, NOW, REFERENT, account, statements
from tests.conftest import TODAY
from tests.support import rows, scalar

CITE = "coordination.cite@demo.example"


def every_read() -> tuple[Read, ...]:
    return (SHEET, REPRESENTATIVES, *(read for source in sources() for read in source.reads))


def told(read: Read, found: list[Opened]) -> list[tuple[object, ...]]:
    """In their order where one was asked for."""
    lines = [tuple(row[name] for name in read.names) for row in found]
    return lines if read.order else sorted(lines, key=str)


def read_all(who: str, journey_id: uuid.UUID, *, together: bool) -> list[list[tuple[object, ...]]]:
    with consult(load_actor(account(who), NOW), Action.OPEN_JOURNEY, NOW) as r:
        grant = r.require_alone(journey_id)
        if together:
            read_together(grant, journey_id, every_read())
        found = [told(read, open_journey_rows(grant, journey_id, read)) for read in every_read()]
        r.audit(grant)
    return found


@pytest.mark.parametrize(("who", "programme"), [(COORDINATOR, "PRE"), (CITE, "CITE_EMPLOI")])
def test_what_is_read_together_is_what_each_reads_alone(site: Flask, who: str, programme: str) -> None:
    fullest = rows(
        "SELECT j.id FROM journey j JOIN contact c ON c.journey_id = j.id WHERE j.programme = %s"
        " GROUP BY j.id ORDER BY count(*) DESC LIMIT 4",
        programme,
    )
    met = 0
    for (journey_id,) in fullest:
        alone = read_all(who, journey_id, together=False)
        assert read_all(who, journey_id, together=True) == alone
        met += sum(bool(lines) for lines in alone)
    assert met > 20, "too little is told of these journeys to compare anything"


def test_what_was_read_is_not_read_again_until_the_transaction_ends(site: Flask, journey: uuid.UUID) -> None:
    actor = load_actor(account(REFERENT), NOW)
    with consult(actor, Action.OPEN_JOURNEY, NOW) as r:
        grant = r.require_alone(journey)
        read_together(grant, journey, every_read())
        with statements() as sent:
            before = [told(read, open_journey_rows(grant, journey, read)) for read in every_read()]
        assert sent == [] and any(before)
        r.audit(grant)
    log_contact(actor, journey, NewContact(TODAY, "TELEPHONE", "ABOUTI", "Un mot."), NOW)
    with consult(actor, Action.OPEN_JOURNEY, NOW) as r:
        grant = r.require_alone(journey)
        assert open_journey_rows(grant, journey, CONTACTS)[0]["note"] == "Un mot."
        # Kept to another journey nothing of this one is left, whatever was read before.
        narrow([uuid.uuid4()])
        assert open_journey_rows(grant, journey, CONTACTS) == []
        r.audit(grant)


def test_who_writes_reads_what_stands(site: Flask, journey: uuid.UUID) -> None:
    actor = load_actor(account(REFERENT), NOW)
    with work(actor, Action.LOG_CONTACT, NOW) as w:
        grant = w.require(journey)
        assert len(open_journey_rows(grant, journey, CONTACTS)) > 0
        db.session.execute(update(Contact).where(Contact.journey_id == journey).values(outcome="MESSAGE"))
        assert {row["outcome"] for row in open_journey_rows(grant, journey, CONTACTS)} == {"MESSAGE"}
        assert memory() == {}
        w.audit(grant, ["outcome"])


def line() -> ReadingConnection:
    found = db.session.connection().connection.driver_connection
    assert isinstance(found, ReadingConnection)
    return found


def test_a_read_leaves_what_is_prepared_and_a_write_taken_back_leaves_nothing(
    site: Flask, journey: uuid.UUID
) -> None:
    for _ in range(8):
        read_all(REFERENT, journey, together=True)
    db.session.info["actor"] = account(REFERENT)
    assert db.session.scalar(text("SELECT count(*) FROM pg_prepared_statements")) > 3
    with pytest.raises(ZeroDivisionError), work(load_actor(account(REFERENT), NOW), Action.LOG_CONTACT, NOW):
        db.session.execute(update(Journey).where(Journey.id == journey).values(stage="SORTI"))
        assert line().only_reads is False
        raise ZeroDivisionError
    assert scalar("SELECT stage FROM journey WHERE id = %s", journey) == "EN_COURS"


def test_a_connection_given_back_forgets_who_only_read(site: Flask, journey: uuid.UUID) -> None:
    """Whoever takes it next, past any session, and fails after a write: nothing of it stands."""
    db.session.rollback()
    db.session.execute(text("SELECT 1"))
    read, engine = line(), db.engine
    assert read.only_reads
    db.session.rollback()
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:
        assert connection.connection.driver_connection is read
        connection.execute(text("SELECT set_config('app.left_behind', 'yes', false)"))
        raise ZeroDivisionError
    with engine.connect() as connection:
        assert connection.connection.driver_connection is read
        assert not connection.scalar(text("SELECT current_setting('app.left_behind', true)"))


def test_what_another_actor_read_is_not_remembered(site: Flask) -> None:
    """Not even where the transaction began without asking the database anything."""
    act_as(db.session, account(REFERENT))
    remembered("place", lambda: "theirs")
    assert memory() == {"place": "theirs"}
    act_as(db.session, account(COORDINATOR))
    db.session.begin()
    assert memory() == {}
    db.session.rollback()


def test_a_read_cannot_write_and_a_broken_one_is_ended(site: Flask, journey: uuid.UUID) -> None:
    db.session.rollback()
    db.session.info["actor"] = account(REFERENT)
    with pytest.raises((InternalError, ProgrammingError), match="read-only"):
        db.session.execute(update(Journey).where(Journey.id == journey).values(stage="SORTI"))
    broken = line()
    assert broken.only_reads and broken.info.transaction_status == TransactionStatus.INERROR
    db.session.rollback()
    assert broken.info.transaction_status == TransactionStatus.IDLE
    assert db.session.scalar(text("SELECT current_setting('app.actor')")) == str(account(REFERENT))
    assert scalar("SELECT stage FROM journey WHERE id = %s", journey) == "EN_COURS"
