"""School holidays of the Lille academy (zone B), and days counted without them.

Source: "Days" of the rules of deadlines. The dates come from the library vacances-scolaires-france; its
version is kept beside the stored deadlines, which are computed again after an update.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import version
from itertools import pairwise

from holidays import country_holidays
from vacances_scolaires_france import SchoolHolidayDates

LIBRARY = "vacances-scolaires-france"
ZONE = "B"

_FIRST, _LAST = date.min.toordinal(), date.max.toordinal()


def shift(day: date, days: int) -> date:
    """`day` moved by `days` calendar days, held between the first and the last date there is.

    A right that "ends" on 9999-12-31 is a way of writing "no end": it must not stop a computation.
    """
    return date.fromordinal(min(max(day.toordinal() + days, _FIRST), _LAST))


@cache
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(country_holidays("FR", years=year))


def is_public_holiday(day: date) -> bool:
    """True on a public holiday of France."""
    return day in _public_holidays(day.year)


@dataclass(frozen=True)
class Calendar:
    """Holidays as sorted, separate periods (first and last day included), and the library's version.

    `last_known` is the last day of school holidays that was published: after it every day counts.
    """

    version: str
    periods: tuple[tuple[date, date], ...]
    # Per period, its first and last day, the holidays before it (and, at the end, in all), and the rank of
    # its eve among counted days: a question is answered by bisection.
    _starts: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _before: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _counted: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        starts = tuple(first.toordinal() for first, _ in self.periods)
        ends = tuple(last.toordinal() for _, last in self.periods)
        if any(first > last for first, last in zip(starts, ends, strict=True)) or any(
            end >= start for end, start in zip(ends, starts[1:], strict=False)
        ):
            raise ValueError("periods must be sorted and separate")
        before, total = [0], 0
        for first, last in zip(starts, ends, strict=True):
            total += last - first + 1
            before.append(total)
        object.__setattr__(self, "_starts", starts)
        object.__setattr__(self, "_ends", ends)
        object.__setattr__(self, "_before", tuple(before))
        counted = tuple(first - 1 - gone for first, gone in zip(starts, before, strict=False))
        object.__setattr__(self, "_counted", counted)

    @classmethod
    def of(cls, holidays: Iterable[date], version: str) -> Calendar:
        """A calendar from single days, in any order."""
        ordinals = sorted({day.toordinal() for day in holidays})
        firsts = ordinals[:1] + [day for before, day in pairwise(ordinals) if day - before > 1]
        lasts = [before for before, day in pairwise(ordinals) if day - before > 1] + ordinals[-1:]
        periods = zip(map(date.fromordinal, firsts), map(date.fromordinal, lasts), strict=True)
        return cls(version, tuple(periods))

    @classmethod
    @cache
    def load(cls) -> Calendar:
        """The installed library's calendar, read once (a fifth of a second)."""
        library = SchoolHolidayDates()
        years = range(library.min_year, library.max_year + 1)
        holidays = (day for year in years for day in library.holidays_for_year_and_zone(year, ZONE))
        return cls.of(holidays, version(LIBRARY))

    @property
    def last_known(self) -> date:
        """Last published day of school holidays; `date.min` if none is known."""
        return self.periods[-1][1] if self.periods else date.min

    def is_school_holiday(self, day: date) -> bool:
        ordinal = day.toordinal()
        period = bisect_right(self._starts, ordinal) - 1
        return period >= 0 and ordinal <= self._ends[period]

    def counted_days_after(self, start: date, n: int, holidays: bool) -> date:
        """First date on which `n` counted days have passed after `start`, which is day 0.

        With `holidays`, only days outside school holidays are counted, else every day. `n` = 0 gives `start`.
        """
        if not holidays or n <= 0:
            return shift(start, n)
        ordinal = start.toordinal()
        # The rank of a counted day is its ordinal less the holidays before it.
        period = bisect_right(self._starts, ordinal)
        gone = self._before[period]
        if period and ordinal < self._ends[period - 1]:
            gone -= self._ends[period - 1] - ordinal
        rank = ordinal - gone + n
        # The day of that rank lies after each period whose eve has a smaller rank.
        passed = self._before[bisect_right(self._counted, rank - 1)]
        return date.fromordinal(min(rank + passed, _LAST))
