"""What referrals add to the picture of a journey: a lane each, from sending to the first action."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from coordination import reference
from coordination.cases.picture.facts import Lane, Moment, Segment
from coordination.cases.queries.people import structure_names
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.referrals.models import Referral

_MARKS = (
    ("sent_on", "sent", "Orientation envoyée"),
    ("seen_on", "seen", "Orientation prise en compte"),
    ("accepted_on", "accepted", "Orientation acceptée"),
    ("refused_on", "refused", "Orientation refusée"),
    ("first_action_on", "begun", "Première action tenue"),
)
_OVER = ("TERMINEE", "ABANDONNEE", "EXPIREE", "NON_DEMARREE")


def referral_lanes(grant: Grant, journey_id: uuid.UUID) -> list[Lane]:
    """One lane per referral that the actor sees. No sealed column is needed."""
    table = Referral.__table__
    names = ("to_structure_id", "status", *(name for name, _, _ in _MARKS))
    rows = db.session.execute(
        select(*(table.c[name] for name in names))
        .where(Referral.journey_id == journey_id)
        .order_by(Referral.sent_on, Referral.position)
    ).all()
    structures = structure_names({row.to_structure_id for row in rows if row.to_structure_id})
    return [lane(row, structures.get(row.to_structure_id, "structure non renseignée")) for row in rows]


def lane(row: Any, to: str) -> Lane:
    """`row` has the dates of a referral and its status."""
    status = reference.label("referral_status", row.status).lower()
    marks = [
        Moment("referral", on, shape, f"{words} ({to})")
        for name, shape, words in _MARKS
        if (on := getattr(row, name))
    ]
    return Lane(
        "referral",
        f"{to} : {status}",
        f"Orientation vers {to} : {status}",
        tuple(_segments(row)),
        tuple(marks),
    )


def _segments(row: Any) -> Iterator[Segment]:
    """The wait for an answer, then the wait for the first action; what is over stops at its last date."""
    steps = (row.sent_on, row.seen_on, row.accepted_on, row.refused_on, row.first_action_on)
    latest = max((day for day in steps if day), default=None)
    over = row.status in _OVER
    answer = row.accepted_on or row.refused_on or row.first_action_on
    if row.sent_on:
        yield Segment(row.sent_on, answer or (latest if over else None), "waiting")
    if row.accepted_on:
        yield Segment(row.accepted_on, row.first_action_on or (latest if over else None), "accepted")
