"""The parental agreement refused or withdrawn: A14 (PRE)."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"A14"})

_BECAUSE = {"REFUS": "agreement_refused", "RETIRE": "agreement_withdrawn"}


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """The date of REFUS or RETIRE, until SIGNE again."""
    because = _BECAUSE.get(facts.agreement_status or "")
    if "A14" in wanted and because and facts.agreement_on is not None:
        due_on = overdue_on("A14", facts.agreement_on, calendar, thresholds)
        yield ("A14", OVERDUE, ""), Deadline(due_on, facts.agreement_on, because, Volet.COORDINATION)
