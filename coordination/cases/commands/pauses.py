"""The stage of a journey follows its pauses: suspended while one is open, then back where it was."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from coordination.alerts.sources import follow_all
from coordination.cases.commands.skeleton import change_journey
from coordination.cases.models import Journey, Pause
from coordination.cases.stages import SUSPENDED, refusal, stage_after_pause
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.work import Work


@dataclass(frozen=True)
class Standing:
    """How many pauses of a journey wait for a return."""

    journey_id: uuid.UUID
    open_pauses: int

    @classmethod
    def of(cls, journey_id: uuid.UUID) -> Standing:
        query = select(func.count()).where(Pause.journey_id == journey_id, Pause.returned_on.is_(None))
        return cls(journey_id, db.session.scalar(query) or 0)


def settle_stage(w: Work, grant: Grant, before: Standing, today: date, fact: str) -> bool:
    """After a change of pauses, the stage and every deadline that follows from it; whether the stage changed."""
    after = Standing.of(before.journey_id)
    if bool(after.open_pauses) == bool(before.open_pauses):
        return False
    columns = (
        Journey.programme,
        Journey.stage,
        Journey.agreement_status,
        Journey.suspended_from,
        Journey.version,
    )
    journey = db.session.execute(select(*columns).where(Journey.id == before.journey_id)).one()
    if after.open_pauses:
        if journey.stage == SUSPENDED or refusal(
            journey.programme, journey.stage, SUSPENDED, journey.agreement_status
        ):
            return False
        stage, source = SUSPENDED, journey.stage
    elif journey.stage == SUSPENDED:
        stage, source = stage_after_pause(journey.programme, journey.suspended_from), None
    else:
        return False
    change_journey(w, before.journey_id, journey.version, stage=stage, suspended_from=source)
    follow_all(grant, [before.journey_id], today, fact)
    return True
