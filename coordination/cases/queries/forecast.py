"""« À venir »: what becomes an alert in the next weeks if nothing happens, per week and per référent.

Read from the stored deadlines: neither the number of journeys nor the horizon changes the number of statements.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, true

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import rules, severity
from coordination.alerts.models import StoredDeadline
from coordination.alerts.queries import is_serious
from coordination.alerts.sentences import coming_sentence
from coordination.alerts.tiers import speaks_to_follower
from coordination.cases.commands.week_review import monday
from coordination.cases.models import Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import COORDINATING_ROLES, Grant

HORIZONS = (14, 30, 90)
SHOWN = 100
NOBODY = "sans"


@dataclass(frozen=True)
class Scope:
    """Whose deadlines: all that the actor sees (`own` False), or what they follow; of one référent if asked."""

    own: bool
    referent: str = ""

    @classmethod
    def of(cls, actor: Actor, asked: str) -> Scope:
        return cls(not actor.has(*COORDINATING_ROLES), asked if actor.has(*COORDINATING_ROLES) else "")


@dataclass(frozen=True)
class Week:
    """A week of the calendar: people for whom something breaks, what stands in the ground, who is away."""

    first: date
    last: date
    people: int
    by_break: tuple[tuple[str, int], ...]
    holidays: bool
    away: tuple[str, ...]

    @property
    def monday(self) -> date:
        return monday(self.first)


@dataclass(frozen=True)
class Load:
    """What awaits a référent: people within 14, 30, 90 days; `away`: absences of that time (first, last day)."""

    code: str
    name: str
    within: tuple[int, ...]
    away: tuple[tuple[date, date], ...]


@dataclass(frozen=True)
class Break:
    """A deadline to come, with its severity and its sentence."""

    journey_id: uuid.UUID
    rule: str
    severity: str
    due_on: date
    sentence: str
    referent: str


@dataclass(frozen=True)
class Forecast:
    weeks: tuple[Week, ...]
    loads: tuple[Load, ...]
    days: int
    within: tuple[int, ...]
    chosen: date | None
    breaks: tuple[Break, ...]
    more: int
    people: dict[uuid.UUID, Person]

    @property
    def most(self) -> int:
        """People of the heaviest week, at least 1: the measure of the bars."""
        return max([week.people for week in self.weeks] + [1])

    @property
    def shown(self) -> list[str]:
        return sorted({str(b.journey_id) for b in self.breaks})


class _Journey(NamedTuple):
    """`number`: counts people sooner than their id does. `code`: of the référent."""

    number: int
    id: uuid.UUID
    ref: str
    referent_id: uuid.UUID | None
    code: str


class _Due(NamedTuple):
    """A stored deadline with its journey. A tuple: there are thousands."""

    due_on: date
    journey: _Journey
    rule: str
    kind: str
    since: date


def forecast(
    grant: Grant, actor: Actor, today: date, days: int, scope: Scope, week: date | None = None
) -> Forecast:
    """The next `days` days; with `week` (a Monday), what falls in it by name. A fixed number of statements."""
    until = today + timedelta(days=days)
    whose = followed_by(actor, today) if scope.own else true()
    every, followers = _due(
        today + timedelta(days=1), today + timedelta(days=HORIZONS[-1]), whose, own=scope.own
    )
    mine = [one for one in every if scope.referent in ("", one.journey.code)]
    inside = [one for one in mine if one.due_on <= until]
    leaves = [leave for leave in _leaves(today, until) if scope.own or leave.account_id in followers]
    names = account_names({leave.account_id for leave in leaves} | followers)
    by_week: dict[date, list[_Due]] = {first: [] for first in _mondays(today, until)}
    for due_on, due in groupby(inside, key=attrgetter("due_on")):
        by_week[monday(due_on)].extend(due)
    weeks = tuple(_week(first, today, until, due, leaves, names, scope) for first, due in by_week.items())
    chosen = week if week and any(one.monday == week for one in weeks) else None
    asked = inside if chosen is None else by_week[chosen]
    shown = asked[:SHOWN]
    named = people(grant, list({one.journey.id for one in shown})) if shown else {}
    return Forecast(
        weeks,
        () if scope.own else _loads(today, every, followers, leaves, names),
        days,
        _within(today, _first_of_each(mine)),
        chosen,
        tuple(_break(one, names) for one in shown if one.journey.id in named),
        len(asked) - len(shown),
        named,
    )


def falls_in(actor: Actor, first: date, last: date, today: date) -> list[Break]:
    """What breaks between two days on the journeys that the actor is référent of. Two statements."""
    found, _ = _due(max(first, today), last, Journey.referent_id == actor.id, own=True)
    return [_break(one, {}) for one in found]


def _due(
    first: date, last: date, whose: ColumnElement[bool], *, own: bool
) -> tuple[list[_Due], set[uuid.UUID]]:
    """Deadlines of VIGILANCE and above on running journeys, soonest first; and who follows these journeys.

    Two statements, put together here: joined in the database, the wall would look at each journey once per
    deadline.
    """
    rows = db.session.execute(
        select(Journey.id, Journey.ref, Journey.referent_id).where(Journey.exit_on.is_(None), whose)
    ).all()
    journeys = {
        id_: _Journey(number, id_, ref, referent_id, str(referent_id) if referent_id else NOBODY)
        for number, (id_, ref, referent_id) in enumerate(rows)
    }
    query = select(
        StoredDeadline.due_on,
        StoredDeadline.journey_id,
        StoredDeadline.rule,
        StoredDeadline.kind,
        StoredDeadline.since,
    ).where(
        StoredDeadline.alert_id.is_(None),
        StoredDeadline.due_on >= first,
        StoredDeadline.due_on <= last,
        # An announcement breaks nothing.
        is_serious(StoredDeadline),
    )
    if own:
        query = query.where(among(StoredDeadline.journey_id, list(journeys)))
    found = [
        _Due(due_on, journey, rule, kind, since)
        for due_on, journey_id, rule, kind, since in db.session.execute(query).all()
        # What is for the coordination alone is not the référent's load.
        if (journey := journeys.get(journey_id)) and (not own or speaks_to_follower(rule))
    ]
    found.sort(key=lambda one: (one.due_on, one.journey.ref, one.rule))
    return found, {row.referent_id for row in rows if row.referent_id}


def _leaves(today: date, until: date) -> list[Any]:
    return list(
        db.session.execute(
            select(Leave.account_id, Leave.from_on, Leave.until_on)
            .where(Leave.from_on <= until, Leave.until_on >= today)
            .order_by(Leave.from_on)
        )
    )


def _mondays(today: date, until: date) -> Iterable[date]:
    first = monday(today + timedelta(days=1))
    while first <= until:
        yield first
        first += timedelta(days=7)


def _week(
    first: date,
    today: date,
    until: date,
    due: list[_Due],
    leaves: list[Any],
    names: dict[uuid.UUID, str],
    scope: Scope,
) -> Week:
    last = first + timedelta(days=6)
    calendar = Calendar.load()
    away = {
        names.get(leave.account_id, "")
        for leave in leaves
        if leave.from_on <= last and leave.until_on >= first and scope.referent in ("", str(leave.account_id))
    }
    kinds: dict[str, set[int]] = {}
    for one in due:
        kinds.setdefault(rules()[one.rule].break_type, set()).add(one.journey.number)
    return Week(
        max(first, today + timedelta(days=1)),
        min(last, until),
        len(set().union(*kinds.values())),
        tuple(
            sorted(((kind, len(ids)) for kind, ids in kinds.items()), key=lambda pair: (-pair[1], pair[0]))
        ),
        # Monday to Friday: the Saturday on which holidays begin does not make a week of holidays.
        sum(calendar.is_school_holiday(first + timedelta(days=n)) for n in range(5)) >= 3,
        tuple(sorted(away)),
    )


def _first_of_each(due: list[_Due]) -> list[_Due]:
    """What comes first for each person; `due` comes the soonest first."""
    found: dict[int, _Due] = {}
    for one in due:
        found.setdefault(one.journey.number, one)
    return list(found.values())


def _within(today: date, firsts: list[_Due]) -> tuple[int, ...]:
    """People within each horizon, by what comes first for each."""
    return tuple(sum(one.due_on <= today + timedelta(days=days) for one in firsts) for days in HORIZONS)


def _loads(
    today: date,
    due: list[_Due],
    followers: set[uuid.UUID],
    leaves: list[Any],
    names: dict[uuid.UUID, str],
) -> tuple[Load, ...]:
    """Whoever follows somebody, the heaviest month first, and before all what nobody follows."""
    by_code: dict[str, list[_Due]] = {str(id_): [] for id_ in followers}
    for one in _first_of_each(due):
        by_code.setdefault(one.journey.code, []).append(one)
    known = {str(id_): name for id_, name in names.items()} | {NOBODY: "Aucun référent"}
    loads = [
        Load(
            code,
            known.get(code, "Compte supprimé"),
            _within(today, mine),
            tuple((leave.from_on, leave.until_on) for leave in leaves if str(leave.account_id) == code),
        )
        for code, mine in by_code.items()
    ]
    return tuple(sorted(loads, key=lambda load: (load.code != NOBODY, -load.within[1], load.name)))


def _break(one: _Due, names: dict[uuid.UUID, str]) -> Break:
    words = coming_sentence(one.rule, one.kind, one.since, one.due_on)
    referent = names.get(one.journey.referent_id, "") if one.journey.referent_id else ""
    return Break(one.journey.id, one.rule, severity(one.rule, one.kind), one.due_on, words, referent)
