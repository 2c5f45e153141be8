"""Whether the daily analysis still runs: read once a minute by each process, never once a page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from coordination.accounts.queries import read_once
from coordination.clock import LATE_AFTER
from coordination.privacy.actor import Actor
from coordination.web import current

LAST_SCAN = text("SELECT max(finished_at) AS at FROM scan_run")
FRESH_SECONDS = 60.0
COORDINATORS = ("COORD_PRE", "COORD_CITE")
TOLD = ("ADMIN", *COORDINATORS)


@dataclass
class _Known:
    """When the last scan ended, as far as this process knows, and when it last asked."""

    last: datetime | None = None
    asked_at: float = float("-inf")


def late_since(actor: Actor) -> datetime | None:
    """For who administers or coordinates: the last scan, if it is more than 26 hours ago; else None.

    Before the very first scan nothing is late: the installation is being made.
    """
    last = _last_scan() if actor.has(*TOLD) else None
    return last if last is not None and current.now() - last > LATE_AFTER else None


def never_scanned(actor: Actor) -> bool:
    """For who coordinates: no scan has ever been made, so that an empty list of alerts says nothing."""
    if not actor.has(*COORDINATORS):
        return False
    return _last_scan() is None


def _last_scan() -> datetime | None:
    known: _Known = current_app.extensions.setdefault("last_scan", _Known())
    moment = time.monotonic()
    if moment - known.asked_at >= FRESH_SECONDS:
        known.asked_at = moment
        try:
            known.last = read_once(LAST_SCAN)[0].at
        except SQLAlchemyError:
            # The page itself will say that the database is away.
            return known.last
    return known.last
