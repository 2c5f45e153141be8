"""The last exchange of journeys (source: "Words" of the domain's deadlines)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, select

from coordination.db import db, many
from coordination.privacy.models import Folder

_LATEST = (
    select(Folder.journey_id, func.max(Folder.heard_on))
    .where(Folder.journey_id == many("ids"), Folder.heard_on.is_not(None))
    .group_by(Folder.journey_id)
)


def last_exchanges(journey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    """Date of the latest exchange of each journey: a contact ABOUTI not by a third party, or a kept appointment.

    In the volets that the actor sees. Of every visible journey at once: see `silence`.
    """
    rows = db.session.execute(_LATEST, {"ids": list(journey_ids)})
    return {journey_id: day for journey_id, day in rows if day}
