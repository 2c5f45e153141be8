"""Interruptions: pause without end (I01), end near (I02) or past (I03), long pause (I04 PRE, I05 Cité)."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"I01", "I02", "I03", "I04", "I05"})


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """Per open pause (no return noted), whatever the others are.

    I01: `from`, where no return is expected. I02: 14 days before the expected return, not before `from`.
    I03: expected return + 7. I04, I05: `from` + 60, + 90, with or without an expected return.
    """
    for pause in facts.pauses:
        if pause.returned_on is not None:
            continue
        began, expected = pause.from_on, pause.expected_return
        if expected is None:
            if "I01" in wanted:
                due_on = overdue_on("I01", began, calendar, thresholds)
                yield ("I01", OVERDUE, pause.id), Deadline(due_on, began, "pause", Volet.COORDINATION)
        else:
            if "I02" in wanted:
                due_on = max(began, lead_on("I02", expected, thresholds))
                yield (
                    ("I02", LEAD, pause.id),
                    Deadline(due_on, expected, "expected_return", Volet.COORDINATION),
                )
            if "I03" in wanted:
                due_on = overdue_on("I03", expected, calendar, thresholds)
                yield (
                    ("I03", OVERDUE, pause.id),
                    Deadline(due_on, expected, "expected_return", Volet.COORDINATION),
                )
        for rule in ("I04", "I05"):
            if rule in wanted:
                due_on = overdue_on(rule, began, calendar, thresholds)
                yield (rule, OVERDUE, pause.id), Deadline(due_on, began, "pause", Volet.COORDINATION)
