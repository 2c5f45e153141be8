"""Events of life to answer the same day: S19 (Cité), S21 and S24 (all)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULE_OF_KIND: Mapping[str, str] = MappingProxyType(
    {"SANCTION_REVENU": "S19", "DEMENAGEMENT": "S21", "EXPULSION_RELOGEMENT": "S24"}
)
RULES = frozenset(RULE_OF_KIND.values())


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """One per event, on its own date, until it is handled."""
    for event in facts.events:
        rule = RULE_OF_KIND.get(event.kind)
        if rule in wanted and rule is not None and event.handled_on is None:
            due_on = overdue_on(rule, event.on, calendar, thresholds)
            yield (rule, OVERDUE, event.id), Deadline(due_on, event.on, "event", Volet.COORDINATION)
