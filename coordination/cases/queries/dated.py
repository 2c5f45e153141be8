"""The last six months of many journeys for their strips: clear columns, one statement, little to carry over."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import text

from coordination.cases.picture.strip import Happened, Strip, first_day, strip
from coordination.db import db

# Every list pays for this one: counted in days and gathered by the database, since a row costs more than its
# content. An exchange as in the rules: see `queries.exchanges`.
_HAPPENED = text(
    """
    SELECT journey_id, what, array_agg(day) FROM (
      SELECT journey_id, on_date - CAST(:first AS date) AS day,
        CASE WHEN outcome = 'ABOUTI' AND mode <> 'TIERS' THEN 'exchange' ELSE 'attempt' END AS what
      FROM contact WHERE journey_id = ANY (:ids) AND on_date BETWEEN :first AND :today
      UNION ALL
      SELECT journey_id, on_date - CAST(:first AS date),
        CASE status WHEN 'HONORE' THEN 'exchange' ELSE 'missed' END
      FROM appointment WHERE journey_id = ANY (:ids) AND on_date BETWEEN :first AND :today
        AND status IN ('HONORE', 'ABS_NON_EXCUSEE')) happened
    GROUP BY journey_id, what
    UNION ALL
    SELECT journey_id, 'pause', ARRAY[from_on - CAST(:first AS date), returned_on - CAST(:first AS date)]
    FROM pause WHERE journey_id = ANY (:ids) AND from_on <= :today
      AND (returned_on IS NULL OR returned_on >= :first)
    """
)


def strips(
    journey_ids: Sequence[uuid.UUID], today: date, silent_from: Mapping[uuid.UUID, date] | None = None
) -> dict[uuid.UUID, Strip]:
    """The last six months of each journey. One statement."""
    if not journey_ids:
        return {}
    found = {id_: Happened() for id_ in journey_ids}
    asked = {"ids": list(journey_ids), "first": first_day(today), "today": today}
    for journey_id, what, days in db.session.execute(_HAPPENED, asked):
        if what == "pause":
            found[journey_id].pauses.append((days[0], days[1]))
        else:
            found[journey_id].days[what] = days
    since = silent_from or {}
    return {id_: strip(happened, today, since.get(id_)) for id_, happened in found.items()}
