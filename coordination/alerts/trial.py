"""A threshold tried on the past before it is set: what it would have raised, and what it would have found. Pure.

Nobody says of a past territory what was a real break. So what counts as one is told on the page: a wait that
lasted, whatever any threshold said of it (`waits`, and silences in `cases`).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from coordination.alerts.calendar import Calendar, shift
from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import LEAD
from coordination.alerts.replay import Past, ReplayedAlert, replay, stretches

LONG = 60
"""Days without the awaited fact that count as a break, or twice the catalogue's own delay if that is longer."""
NEEDLESS = timedelta(days=7)
"""An alert closed by a fact that soon may not have been needed."""
WEEK = 7


@dataclass(frozen=True, slots=True)
class Lasted:
    """A break that is in the past: the wait began on `since` and had lasted too long on `on`."""

    since: date
    on: date


@dataclass(frozen=True, slots=True)
class Tried:
    """A journey to try a threshold on. `breaks`: None where the waits of the rule itself tell them."""

    referent_id: uuid.UUID | None
    past: Past
    breaks: Sequence[Lasted] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two settings. `weeks`: new alerts by week; the starting situation is in none."""

    weeks: tuple[int, ...]
    by_referent: dict[uuid.UUID | None, int]
    found: int
    needless: int

    @property
    def alerts(self) -> int:
        return sum(self.weeks)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Both settings side by side. `days_gained`: median over the breaks that both find; None if there is none.

    `unread`: journeys that do not open and were left out.
    """

    first: date
    last: date
    journeys: int
    before: Side
    after: Side
    breaks: int
    days_gained: int | None
    unread: int = 0


def try_out(
    rule: str,
    journeys: Sequence[Tried],
    present: Thresholds,
    proposed: Thresholds,
    first: date,
    last: date,
    calendar: Calendar,
) -> Outcome:
    """The rule's alerts from `first` to `last`, both included, as each setting would have raised them."""
    weeks = (last - first).days // WEEK + 1
    # Waits do not depend on delays, but a rule that is switched off waits for nothing.
    awake = present if rule in proposed.off else proposed
    sides = []
    found: list[dict[tuple[int, Lasted], date]] = []
    breaks: dict[int, Sequence[Lasted]] = {}
    for thresholds in (present, proposed):
        per_week, by_referent, needless = [0] * weeks, Counter[uuid.UUID | None](), 0
        seen: dict[tuple[int, Lasted], date] = {}
        for number, journey in enumerate(journeys):
            if number not in breaks:
                breaks[number] = _breaks(rule, journey, awake, first, last, calendar)
            alerts = replay(journey.past, calendar, thresholds, first, last, frozenset({rule}))
            for alert in alerts:
                if not alert.initial:
                    per_week[(alert.on - first).days // WEEK] += 1
                    by_referent[journey.referent_id] += 1
                    needless += _needless(alert)
            seen |= {(number, one): on for one in breaks[number] if (on := _first_sign(alerts, one))}
        found.append(seen)
        sides.append(Side(tuple(per_week), dict(by_referent), len(seen), needless))
    gained = [(found[0][place] - found[1][place]).days for place in found[0].keys() & found[1].keys()]
    return Outcome(
        first,
        last,
        len(journeys),
        sides[0],
        sides[1],
        sum(len(one) for one in breaks.values()),
        round(median(gained)) if gained else None,
    )


def _breaks(
    rule: str, journey: Tried, thresholds: Thresholds, first: date, last: date, calendar: Calendar
) -> Sequence[Lasted]:
    if journey.breaks is not None:
        return [one for one in journey.breaks if first <= one.on <= last]
    return waits(rule, journey.past, thresholds, first, last, calendar)


def waits(
    rule: str, past: Past, thresholds: Thresholds, first: date, last: date, calendar: Calendar
) -> list[Lasted]:
    """Waits of the rule that lasted: a target date reached with nothing done, or a fact still awaited after
    twice the catalogue's delay (60 days at least). `thresholds` are any under which the rule is awake.
    """
    usual = rules()[rule].threshold_days or 0
    lasted: set[Lasted] = set()
    for begin, end, compute in stretches(past, first, last):
        for (_, kind, _), deadline in compute(calendar, thresholds, frozenset({rule})).items():
            since = deadline.since
            if kind == LEAD:
                # A birthday is no break, whoever did what before it: its clock is its own alert.
                begun, on = date.min, date.min if since == deadline.due_on else since
            else:
                begun, on = since, shift(since, max(LONG, 2 * usual))
            if begin <= on < end:
                lasted.add(Lasted(begun, on))
    return sorted(lasted, key=lambda one: (one.on, one.since))


def _first_sign(alerts: Iterable[ReplayedAlert], lasted: Lasted) -> date | None:
    """The first alert that told of the wait before it was a break, and was not closed meanwhile."""
    told = (
        start
        for alert in alerts
        for start, end in alert.spells
        if lasted.since <= start < lasted.on and (end is None or end >= lasted.on)
    )
    return min(told, default=None)


def _needless(alert: ReplayedAlert) -> bool:
    start, end = alert.spells[0]
    return end is not None and end - start <= NEEDLESS


def by_referent(
    before: dict[uuid.UUID | None, int],
    after: dict[uuid.UUID | None, int],
    weeks: int,
    name: Callable[[uuid.UUID | None], str],
) -> list[tuple[str, int, int, float, float]]:
    """(name, before, after, before per week, after per week), the most loaded first."""
    lines = [
        (
            name(who),
            before.get(who, 0),
            after.get(who, 0),
            before.get(who, 0) / weeks,
            after.get(who, 0) / weeks,
        )
        for who in before.keys() | after.keys()
    ]
    return sorted(lines, key=lambda line: (-max(line[1:3]), line[0]))
