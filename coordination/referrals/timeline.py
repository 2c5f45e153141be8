"""What referrals add to the timeline of a journey."""

from __future__ import annotations

import uuid

from coordination import reference
from coordination.cases.queries.people import structure_names
from coordination.cases.timeline import Entry, Source
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Read, open_journey_rows
from coordination.referrals.models import Referral

_STEPS = (
    ("sent_on", "Orientation envoyée"),
    ("seen_on", "Orientation prise en compte"),
    ("accepted_on", "Orientation acceptée"),
    ("refused_on", "Orientation refusée"),
    ("first_action_on", "Première action tenue"),
)
REFERRALS = Read(Referral, ("to_structure_id", "refusal_reason", *(name for name, _ in _STEPS)))


def referral_entries(grant: Grant, journey_id: uuid.UUID, programme: str) -> list[Entry]:
    """One entry per dated step of each referral."""
    rows = open_journey_rows(grant, journey_id, REFERRALS)
    structures = structure_names({row["to_structure_id"] for row in rows if row["to_structure_id"]})
    entries = []
    for row in rows:
        for name, title in _STEPS:
            if row[name]:
                reason = row["refusal_reason"] if name == "refused_on" else None
                detail = reference.label("referral_refusal_reason", reason) if reason else ""
                who = structures.get(row["to_structure_id"], "")
                entries.append(Entry(row[name], "referral", title, detail, who))
    return entries


SENT = Source((REFERRALS,), referral_entries)
