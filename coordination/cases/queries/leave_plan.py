"""What falls in an absence: deadlines and appointments of the days away, and who will have each."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from coordination.accounts.followers import followers
from coordination.accounts.models import Membership
from coordination.accounts.queries import stands_now
from coordination.alerts.queries import PersonAlerts, by_person, serious_alerts
from coordination.cases.commands.team import NO_SUCH_LEAVE
from coordination.cases.models import Appointment, Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.away import LEAVE_TOLD, away
from coordination.cases.queries.forecast import Break, falls_in
from coordination.cases.queries.people import Person, account_names, people
from coordination.cases.queries.untold import waits_for_outcome
from coordination.cases.vocabulary import PROGRAMMES
from coordination.clock import paris_date
from coordination.console import alphabetical
from coordination.db import db
from coordination.errors import NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import FOLLOWING_ROLES, Grant


@dataclass(frozen=True)
class Falling:
    """One person: what breaks while the référent is away, the appointments, who will have it (empty: nobody)."""

    person: Person
    breaks: tuple[Break, ...]
    appointments: tuple[date, ...]
    who: str
    in_charge: PersonAlerts | None
    version: int


@dataclass(frozen=True)
class Absence:
    """An absence whose replacement the actor may choose. `backup` is empty where nobody replaces.

    `on_day`: the journeys will stand on the replacement's own page of the day; a coordinator, who sees them all
    anyway, needs none. `uncovered`: running journeys without a backup of their own. `people`: who can be chosen.
    """

    id: uuid.UUID
    account_id: uuid.UUID
    who: str
    from_on: date
    until_on: date
    backup_id: uuid.UUID | None
    backup: str
    on_day: bool
    over: bool
    uncovered: int
    people: dict[uuid.UUID, str]

    @property
    def told_on(self) -> date:
        """From when the board of the coordination says that nobody replaces."""
        return self.from_on - LEAVE_TOLD


@dataclass(frozen=True)
class LeavePlan:
    """`absent_too`: names of those who take over and are away themselves on some of the days."""

    absence: Absence
    falling: tuple[Falling, ...]
    absent_too: tuple[str, ...]
    followed: int

    @property
    def shown(self) -> list[str]:
        return sorted(str(one.person.journey_id) for one in self.falling)


def absence(actor: Actor, leave_id: uuid.UUID, now: datetime) -> Absence:
    """The absence and who may replace. Raises NotFound where it is not the actor's to arrange."""
    leave = db.session.execute(
        select(Leave.account_id, Leave.from_on, Leave.until_on, Leave.backup_id).where(
            Leave.id == leave_id, func.may_replace(Leave.account_id)
        )
    ).first()
    if leave is None:
        raise NotFound(NO_SUCH_LEAVE, f"leave={leave_id}")
    followed = db.session.execute(
        select(Journey.programme, Journey.backup_id).where(
            Journey.referent_id == leave.account_id, Journey.runs
        )
    ).all()
    own = {role.programme for role in actor.roles if role.programme} or set(PROGRAMMES)
    able = followers({row.programme for row in followed} or own, now)
    gone = away(able.keys(), leave.from_on, leave.until_on) | {leave.account_id}
    names = account_names({id_ for id_ in (leave.account_id, leave.backup_id) if id_})
    backup = names.get(leave.backup_id, "")
    people = {id_: name for id_, name in able.items() if id_ not in gone}
    if leave.backup_id:
        # Whoever was chosen stays shown, even away or without the role by now.
        people.setdefault(leave.backup_id, backup)
    return Absence(
        leave_id,
        leave.account_id,
        names.get(leave.account_id, ""),
        leave.from_on,
        leave.until_on,
        leave.backup_id,
        backup,
        leave.backup_id is not None and _has_a_day(leave.backup_id, now),
        leave.until_on < paris_date(now),
        sum(row.backup_id is None for row in followed),
        people,
    )


def _has_a_day(account_id: uuid.UUID, now: datetime) -> bool:
    """Whether the person's menu has « Ma journée »: see `navigation.ENTRIES`."""
    held = select(Membership.id).where(
        Membership.account_id == account_id, Membership.role.in_(FOLLOWING_ROLES), stands_now(now)
    )
    return bool(db.session.scalar(select(held.exists())))


def leave_plan(grant: Grant, actor: Actor, leave_id: uuid.UUID, now: datetime) -> LeavePlan:
    """The own absence and what falls in it, soonest first. Raises NotFound. A fixed number of statements."""
    today = paris_date(now)
    leave = absence(actor, leave_id, now)
    if leave.account_id != actor.id:
        raise NotFound(NO_SUCH_LEAVE, f"leave={leave_id}")
    rows = db.session.execute(
        select(Journey.id, Journey.backup_id, Journey.version).where(
            Journey.referent_id == actor.id, Journey.runs
        )
    ).all()
    mine = {row.id: row.backup_id for row in rows}
    versions = {row.id: row.version for row in rows}
    breaks: dict[uuid.UUID, list[Break]] = {}
    for one in falls_in(actor, leave.from_on, leave.until_on, today):
        breaks.setdefault(one.journey_id, []).append(one)
    visits: dict[uuid.UUID, list[date]] = {}
    for journey_id, on in db.session.execute(
        select(Appointment.journey_id, Appointment.on_date)
        .join(Journey, Journey.id == Appointment.journey_id)
        .where(
            Journey.referent_id == actor.id,
            Journey.runs,
            waits_for_outcome(),
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
    absent = away({id_ for id_ in takers if id_}, leave.from_on, leave.until_on)
    names = account_names({id_ for id_ in takers if id_})
    takes = {id_: names.get(taker, "") for id_ in ids if (taker := mine[id_] or leave.backup_id)}
    named = people(grant, ids) if ids else {}
    falling = [
        Falling(
            named[id_],
            tuple(breaks.get(id_, ())),
            tuple(visits.get(id_, ())),
            takes.get(id_, ""),
            standing.get(id_),
            versions[id_],
        )
        for id_ in ids
        if id_ in named
    ]
    falling.sort(key=lambda one: (_first(one), one.person.ref))
    return LeavePlan(
        leave,
        tuple(falling),
        tuple(sorted((names[id_] for id_ in absent if id_ in names), key=alphabetical)),
        len(mine),
    )


def _first(one: Falling) -> date:
    return min([b.due_on for b in one.breaks] + list(one.appointments) + [date.max])
