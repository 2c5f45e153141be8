"""« À venir »: what becomes an alert in the next weeks if nothing happens, per week and per référent.

Read from the stored deadlines, counted by the database: neither the number of journeys nor the horizon changes the
number of statements.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, and_, case, cast, distinct, func, select, tuple_

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import rules, severity
from coordination.alerts.models import StoredDeadline
from coordination.alerts.sentences import coming_sentence
from coordination.alerts.tiers import speaks_to_follower
from coordination.cases.commands.week_review import monday
from coordination.cases.models import Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import db
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


def forecast(
    grant: Grant, actor: Actor, today: date, days: int, scope: Scope, week: date | None = None
) -> Forecast:
    """The next `days` days; with `week` (a Monday), what falls in it by name. A fixed number of statements."""
    until = today + timedelta(days=days)
    mine = _mine(actor, today, scope)
    counted = _weeks(today, until, mine)
    followers = _followers(scope)
    leaves = [leave for leave in _leaves(today, until) if scope.own or leave.account_id in followers]
    names = account_names({leave.account_id for leave in leaves} | followers)
    weeks = tuple(
        _week(first, today, until, counted, leaves, names, scope) for first in _mondays(today, until)
    )
    loads, within = _loads(today, _mine(actor, today, Scope(scope.own)), leaves, names, scope)
    chosen = week if week and any(one.monday == week for one in weeks) else None
    first, last = (chosen, chosen + timedelta(days=6)) if chosen else (today, until)
    breaks, more = _breaks(max(first, today + timedelta(days=1)), min(last, until), mine)
    named = people(grant, list({b.journey_id for b in breaks})) if breaks else {}
    kept = tuple(b for b in breaks if b.journey_id in named)
    return Forecast(weeks, loads, days, within, chosen, kept, more, named)


def falls_in(actor: Actor, first: date, last: date, today: date) -> list[tuple[Break, uuid.UUID | None]]:
    """What breaks between two days on the journeys that the actor is référent of, with each one's own backup."""
    mine = and_(Journey.referent_id == actor.id, Journey.exit_on.is_(None))
    rows = _lines(max(first, today), last, mine, SHOWN)
    return [(_break(row), row.backup_id) for row in rows]


def _mine(actor: Actor, today: date, scope: Scope) -> ColumnElement[bool]:
    criteria: list[ColumnElement[bool]] = [Journey.exit_on.is_(None)]
    if scope.own:
        criteria.append(followed_by(actor, today))
        # What is for the coordination alone is not the référent's load.
        told = [rule for rule in rules() if speaks_to_follower(rule)]
        criteria.append(StoredDeadline.rule.in_(told))
    if scope.referent == NOBODY:
        criteria.append(Journey.referent_id.is_(None))
    elif scope.referent:
        criteria.append(Journey.referent_id == uuid.UUID(scope.referent))
    return and_(*criteria)


def _breaking() -> ColumnElement[bool]:
    """A deadline that is no mere announcement: VIGILANCE and above."""
    info = [(r, kind) for r in rules() for kind in ("lead", "overdue") if severity(r, kind) == "INFO"]
    return tuple_(StoredDeadline.rule, StoredDeadline.kind).not_in(info)


def _between(first: date, last: date) -> ColumnElement[bool]:
    return and_(
        StoredDeadline.alert_id.is_(None),
        StoredDeadline.due_on >= first,
        StoredDeadline.due_on <= last,
        _breaking(),
    )


def _weeks(today: date, until: date, mine: ColumnElement[bool]) -> dict[date, dict[str, int]]:
    """Monday -> people per type of break ("": of any type)."""
    first = cast(func.date_trunc("week", StoredDeadline.due_on), Date)
    kind_of = case(
        *(
            (StoredDeadline.rule.in_([r.id for r in rules().values() if r.break_type == code]), code)
            for code in sorted({r.break_type for r in rules().values()})
        ),
        else_="",
    )
    inside = (
        select(first.label("first"), kind_of.label("kind"), StoredDeadline.journey_id)
        .join(Journey, Journey.id == StoredDeadline.journey_id)
        .where(_between(today + timedelta(days=1), until), mine)
        .subquery()
    )
    rows = db.session.execute(
        select(inside.c.first, inside.c.kind, func.count(distinct(inside.c.journey_id))).group_by(
            func.grouping_sets(tuple_(inside.c.first, inside.c.kind), tuple_(inside.c.first))
        )
    )
    counted: dict[date, dict[str, int]] = {}
    for on, kind, number in rows:
        counted.setdefault(on, {})[kind or ""] = number
    return counted


