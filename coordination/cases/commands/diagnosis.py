"""The diagnosis of a journey: its day in the skeleton, its text sealed on the sheet."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import select

from coordination.alerts.sources import follow_all
from coordination.cases.checks import Faults, Problems, ended_since
from coordination.cases.commands.skeleton import change_journey
from coordination.cases.models import Journey, Sheet
from coordination.cases.stages import dated_too_soon
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.records import EditConflict, change_record
from coordination.privacy.vault import open_rows
from coordination.privacy.work import work


def write_diagnosis(
    actor: Actor,
    journey_id: uuid.UUID,
    on: date | None,
    text: str,
    version: int,
    now: datetime,
    *,
    faults: Faults | None = None,
) -> None:
    """Note or correct the diagnosis, keeping what it said; `version`: the journey's, as it was read.

    `faults`: see `Problems`.
    Raises BadInput (`diagnosis_on`, `diagnosis`), NotFound, Forbidden, EditConflict.
    """
    today = paris_date(now)
    with work(actor, Action.WRITE_RECORD, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(
            select(
                Journey.programme,
                Journey.agreement_status,
                Journey.opened_on,
                Journey.exit_on,
                Journey.diagnosis_on,
            ).where(Journey.id == journey_id)
        ).one()
        problems = Problems(faults)
        problems.past_day("diagnosis_on", on, today, journey.opened_on)
        if "diagnosis_on" not in problems and on and journey.exit_on and on > journey.exit_on:
            problems["diagnosis_on"] = ended_since(journey.exit_on)
        early = dated_too_soon(journey.programme, journey.agreement_status, on, journey.diagnosis_on)
        if early:
            problems.setdefault("diagnosis_on", early)
        problems.free_text("diagnosis", text)
        problems.stop_if_any()
        # The journey's version covers both: each correction takes it, whichever of the two changed.
        try:
            change_journey(w, journey_id, version, diagnosis_on=on)
        except EditConflict as conflict:
            row = open_rows(grant, Sheet, ("diagnosis",), Sheet.journey_id == journey_id)[0]
            theirs = {"diagnosis": row["diagnosis"] or "", **conflict.theirs}
            mine = {"diagnosis": text.strip(), **conflict.mine}
            raise EditConflict(theirs, mine, conflict.version, own=conflict.own) from None
        sheet = db.session.execute(
            select(Sheet.id, Sheet.version).where(Sheet.journey_id == journey_id)
        ).one()
        change_record(w, grant, Sheet, sheet.id, sheet.version, {"diagnosis": text.strip()})
        follow_all(grant, [journey_id], today, f"diagnostic saisi le {today:%d/%m/%Y}")
        w.audit(grant, ["diagnosis_on", "diagnosis"])
