"""What is already noted of a kind, beside the form that adds one more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from coordination.cases.kinds import RecordKind
from coordination.cases.kinds_facts import CHILD
from coordination.cases.models import SchoolAbsence
from coordination.cases.models_facts import HouseholdChild
from coordination.cases.vocabulary import half_days_label, month_label
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Read, open_journey_rows, open_rows
from coordination.web.filters import long_date

MOST_ABSENCES = 40
CHILDREN = Read(HouseholdChild, ("birth_month", "care"))


@dataclass(frozen=True)
class Noted:
    """One record: when, and what it says."""

    id: uuid.UUID
    when: str
    what: str

    def __repr__(self) -> str:
        return f"<Noted {self.id}>"


def children(grant: Grant, journey_id: uuid.UUID) -> tuple[Noted, ...]:
    """The children of the household, the eldest first."""
    rows = open_journey_rows(grant, journey_id, CHILDREN)
    return tuple(
        Noted(row["id"], f"Né ou née en {month_label(row['birth_month'])}", row["care"] or "")
        for row in sorted(rows, key=lambda row: row["birth_month"] or "")
        if row["birth_month"]
    )


def noted(grant: Grant, kind: RecordKind, journey_id: uuid.UUID) -> Sequence[Noted]:
    """Children, the eldest first; absences, the latest first; nothing of the other kinds."""
    if not kind.listed:
        return ()
    if kind is CHILD:
        return children(grant, journey_id)
    volets = [volet.value for volet in grant.writable]
    mine = select(Folder.id).where(Folder.journey_id == journey_id, Folder.volet.in_(volets))
    rows = open_rows(
        grant,
        SchoolAbsence,
        ("on_date", "half_days"),
        SchoolAbsence.folder_id.in_(mine),
        order=(SchoolAbsence.on_date.desc(),),
        limit=MOST_ABSENCES,
    )
    return [Noted(row["id"], long_date(row["on_date"]), half_days_label(row["half_days"])) for row in rows]
