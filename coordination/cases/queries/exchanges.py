"""The last exchange of journeys (source: "Words" of the domain's deadlines)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, func, select, union_all

from coordination.cases.models import Appointment, Contact
from coordination.db import db, many


def last_exchanges(journey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    """Date of the latest exchange of each journey: a contact ABOUTI not by a third party, or a kept appointment.

    Of every visible journey at once: see `silence`.
    """
    return {journey_id: day for journey_id, day in db.session.execute(_latest(), {"ids": list(journey_ids)})}


@cache
def _latest() -> Select[Any]:
    ids = many("ids")
    both = union_all(
        select(Contact.journey_id, Contact.on_date).where(
            Contact.journey_id == ids, Contact.outcome == "ABOUTI", Contact.mode != "TIERS"
        ),
        select(Appointment.journey_id, Appointment.on_date).where(
            Appointment.journey_id == ids, Appointment.status == "HONORE"
        ),
    ).subquery()
    return select(both.c.journey_id, func.max(both.c.on_date)).group_by(both.c.journey_id)
