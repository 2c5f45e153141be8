"""What the weekly review decided of a journey, for the page of that journey."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

from sqlalchemy import select

from coordination.accounts.models import Account
from coordination.cases.models import Journey
from coordination.cases.models_review import WeekDecision
from coordination.cases.queries.week_review import CITE_LABELS, LABELS, Earlier
from coordination.db import db

# How long the page says what a review decided.
TOLD_FOR = timedelta(days=28)


def last_decision(journey_id: uuid.UUID, today: date) -> Earlier | None:
    """What the last review decided of a journey, for whoever follows it; None once it is old. One statement."""
    row = db.session.execute(
        select(WeekDecision.on_date, WeekDecision.decision, Account.display_name, Journey.programme)
        .join(Journey, Journey.id == WeekDecision.journey_id)
        .outerjoin(Account, Account.id == WeekDecision.by_id)
        .where(WeekDecision.journey_id == journey_id, WeekDecision.on_date > today - TOLD_FOR)
        .order_by(WeekDecision.week.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    labels = LABELS if row.programme == "PRE" else CITE_LABELS
    return Earlier(row.on_date, labels[row.decision], row.display_name or "")


def wish_of(journey_id: uuid.UUID) -> tuple[date, str] | None:
    """Since when a journey waits for the next EPS (or meeting of the Cité), and how that is called."""
    row = db.session.execute(
        select(WeekDecision.on_date, Journey.programme)
        .join(Journey, Journey.id == WeekDecision.journey_id)
        .where(
            WeekDecision.journey_id == journey_id,
            WeekDecision.decision == "EPS",
            WeekDecision.settled_on.is_(None),
        )
        .order_by(WeekDecision.on_date)
        .limit(1)
    ).first()
    if row is None:
        return None
    return row.on_date, "du prochain EPS" if row.programme == "PRE" else "de la prochaine réunion"
