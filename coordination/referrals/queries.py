"""Reads of referrals: what the rules need."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import aliased

from coordination.db import among, db
from coordination.referrals.facts import ReferralFact
from coordination.referrals.models import Referral


def referral_facts(journey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[ReferralFact]]:
    """Referrals of each journey, as the rules read them."""
    earlier = aliased(Referral)
    rows = db.session.execute(
        select(
            Referral.journey_id,
            Referral.id,
            Referral.key,
            Referral.sent_on,
            Referral.seen_on,
            Referral.accepted_on,
            Referral.refused_on,
            Referral.first_action_on,
            Referral.status,
            earlier.key,
        )
        .outerjoin(earlier, earlier.id == Referral.follows_id)
        .where(among(Referral.journey_id, journey_ids))
    )
    found: dict[uuid.UUID, list[ReferralFact]] = defaultdict(list)
    for journey_id, row_id, *rest in rows:
        found[journey_id].append(ReferralFact(str(row_id), *rest))
    return found
