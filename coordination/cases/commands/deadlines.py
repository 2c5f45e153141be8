"""Keeping a journey's deadlines in step with the facts just changed, in the same work."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.in_force import schedules
from coordination.alerts.reconcile import reconcile
from coordination.alerts.settings import over_time
from coordination.cases.queries.facts import EVERYTHING, journey_facts
from coordination.cases.rules import GROUPS, deadlines
from coordination.privacy.policy import Grant

# The facts that the rules of each group read, beside the journey itself.
_READS = {
    "contacts": ("contacts", "appointments", "pauses", "scheme"),
    "appointments": ("contacts", "appointments", "pauses", "scheme"),
    "pauses": ("contacts", "appointments", "pauses", "scheme"),
}


def follow(grant: Grant, journey_id: uuid.UUID, changed: str, today: date, fact: str) -> int:
    """Recompute what depends on the `changed` group of facts (a key of GROUPS); how many deadlines moved.

    A change of the journey itself (agreement, stage, exit) touches every feature: see `alerts.sources`.
    """
    rules = GROUPS[changed]
    groups: Collection[str] = _READS.get(changed, EVERYTHING)
    facts = journey_facts(grant, [journey_id], groups)[journey_id]
    ((_, schedule),) = schedules([journey_id])
    wanted = over_time(schedule, lambda thresholds: deadlines(facts, Calendar.load(), thresholds, rules))
    return reconcile(rules, {journey_id: wanted}, today, fact)
