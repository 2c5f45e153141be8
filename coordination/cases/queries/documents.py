"""The documents of a journey: their list, one of them, its content opened part by part."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, func, select

from coordination.cases.models_documents import Document, DocumentPart
from coordination.cases.queries.people import account_names
from coordination.cases.rules.media import ENDINGS
from coordination.cases.vocabulary import DOCUMENT_KINDS
from coordination.db import db
from coordination.errors import NotFound
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.sealing import unseal_part
from coordination.privacy.vault import Opened, keystore, open_rows
from coordination.privacy.volets import LABELS, Volet

GONE = "Ce document n'existe pas, a été retiré, ou ne vous est pas accessible."
_COLUMNS = ("added_at", "author_id", "removed_at", "removed_by_id", "kind", "name", "media", "size")


@dataclass(frozen=True)
class DocumentView:
    """A document without its content. `size`: bytes; a removed one has neither name nor size."""

    id: uuid.UUID
    journey_id: uuid.UUID
    folder_id: uuid.UUID
    kind: str
    name: str = field(repr=False)
    media: str
    size: int
    volet: str
    may_remove: bool
    added_at: datetime
    author: str
    removed_at: datetime | None
    removed_by: str

    @property
    def is_image(self) -> bool:
        return self.media.startswith("image/")

    @property
    def media_label(self) -> str:
        return {"pdf": "PDF", "jpg": "image JPEG", "png": "image PNG"}.get(ENDINGS.get(self.media, ""), "")

    def neutral_name(self, ref: str) -> str:
        """A file name that tells nobody's: it stays in the folder of downloads."""
        return f"document-{ref}-{self.added_at:%Y%m%d}.{ENDINGS[self.media]}"


def documents_kept(folder_id: Any) -> ScalarSelect[int]:
    """How many documents stand in a folder, within another statement; removed ones are not counted."""
    standing = (Document.folder_id == folder_id, Document.removed_at.is_(None))
    return select(func.count(Document.id)).where(*standing).scalar_subquery()


def documents(grant: Grant, journey_id: uuid.UUID) -> tuple[DocumentView, ...]:
    """Those of the volets that the actor reads, the latest first; removed ones are among them."""
    order = (Document.added_at.desc(), Document.position.desc())
    return _views(grant, open_rows(grant, Document, _COLUMNS, Document.journey_id == journey_id, order=order))


def document(grant: Grant, document_id: uuid.UUID) -> DocumentView:
    """One that is still there. Raises NotFound."""
    rows = open_rows(
        grant, Document, _COLUMNS, Document.id == document_id, Document.removed_at.is_(None), limit=1
    )
    if not rows:
        raise NotFound(GONE)
    return _views(grant, rows)[0]


def content(grant: Grant, view: DocumentView) -> list[bytes]:
    """The bytes of a document, in order. Raises SealBroken if a part is missing, moved or altered."""
    assert isinstance(grant, Grant)
    cells = db.session.execute(
        select(DocumentPart.number, DocumentPart.__table__.c.content)
        .where(DocumentPart.document_id == view.id)
        .order_by(DocumentPart.number)
    ).all()
    if not cells:
        raise NotFound(GONE)
    key = keystore().get([view.folder_id])[view.folder_id]
    table, total = DocumentPart.__tablename__, len(cells)
    return [
        unseal_part(key, table, "content", view.id, number, total, cell)
        for number, (_, cell) in enumerate(cells)
    ]


def _views(grant: Grant, rows: Iterable[Opened]) -> tuple[DocumentView, ...]:
    rows = list(rows)
    staff = account_names({r[name] for r in rows for name in ("author_id", "removed_by_id") if r[name]})
    folders = {r["folder_id"] for r in rows}
    volets = {
        id_: Volet(volet)
        for id_, volet in db.session.execute(select(Folder.id, Folder.volet).where(Folder.id.in_(folders)))
    }
    return tuple(
        DocumentView(
            id=r["id"],
            journey_id=r["journey_id"],
            folder_id=r["folder_id"],
            kind=DOCUMENT_KINDS.get(r["kind"] or "", "Document"),
            name=r["name"] or "",
            media=r["media"] or "",
            size=int(r["size"] or 0),
            volet=LABELS[volets[r["folder_id"]]],
            may_remove=volets[r["folder_id"]] in grant.writable,
            added_at=r["added_at"],
            author=staff.get(r["author_id"], ""),
            removed_at=r["removed_at"],
            removed_by=staff.get(r["removed_by_id"], ""),
        )
        for r in rows
    )
