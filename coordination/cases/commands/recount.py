"""Taking up a new threshold: the journeys that wait for it are counted again, a few at a time."""

from __future__ import annotations

import time
from datetime import datetime

from sqlalchemy import select

from coordination.alerts.models_thresholds import RecomputeQueue
from coordination.alerts.sources import recount
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import work

BATCH = 50
FACT = "seuil d'alerte modifié"
# How long a page may take for it: the rest comes with the next one, or with the operator's command.
SECONDS = 2.0


def recount_some(actor: Actor, now: datetime, seconds: float = SECONDS) -> int:
    """Count again journeys that wait, each batch a short transaction of its own, for about `seconds`; how many.

    Those that the actor does not write in are left to who does. Raises Forbidden.
    """
    started, done = time.perf_counter(), 0
    while True:
        counted, waiting = _batch(actor, now)
        done += counted
        # Nothing left, or nothing that this actor may take up.
        if not counted or waiting == counted or time.perf_counter() - started > seconds:
            return done


def _batch(actor: Actor, now: datetime) -> tuple[int, int]:
    """(how many were counted again, how many waited)."""
    with work(actor, Action.SET_THRESHOLDS, now) as w:
        grant = w.require()
        ids = list(
            db.session.scalars(
                select(RecomputeQueue.journey_id).order_by(RecomputeQueue.since, RecomputeQueue.journey_id)
            )
        )
        mine = ids[:BATCH]
        if mine:
            recount(grant, mine, paris_date(now), FACT)
        w.audit(grant, [f"parcours={len(mine)}"])
        left = db.session.scalars(select(RecomputeQueue.journey_id)).all()
    return len(ids) - len(left), len(ids)
