"""Taking up a new threshold: the journeys that wait for it are counted again, a few at a time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from datetime import datetime

from flask import current_app
from sqlalchemy import select

from coordination.alerts.models_thresholds import RecomputeQueue
from coordination.alerts.sources import recount
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.halves import Unread, in_halves
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work

BATCH = 50
FACT = "seuil d'alerte modifié"
# How long a page may take for it: the rest comes with the next one, or with the operator's command.
SECONDS = 2.0


def recount_some(actor: Actor, now: datetime, seconds: float = SECONDS) -> int:
    """Count again journeys that wait, each batch a short transaction of its own, for about `seconds`; how many.

    Those that the actor does not write in are left to who does, those that do not open go on waiting: the log says
    so. Raises Forbidden.
    """
    started, done, unread = time.perf_counter(), 0, Unread()
    while True:
        before = len(unread)
        counted, waiting = _batch(actor, now, unread)
        done += counted
        taken = counted + len(unread) - before
        # Nothing left, or nothing that this actor may take up.
        if not taken or waiting == taken or time.perf_counter() - started > seconds:
            break
    for journey_id, fault in unread.items():
        current_app.logger.error("Journey %s is not counted again: %s", journey_id, type(fault).__name__)
    return done


def _batch(actor: Actor, now: datetime, unread: Unread) -> tuple[int, int]:
    """(how many were counted again, how many waited), but for those in `unread`, to which it adds."""
    with work(actor, Action.SET_THRESHOLDS, now) as w:
        grant = w.require()
        ids = [id_ for id_ in _waiting() if id_ not in unread]
        mine = ids[:BATCH]
        # Everything is read before anything is written: a part that fails leaves nothing behind.
        closed = in_halves(mine, lambda part: _count(grant, part, now))
        unread |= closed
        w.audit(grant, [f"parcours={len(mine) - len(closed)}"])
        left = [id_ for id_ in _waiting() if id_ not in unread]
    return len(ids) - len(closed) - len(left), len(ids)


def _count(grant: Grant, journey_ids: Sequence[uuid.UUID], now: datetime) -> None:
    recount(grant, journey_ids, paris_date(now), FACT)


def _waiting() -> Sequence[uuid.UUID]:
    query = select(RecomputeQueue.journey_id).order_by(RecomputeQueue.since, RecomputeQueue.journey_id)
    return db.session.scalars(query).all()
