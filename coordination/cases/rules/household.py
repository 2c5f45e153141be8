"""S20 (Cité): a child of the household reaches 3, 6 or 12 years, when childcare and its benefits change."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import MAXYEAR, date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, Deadline, Key, lead_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"S20"})
AGES = (3, 6, 12)


def subject_of(child_id: str, age: int) -> str:
    """One child has three birthdays: a subject of its own for each, which always comes out the same."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{child_id} {age}"))


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """Per child and age: first day of the month of (first day of the birthday's month − 90 days).

    Only for months of birthday after the opening, as for the ages of the person. `since` is the same first of a
    month, never a birthday. An unknown opening leaves the rule without answer.
    """
    opened = facts.opened_on
    if opened is None:
        return
    for child in facts.children:
        for age in AGES:
            if child.born_in.year + age > MAXYEAR:
                continue
            base = date(child.born_in.year + age, child.born_in.month, 1)
            if base > opened:
                due_on = lead_on("S20", base, thresholds).replace(day=1)
                yield (
                    ("S20", LEAD, subject_of(child.id, age)),
                    Deadline(due_on, due_on, "child_age", Volet.COORDINATION),
                )
