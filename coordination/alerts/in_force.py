"""Which thresholds stand for which journey, read from the settings of the coordinators."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select, text

from coordination.alerts.catalogue import Thresholds
from coordination.alerts.models_thresholds import IN_FORCE, LIVE, Threshold
from coordination.alerts.settings import NAMES, Period, Setting, Values, periods, rank
from coordination.db import db

_COLUMNS = ", ".join(f"t.{name}" for name in ("id", "rule", *NAMES, "valid_from", "valid_until", "status"))
# Nothing is set on most days: one statement that then reads one empty table.
_OF_JOURNEYS = text(
    f"""
SELECT j.id AS journey_id, t.structure_id, t.decided_by, {_COLUMNS}
FROM threshold t JOIN journey j ON j.programme = t.programme
WHERE j.id = ANY (CAST(:ids AS uuid[])) AND t.status IN ('EN_VIGUEUR', 'A_VENIR')
  AND (t.structure_id IS NULL OR t.structure_id = referent_structure(j.referent_id, j.programme))
ORDER BY t.valid_from, t.id
"""
)


@dataclass(frozen=True)
class Place:
    """Where a setting acts: a rule, in a programme, for all of it or for one structure."""

    rule: str
    programme: str
    structure_id: uuid.UUID | None = None

    @classmethod
    def of(cls, row: Any) -> Place:
        return cls(row.rule, row.programme, row.structure_id)

    def columns(self) -> dict[str, Any]:
        return {"rule": self.rule, "programme": self.programme, "structure_id": self.structure_id}

    def criteria(self, model: Any) -> list[ColumnElement[bool]]:
        """Rows of exactly this place."""
        return [
            model.rule == self.rule,
            model.programme == self.programme,
            model.structure_id.is_not_distinct_from(self.structure_id),
        ]


@dataclass(frozen=True)
class Origin:
    """Who set what stands for a rule. `structure_id`: None where it was set for the whole programme."""

    since: date
    structure_id: uuid.UUID | None
    decided_by: uuid.UUID


@dataclass(frozen=True)
class InForce:
    """What stands today for a journey. `origins`: rule -> its setting; the others are the catalogue's."""

    thresholds: Thresholds
    origins: Mapping[str, Origin]


def live(place: Place) -> list[Setting]:
    """Settings, in force or to come, of every rule that act at a place: the programme's and the structure's."""
    of_here: ColumnElement[bool] = Threshold.structure_id.is_(None)
    if place.structure_id is not None:
        of_here = or_(of_here, Threshold.structure_id == place.structure_id)
    rows = db.session.execute(
        select(Threshold.__table__).where(
            Threshold.programme == place.programme, of_here, Threshold.status.in_(LIVE)
        )
    )
    return [setting_of(row) for row in rows]


def setting_of(row: Any) -> Setting:
    """A row of `threshold` (columns of the table) as the rules of settings know it."""
    return Setting(
        row.rule,
        Values.of(row),
        row.valid_from,
        row.valid_until,
        row.status == IN_FORCE,
        row.structure_id is not None,
    )


def schedules(journey_ids: Iterable[uuid.UUID]) -> list[tuple[list[uuid.UUID], tuple[Period, ...]]]:
    """Journeys that the actor sees, grouped by what stands for them and what is decided to follow.

    Never reads today: a setting begins and ends by its status, which the scan of its day turns.
    """
    of_each = _of_journeys(journey_ids)
    grouped: dict[tuple[uuid.UUID, ...], tuple[list[uuid.UUID], Sequence[Any]]] = {}
    for journey_id, mine in of_each.items():
        grouped.setdefault(tuple(row.id for row in mine), ([], mine))[0].append(journey_id)
    return [(members, periods([setting_of(row) for row in mine])) for members, mine in grouped.values()]


def present(journey_id: uuid.UUID) -> InForce:
    """What stands today for a journey that the actor sees, and who set it. One statement."""
    rows = _of_journeys([journey_id])[journey_id]
    begun = sorted((row for row in rows if row.status == IN_FORCE), key=lambda row: rank(setting_of(row)))
    # The last one of a rule is the one that stands.
    origins = {row.rule: Origin(row.valid_from, row.structure_id, row.decided_by) for row in begun}
    return InForce(periods([setting_of(row) for row in rows])[0][1], origins)


def _of_journeys(journey_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[Any]]:
    ids = list(journey_ids)
    of_each: dict[uuid.UUID, list[Any]] = {id_: [] for id_ in ids}
    for row in db.session.execute(_OF_JOURNEYS, {"ids": ids}):
        of_each[row.journey_id].append(row)
    return of_each
