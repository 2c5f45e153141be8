"""What was taken away from a journey: its kind, when, by whom; never what it said."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from coordination.cases.kinds_facts import ALL_KINDS
from coordination.cases.models import Representative
from coordination.cases.queries.people import account_names
from coordination.db import among, db
from coordination.privacy.models import Folder, Revision
from coordination.privacy.policy import Grant
from coordination.privacy.volets import LABELS, Volet

MOST = 200
_MODELS: dict[str, tuple[Any, str]] = {kind.table: (kind.model, kind.name) for kind in ALL_KINDS.values()}
_MODELS[Representative.__tablename__] = (Representative, "Personne à appeler")


@dataclass(frozen=True)
class Removed:
    """`moved`: it stands in another volet now, where what was corrected put it."""

    kind: str
    volet: str
    at: datetime
    by: str
    moved: bool


def removed_records(grant: Grant, journey_id: uuid.UUID) -> list[Removed]:
    """What was removed in the volets open to the grant, the latest first."""
    rows = db.session.execute(
        select(Revision.of_table, Revision.of_id, Revision.at, Revision.by_id, Folder.volet)
        .join(Folder, Folder.id == Revision.folder_id)
        .where(Revision.journey_id == journey_id, Revision.removed, Revision.of_table.in_(_MODELS))
        .order_by(Revision.position.desc())
        .limit(MOST)
    ).all()
    standing: set[uuid.UUID] = set()
    for name in {row.of_table for row in rows}:
        model = _MODELS[name][0]
        ids = [row.of_id for row in rows if row.of_table == name]
        standing |= set(db.session.scalars(select(model.id).where(among(model.id, ids))))
    names = account_names({row.by_id for row in rows})
    return [
        Removed(
            _MODELS[row.of_table][1],
            LABELS[Volet(row.volet)],
            row.at,
            names.get(row.by_id, "compte supprimé"),
            row.of_id in standing,
        )
        for row in rows
    ]
