"""Who opened a file: « Qui a ouvert ce dossier »."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, select

from coordination.cases.queries.people import account_names
from coordination.cases.seen import sees_all_writings
from coordination.db import db
from coordination.privacy.models import AuditEntry
from coordination.privacy.policy import Action, Grant
from coordination.privacy.volets import Volet

SHOWN = 20
AT_WORK = "travail_sur_le_parcours"
"""In place of an action that would tell of a volet which the reader does not have."""
_READS = frozenset({Action.OPEN_JOURNEY, Action.LIST_DOCUMENTS})
_ANYWHERE = frozenset(
    {
        Action.WRITE_RECORD,
        Action.CHANGE_PEOPLE,
        Action.ADD_DOCUMENT,
        Action.READ_DOCUMENT,
        Action.REMOVE_DOCUMENT,
        Action.SHARE_VOLET,
    }
)
_OPENINGS = (
    select(AuditEntry.at_us, AuditEntry.actor_id, AuditEntry.action)
    .where(
        AuditEntry.journey_id == bindparam("journey_id"),
        AuditEntry.result == "fait",
        # Saved by itself every few seconds of typing: it would hide who opened the file.
        AuditEntry.action != Action.KEEP_DRAFT.value,
    )
    .order_by(AuditEntry.at_us.desc())
    .limit(SHOWN)
)


@dataclass(frozen=True)
class Opening:
    """Who opened the file, and when. `action`: of `Action`, or AT_WORK."""

    at: datetime
    who: str
    action: str


def openings(grant: Grant, journey_id: uuid.UUID, programme: str) -> tuple[Opening, ...]:
    """The latest openings, the latest first.

    The log says no volet: to who does not have all of them, what colleagues read and what they wrote anywhere is
    one word, else a document would be known of that no page shows. What one did oneself keeps its name.
    """
    veiled = _veiled(grant, programme)
    rows = db.session.execute(_OPENINGS, {"journey_id": journey_id}).all()
    names = account_names({row.actor_id for row in rows})
    return tuple(
        Opening(
            datetime.fromtimestamp(row.at_us / 1_000_000, UTC),
            names.get(row.actor_id, "compte supprimé"),
            AT_WORK if row.action in veiled and row.actor_id != grant.actor_id else row.action,
        )
        for row in rows
    )


def _veiled(grant: Grant, programme: str) -> frozenset[Action]:
    """What is not told apart. An alert of child protection may be answered where nobody writes."""
    if not sees_all_writings(programme, grant.readable):
        return _READS | _ANYWHERE | {Action.ANSWER_ALERT}
    if programme == "PRE" and Volet.PROTECTION not in grant.readable:
        return _READS | {Action.ANSWER_ALERT}
    return frozenset()
