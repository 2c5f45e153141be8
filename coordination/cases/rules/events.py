"""Events to answer: S19 and I12 (Cité), S21 and S24 (all), S22 (PRE); being without a solution: T26, T27 (Cité)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULE_OF_KIND: Mapping[str, str] = MappingProxyType(
    {
        "SANCTION_REVENU": "S19",
        "DEMENAGEMENT": "S21",
        "EXPULSION_RELOGEMENT": "S24",
        "EVENEMENT_VIE": "I12",
        "CHANGEMENT_ETABLISSEMENT": "S22",
    }
)
WITHOUT_SOLUTION = ("T26", "T27")
RULES = frozenset(RULE_OF_KIND.values()).union(WITHOUT_SOLUTION)


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """One per event, until it is handled: on its own date; S22 seven days after, when the new school should have
    been called, in the volet of school. "Handled" is what tells that the new school was called.

    T26, T27: the latest SITUATION_SANS_SOLUTION + 30, + 90, until a FIN_SANS_SOLUTION of that day or later. Of
    several on one day, the smallest id; `handled_on` of these two kinds is not read.
    """
    for event in facts.events:
        rule = RULE_OF_KIND.get(event.kind)
        if rule in wanted and rule is not None and event.handled_on is None:
            due_on = overdue_on(rule, event.on, calendar, thresholds)
            volet = Volet.SCOLARITE if rule == "S22" else Volet.COORDINATION
            yield (rule, OVERDUE, event.id), Deadline(due_on, event.on, "event", volet)
    if wanted.isdisjoint(WITHOUT_SOLUTION):
        return
    begun = [event for event in facts.events if event.kind == "SITUATION_SANS_SOLUTION"]
    if begun:
        since = max(event.on for event in begun)
        if not any(one.kind == "FIN_SANS_SOLUTION" and one.on >= since for one in facts.events):
            subject = min(event.id for event in begun if event.on == since)
            for rule in WITHOUT_SOLUTION:
                if rule in wanted:
                    due_on = overdue_on(rule, since, calendar, thresholds)
                    yield (rule, OVERDUE, subject), Deadline(due_on, since, "event", Volet.COORDINATION)
