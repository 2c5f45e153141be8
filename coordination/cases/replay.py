"""What was known of a journey on each day of its past, from what is known of it now.

On day D only facts dated D or before are known. What has no date of its own is known as early as it could have
been written: a plan (planned dates of an action, date of a review, end of a right, appointment to come) from the
opening of the journey, an expected return from the beginning of its pause, a status from the last date of its
line. See `alerts/replay.py` for how to replay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from coordination.alerts.replay import Past
from coordination.cases.dates import COMING
from coordination.cases.facts import ActionFact, AppointmentFact, JourneyFacts, PauseFact
from coordination.cases.rules import deadlines

PLANS = frozenset({"planned_start", "planned_end", "due_on", "expected_return", "ends_on"})
"""Dates of what is to come: known with the line that holds them."""

TIMELESS = frozenset({"birth_date"})
"""Dates that tell when nothing became known."""

Line = TypeVar("Line")


def steps(facts: JourneyFacts) -> Past:
    """The steps of a journey under the rules that `cases` owns."""
    return [(day, partial(deadlines, known)) for day, known in history(facts)]


def history(facts: JourneyFacts) -> Iterator[tuple[date, JourneyFacts]]:
    """(day, what is known from that day on), one per day on which that changes, ascending."""
    opened = first_day(facts)
    gates = dict(own_history(facts))
    news: dict[date, list[tuple[str, int, Any]]] = defaultdict(list)
    for group, lines in _groups(facts).items():
        for place, line in enumerate(lines):
            for day, version in versions(line, opened, _status(line)):
                news[day].append((group, place, version))
    known: dict[str, dict[int, Any]] = defaultdict(dict)
    now: dict[str, Any] = {}
    gate: JourneyFacts | None = None
    for day in sorted({*gates, *news}):
        gate = gates.get(day, gate)
        for group, place, version in news[day]:
            known[group][place] = version
        now.update((group, tuple(known[group].values())) for group in {group for group, _, _ in news[day]})
        if gate is not None:
            yield day, replace(gate, **now)


def own_history(facts: JourneyFacts) -> Iterator[tuple[date, JourneyFacts]]:
    """As `history`, of the journey's own line, its lists left empty: what says which rules stand.

    An agreement is known with its date, the stage with the last of the journey's dates.
    """
    nothing: dict[str, Any] = dict.fromkeys(_groups(facts), ())
    bare = replace(facts, **nothing)
    opened = first_day(facts)
    last = max((opened, *_facts_of(bare).values()))
    for day, version in versions(bare, opened):
        unknown: dict[str, Any] = {}
        if facts.agreement_on is not None and facts.agreement_on > day:
            unknown["agreement_status"] = None
        if last > day:
            unknown["stage"] = None
        yield day, replace(version, **unknown) if unknown else version


def first_day(facts: JourneyFacts) -> date:
    """The day from which anything is known of a journey: its opening, else the first date that it holds."""
    if facts.opened_on is not None:
        return facts.opened_on
    return min(_facts_of(facts).values(), default=None) or min(
        (day for lines in _groups(facts).values() for line in lines for day in _facts_of(line).values()),
        default=date.min,
    )


def _groups(facts: JourneyFacts) -> dict[str, tuple[Any, ...]]:
    """The lists of a journey, by the name of their field."""
    values = ((group.name, getattr(facts, group.name)) for group in fields(facts))
    return {name: value for name, value in values if isinstance(value, tuple)}


def versions(
    line: Line, opened: date, status: Callable[[Line, date], Any] | None = None
) -> Iterator[tuple[date, Line]]:
    """A line as it stood, from each day on which it said more. Nothing is known before `opened`.

    `status(line, day)`: its status as far as it was known on `day`; without it the status never changed.
    """
    dates = _facts_of(line)
    start = min(dates.values(), default=opened)
    if _planned(line):
        start = opened
    for day in sorted({max(opened, each) for each in (start, *dates.values())}):
        unknown: dict[str, Any] = {name: None for name, each in dates.items() if each > day}
        if status is not None:
            unknown["status"] = status(line, day)
        yield day, replace(line, **unknown)  # type: ignore[type-var]


def _facts_of(line: Any) -> dict[str, date]:
    """The dates of what happened, by the name of their field."""
    if isinstance(line, AppointmentFact) and line.status == COMING:
        return {}
    found = {}
    for each in fields(line):
        value = getattr(line, each.name)
        if isinstance(value, date) and each.name not in PLANS and each.name not in TIMELESS:
            found[each.name] = value
    return found


def _planned(line: Any) -> bool:
    """Whether the line tells of something to come, so that it may have stood from the opening on."""
    if isinstance(line, PauseFact):
        return False
    return any(getattr(line, each.name, None) is not None for each in fields(line) if each.name in PLANS)


def _status(line: Any) -> Callable[[Any, date], Any] | None:
    return _action_status if isinstance(line, ActionFact) else None


def _action_status(action: ActionFact, day: date) -> str | None:
    """Planned until it starts, running until it ends; the status of today once every date of it is known."""
    if all(each is None or each <= day for each in (action.started_on, action.ended_on)):
        return action.status
    return "EN_COURS" if action.started_on is not None and action.started_on <= day else "PREVUE"
