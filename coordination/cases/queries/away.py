"""Who is away when, as the wall lets everybody ask."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, timedelta

from sqlalchemy import text

from coordination.db import db

# How long before, the board says an absence without replacement, or a role that ends: who arranges needs the time.
LEAVE_TOLD = timedelta(days=14)
WHO = text("SELECT * FROM who_is_away(CAST(:ids AS uuid[]), :first, :last)")


def away(ids: Collection[uuid.UUID], first: date, last: date) -> set[uuid.UUID]:
    """Those of these people who are away on some day from `first` to `last`. One statement at most."""
    if not ids:
        return set()
    return set(db.session.scalars(WHO, {"ids": list(ids), "first": first, "last": last}))
