"""Tables of trust: folders, access, audit chain, idempotency, erasures."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InFolder, Row, sealed


class Folder(Row, Base):
    """One volet of one journey: the unit of access and of encryption.

    `open` is False where records came by an import before any agreement: the key exists, nobody but the
    operator's command reads it.
    """

    __tablename__ = "folder"
    __table_args__ = (
        UniqueConstraint("journey_id", "volet"),
        UniqueConstraint("id", "journey_id"),
    )

    journey_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("journey.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    )
    volet: Mapped[str] = mapped_column(String(16))
    open: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    # Whether the agreement covers this volet: what a later signature opens again.
    agreed: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    # The day of its last exchange, which the database keeps (0046_heard.sql).
    heard_on: Mapped[date | None] = mapped_column()


class Revision(InFolder, Base):
    """What a record said before it was corrected or removed: never changed, never deleted by a page.

    `said`: sealed JSON, field -> text. See `privacy.records`.
    """

    __tablename__ = "revision"

    of_table: Mapped[str] = mapped_column(String(32))
    of_id: Mapped[uuid.UUID] = mapped_column()
    at: Mapped[datetime] = mapped_column()
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    removed: Mapped[bool] = mapped_column(default=False)
    said: Mapped[bytes | None] = sealed(256)


class Draft(InFolder, Base):
    """What somebody typed in a form and has not saved yet: for its author alone, for a few days.

    `said`: sealed JSON, field -> values. See `privacy.drafts`. Without a journey, `folder_id` is the id of a key of
    its own, which goes with it: the database then holds it to no folder.
    """

    __tablename__ = "draft"

    journey_id: Mapped[uuid.UUID | None] = mapped_column()  # type: ignore[assignment]
    author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    form: Mapped[str] = mapped_column(String(64))
    of_id: Mapped[uuid.UUID] = mapped_column()
    saved_at: Mapped[datetime] = mapped_column()
    said: Mapped[bytes | None] = sealed(256)


class VoletRight(Base):
    """What a role may do on each volet of a journey it is related to (table of `docs`, loaded once)."""

    __tablename__ = "volet_right"

    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    programme: Mapped[str] = mapped_column(String(16), primary_key=True)
    relation: Mapped[str] = mapped_column(String(16), primary_key=True)
    volet: Mapped[str] = mapped_column(String(16), primary_key=True)
    can_write: Mapped[bool] = mapped_column()


class Access(Row, Base):
    """A relation: this actor may open this folder, on this basis, in this time."""

    __tablename__ = "access"
    __table_args__ = (
        UniqueConstraint("actor_id", "folder_id", "basis", "leave_id", postgresql_nulls_not_distinct=True),
        Index("ix_access_journey", "journey_id"),
        # All that the wall asks of somebody, in the order of journeys: it is read without the table's own pages.
        Index(
            "ix_access_actor_journey",
            "actor_id",
            "journey_id",
            postgresql_include=["folder_id", "from_at", "until_at"],
        ),
        # Its folders, in their own order.
        Index("ix_access_actor_folder", "actor_id", "folder_id", postgresql_include=["from_at", "until_at"]),
        Index("ix_access_leave_id", "leave_id", postgresql_where=text("leave_id IS NOT NULL")),
    )

    actor_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    journey_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("journey.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    )
    folder_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("folder.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    )
    basis: Mapped[str] = mapped_column(String(16))
    can_write: Mapped[bool] = mapped_column(default=False)
    from_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    until_at: Mapped[datetime | None] = mapped_column()
    granted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    # The absence during which this row lets somebody replace the référent.
    leave_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("leave.id", ondelete="CASCADE"))


class AuditEntry(Base):
    """One line of a structure's hash chain. `body` is exactly what was hashed; the columns repeat it."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("structure_id", "previous"),
        Index("ix_audit_entry_journey", "journey_id", "at_us"),
        Index("ix_audit_entry_actor", "actor_id", "at_us"),
    )

    structure_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    at_us: Mapped[int] = mapped_column(BigInteger)
    actor_id: Mapped[uuid.UUID] = mapped_column()
    journey_id: Mapped[uuid.UUID | None] = mapped_column()
    action: Mapped[str] = mapped_column(String(40))
    result: Mapped[str] = mapped_column(String(16))
    detail: Mapped[str] = mapped_column()


class AuditCheckpoint(Row, Base):
    """Signed state of a chain, exported to a witness outside the administrator's reach."""

    __tablename__ = "audit_checkpoint"

    structure_id: Mapped[uuid.UUID] = mapped_column()
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    at_us: Mapped[int] = mapped_column(BigInteger)
    signature: Mapped[bytes] = mapped_column(LargeBinary)


class Idempotency(Base):
    """What a form with this key was answered: the same key and body get the same answer."""

    __tablename__ = "idempotency"

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[str] = mapped_column()
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))


class Tombstone(Base):
    """A folder whose key was destroyed; replayed at every restore. `proof`: see `privacy.tombstones`."""

    __tablename__ = "tombstone"

    folder_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    proof: Mapped[bytes | None] = mapped_column(LargeBinary)
