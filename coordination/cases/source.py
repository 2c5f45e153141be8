"""The rules that `cases` owns, for the application's list of rules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.alerts.replay import Past
from coordination.alerts.sources import RuleSource
from coordination.cases.queries.facts import journey_facts
from coordination.cases.replay import steps
from coordination.cases.rules import CASE_RULES, deadlines
from coordination.privacy.policy import Grant


def wanted(
    grant: Grant, journey_ids: Sequence[uuid.UUID], calendar: Calendar, thresholds: Thresholds
) -> dict[uuid.UUID, dict[Key, Deadline]]:
    facts = journey_facts(grant, journey_ids)
    return {journey_id: deadlines(one, calendar, thresholds) for journey_id, one in facts.items()}


def past(grant: Grant, journey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Past]:
    return {journey_id: steps(one) for journey_id, one in journey_facts(grant, journey_ids).items()}


SOURCE = RuleSource(CASE_RULES, wanted, past)
