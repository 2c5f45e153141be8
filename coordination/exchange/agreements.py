"""The history of the agreement, where an import puts something newer in the place of a refusal or a withdrawal."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import insert, select

from coordination.cases.models import Agreement
from coordination.cases.queries.agreement_page import noted_on_pages, untold
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.db import db
from coordination.errors import Conflict
from coordination.exchange.bundle.agreement import why_undone
from coordination.exchange.bundle.lines import Line
from coordination.exchange.store_records import Batch
from coordination.privacy.models import Folder
from coordination.privacy.vault import open_rows, sealed_row
from coordination.privacy.volets import Volet


class Replaced(NamedTuple):
    """What stood on a journey, and the line that takes its place."""

    journey_id: uuid.UUID
    status: str
    on: date | None
    line: Line


def refuse_undoing(line: Line, status: str | None, on: date | None) -> None:
    """What was noted after the bundle was checked counts too. Raises Conflict."""
    if reason := why_undone(line, status, on):
        raise Conflict(
            f"{line.file}, ligne {line.number} - {reason}. Rien n’a été écrit : relancez l’import."
        )


def note_agreements(batch: Batch, replaced: list[Replaced]) -> None:
    """Add what stood, where no line of the history says so, then what has taken its place."""
    for one in replaced:
        folder_id = batch.folders[one.journey_id, Volet.COORDINATION.value]
        noted = open_rows(
            batch.grant,
            Agreement,
            ("status", "on_date", "cancels"),
            Agreement.journey_id == one.journey_id,
            order=(Agreement.position.desc(),),
        )
        said = [(one.status, one.on, "")] if untold(noted, one.status, one.on) else []
        status = one.line.text("agreement_status") or ""
        covered = _covered(batch, one.journey_id) if status == "SIGNE" else ()
        said.append((status, one.line.day("agreement_on"), ",".join(sorted(covered))))
        for code, on, volets in said:
            values: dict[str, Any] = {
                "status": code,
                "on_date": on,
                "volets": volets,
                "signer": "",
                "remark": "",
            }
            place = {
                "journey_id": one.journey_id,
                "folder_id": folder_id,
                "recorded_by": batch.grant.actor_id,
            }
            row = sealed_row(batch.keys[folder_id], Agreement, uuid.uuid4(), {**values, **place})
            db.session.execute(insert(Agreement).values(row))


def _covered(batch: Batch, journey_id: uuid.UUID) -> Iterator[str]:
    """The volets that the agreement opens: as agreed on a page, or all of the programme but those closed since."""
    folders = db.session.execute(select(Folder.volet, Folder.agreed).where(Folder.journey_id == journey_id))
    agreed: dict[str, bool] = {row.volet: row.agreed for row in folders}
    unheard = db.session.scalar(noted_on_pages(journey_id)) is None
    for volet in VOLETS_AFTER_AGREEMENT[batch.programmes[journey_id]]:
        if agreed.get(volet.value, unheard):
            yield volet.value
