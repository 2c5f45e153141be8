"""What became of an appointment."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import select

from coordination.cases.checks import Problems
from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Appointment
from coordination.cases.vocabulary import OUTCOMES
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import change_record, journey_of
from coordination.privacy.work import Work, work

PENDING = ("A_VENIR", "A_PRECISER")


def set_outcome(
    actor: Actor, appointment_id: uuid.UUID, status: str, version: int, now: datetime
) -> uuid.UUID:
    """Say what became of an appointment (a code of OUTCOMES); the journey's id.

    Raises BadInput (`status`), NotFound, Forbidden, EditConflict if somebody said something else meanwhile.
    """
    with work(actor, Action.LOG_CONTACT, now) as w:
        journey_id = journey_of(Appointment, appointment_id)
        grant = w.require(journey_id)
        problems = Problems()
        check_outcome(problems, appointment_id, status, paris_date(now))
        problems.stop_if_any()
        record_outcome(w, grant, appointment_id, status, version)
        w.audit(grant, ["appointment", "status"])
        return journey_id


def record_outcome(w: Work, grant: Grant, appointment_id: uuid.UUID, status: str, version: int) -> None:
    """The same within a work on its journey, which checked it (`check_outcome`) and audits it."""
    today = paris_date(w.now)
    change_record(w, grant, Appointment, appointment_id, version, {"status": status})
    assert grant.journey_id
    follow(grant, grant.journey_id, "appointments", today, f"rendez-vous renseigné le {today:%d/%m/%Y}")


def check_outcome(problems: Problems, appointment_id: uuid.UUID, status: str, today: date) -> date | None:
    """Add (`status`) why it cannot be what became of the appointment; the day of that appointment."""
    on: date | None = db.session.scalar(select(Appointment.on_date).where(Appointment.id == appointment_id))
    if status not in OUTCOMES:
        problems["status"] = "Choisissez une des réponses proposées."
    elif on and on > today and status != "ANNULE_SERVICE":
        problems["status"] = f"Ce rendez-vous est prévu le {on:%d/%m/%Y} : il n'a pas encore eu lieu."
    return on
