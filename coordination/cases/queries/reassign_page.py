"""The journeys among which a coordinator chooses those that change hands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from coordination.cases.models import Journey
from coordination.cases.queries.followers import MOST, Follower, able_pairs, followers, orphans
from coordination.cases.queries.listing import PAGE, JourneyLine, lines
from coordination.cases.queries.people import account_names
from coordination.cases.queries.relays import Away, uncovered
from coordination.cases.queries.running import Team, running
from coordination.clock import paris_date
from coordination.db import among, db, narrow
from coordination.errors import NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant


@dataclass(frozen=True)
class ReassignPage:
    """`versions`: what was read of each journey; `who` None: files that nobody follows.

    `away`: their absence without replacement: they come back, so a replacement may be what is needed.
    """

    lines: tuple[JourneyLine, ...]
    versions: dict[uuid.UUID, int]
    who: uuid.UUID | None
    name: str
    able: tuple[Follower, ...]
    total: int
    away: Away | None


def reassign_page(grant: Grant, actor: Actor, who: uuid.UUID | None, now: datetime) -> ReassignPage:
    """The active journeys of a référent (None: those without anybody able to follow). Raises NotFound."""
    able = followers(actor, now)
    active = select(Journey.id, Journey.version, Journey.referent_id, Journey.backup_id).where(Journey.runs)
    if who is None:
        lost, total = orphans(able, running(able_pairs(able), PAGE), now)
        ids = [orphan.journey_id for orphan in lost]
        narrow(ids)
        rows = db.session.execute(active.where(among(Journey.id, ids)).order_by(Journey.ref)).all()
        name = "Sans référent"
        gone: tuple[Away, ...] = ()
    else:
        rows = db.session.execute(active.where(Journey.referent_id == who).order_by(Journey.ref)).all()
        # Whoever follows nothing that the actor sees, and could not, does not exist here.
        names = {follower.id: follower.name for follower in able}
        if not rows and who not in names:
            raise NotFound("Cette personne n'existe pas, ou ne suit aucun de vos parcours.")
        name = names.get(who) or account_names({who}).get(who, "Compte supprimé")
        total = len(rows)
        gone = uncovered([Team(who, row.backup_id, "", None, 1) for row in rows], paris_date(now))
    shown = rows[:MOST]
    found = lines(grant, paris_date(now), [row.id for row in shown])
    versions = {row.id: row.version for row in shown}
    return ReassignPage(found, versions, who, name, tuple(able), total, next(iter(gone), None))
