"""The actor's relation to a journey, read from `access` under row-level security."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, column, select, table, text
from sqlalchemy.orm import Session

from coordination.db import db
from coordination.errors import NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.models import Access, Folder
from coordination.privacy.policy import Subject
from coordination.privacy.volets import Volet

# The feature that owns the table lies above this package; two of its columns are all that is needed here.
JOURNEY = table("journey", column("id"), column("programme"))

_HELD = (
    select(Access.basis, Access.can_write, Folder.volet, JOURNEY.c.programme)
    .join(Folder, Folder.id == Access.folder_id)
    .join(JOURNEY, JOURNEY.c.id == Folder.journey_id)
    .where(
        Access.actor_id == bindparam("actor_id"),
        Access.journey_id == bindparam("journey_id"),
        text("access.from_at <= app_now() AND (access.until_at IS NULL OR access.until_at > app_now())"),
    )
)


_ROW = select(JOURNEY.c.id).where(JOURNEY.c.id == bindparam("journey_id")).with_for_update(key_share=True)


def hold_journey(journey_id: uuid.UUID) -> None:
    """Keep the row of a journey that the actor writes in until the transaction ends.

    Whoever writes takes it before any other row of the journey (its volets, its records), and after the turn of
    `IN_TURN`: two who take the same rows in two orders would wait for each other, and one would be thrown out.
    """
    db.session.execute(_ROW, {"journey_id": journey_id})


def subject_of(actor: Actor, journey_id: uuid.UUID) -> Subject:
    """The journey as the policy sees it. Raises NotFound if the actor sees nothing of it."""
    rows = db.session.execute(_HELD, {"actor_id": actor.id, "journey_id": journey_id}).all()
    if not rows:
        raise NotFound("Ce parcours n'existe pas, ou vous n'y avez pas accès.")
    return Subject(
        journey_id,
        rows[0].programme,
        frozenset(row.basis for row in rows),
        frozenset(Volet(row.volet) for row in rows),
        frozenset(Volet(row.volet) for row in rows if row.can_write),
    )


def folder_of(journey_id: uuid.UUID, volet: Volet) -> uuid.UUID:
    """The folder of a volet. Raises NotFound if it is not open, or not to this actor."""
    folder_id = db.session.scalar(
        select(Folder.id).where(Folder.journey_id == journey_id, Folder.volet == volet.value)
    )
    if folder_id is None:
        raise NotFound("Ce volet n'est pas ouvert, ou vous n'y avez pas accès.")
    return folder_id


def sync_access(journey_ids: Sequence[uuid.UUID]) -> None:
    """Make the access rows of journeys follow from their facts (référent, backup, coordinators, agreement)."""
    call("sync_journey_access", list(journey_ids))


def follow_agreement(journey_ids: Sequence[uuid.UUID]) -> None:
    """Close the volets of journeys whose agreement no longer covers them, open those it covers again."""
    call("follow_agreement", list(journey_ids))


def agree_volets(journey_id: uuid.UUID, volets: Sequence[Volet]) -> None:
    """Say what a signed agreement covers; `follow_agreement` then opens and closes the volets."""
    call("agree_volets", journey_id, [volet.value for volet in volets])


def call(function: str, *arguments: Any, session: Session | None = None) -> Any:
    """Call a SECURITY DEFINER function of the wall; its single result."""
    names = [f"a{number}" for number in range(len(arguments))]
    casts = [f"CAST(:{n} AS {_type(a)})" for n, a in zip(names, arguments, strict=True)]
    statement = text(f"SELECT {function}({', '.join(casts)})")
    return (session or db.session).scalar(statement, dict(zip(names, arguments, strict=True)))


def _type(value: Any) -> str:
    if isinstance(value, list):
        return "uuid[]" if not value or isinstance(value[0], uuid.UUID) else "text[]"
    if isinstance(value, uuid.UUID):
        return "uuid"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "bigint"
    return "timestamptz" if hasattr(value, "tzinfo") else "date" if hasattr(value, "year") else "text"
