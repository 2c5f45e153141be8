"""The volets of a journey, as the actor sees them."""

from __future__ import annotations

import uuid
from typing import NamedTuple

from sqlalchemy import bindparam, select

from coordination.cases.queries.documents import documents_kept
from coordination.db import db, remembered
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant

_FOLDERS = select(Folder.id, Folder.volet, documents_kept(Folder.id)).where(
    Folder.journey_id == bindparam("journey_id")
)


class FolderLine(NamedTuple):
    """`documents`: how many are kept there."""

    id: uuid.UUID
    volet: str
    documents: int


def folders(journey_id: uuid.UUID) -> tuple[FolderLine, ...]:
    """Those of one journey. One statement, whatever asks."""
    return remembered((journey_id, Folder), lambda: _read(journey_id))


def _read(journey_id: uuid.UUID) -> tuple[FolderLine, ...]:
    rows = db.session.execute(_FOLDERS, {"journey_id": journey_id})
    return tuple(FolderLine(*row) for row in rows)


def writable_folders(grant: Grant, journey_id: uuid.UUID) -> set[uuid.UUID]:
    """Those where the actor writes."""
    return {folder.id for folder in folders(journey_id) if folder.volet in grant.writable}
