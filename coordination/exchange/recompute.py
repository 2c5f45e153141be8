"""Every deadline from scratch, with all rules of all features; walks the territory as the operator, in batches."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text

from coordination import clock
from coordination.alerts.sources import recount
from coordination.db import act_as, db
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import refuse_unless_allowed, work

BATCH = 200


class JourneyName(NamedTuple):
    id: uuid.UUID
    ref: str
    programme: str


def territory(actor: Actor) -> list[JourneyName]:
    """Id, reference and programme of every journey, for the operator."""
    act_as(db.session, actor.id)
    rows = db.session.execute(text("SELECT id, ref, programme FROM operator_journeys()")).all()
    db.session.rollback()
    return [JourneyName(*row) for row in rows]


def batches(names: Sequence[JourneyName], size: int = BATCH) -> Iterator[list[uuid.UUID]]:
    for start in range(0, len(names), size):
        yield [name.id for name in names[start : start + size]]


def recompute(actor: Actor, now: datetime, today: date, *, pending: bool = False) -> dict[str, int]:
    """Recompute the whole territory, a short transaction per batch, so that pages are not blocked.

    `pending`: only the journeys that wait for a new threshold to be taken up. Raises Forbidden.
    """
    refuse_unless_allowed(actor, Action.RECOMPUTE, now)
    names = territory(actor)
    if pending:
        waiting = _pending(actor)
        names = [name for name in names if name.id in waiting]
    changed = 0
    for ids in batches(names):
        with work(actor, Action.RECOMPUTE, now) as w:
            grant = w.require()
            call("operator_access", ids)
            changed += recount(grant, ids, today, "recalcul des échéances")
            call("operator_access", [])
            w.audit(grant, [f"parcours={len(ids)}"])
    return {"journeys": len(names), "changed": changed}


def keep_up(actor: Actor) -> int:
    """Take up the journeys that wait for it, if there are any; how many."""
    if not _pending(actor):
        return 0
    return recompute(actor, clock.now(), clock.today(), pending=True)["journeys"]


def _pending(actor: Actor) -> frozenset[uuid.UUID]:
    act_as(db.session, actor.id)
    found = call("pending_journeys")
    db.session.rollback()
    return frozenset(found)
