"""« Ma journée »: what awaits a référent, alerts first, then what is due and the appointments."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from coordination.alerts.queries import (
    AlertView,
    DeadlineView,
    PersonAlerts,
    by_person,
    coming_deadlines,
    serious_alerts,
)
from coordination.alerts.tiers import speaks_to_follower
from coordination.cases.models import Appointment, Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import Person, account_names, people
from coordination.cases.queries.received import Received, received
from coordination.cases.queries.untold import asked_since, waits_for_outcome
from coordination.cases.vocabulary import appointment_label
from coordination.clock import paris_date
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.drafts import Place, unfinished
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows
from coordination.web.filters import long_date

DUE_WITHIN = timedelta(days=14)
APPOINTMENTS_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class AppointmentView:
    """An appointment whose outcome is not known yet."""

    id: uuid.UUID
    journey_id: uuid.UUID
    on: date
    version: int
    # "14 h 30, à la mairie"
    where: str = ""


@dataclass(frozen=True)
class Day:
    """Everything of the page; `people` names each journey that appears."""

    today: date
    alerts: tuple[PersonAlerts, ...]
    initial: tuple[PersonAlerts, ...]
    due: tuple[DeadlineView, ...]
    unfinished: tuple[tuple[Place, datetime], ...]
    untold: tuple[AppointmentView, ...]
    appointments: tuple[AppointmentView, ...]
    people: dict[uuid.UUID, Person]
    followed: int
    # Why somebody else's journey is here, in words.
    instead: dict[uuid.UUID, str]
    received: tuple[Received, ...]

    @property
    def answered_here(self) -> list[AlertView]:
        """The alerts that the page shows with their buttons."""
        return [alert for person in (*self.alerts, *self.initial) for alert in person.alerts]

    @property
    def shown(self) -> set[uuid.UUID]:
        """The journeys whose names the page shows, for the audit."""
        ids = {p.journey_id for p in (*self.alerts, *self.initial)}
        return (
            ids
            | {d.journey_id for d in self.due}
            | {a.journey_id for a in (*self.untold, *self.appointments)}
            | {one.journey_id for one in self.received}
            | {place.journey_id for place, _ in self.unfinished if place.journey_id}
        )


def my_day(grant: Grant, actor: Actor, now: datetime) -> Day:
    """The journeys that the actor follows or backs up. A fixed number of statements."""
    today = paris_date(now)
    followed = db.session.execute(
        select(Journey.id, Journey.referent_id).where(followed_by(actor, today), Journey.runs)
    ).all()
    mine = [row.id for row in followed]
    # What a rule says to the coordination alone is not for this day.
    alerts = [alert for alert in serious_alerts(today, mine) if speaks_to_follower(alert.rule)]
    # As « À venir » counts them: what is INFO breaks nothing, and goes to the weekly mail.
    coming_due = coming_deadlines(today, today + DUE_WITHIN, mine, only_serious=True)
    due = [one for one in coming_due if speaks_to_follower(one.rule)]
    appointments = _appointments(grant, mine, today)
    # Today's are still to be held, or just were: they stand with those of the week, and their outcome can be said.
    untold = tuple(a for a in appointments if a.on < today)
    coming = tuple(a for a in appointments if a.on >= today)
    fresh, initial = _by_start(alerts)
    instead = _instead([row for row in followed if row.referent_id != actor.id], today)
    begun = tuple(unfinished(actor.id, now))
    given = received(grant, actor, mine, today)
    day = Day(
        *(today, tuple(fresh), tuple(initial), tuple(due), begun, untold, coming),
        *({}, len(mine), instead, given),
    )
    return replace(day, people=people(grant, list(day.shown))) if day.shown else day


def _instead(rows: Sequence[Any], today: date) -> dict[uuid.UUID, str]:
    """journey -> whose it is and until when; two statements, none for who backs up nobody."""
    ids = {row.referent_id for row in rows if row.referent_id}
    if not rows:
        return {}
    names = account_names(ids)
    back: dict[uuid.UUID, date] = {
        id_: until
        for id_, until in db.session.execute(
            select(Leave.account_id, Leave.until_on).where(
                Leave.account_id.in_(ids), Leave.from_on <= today, Leave.until_on >= today
            )
        )
    }
    words = {
        id_: f"Vous remplacez {name} jusqu'au {long_date(back[id_])}"
        if id_ in back
        else f"Vous êtes suppléant de {name}"
        for id_, name in names.items()
    }
    return {row.id: words.get(row.referent_id, "Aucun référent, vous êtes suppléant") for row in rows}


def _by_start(alerts: list[AlertView]) -> tuple[list[PersonAlerts], list[PersonAlerts]]:
    """People with something new first; those whose alerts are all of the starting situation apart."""
    grouped = by_person(alerts)
    fresh = [p for p in grouped if not all(alert.initial for alert in p.alerts)]
    return fresh, [p for p in grouped if all(alert.initial for alert in p.alerts)]


def _appointments(grant: Grant, mine: list[uuid.UUID], today: date) -> list[AppointmentView]:
    """Those of the last weeks and of the week to come that nobody said the outcome of, as the days go."""
    rows = open_rows(
        grant,
        Appointment,
        ("on_date", "version", "at_time", "place"),
        among(Appointment.journey_id, mine),
        waits_for_outcome(),
        Appointment.on_date >= asked_since(today),
        Appointment.on_date <= today + APPOINTMENTS_WITHIN,
        listed=True,
    )
    return [
        AppointmentView(
            row["id"],
            row["journey_id"],
            row["on_date"],
            row["version"],
            appointment_label(row["at_time"], row["place"]),
        )
        for row in sorted(rows, key=lambda row: (row["on_date"], row["at_time"] or "24"))
    ]
