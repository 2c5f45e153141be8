"""Tables of the documents attached to a journey: what they are, and their sealed content in parts."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InFolder, sealed


class Document(InFolder, Base):
    """A file put in a volet. Once removed, its row stays as a trace: its name and its parts are gone."""

    __tablename__ = "document"

    added_at: Mapped[datetime] = mapped_column()
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    removed_at: Mapped[datetime | None] = mapped_column()
    removed_by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[bytes | None] = sealed()
    name: Mapped[bytes | None] = sealed(64)
    media: Mapped[bytes | None] = sealed()
    size: Mapped[bytes | None] = sealed()


class DocumentPart(InFolder, Base):
    """A stretch of a document's bytes, sealed by `sealing.seal_part`: never opened as a text."""

    __tablename__ = "document_part"

    document_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("document.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    )
    number: Mapped[int] = mapped_column()
    content: Mapped[bytes | None] = sealed(1, parts_of="document_id")


# Read in their order, and each once.
Index("uq_document_part_number", DocumentPart.document_id, DocumentPart.number, unique=True)
