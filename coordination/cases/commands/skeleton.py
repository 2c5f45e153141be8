"""Changing the skeleton of a journey: its dates, stage and people in clear, without erasing what they were."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update

from coordination.cases.models import Journey
from coordination.db import db
from coordination.privacy.access import folder_of
from coordination.privacy.records import EditConflict, by_oneself, keep_revision
from coordination.privacy.volets import Volet
from coordination.privacy.work import Work


def change_journey(w: Work, journey_id: uuid.UUID, version: int, **values: Any) -> list[str]:
    """Write fields of the journey if nobody did meanwhile; the names of those that changed.

    Raises EditConflict with the columns that differ. The version grows even when nothing differs, so that what
    else is written in the same work has its own; each has its revision, which tells whose it is.
    """
    columns = [Journey.__table__.c[name] for name in values]
    before = (
        db.session.execute(
            select(Journey.version, *columns).where(Journey.id == journey_id).with_for_update(key_share=True)
        )
        .mappings()
        .one()
    )
    changed = [name for name in values if before[name] != values[name]]
    if before["version"] != version:
        theirs = {name: before[name] for name in changed}
        own = by_oneself(w, Journey, journey_id, before["version"] - version)
        raise EditConflict(theirs, {name: values[name] for name in changed}, before["version"], own=own)
    remember_journey(w, journey_id, {name: before[name] for name in changed})
    db.session.execute(
        update(Journey)
        .where(Journey.id == journey_id, Journey.version == version)
        .values(**values, version=version + 1)
    )
    return changed


def remember_journey(w: Work, journey_id: uuid.UUID, said: Mapping[str, Any]) -> None:
    """Keep what fields of the journey said before a version that changes them."""
    place = {"id": journey_id, "journey_id": journey_id}
    row = {**place, "folder_id": folder_of(journey_id, Volet.COORDINATION)}
    keep_revision(w, Journey, row, said)
