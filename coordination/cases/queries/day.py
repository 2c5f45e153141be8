"""« Ma journée »: what awaits a référent, alerts first, then what is due and the appointments."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from coordination.alerts.queries import (
    AlertView,
    DeadlineView,
    PersonAlerts,
    by_person,
    coming_deadlines,
    open_alerts,
)
from coordination.cases.models import Appointment, Journey
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import Person, people
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant

DUE_WITHIN = timedelta(days=14)
APPOINTMENTS_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class AppointmentView:
    journey_id: uuid.UUID
    on: date
    status: str | None


@dataclass(frozen=True)
class Day:
    """Everything of the page; `people` names each journey that appears."""

    today: date
    alerts: tuple[PersonAlerts, ...]
    initial: tuple[PersonAlerts, ...]
    due: tuple[DeadlineView, ...]
    appointments: tuple[AppointmentView, ...]
    people: dict[uuid.UUID, Person]
    followed: int

    @property
    def shown(self) -> set[uuid.UUID]:
        """The journeys whose names the page shows, for the audit."""
        ids = {p.journey_id for p in (*self.alerts, *self.initial)}
        return ids | {d.journey_id for d in self.due} | {a.journey_id for a in self.appointments}


def my_day(grant: Grant, actor: Actor, today: date) -> Day:
    """The journeys that the actor follows or backs up. A fixed number of statements."""
    mine = list(
        db.session.scalars(select(Journey.id).where(followed_by(actor, today), Journey.exit_on.is_(None)))
    )
    # INFO goes to the weekly digest only.
    alerts = [alert for alert in open_alerts(today, mine) if alert.severity != "INFO"]
    due = coming_deadlines(today, today + DUE_WITHIN, mine)
    appointments = _appointments(mine, today)
    fresh, initial = _by_start(alerts)
    day = Day(today, tuple(fresh), tuple(initial), tuple(due), tuple(appointments), {}, len(mine))
    named = people(grant, list(day.shown)) if day.shown else {}
    return Day(day.today, day.alerts, day.initial, day.due, day.appointments, named, day.followed)


def _by_start(alerts: list[AlertView]) -> tuple[list[PersonAlerts], list[PersonAlerts]]:
    """People with something new first; those whose alerts are all of the starting situation apart."""
    grouped = by_person(alerts)
    fresh = [p for p in grouped if not all(alert.initial for alert in p.alerts)]
    return fresh, [p for p in grouped if all(alert.initial for alert in p.alerts)]


def _appointments(mine: list[uuid.UUID], today: date) -> list[AppointmentView]:
    rows = db.session.execute(
        select(Appointment.journey_id, Appointment.on_date, Appointment.status)
        .where(
            among(Appointment.journey_id, mine),
            Appointment.status == "A_VENIR",
            Appointment.on_date >= today,
            Appointment.on_date <= today + APPOINTMENTS_WITHIN,
        )
        .order_by(Appointment.on_date)
    )
    return [AppointmentView(*row) for row in rows]
