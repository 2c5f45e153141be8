"""Which table and column each file and column of the bundle fills; import and export both read this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from coordination.cases.models import (
    Action,
    Appointment,
    Barrier,
    Contact,
    Journey,
    LifeEvent,
    Pause,
    Representative,
    Review,
    Right,
    SchoolAbsence,
    Sheet,
)
from coordination.cases.volets import volet_of_action, volet_of_barrier, volet_of_right
from coordination.exchange.bundle.columns import COLUMNS
from coordination.privacy.volets import Volet
from coordination.referrals.models import Referral

RENAMED = {
    ("contacts.csv", "on"): "on_date",
    ("contacts.csv", "author"): "author_id",
    ("appointments.csv", "on"): "on_date",
    ("appointments.csv", "structure"): "structure_id",
    ("actions.csv", "structure"): "structure_id",
    ("referrals.csv", "to_structure"): "to_structure_id",
    ("referrals.csv", "follows"): "follows_id",
    ("pauses.csv", "from"): "from_on",
    ("events.csv", "on"): "on_date",
    ("school_absences.csv", "on"): "on_date",
    ("journeys.csv", "referent"): "referent_id",
}
MODELS: dict[str, Any] = {
    "representatives.csv": Representative,
    "contacts.csv": Contact,
    "appointments.csv": Appointment,
    "actions.csv": Action,
    "referrals.csv": Referral,
    "pauses.csv": Pause,
    "reviews.csv": Review,
    "barriers.csv": Barrier,
    "rights.csv": Right,
    "events.csv": LifeEvent,
    "school_absences.csv": SchoolAbsence,
}


@dataclass(frozen=True)
class Mapped:
    """A file of records: its table, and for each of its columns (journey aside) the table's column."""

    file: str
    model: Any
    columns: dict[str, str]


def _mapped(file: str, model: Any) -> Mapped:
    columns = {name: RENAMED.get((file, name), name) for name in COLUMNS[file] if name != "journey"}
    return Mapped(file, model, columns)


RECORDS: dict[str, Mapped] = {file: _mapped(file, model) for file, model in MODELS.items()}
SHEET_COLUMNS: tuple[str, ...] = tuple(n for n in COLUMNS["journeys.csv"] if n in Sheet.__table__.c)
JOURNEY_COLUMNS: dict[str, str] = {
    name: RENAMED.get(("journeys.csv", name), name)
    for name in COLUMNS["journeys.csv"]
    if name not in SHEET_COLUMNS
}
assert all(column in Journey.__table__.c for column in JOURNEY_COLUMNS.values())


def volet_of(file: str, values: dict[str, Any], programme: str) -> Volet:
    """The volet in which a line of the bundle is kept."""
    if file == "actions.csv":
        return volet_of_action(values.get("kind"), values.get("axis_or_barrier"))
    if file == "rights.csv":
        return volet_of_right(values.get("kind"))
    if file == "barriers.csv":
        return volet_of_barrier(programme, values.get("barrier"))
    return Volet.SCOLARITE if file == "school_absences.csv" else Volet.COORDINATION
