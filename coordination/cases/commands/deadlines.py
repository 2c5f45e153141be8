"""Keeping a journey's deadlines in step with the facts just changed, in the same work."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from functools import partial

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.alerts.in_force import schedules
from coordination.alerts.reconcile import reconcile
from coordination.alerts.settings import over_time
from coordination.cases.facts import JourneyFacts
from coordination.cases.queries.facts import EVERYTHING, journey_facts
from coordination.cases.rules import GROUPS, deadlines
from coordination.cases.rules.school import ABSENCES
from coordination.privacy.policy import Grant

# Any save is a writing: its own rules follow with every group.
_WRITING = ("pauses", "team")
# An exchange moves its clocks, and the day from which the decision to keep or erase a file counts.
_EXCHANGE = frozenset({"contacts", "appointments", "actions", "pauses", "scheme", "retention_decisions"})
# The facts that the rules of each group read, beside the journey itself; a group that is not here reads everything.
_READS: dict[str, frozenset[str]] = {
    "contacts": _EXCHANGE,
    "appointments": _EXCHANGE,
    "pauses": frozenset({"contacts", "appointments", "actions", "pauses", "scheme"}),
    "sessions": frozenset({"sessions", "actions"}),
    "barriers": frozenset({"barriers", "actions"}),
    "school": frozenset({"school", "birth_date"}),
    "team": frozenset(),
    "written_on": frozenset(),
    "invitations": frozenset({"invitations"}),
    "applications": frozenset({"applications"}),
    "children": frozenset({"children"}),
    "stay_decisions": frozenset({"stay_decisions"}),
    "follow_ups": frozenset({"follow_ups", "exit_reason"}),
    "retention_decisions": frozenset({"contacts", "appointments", "retention_decisions"}),
}


def follow(grant: Grant, journey_id: uuid.UUID, changed: str, today: date, fact: str) -> int:
    """As `follow_many`, for one journey."""
    return follow_many(grant, [journey_id], changed, today, fact)


def follow_many(
    grant: Grant,
    journey_ids: Sequence[uuid.UUID],
    changed: str,
    today: date,
    fact: str,
    *,
    writing: bool = True,
) -> int:
    """Recompute what depends on the `changed` group of facts (a key of GROUPS); how many deadlines moved.

    Something is written on the journeys (`writing`): that is noted too, with the rules that count from it.
    "written_on": where nothing else changes that a rule reads.
    A change of the journey itself (agreement, stage, exit) touches every feature: see `alerts.sources`.
    """
    rules = GROUPS[changed] | GROUPS["written_on"]
    scheduled = schedules(journey_ids)
    # What is off everywhere reads nothing; its deadlines, if some stood, go all the same.
    on = (
        rules.intersection(*(thresholds.off for _, schedule in scheduled for _, thresholds in schedule))
        ^ rules
    )
    groups = _READS.get(changed, EVERYTHING) | frozenset(_WRITING)
    if on & ABSENCES:
        groups |= {"school_absences"}
    facts = journey_facts(grant, journey_ids, groups, written_on=today if writing else None)
    wanted = {
        journey_id: over_time(schedule, partial(_of, facts[journey_id], rules))
        for members, schedule in scheduled
        for journey_id in members
        if journey_id in facts
    }
    return reconcile(rules, wanted, today, fact)


def _of(facts: JourneyFacts, rules: frozenset[str], thresholds: Thresholds) -> dict[Key, Deadline]:
    return deadlines(facts, Calendar.load(), thresholds, rules)
