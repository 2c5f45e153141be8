"""« À venir »: what becomes an alert in the next weeks if nothing happens, per week and per référent.

Counted from the stored deadlines (`forecast_counts`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import severity
from coordination.alerts.sentences import coming_sentence
from coordination.cases.commands.week_review import monday
from coordination.cases.models import Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.forecast_counts import HORIZONS, NOBODY, Counts, Due, count_due
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import Person, account_names, people
from coordination.cases.queries.relays import ABSENCE, Away, uncovered
from coordination.cases.queries.running import teams_of
from coordination.console import alphabetical
from coordination.db import db, narrow
from coordination.privacy.actor import Actor
from coordination.privacy.policy import COORDINATING_ROLES, Grant

SHOWN = 50


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
    # Absences that nobody covers: a line each, and none for each journey.
    away: tuple[Away, ...] = ()

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
    tomorrow, until = today + timedelta(days=1), today + timedelta(days=days)
    chosen = week if week in _mondays(today, until) else None
    shown = (max(chosen, tomorrow), min(chosen + timedelta(days=6), until)) if chosen else (tomorrow, until)
    ids = _followed(actor, today) if scope.own else None
    found = count_due(
        tomorrow,
        until,
        today=today,
        ids=ids,
        referent=scope.referent,
        shown=shown,
        most=SHOWN,
        without=ABSENCE,
    )
    followers = {uuid.UUID(code) for code in found.within if code != NOBODY}
    leaves = [leave for leave in _leaves(today, until) if scope.own or leave.account_id in followers]
    away = _away(
        actor, {leave.account_id for leave in leaves if leave.backup_id is None}, today, until, scope
    )
    names = account_names({leave.account_id for leave in leaves} | followers)
    weeks = tuple(_week(first, today, until, found, leaves, names, scope) for first in _mondays(today, until))
    asked = [found.deadlines.get(chosen, 0)] if chosen else found.deadlines.values()
    shown_ids = list({one.journey_id for one in found.shown})
    # Last: the wall then looks at the journeys shown, not at all that the actor sees.
    narrow(shown_ids)
    named = people(grant, shown_ids) if shown_ids else {}
    mine = [within for code, within in found.within.items() if scope.referent in ("", code)]
    return Forecast(
        weeks,
        () if scope.own else _loads(found, leaves, names),
        days,
        tuple(map(sum, zip(*mine, strict=True))) if mine else (0,) * len(HORIZONS),
        chosen,
        tuple(_break(one, names) for one in found.shown if one.journey_id in named),
        sum(asked) - len(found.shown),
        named,
        away,
    )


def _away(actor: Actor, gone: set[uuid.UUID], today: date, until: date, scope: Scope) -> tuple[Away, ...]:
    """`gone`: who has an absence without replacement."""
    wanted = str(actor.id) if scope.own else scope.referent
    asked = {who for who in gone if wanted in ("", str(who))}
    return uncovered(teams_of(asked), today, until) if asked else ()


def falls_in(actor: Actor, first: date, last: date, today: date) -> list[Break]:
    """What breaks between two days on the journeys that the actor is référent of. Two statements."""
    ids = list(db.session.scalars(select(Journey.id).where(Journey.referent_id == actor.id)))
    found = count_due(max(first, today), last, today=today, ids=ids)
    return [_break(one, {}) for one in found.shown]


def _followed(actor: Actor, today: date) -> list[uuid.UUID]:
    return list(db.session.scalars(select(Journey.id).where(Journey.runs, followed_by(actor, today))))


def _leaves(today: date, until: date) -> list[Any]:
    return list(
        db.session.execute(
            select(Leave.account_id, Leave.from_on, Leave.until_on, Leave.backup_id)
            .where(Leave.from_on <= until, Leave.until_on >= today)
            .order_by(Leave.from_on)
        )
    )


def _mondays(today: date, until: date) -> list[date]:
    first = monday(today + timedelta(days=1))
    return [first + timedelta(days=days) for days in range(0, (until - first).days + 1, 7)]


def _week(
    first: date,
    today: date,
    until: date,
    found: Counts,
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
    kinds = [(kind, number) for (week, kind), number in found.people.items() if week == first and kind]
    return Week(
        max(first, today + timedelta(days=1)),
        min(last, until),
        found.people.get((first, None), 0),
        tuple(sorted(kinds, key=lambda pair: (-pair[1], pair[0]))),
        # Monday to Friday: the Saturday on which holidays begin does not make a week of holidays.
        sum(calendar.is_school_holiday(first + timedelta(days=n)) for n in range(5)) >= 3,
        tuple(sorted(away)),
    )


def _loads(found: Counts, leaves: list[Any], names: dict[uuid.UUID, str]) -> tuple[Load, ...]:
    """Whoever follows somebody, the heaviest month first, and before all what nobody follows."""
    known = {str(id_): name for id_, name in names.items()} | {NOBODY: "Aucun référent"}
    loads = [
        Load(
            code,
            known.get(code, "Compte supprimé"),
            within,
            tuple((leave.from_on, leave.until_on) for leave in leaves if str(leave.account_id) == code),
        )
        for code, within in found.within.items()
        if code != NOBODY or any(within)
    ]
    return tuple(
        sorted(loads, key=lambda load: (load.code != NOBODY, -load.within[1], alphabetical(load.name)))
    )


def _break(one: Due, names: dict[uuid.UUID, str]) -> Break:
    words = coming_sentence(one.rule, one.kind, one.since, one.due_on)
    referent = "" if one.referent == NOBODY else names.get(uuid.UUID(one.referent), "")
    return Break(one.journey_id, one.rule, severity(one.rule, one.kind), one.due_on, words, referent)
