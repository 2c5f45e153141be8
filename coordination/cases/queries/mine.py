"""Which journeys are somebody's: followed, backed up, or taken over during an absence."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, or_, select

from coordination.cases.models import Journey
from coordination.cases.models_life import Leave
from coordination.privacy.actor import Actor


def followed_by(actor: Actor, today: date) -> ColumnElement[bool]:
    """The condition on `journey`, as the wall's `sync_journey_access` says it."""
    replaced = select(Leave.account_id).where(
        Leave.backup_id == actor.id, Leave.from_on <= today, Leave.until_on >= today
    )
    return or_(
        Journey.referent_id == actor.id,
        Journey.backup_id == actor.id,
        and_(Journey.backup_id.is_(None), Journey.referent_id.in_(replaced)),
    )
