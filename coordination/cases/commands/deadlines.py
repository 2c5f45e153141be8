"""Keeping a journey's deadlines in step with the facts just changed, in the same work."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.reconcile import reconcile
from coordination.cases.queries.facts import EVERYTHING, journey_facts
from coordination.cases.rules import GROUPS, deadlines
from coordination.privacy.policy import Grant

# The facts that the rules of each group read, beside the journey itself.
_READS = {
    # The decision to keep or erase a file counts from the last exchange.
    "contacts": ("contacts", "appointments", "pauses", "scheme", "retention_decisions"),
    "appointments": ("contacts", "appointments", "pauses", "scheme", "retention_decisions"),
    "pauses": ("contacts", "appointments", "pauses", "scheme"),
    "invitations": ("invitations",),
    "applications": ("applications",),
    "children": ("children",),
    "follow_ups": ("follow_ups", "exit_reason"),
    "retention_decisions": ("contacts", "appointments", "retention_decisions"),
}


def follow(grant: Grant, journey_id: uuid.UUID, changed: str, today: date, fact: str) -> int:
    """Recompute what depends on the `changed` group of facts (a key of GROUPS); how many deadlines moved.

    A change of the journey itself (agreement, stage, exit) touches every feature: see `alerts.sources`.
    """
    rules = GROUPS[changed]
    groups: Collection[str] = _READS.get(changed, EVERYTHING)
    facts = journey_facts(grant, [journey_id], groups)
    wanted = {journey_id: deadlines(facts[journey_id], Calendar.load(), Thresholds.default(), rules)}
    return reconcile(rules, wanted, today, fact)
