"""« Tournée »: whom one may have met today, their appointments that wait for an outcome, the usual ways."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from coordination.alerts.queries import by_person, serious_alerts
from coordination.cases.models import Appointment, Contact, Journey
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import Person, people
from coordination.cases.queries.search import fold
from coordination.cases.queries.untold import asked_since, waits_for_outcome
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant

LATEST = 30


@dataclass(frozen=True)
class Pending:
    """An appointment that waits for its outcome; `before`: how many of the person wait for longer."""

    id: uuid.UUID
    on: date
    version: int
    before: int = 0


@dataclass(frozen=True)
class Reachable:
    """Somebody whom the person follows. `why`: what makes them of today, in French, or empty."""

    person: Person
    why: str
    severity: str = ""
    expected: bool = False


@dataclass(frozen=True)
class Outing:
    """Those of today or of whom something is awaited (outcome of an appointment, alert), then the others."""

    today: tuple[Reachable, ...]
    others: tuple[Reachable, ...]


@dataclass(frozen=True)
class Visited:
    """One person of the form."""

    person: Person
    opened_on: date | None
    appointment: Pending | None = field(default=None)


def outing(grant: Grant, actor: Actor, today: date) -> Outing:
    """Whom the actor follows, backs up or replaces. A fixed number of statements."""
    mine = _followed(actor, today)
    if not mine:
        return Outing((), ())
    expected = pending_appointments(mine, today)
    alerts = {p.journey_id: p for p in by_person(serious_alerts(today, mine))}
    named = people(grant, mine)
    lines = [
        Reachable(
            person,
            _why(expected.get(id_), alerts[id_].alerts[0].sentence if id_ in alerts else "", today),
            alerts[id_].severity if id_ in alerts else "",
            id_ in expected and expected[id_].on == today,
        )
        for id_, person in named.items()
    ]
    by_name = sorted(lines, key=lambda r: (fold(r.person.last_name), fold(r.person.first_name), r.person.ref))
    first = sorted((r for r in by_name if r.why), key=lambda r: not r.expected)
    return Outing(tuple(first), tuple(r for r in by_name if not r.why))


def _why(pending: Pending | None, alert: str, today: date) -> str:
    if pending is None:
        return alert
    return (
        "Rendez-vous aujourd'hui"
        if pending.on == today
        else f"Rendez-vous du {pending.on:%d/%m} à renseigner"
    )


def _followed(actor: Actor, today: date) -> list[uuid.UUID]:
    mine = followed_by(actor, today)
    return list(db.session.scalars(select(Journey.id).where(mine, Journey.runs)))


def visited(grant: Grant, ids: Sequence[uuid.UUID], today: date) -> tuple[Visited, ...]:
    """Those of `ids` that the actor sees, in that order."""
    named = people(grant, ids)
    order = [id_ for id_ in dict.fromkeys(ids) if id_ in named]
    pending = pending_appointments(order, today)
    rows = db.session.execute(select(Journey.id, Journey.opened_on).where(among(Journey.id, order)))
    opened = {id_: on for id_, on in rows}
    return tuple(Visited(named[id_], opened[id_], pending.get(id_)) for id_ in order)


def pending_appointments(journey_ids: Sequence[uuid.UUID], today: date) -> dict[uuid.UUID, Pending]:
    """The latest appointment of each journey, up to today, of those that « Ma journée » asks about."""
    rows = db.session.execute(
        select(Appointment.journey_id, Appointment.id, Appointment.on_date, Appointment.version)
        .where(
            among(Appointment.journey_id, journey_ids),
            waits_for_outcome(),
            Appointment.on_date <= today,
            Appointment.on_date >= asked_since(today),
        )
        .order_by(Appointment.on_date)
    )
    found: dict[uuid.UUID, Pending] = {}
    for row in rows:
        before = found[row.journey_id].before + 1 if row.journey_id in found else 0
        found[row.journey_id] = Pending(row.id, row.on_date, row.version, before)
    return found


def latest_modes(actor: Actor) -> tuple[str, ...]:
    """The ways that the actor used last, the latest first, each once: read from their own exchanges."""
    rows = db.session.scalars(
        select(Contact.mode)
        .where(Contact.author_id == actor.id)
        .order_by(Contact.on_date.desc(), Contact.position.desc())
        .limit(LATEST)
    )
    return tuple(dict.fromkeys(rows))
