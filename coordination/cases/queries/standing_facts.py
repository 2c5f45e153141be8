"""What stands about a journey as a whole and the rules read: its school year, whoever follows it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select, text

from coordination.cases.facts import LeaveFact, SchoolFact, TeamFact
from coordination.cases.models import Schooling
from coordination.db import among, db


def school_facts(ids: list[uuid.UUID], sheets: Mapping[uuid.UUID, Any]) -> dict[uuid.UUID, SchoolFact]:
    """Level and school of the sheets already opened, with the latest school year that was noted."""
    latest = select(Schooling.journey_id, func.max(Schooling.school_year)).where(
        among(Schooling.journey_id, ids)
    )
    years: dict[uuid.UUID, int] = {
        journey_id: year for journey_id, year in db.session.execute(latest.group_by(Schooling.journey_id))
    }
    return {
        id_: SchoolFact(sheet["school_level"], bool(sheet["school"]), years.get(id_))
        for id_, sheet in sheets.items()
    }


def team_facts(ids: list[uuid.UUID]) -> dict[uuid.UUID, TeamFact]:
    """Whoever follows each journey that the actor writes in, and their absences."""
    rows = db.session.execute(text("SELECT * FROM team_clocks(CAST(:ids AS uuid[]))"), {"ids": ids}).all()
    leaves: dict[uuid.UUID, list[LeaveFact]] = defaultdict(list)
    for row in rows:
        if row.leave_id is not None:
            leaves[row.journey_id].append(LeaveFact(str(row.leave_id), row.from_on, row.until_on, row.backed))
    return {
        row.journey_id: TeamFact(
            row.has_referent, row.has_backup, row.referent_until, tuple(leaves[row.journey_id])
        )
        for row in rows
    }
