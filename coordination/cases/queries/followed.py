"""« Mes parcours »: the files that a person follows or backs up, by name."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import not_, select

from coordination.cases.models import Journey
from coordination.cases.queries.listing import PAGE, JourneyLine, lines
from coordination.cases.queries.mine import followed_by
from coordination.cases.queries.people import people
from coordination.cases.queries.search import fold
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant


@dataclass(frozen=True)
class Followed:
    """A page of the files; `backing` are those that the person only backs up."""

    lines: tuple[JourneyLine, ...]
    backing: frozenset[uuid.UUID]
    total: int
    page: int
    pages: int


def my_journeys(grant: Grant, actor: Actor, today: date, page: int = 1, *, exited: bool = False) -> Followed:
    """The active (or ended) journeys of the actor, in the order of their names. A fixed number of statements."""
    wanted = not_(Journey.runs) if exited else Journey.runs
    rows = db.session.execute(
        select(Journey.id, Journey.referent_id).where(followed_by(actor, today), wanted)
    ).all()
    # Names are sealed: no index can sort them, memory does.
    named = people(grant, [row.id for row in rows]) if rows else {}
    order = sorted(named.values(), key=lambda p: (fold(p.last_name), fold(p.first_name), p.ref))
    pages = max(1, -(-len(order) // PAGE))
    page = min(max(page, 1), pages)
    shown = [person.journey_id for person in order[(page - 1) * PAGE : page * PAGE]]
    backing = frozenset(row.id for row in rows if row.referent_id != actor.id)
    return Followed(lines(grant, today, shown), backing, len(order), page, pages)
