"""Dates of exchanges, attempts, appointments and pauses of many journeys: clear columns, one statement."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Date, String, cast, literal, null, or_, select, union_all

from coordination.cases.models import Appointment, Contact, Pause
from coordination.cases.picture.strip import Dated, Strip, first_day, strip
from coordination.db import among, db

_NO_DAY = cast(null(), Date)
_NO_CODE = cast(null(), String)
_APPOINTMENTS = {"HONORE": "exchange", "ABS_NON_EXCUSEE": "missed"}


def dated(journey_ids: Sequence[uuid.UUID], since: date) -> dict[uuid.UUID, list[Dated]]:
    """What happened on journeys from `since` on. Exchanges as in the rules: see `queries.exchanges`."""
    ids = list(journey_ids)
    # Written without labels: the first select names the columns of all.
    statement: Any = union_all(
        select(
            Contact.journey_id, literal("contact"), Contact.on_date, Contact.mode, Contact.outcome, _NO_DAY
        ).where(among(Contact.journey_id, ids), Contact.on_date >= since),
        select(
            Appointment.journey_id,
            literal("appointment"),
            Appointment.on_date,
            _NO_CODE,
            Appointment.status,
            _NO_DAY,
        ).where(among(Appointment.journey_id, ids), Appointment.on_date >= since),
        select(
            Pause.journey_id, literal("pause"), Pause.from_on, _NO_CODE, _NO_CODE, Pause.returned_on
        ).where(among(Pause.journey_id, ids), or_(Pause.returned_on.is_(None), Pause.returned_on >= since)),
    )
    found: dict[uuid.UUID, list[Dated]] = defaultdict(list)
    for journey_id, table, on, mode, code, until in db.session.execute(statement):
        if table == "contact":
            what = "exchange" if code == "ABOUTI" and mode != "TIERS" else "attempt"
        else:
            what = "pause" if table == "pause" else _APPOINTMENTS.get(code, "other")
        found[journey_id].append(Dated(what, on, until))
    return found


def strips(
    journey_ids: Sequence[uuid.UUID], today: date, silent_from: dict[uuid.UUID, date] | None = None
) -> dict[uuid.UUID, Strip]:
    """The last six months of each journey. One statement."""
    ids = list(journey_ids)
    if not ids:
        return {}
    facts = dated(ids, first_day(today))
    since = silent_from or {}
    return {id_: strip(facts.get(id_, ()), today, since.get(id_)) for id_ in ids}
