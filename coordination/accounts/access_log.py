"""Reads of the audit for the data protection officer: counts and refusals, ids only, no content."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import and_, func, not_, or_, select

from coordination.accounts.models import Account, Structure
from coordination.db import db
from coordination.privacy.models import AuditEntry
from coordination.privacy.policy import Action, Grant


@dataclass(frozen=True)
class ActionCount:
    action: str
    done: int
    refused: int


@dataclass(frozen=True)
class Refusal:
    """A refused action: opaque ids, the professional's name; `sought`: the kind of id it was tried by, or empty."""

    at: datetime
    who: str = field(repr=False)
    structure: str
    action: str
    journey_id: uuid.UUID | None
    sought: str = ""


def _microseconds(instant: datetime) -> int:
    return int(instant.timestamp()) * 1_000_000 + instant.microsecond


def count_actions(grant: Grant, since: datetime) -> list[ActionCount]:
    """How many actions of each kind were done and refused since an instant, most frequent first."""
    # A failed sign-in is written with its count of attempts, so its line is no refused work.
    failed = and_(AuditEntry.action == Action.SIGN_IN.value, AuditEntry.detail != "reussie")
    turned_away = or_(AuditEntry.result == "refus", failed)
    done = func.count().filter(not_(turned_away))
    refused = func.count().filter(turned_away)
    rows = db.session.execute(
        select(AuditEntry.action, done.label("done"), refused.label("refused"))
        .where(AuditEntry.at_us >= _microseconds(since))
        .group_by(AuditEntry.action)
        .order_by(func.count().desc(), AuditEntry.action)
    )
    return [ActionCount(row.action, row.done, row.refused) for row in rows]


def last_refusals(grant: Grant, since: datetime, limit: int = 50) -> list[Refusal]:
    """The latest refusals since an instant, newest first."""
    rows = db.session.execute(
        select(AuditEntry, Account.display_name, Structure.name)
        .outerjoin(Account, Account.id == AuditEntry.actor_id)
        .outerjoin(Structure, Structure.id == AuditEntry.structure_id)
        .where(AuditEntry.result == "refus", AuditEntry.at_us >= _microseconds(since))
        .order_by(AuditEntry.at_us.desc(), AuditEntry.sequence.desc())
        .limit(limit)
    )
    return [
        Refusal(
            datetime.fromtimestamp(entry.at_us / 1e6, UTC),
            who or "visiteur",
            structure or "–",
            entry.action,
            entry.journey_id,
            entry.detail.partition(",")[2].partition("=")[0],
        )
        for entry, who, structure in rows
    ]
