"""What falls in an absence: deadlines and appointments of the days away, and who will have each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, or_, select

from coordination.alerts.queries import PersonAlerts, by_person, serious_alerts
from coordination.cases.commands.appointments import PENDING
from coordination.cases.models import Appointment, Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.forecast import Break, falls_in
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import db
from coordination.errors import NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant


@dataclass(frozen=True)
class Falling:
    """One person: what breaks while the référent is away, the appointments, who will have it."""

    person: Person
    breaks: tuple[Break, ...]
    appointments: tuple[date, ...]
    who: str
    in_charge: PersonAlerts | None


@dataclass(frozen=True)
class LeavePlan:
    """`absent_too`: names of those who take over and are away themselves on some of the days."""

    id: uuid.UUID
    from_on: date
    until_on: date
    backup: str
    falling: tuple[Falling, ...]
    absent_too: tuple[str, ...]
    followed: int

    @property
    def shown(self) -> list[str]:
        return sorted(str(one.person.journey_id) for one in self.falling)


def leave_plan(grant: Grant, actor: Actor, leave_id: uuid.UUID, today: date) -> LeavePlan:
    """The own absence and what falls in it, soonest first. Raises NotFound. A fixed number of statements."""
    leave = db.session.execute(
        select(Leave.from_on, Leave.until_on, Leave.backup_id).where(
            Leave.id == leave_id, Leave.account_id == actor.id
        )
    ).first()
    if leave is None:
        raise NotFound("Cette absence n'existe pas, ou n'est pas la vôtre.", f"leave={leave_id}")
    mine = {
        row.id: row.backup_id
        for row in db.session.execute(
            select(Journey.id, Journey.backup_id).where(
                Journey.referent_id == actor.id, Journey.exit_on.is_(None)
            )
        )
    }
    breaks: dict[uuid.UUID, list[Break]] = {}
    for one in falls_in(actor, leave.from_on, leave.until_on, today):
        breaks.setdefault(one.journey_id, []).append(one)
    visits: dict[uuid.UUID, list[date]] = {}
    for journey_id, on in db.session.execute(
        select(Appointment.journey_id, Appointment.on_date)
        .join(Journey, Journey.id == Appointment.journey_id)
        .where(
            Journey.referent_id == actor.id,
            Journey.exit_on.is_(None),
            or_(Appointment.status.is_(None), Appointment.status.in_(PENDING)),
            Appointment.on_date >= max(leave.from_on, today),
            Appointment.on_date <= leave.until_on,
        )
        .order_by(Appointment.on_date)
    ):
        visits.setdefault(journey_id, []).append(on)
    standing = {
        found.journey_id: found
        for found in by_person(a for a in serious_alerts(today, list(mine)) if a.status == "PRISE_EN_CHARGE")
    }
    ids = [id_ for id_ in mine if id_ in breaks or id_ in visits or id_ in standing]
    takers = {mine[id_] or leave.backup_id for id_ in ids} | {leave.backup_id}
    # The wall shows the absences of those one replaces, and of everybody to the coordination.
    absent = set(
        db.session.scalars(
            select(Leave.account_id).where(
                and_(Leave.from_on <= leave.until_on, Leave.until_on >= leave.from_on),
                Leave.account_id.in_(takers),
            )
        )
    )
    names = account_names({id_ for id_ in takers if id_})
    named = people(grant, ids) if ids else {}
    falling = [
        Falling(
            named[id_],
            tuple(breaks.get(id_, ())),
            tuple(visits.get(id_, ())),
            names.get(mine[id_] or leave.backup_id, ""),
            standing.get(id_),
        )
        for id_ in ids
        if id_ in named
    ]
    falling.sort(key=lambda one: (_first(one), one.person.ref))
    return LeavePlan(
        leave_id,
        leave.from_on,
        leave.until_on,
        names.get(leave.backup_id, ""),
        tuple(falling),
        tuple(sorted(names[id_] for id_ in absent if id_ in names)),
        len(mine),
    )


def _first(one: Falling) -> date:
    return min([b.due_on for b in one.breaks] + list(one.appointments) + [date.max])
