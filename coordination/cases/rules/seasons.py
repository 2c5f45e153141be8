"""What comes back with the school year (PRE): agreement and level to renew (A14 lead, S25), the summer (I10), the
new school year (I11)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import MAXYEAR, date, timedelta
from functools import cache

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.dates import COMING
from coordination.cases.facts import ActionFact, JourneyFacts
from coordination.cases.rules.contact_clock import clock_start, last_exchange
from coordination.privacy.volets import Volet

RULES = frozenset({"A14", "S25", "I10", "I11"})


def next_september(day: date) -> date | None:
    """The first 1 September after a day; None where dates end."""
    year = day.year + (day >= date(day.year, 9, 1))
    return date(year, 9, 1) if year <= MAXYEAR else None


def school_year(day: date) -> int:
    """The school year of a day, named by the year in which it begins on 1 September."""
    return day.year if day >= date(day.year, 9, 1) else day.year - 1


def summer_after(day: date, calendar: Calendar) -> tuple[date, date] | None:
    """First and last day of the first summer holidays that begin after a day; None past the known calendar."""
    summers = _summers(calendar.periods)
    place = bisect_right(summers, day, key=lambda period: period[0])
    return summers[place] if place < len(summers) else None


def school_start_after(day: date, calendar: Calendar) -> date | None:
    """The first school year start after a day: the day after summer holidays; None past the known calendar."""
    summers = _summers(calendar.periods)
    place = (
        bisect_right(summers, day - timedelta(days=1), key=lambda period: period[1]) if day > date.min else 0
    )
    return summers[place][1] + timedelta(days=1) if place < len(summers) else None


@cache
def _summers(periods: tuple[tuple[date, date], ...]) -> tuple[tuple[date, date], ...]:
    return tuple(period for period in periods if period[0] <= date(period[0].year, 7, 20) <= period[1])


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """A14 lead: the first 31 August after the agreement, whose school year ends that day, less 30 days (the
    rule's lead); since that 31 August. Until an agreement of the next school year.

    S25: 1 September less 15 days, that is 17 August, of the first school year that the agreement, or the level
    noted for a school year, does not reach; since that 1 September. Until both are renewed.

    I10, I11: see below; both look at the first summer, the first new school year after the contact clock's start
    (latest exchange, return from a pause, or agreement): an earlier one no longer matters once contact is back.
    """
    agreed = facts.agreement_on
    if agreed is not None and facts.agreement_status == "SIGNE":
        if "A14" in wanted and (september := next_september(agreed)):
            end = september - timedelta(days=1)
            due_on = lead_on("A14", end, thresholds)
            yield ("A14", LEAD, ""), Deadline(due_on, end, "school_year", Volet.COORDINATION)
        if "S25" in wanted:
            year = school_year(agreed)
            if facts.school.level_year is not None:
                year = min(year, facts.school.level_year)
            if 1 <= year < MAXYEAR:
                start = date(year + 1, 9, 1)
                due_on = lead_on("S25", start, thresholds)
                yield ("S25", LEAD, ""), Deadline(due_on, start, "school_year", Volet.COORDINATION)
    if wanted & {"I10", "I11"} and (begun := clock_start(facts, last_exchange(facts))):
        yield from _around_summer(facts, begun[0], calendar, thresholds, wanted)


def _around_summer(
    facts: JourneyFacts, begun: date, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """I10: 30 days before the first day of the summer holidays, if no contact, appointment or action has a date in
    July or August of that year, planned or not; since that first day. Until something has.

    I11: first day of the school year + 15 without an exchange that day or later; since that first day.
    """
    if "I10" in wanted and (summer := summer_after(begun, calendar)):
        first = summer[0]
        july, august = date(first.year, 7, 1), date(first.year, 8, 31)
        if not _planned(facts, july, august):
            due_on = lead_on("I10", first, thresholds)
            yield ("I10", LEAD, ""), Deadline(due_on, first, "summer", Volet.COORDINATION)
    if "I11" in wanted and (start := school_start_after(begun, calendar)):
        due_on = overdue_on("I11", start, calendar, thresholds)
        yield ("I11", OVERDUE, ""), Deadline(due_on, start, "school_year", Volet.COORDINATION)


def _planned(facts: JourneyFacts, first: date, last: date) -> bool:
    return (
        any(first <= one.on <= last and one.status in (COMING, "HONORE") for one in facts.appointments)
        or any(first <= one.on <= last and one.outcome == "ABOUTI" for one in facts.contacts)
        or any(_covers(action, first, last) for action in facts.actions)
    )


def _covers(action: ActionFact, first: date, last: date) -> bool:
    """An action given up counts for nothing; one without a known end counts for its first day."""
    start = action.started_on or action.planned_start
    if start is None or action.status in ("ABANDONNEE", "SUSPENDUE"):
        return False
    end = action.ended_on or action.planned_end or start
    return start <= last and end >= first
