"""Logging an exchange; it is corrected and removed as every record."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from coordination.cases.checks import Faults, Problems, ended_since
from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Contact, Journey
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import add_record
from coordination.privacy.volets import Volet
from coordination.privacy.work import Work, work


@dataclass(frozen=True)
class NewContact:
    """An exchange or an attempt, as typed."""

    on: date | None
    mode: str
    outcome: str
    note: str = ""

    def body(self) -> bytes:
        """What makes two sendings of a form the same."""
        return "\x1f".join((str(self.on), self.mode, self.outcome, self.note)).encode()


def log_contact(
    actor: Actor,
    journey_id: uuid.UUID,
    contact: NewContact,
    now: datetime,
    *,
    key: str = "",
    answer: str = "",
    faults: Faults | None = None,
) -> uuid.UUID:
    """Record an exchange; its deadlines move in the same work.

    `key`: idempotency key of the form, answered by `answer` when it comes again (AlreadyDone). `faults`: see
    `Problems`. Raises BadInput with a sentence per field, NotFound, Forbidden.
    """
    with work(actor, Action.LOG_CONTACT, now) as w:
        grant = w.require(journey_id)
        if key:
            w.once(key, contact.body(), answer)
        problems = Problems(faults)
        check_contact(problems, contact, journey_id, paris_date(now))
        problems.stop_if_any()
        row_id = add_contact(w, grant, journey_id, contact)
        w.audit(grant, ["contact", "on", "mode", "outcome", "note"])
        return row_id


def fact_of(day: date) -> str:
    """What closes an alert when an exchange is logged, as the alert's history names it."""
    return f"échange saisi le {day:%d/%m/%Y}"


def add_contact(w: Work, grant: Grant, journey_id: uuid.UUID, contact: NewContact) -> uuid.UUID:
    """The same within a work on the journey, which checked it (`check_contact`) and audits it."""
    today = paris_date(w.now)
    values = {
        "on_date": contact.on,
        "mode": contact.mode,
        "outcome": contact.outcome,
        "author_id": w.actor.id,
        "note": contact.note.strip(),
    }
    row_id = add_record(grant, Contact, journey_id, Volet.COORDINATION, values)
    follow(grant, journey_id, "contacts", today, fact_of(today))
    return row_id


def check_contact(problems: Problems, contact: NewContact, journey_id: uuid.UUID, today: date) -> None:
    """Add what cannot be kept of an exchange."""
    journey = db.session.execute(
        select(Journey.opened_on, Journey.exit_on).where(Journey.id == journey_id)
    ).one()
    problems.past_day("on", contact.on, today, journey.opened_on)
    problems.code("mode", "contact_mode", contact.mode)
    problems.code("outcome", "contact_outcome", contact.outcome)
    problems.free_text("note", contact.note)
    if "on" not in problems and contact.on and journey.exit_on and contact.on > journey.exit_on:
        problems["on"] = ended_since(journey.exit_on)
