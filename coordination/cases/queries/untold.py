"""Appointments whose outcome nobody said: one answer for every page that asks for it."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import ColumnElement, or_

from coordination.cases.commands.appointments import PENDING
from coordination.cases.models import Appointment

# Older ones are no longer a task of the day; the journey still asks about them.
_ASKED_FOR = timedelta(days=60)


def waits_for_outcome() -> ColumnElement[bool]:
    """The condition on `appointment`, past or to come."""
    return or_(Appointment.status.is_(None), Appointment.status.in_(PENDING))


def asked_since(today: date) -> date:
    """The first day whose appointments are still asked about."""
    return today - _ASKED_FOR
