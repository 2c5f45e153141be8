"""The day on which anything was last written on an imported journey: the latest date of a fact of the bundle."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import text

from coordination.cases.dates import COMING
from coordination.db import db
from coordination.exchange.bundle.columns import FILES, Kind
from coordination.exchange.bundle.lines import Line

_DATES = {
    file: tuple(
        column.name for column in columns if column.fact and column.kind is Kind.DATE and not column.sealed
    )
    for file, columns in FILES.items()
}
_NOTE = text(
    "UPDATE journey j SET written_on = w.day"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:days AS date[])) AS w (id, day)"
    " WHERE j.id = w.id AND (j.written_on IS NULL OR j.written_on < w.day)"
)


def note_writings(ids: Mapping[str, uuid.UUID], lines: Mapping[str, Iterable[Line]]) -> None:
    """Bring the day of the last writing of each journey (reference -> id) up to its latest fact; never back."""
    latest = {ids[ref]: day for ref, its in lines.items() if (day := _latest(its)) is not None}
    if latest:
        db.session.execute(_NOTE, {"ids": list(latest), "days": list(latest.values())})


def _latest(lines: Iterable[Line]) -> date | None:
    found: list[date] = []
    for line in lines:
        # An appointment to come has not happened yet.
        if line.values.get("status") != COMING:
            found += [day for name in _DATES[line.file] if isinstance(day := line.values.get(name), date)]
    return max(found, default=None)
