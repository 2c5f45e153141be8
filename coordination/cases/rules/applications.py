"""T28 (Cité): an application to an employer of the IAE without an answer."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"T28"})


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """Per application: applied_on + 30 days, until its answer is noted. In the volet of employment, as the fact."""
    for application in facts.applications:
        if application.answered_on is None:
            due_on = overdue_on("T28", application.applied_on, calendar, thresholds)
            yield (
                ("T28", OVERDUE, application.id),
                Deadline(due_on, application.applied_on, "application", Volet.EMPLOI),
            )