def _leaves(today: date, until: date) -> list[Any]:
    return list(
        db.session.execute(
            select(Leave.account_id, Leave.backup_id, Leave.from_on, Leave.until_on)
            .where(Leave.from_on <= until, Leave.until_on >= today)
            .order_by(Leave.from_on)
        )
    )


def _followers(scope: Scope) -> set[uuid.UUID]:
    """Référents of journeys that the actor coordinates: whoever has nothing to come is said so too."""
    if scope.own:
        return set()
    found = db.session.scalars(select(Journey.referent_id).where(Journey.exit_on.is_(None)).distinct())
    return {id_ for id_ in found if id_}


def _mondays(today: date, until: date) -> Iterable[date]:
    first = monday(today + timedelta(days=1))
    while first <= until:
        yield first
        first += timedelta(days=7)


def _week(
    first: date,
    today: date,
    until: date,
    counted: dict[date, dict[str, int]],
    leaves: list[Any],
    names: dict[uuid.UUID, str],
    scope: Scope,
) -> Week:
    last = first + timedelta(days=6)
    calendar = Calendar.load()
    away = sorted(
        {
            names.get(leave.account_id, "")
            for leave in leaves
            if leave.from_on <= last
            and leave.until_on >= first
            and scope.referent in ("", str(leave.account_id))
        }
    )
    mine = counted.get(first, {})
    return Week(
        max(first, today + timedelta(days=1)),
        min(last, until),
        mine.get("", 0),
        tuple(sorted(((k, n) for k, n in mine.items() if k), key=lambda one: -one[1])),
        # Monday to Friday: the Saturday on which holidays begin does not make a week of holidays.
        sum(calendar.is_school_holiday(first + timedelta(days=n)) for n in range(5)) >= 3,
        tuple(away),
    )


def _loads(
    today: date, mine: ColumnElement[bool], leaves: list[Any], names: dict[uuid.UUID, str], scope: Scope
) -> tuple[tuple[Load, ...], tuple[int, ...]]:
    columns = [
        func.count(
            distinct(case((StoredDeadline.due_on <= today + timedelta(days=days), StoredDeadline.journey_id)))
        )
        for days in HORIZONS
    ]
    rows = db.session.execute(
        select(Journey.referent_id, *columns)
        .select_from(StoredDeadline)
        .join(Journey, Journey.id == StoredDeadline.journey_id)
        .where(_between(today + timedelta(days=1), today + timedelta(days=HORIZONS[-1])), mine)
        .group_by(Journey.referent_id)
    ).all()
    found = {row[0]: tuple(row[1:]) for row in rows}
    chosen = [
        numbers for id_, numbers in found.items() if scope.referent in ("", str(id_) if id_ else NOBODY)
    ]
    within = tuple(sum(numbers[i] for numbers in chosen) for i in range(len(HORIZONS)))
    if scope.own:
        return (), within
    away: dict[uuid.UUID, list[tuple[date, date]]] = {}
    for leave in leaves:
        away.setdefault(leave.account_id, []).append((leave.from_on, leave.until_on))
    ids = set(found) | set(names)
    loads = [
        Load(
            str(id_) if id_ else NOBODY,
            names.get(id_, "Compte supprimé") if id_ else "Aucun référent",
            found.get(id_, (0,) * len(HORIZONS)),
            tuple(away.get(id_, ())) if id_ else (),
        )
        for id_ in ids
    ]
    return tuple(sorted(loads, key=lambda load: (load.code != NOBODY, -load.within[1], load.name))), within


def _lines(first: date, last: date, mine: ColumnElement[bool], limit: int) -> list[Any]:
    return list(
        db.session.execute(
            select(
                StoredDeadline.journey_id,
                StoredDeadline.rule,
                StoredDeadline.kind,
                StoredDeadline.due_on,
                StoredDeadline.since,
                Journey.referent_id,
                Journey.backup_id,
                func.count().over().label("every"),
            )
            .join(Journey, Journey.id == StoredDeadline.journey_id)
            .where(_between(first, last), mine)
            .order_by(StoredDeadline.due_on, Journey.ref, StoredDeadline.rule)
            .limit(limit)
        )
    )


def _breaks(first: date, last: date, mine: ColumnElement[bool]) -> tuple[list[Break], int]:
    rows = _lines(first, last, mine, SHOWN)
    names = account_names({row.referent_id for row in rows if row.referent_id})
    every = rows[0].every if rows else 0
    return [_break(row, names.get(row.referent_id, "")) for row in rows], every - len(rows)


def _break(row: Any, referent: str = "") -> Break:
    words = coming_sentence(row.rule, row.kind, row.since, row.due_on)
    return Break(row.journey_id, row.rule, severity(row.rule, row.kind), row.due_on, words, referent)
