"""The date that an announcement (kind `lead`) looks forward to. Its `since` is that date for most rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coordination.alerts.calendar import shift
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, lead_on

AGES = frozenset({"S01", "S06", "S07", "S08", "S09", "S20"})
FROM_FACT = frozenset({"T09", "T10", "T11", "T22", "T31", "T32", "S14", "S26"})
"""Announced before the end of a delay that began with their fact: `since` is the fact."""


@dataclass(frozen=True)
class Target:
    """A day; or, for an age, the months that the first day of its alert may stand for (one, seldom two)."""

    day: date | None = None
    months: tuple[date, ...] = ()


def since_is_target(rule: str, kind: str) -> bool:
    return kind == LEAD and rule not in AGES | FROM_FACT


def target_of(rule: str, kind: str, since: date, thresholds: Thresholds) -> Target | None:
    """None where nothing is announced, or where a new setting no longer tells."""
    if kind != LEAD:
        return None
    if rule in AGES:
        months = months_of_age(rule, since, thresholds)
        return Target(months=months) if months else None
    if rule in FROM_FACT:
        # None of these delays pauses on school holidays.
        return Target(shift(since, thresholds.threshold(rule)))
    return Target(since)


def months_of_age(rule: str, since: date, thresholds: Thresholds) -> tuple[date, ...]:
    """First days of the months whose alert opens on `since`; the day of birth is known to no alert.

    Two at most: counted back and brought to the first of a month, a long and a short month can meet.
    """
    earliest = shift(since, thresholds.lead(rule)).replace(day=1)
    months = (earliest, _next_month(earliest), _next_month(_next_month(earliest)))
    return tuple(m for m in dict.fromkeys(months) if lead_on(rule, m, thresholds).replace(day=1) == since)


def _next_month(first: date) -> date:
    return shift(first, 31).replace(day=1)
