"""Tables of the life of a journey: how it came, its turns, who replaces whom, families."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InFolder, Row, sealed

# `Turn.kind` of a handover: each change of référent, or a word left with a change of backup.
RELAY = "RELAIS"


class Saisine(InFolder, Base):
    """How the journey came: a saisine (PRE) or a spotting (Cité), from a structure, on a day.

    `on_date`: as it was first noted; a correction of that day is the journey's (`opened_on`).
    `source`: code of `pre_referral_source`; `reasons`: codes of `pre_referral_reason`, apart by commas.
    """

    __tablename__ = "saisine"

    on_date: Mapped[date] = mapped_column()
    structure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("structure.id"))
    source: Mapped[bytes | None] = sealed()
    reasons: Mapped[bytes | None] = sealed()
    remark: Mapped[bytes | None] = sealed(256)


class Turn(InFolder, Base):
    """A turn in the journey: who wrote it, for whom, what was decided.

    `kind`: RELAIS, SORTIE, REOUVERTURE, or the code of the stage to which somebody took it. `from_id`: who followed
    it before a handover, if anybody; who follows it still, where the backup alone changed.
    """

    __tablename__ = "turn"

    kind: Mapped[str] = mapped_column(String(16))
    on_date: Mapped[date] = mapped_column()
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    to_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    from_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    decided_by: Mapped[bytes | None] = sealed()
    note: Mapped[bytes | None] = sealed(256)


def changes_hands() -> ColumnElement[bool]:
    """The condition on a handover that somebody else follows the journey from it on."""
    return Turn.from_id.is_distinct_from(Turn.to_id)


class Leave(Row, Base):
    """An absence of a professional, both days included, and who replaces them, if anybody: access follows."""

    __tablename__ = "leave"
    __table_args__ = (
        CheckConstraint("account_id <> backup_id AND from_on <= until_on", name="days"),
        Index("ix_leave_account_id", "account_id"),
        Index("ix_leave_backup_id", "backup_id"),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    backup_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    from_on: Mapped[date] = mapped_column()
    until_on: Mapped[date] = mapped_column()


class HouseholdMember(Base):
    """Journeys of one family; read and written through functions of the wall alone."""

    __tablename__ = "household_member"
    __table_args__ = (Index("ix_household_member_household_id", "household_id"),)

    journey_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("journey.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE"), primary_key=True
    )
    household_id: Mapped[uuid.UUID] = mapped_column()
