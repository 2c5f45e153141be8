"""Birthdays that change rights or services: S01 and S06 (PRE), S07 (all), S08 and S09 (Cité)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, date
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, Deadline, Key, lead_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

AGES: Mapping[str, int] = MappingProxyType({"S01": 3, "S06": 16, "S07": 18, "S08": 25, "S09": 26})
RULES = frozenset(AGES)


def birthday(birth_date: date, age: int) -> date:
    """The day of that age; 1 March for who was born on a 29 February that the year does not have."""
    year = birth_date.year + age
    try:
        return birth_date.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """First day of the month of (first day of the birthday's month − lead), for birthdays after the opening.

    `since` is the same first of a month, never a birthday: dates in clear tell no more than a month.
    An unknown birth or opening date leaves the rule without answer. `calendar` is not needed here.
    """
    born, opened = facts.birth_date, facts.opened_on
    if born is None or opened is None:
        return
    for rule, age in AGES.items():
        if rule in wanted and born.year + age <= MAXYEAR and birthday(born, age) > opened:
            base = date(born.year + age, born.month, 1)
            due_on = lead_on(rule, base, thresholds).replace(day=1)
            volet = Volet.SCOLARITE if rule == "S01" else Volet.COORDINATION
            yield (rule, LEAD, ""), Deadline(due_on, due_on, "age", volet)
