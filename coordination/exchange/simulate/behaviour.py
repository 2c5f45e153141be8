"""How people behave in time: rhythm of exchanges, holidays, delays, care taken with data entry.

Nothing here knows an alert rule. Quantities are calendar days unless a docstring says otherwise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from vacances_scolaires_france import SchoolHolidayDates

from coordination.alerts.calendar import ZONE, is_public_holiday

# Share of an ordinary day's meetings that take place on a day of school holidays: families travel,
# schools are closed and staff take leave; adults are met nearly as usual except in August.
HOLIDAY_PACE = {"PRE": 0.4, "CITE_EMPLOI": 0.85}
AUGUST_PACE = {"PRE": 0.3, "CITE_EMPLOI": 0.6}


class Calendar:
    """Working days, school holidays of zone B, and the pace of meetings on each day."""

    def __init__(self, first: date, last: date) -> None:
        known = SchoolHolidayDates()
        self._school: frozenset[date] = frozenset(
            day for day in known.data if known.is_holiday_for_zone(day, ZONE)
        )

    def is_school_holiday(self, day: date) -> bool:
        """True on a day of the school holidays (false after the library's last known date)."""
        return day in self._school

    def working(self, day: date) -> date:
        """`day` if it is worked, else the next worked day."""
        while day.weekday() > 4 or is_public_holiday(day):
            day += timedelta(days=1)
        return day

    def working_before(self, day: date) -> date:
        """`day` if it is worked, else the last worked day before it."""
        while day.weekday() > 4 or is_public_holiday(day):
            day -= timedelta(days=1)
        return day

    def worked_between(self, day: date, first: date, last: date) -> date:
        """The worked day nearest before `day`, or else after `first`; `last` where none lies between."""
        found = self.working_before(min(day, last))
        return found if found >= first else min(self.working(first), last)

    def pace(self, day: date, programme: str) -> float:
        """Meetings held on `day` as a share of an ordinary day's."""
        if day.month == 8:
            return AUGUST_PACE[programme]
        return HOLIDAY_PACE[programme] if day in self._school else 1.0

    def advance(self, day: date, amount: float, programme: str) -> date:
        """The worked day on which `amount` ordinary days' worth of time has passed after `day`."""
        left = amount
        while left > 0:
            day += timedelta(days=1)
            left -= self.pace(day, programme)
        return self.working(day)


@dataclass(frozen=True)
class WorkStyle:
    """How a professional keeps their rhythm and their files; shares are between 0 and 1."""

    regularity: float  # shape of the gamma law of the gaps: 2 is loose, 4 is regular
    missing: float  # share of exchanges never written down
    late: float  # share written down later, under the date of the entry
    wrong: float  # share written down with a wrong outcome
    untidy: float  # share of past appointments whose status is never filled in


def draw_style(rng: Random) -> WorkStyle:
    """A professional, from the most careful to the most stretched."""
    return WorkStyle(
        regularity=rng.uniform(2.0, 3.6),
        missing=rng.uniform(0.01, 0.08),
        late=rng.uniform(0.03, 0.16),
        wrong=rng.uniform(0.002, 0.02),
        untidy=rng.uniform(0.01, 0.09),
    )


def with_perfect_entry(style: WorkStyle) -> WorkStyle:
    """The same rhythm, and everything written down, on its day and right."""
    return replace(style, missing=0.0, late=0.0, wrong=0.0, untidy=0.0)


def delay(rng: Random, median: float, spread: float = 0.55) -> int:
    """A partner's or a service's delay in days: log-normal, never negative."""
    return round(rng.lognormvariate(math.log(max(median, 0.5)), spread))


def days(count: float) -> timedelta:
    """`count` days, rounded."""
    return timedelta(days=round(count))


def month_start(day: date, months_back: int) -> date:
    """The same day `months_back` months earlier, or the first of that month where it has no such day."""
    index = day.year * 12 + day.month - 1 - months_back
    year, month = divmod(index, 12)
    try:
        return date(year, month + 1, day.day)
    except ValueError:
        return date(year, month + 1, 1)


def birthday(birth: date, age: int) -> date:
    """The day somebody turns `age` (29 February: 1 March)."""
    try:
        return birth.replace(year=birth.year + age)
    except ValueError:
        return date(birth.year + age, 3, 1)
