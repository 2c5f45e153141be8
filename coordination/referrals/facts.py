"""What the rules read of a referral: dates, status, and the one it replaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ReferralFact:
    """`follows`: key of the referral of the same journey that this one replaces, if any."""

    id: str
    key: str
    sent_on: date | None = None
    seen_on: date | None = None
    accepted_on: date | None = None
    refused_on: date | None = None
    first_action_on: date | None = None
    status: str | None = None
    follows: str | None = None
