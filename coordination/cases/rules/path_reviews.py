"""Reviews that a path of the Cité asks for: the social path of the RSA (S14), a long PLIE journey (T32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"S14", "T32"})
RECENT = timedelta(days=180)


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """S14: path SOCIAL, oriented_on + 150 (lead) and + 180, until a review held since the orientation.
    T32: scheme PLIE, entered_on + 670 (lead) and + 730; each date until a review held in the 180 days before it,
    or later.
    """
    held = [review.held_on for review in facts.reviews if review.held_on is not None]
    latest = max(held, default=date.min)
    since = facts.oriented_on
    if "S14" in wanted and facts.orientation_path == "SOCIAL" and since is not None and latest < since:
        target = overdue_on("S14", since, calendar, thresholds)
        for kind, day in ((LEAD, lead_on("S14", target, thresholds)), (OVERDUE, target)):
            yield ("S14", kind, ""), Deadline(day, since, "orientation", Volet.COORDINATION)
    since = facts.entered_on
    if "T32" in wanted and facts.scheme == "PLIE" and since is not None:
        target = overdue_on("T32", since, calendar, thresholds)
        for kind, day in ((LEAD, lead_on("T32", target, thresholds)), (OVERDUE, target)):
            if latest < day - RECENT:
                yield ("T32", kind, ""), Deadline(day, since, "entry", Volet.COORDINATION)
