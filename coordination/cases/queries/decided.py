"""What the weekly review decided of a journey, for the page of that journey."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import bindparam, select

from coordination.accounts.models import Account
from coordination.cases.models import Journey
from coordination.cases.models_review import WeekDecision
from coordination.cases.queries.week_review import CITE_LABELS, LABELS, Earlier
from coordination.cases.stages import FROZEN
from coordination.db import db

# How long the page says what a review decided.
TOLD_FOR = timedelta(days=28)

_DECISIONS = (
    select(
        WeekDecision.on_date,
        WeekDecision.decision,
        WeekDecision.settled_on,
        Account.display_name,
        Journey.programme,
        Journey.agreement_status,
        Journey.runs.label("runs"),
    )
    .join(Journey, Journey.id == WeekDecision.journey_id)
    .outerjoin(Account, Account.id == WeekDecision.by_id)
    .where(
        WeekDecision.journey_id == bindparam("journey_id"),
        (WeekDecision.on_date > bindparam("old")) | (WeekDecision.decision == "EPS"),
    )
    .order_by(WeekDecision.week.desc())
)


@dataclass(frozen=True)
class Decided:
    """`last`: what the last review decided, None once it is old or the journey ended.

    `wish`: since when the journey waits for the next EPS (or meeting of the Cité), and how that is called.
    """

    last: Earlier | None = None
    wish: tuple[date, str] | None = None


def decided(journey_id: uuid.UUID, today: date) -> Decided:
    """What the reviews decided of a journey, for whoever follows it. One statement."""
    old = today - TOLD_FOR
    rows = db.session.execute(_DECISIONS, {"journey_id": journey_id, "old": old}).all()
    # Of an ended journey nothing is left to do.
    recent = [row for row in rows if row.on_date > old and row.runs]
    wishes = [
        row
        for row in rows
        # Once the agreement is refused or withdrawn nothing is brought before others.
        if row.decision == "EPS" and row.settled_on is None and row.agreement_status not in FROZEN
    ]
    last = None
    if recent:
        labels = LABELS if recent[0].programme == "PRE" else CITE_LABELS
        last = Earlier(recent[0].on_date, labels[recent[0].decision], recent[0].display_name or "")
    if not wishes:
        return Decided(last)
    first = min(wishes, key=lambda row: row.on_date)
    return Decided(
        last,
        (first.on_date, "de la prochaine EPS" if first.programme == "PRE" else "de la prochaine réunion"),
    )
