"""The journeys that somebody else just gave to who looks at their day."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import aliased

from coordination.accounts.models import Account
from coordination.cases.models import Contact, Journey
from coordination.cases.models_life import RELAY, Turn, changes_hands
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, open_result

TOLD_FOR = timedelta(days=14)


@dataclass(frozen=True)
class Received:
    """A journey that was just given. `by`: who gave it; `before`: who followed it until then, if anybody."""

    journey_id: uuid.UUID
    on: date
    by: str
    before: str
    note: str = field(repr=False)


def received(grant: Grant, actor: Actor, mine: Sequence[uuid.UUID], today: date) -> tuple[Received, ...]:
    """The latest first, until they noted an exchange or an attempt of their own. One statement.

    `mine`: the running journeys that the actor follows.
    """
    if not mine:
        return ()
    by, before = aliased(Account), aliased(Account)
    met = exists().where(
        Contact.journey_id == Turn.journey_id,
        Contact.author_id == actor.id,
        Contact.on_date >= Turn.on_date,
    )
    found = db.session.execute(
        select(
            *(Turn.id, Turn.journey_id, Turn.folder_id, Turn.on_date, Turn.by_id, Turn.__table__.c.note),
            by.display_name.label("by"),
            before.display_name.label("before"),
        )
        .join(Journey, Journey.id == Turn.journey_id)
        .join(by, by.id == Turn.by_id)
        .outerjoin(before, before.id == Turn.from_id)
        .where(
            among(Turn.journey_id, mine),
            Journey.referent_id == actor.id,
            Turn.kind == RELAY,
            Turn.to_id == actor.id,
            changes_hands(),
            Turn.on_date >= today - TOLD_FOR,
            ~met,
        )
        .ext(distinct_on(Turn.journey_id))
        .order_by(Turn.journey_id, Turn.position.desc())
    ).mappings()
    # What one took over oneself is no news.
    given = [Opened(row) for row in found if row["by_id"] != actor.id]
    rows = open_result(Turn, given, listed=True)
    return tuple(
        Received(row["journey_id"], row["on_date"], row["by"], row["before"] or "", row["note"] or "")
        for row in sorted(rows, key=lambda row: row["on_date"], reverse=True)
    )
