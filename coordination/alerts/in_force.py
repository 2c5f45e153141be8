"""Which thresholds stand for which journey, read from the settings of the coordinators."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import text

from coordination.alerts.models_thresholds import IN_FORCE
from coordination.alerts.settings import FIELDS, Period, Setting, Values, periods
from coordination.db import db

_VALUES = (*FIELDS, "switched_on")
_COLUMNS = ", ".join(f"t.{name}" for name in ("id", "rule", *_VALUES, "valid_from", "valid_until", "status"))
# Nothing is set on most days: one statement that then reads one empty table.
_OF_JOURNEYS = text(
    f"""
SELECT j.id AS journey_id, t.structure_id, {_COLUMNS}
FROM threshold t JOIN journey j ON j.programme = t.programme
WHERE j.id = ANY (CAST(:ids AS uuid[])) AND t.status IN ('EN_VIGUEUR', 'A_VENIR')
  AND (t.structure_id IS NULL OR t.structure_id = referent_structure(j.referent_id, j.programme))
ORDER BY t.valid_from, t.id
"""
)


def setting_of(row: Any) -> Setting:
    """A row of `threshold` (columns of the table) as the rules of settings know it."""
    return Setting(
        row.rule,
        Values(*(getattr(row, name) for name in _VALUES)),
        row.valid_from,
        row.valid_until,
        row.status == IN_FORCE,
        row.structure_id is not None,
    )


def schedules(journey_ids: Iterable[uuid.UUID]) -> list[tuple[list[uuid.UUID], tuple[Period, ...]]]:
    """Journeys that the actor sees, grouped by what stands for them and what is decided to follow.

    Never reads today: a setting begins and ends by its status, which the scan of its day turns.
    """
    ids = list(journey_ids)
    of_each: dict[uuid.UUID, list[Any]] = {id_: [] for id_ in ids}
    for row in db.session.execute(_OF_JOURNEYS, {"ids": ids}):
        of_each[row.journey_id].append(row)
    grouped: dict[tuple[uuid.UUID, ...], tuple[list[uuid.UUID], Sequence[Any]]] = {}
    for journey_id, mine in of_each.items():
        grouped.setdefault(tuple(row.id for row in mine), ([], mine))[0].append(journey_id)
    return [(members, periods([setting_of(row) for row in mine])) for members, mine in grouped.values()]
