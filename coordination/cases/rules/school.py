"""School (PRE): half-days of absence (A06, A07, off unless the territory wants them), changes of cycle (S02 to
S04), no place known on 1 September (S05)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, date
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.catalogue import rules as catalogue
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.facts import JourneyFacts, SchoolAbsenceFact
from coordination.cases.rules.seasons import school_year
from coordination.privacy.volets import Volet

LEVEL_OF_RULE: Mapping[str, frozenset[str]] = MappingProxyType(
    {"S02": frozenset({"GS"}), "S03": frozenset({"CM2"}), "S04": frozenset({"3E", "3E_PM"})}
)
ABSENCES = frozenset({"A06", "A07"})
RULES = ABSENCES | frozenset({*LEVEL_OF_RULE, "S05"})

FROM_AGE, BELOW_AGE = 15, 18


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """S02 (GS), S03 (CM2), S04 (3E, 3E_PM): 1 September that ends the school year of the level, less 120, 150, 180
    days; since that 1 September; until the level changes. The school year is the one for which the level was
    noted; where that is not known, as in a bundle, the one of the agreement, with which a level is asked for.

    S05: the first 1 September, from that of the year in which the journey began (who comes in the autumn without a
    school has missed it already), on which the person is 15, 16 or 17 (counted from the first day of the month of
    birth) while no school is noted; due and since that day; until a school is noted. A renewed agreement moves
    nothing.

    A06, A07: see `_absences`.
    """
    if wanted & ABSENCES:
        yield from _absences(facts, wanted)
    school = facts.school
    if school.level is not None:
        for rule, levels in LEVEL_OF_RULE.items():
            if rule in wanted and school.level in levels and (since := _end_of_level(facts)):
                due_on = lead_on(rule, since, thresholds)
                yield (rule, LEAD, ""), Deadline(due_on, since, "school_year", Volet.SCOLARITE)
    if "S05" in wanted and not school.has_school and (september := _first_september(facts)):
        due_on = overdue_on("S05", september, calendar, thresholds)
        yield ("S05", OVERDUE, ""), Deadline(due_on, september, "school_year", Volet.SCOLARITE)


def _end_of_level(facts: JourneyFacts) -> date | None:
    year = facts.school.level_year
    if year is None:
        if facts.agreement_on is None:
            return None
        year = school_year(facts.agreement_on)
    return date(year + 1, 9, 1) if 0 <= year < MAXYEAR else None


def _first_september(facts: JourneyFacts) -> date | None:
    born, began = facts.birth_date, facts.opened_on or facts.agreement_on
    if born is None or began is None or born.year + BELOW_AGE > MAXYEAR:
        return None
    of_age = date(born.year + FROM_AGE, born.month, 1)
    too_old = date(born.year + BELOW_AGE, born.month, 1)
    september = date(began.year, 9, 1)
    if september < of_age:
        september = date(of_age.year + (of_age.month > 9), 9, 1)
    return september if september < too_old else None


def _absences(facts: JourneyFacts, wanted: frozenset[str]) -> Iterator[tuple[Key, Deadline]]:
    """A06, A07: the day of the line that brings the half-days of its calendar month to 4, to 10; of several months,
    the latest.

    It goes out on the first day of the month after next: the scan of that day closes it, and the facts no longer
    tell of such a month (migration 0028); so does the first writing on or after that day.
    """
    of_month: dict[tuple[int, int], list[SchoolAbsenceFact]] = defaultdict(list)
    for absence in facts.school_absences:
        of_month[absence.on.year, absence.on.month].append(absence)
    for rule in ABSENCES & wanted:
        limit = catalogue()[rule].threshold_count or 0
        reached = [day for lines in of_month.values() if (day := _reaches(lines, limit))]
        if reached:
            since = max(reached)
            if facts.written_on is None or facts.written_on < _month_after_next(since):
                yield (rule, OVERDUE, ""), Deadline(since, since, "school_absences", Volet.SCOLARITE)


def _reaches(lines: list[SchoolAbsenceFact], limit: int) -> date | None:
    total = 0
    for line in sorted(lines, key=lambda one: one.on):
        total += line.half_days
        if total >= limit:
            return line.on
    return None


def _month_after_next(day: date) -> date:
    months = day.year * 12 + day.month - 1 + 2
    return date(min(months // 12, MAXYEAR), months % 12 + 1, 1)
