"""The rules that `referrals` owns, for the application's list of rules."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.alerts.replay import Past
from coordination.alerts.sources import RuleSource
from coordination.cases.queries.facts import journey_facts
from coordination.privacy.policy import Grant
from coordination.referrals.queries import referral_facts
from coordination.referrals.replay import steps
from coordination.referrals.rules import REFERRAL_RULES, deadlines


def wanted(
    grant: Grant, journey_ids: Sequence[uuid.UUID], calendar: Calendar, thresholds: Thresholds
) -> dict[uuid.UUID, dict[Key, Deadline]]:
    gates = journey_facts(grant, journey_ids, ())
    referrals = referral_facts(journey_ids)
    return {
        journey_id: deadlines(gate, tuple(referrals.get(journey_id, ())), calendar, thresholds)
        for journey_id, gate in gates.items()
    }


def past(grant: Grant, journey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Past]:
    gates = journey_facts(grant, journey_ids, ())
    referrals = referral_facts(journey_ids)
    return {
        journey_id: steps(gate, tuple(referrals.get(journey_id, ()))) for journey_id, gate in gates.items()
    }


SOURCE = RuleSource(REFERRAL_RULES, wanted, past)
