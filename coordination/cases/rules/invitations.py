"""A17 (Cité): an invitation without an answer."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"A17"})


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """Per invitation: sent_on + 10 days, until its answer is noted."""
    for invitation in facts.invitations:
        if invitation.answered_on is None:
            due_on = overdue_on("A17", invitation.sent_on, calendar, thresholds)
            yield (
                ("A17", OVERDUE, invitation.id),
                Deadline(due_on, invitation.sent_on, "invitation", Volet.COORDINATION),
            )
