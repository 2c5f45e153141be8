"""Tables of deadlines, alerts and scans: dates, codes and opaque ids only, readable without a key."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InOrder, Row, sealed

OPEN_STATUSES = ("OUVERTE", "VUE", "PRISE_EN_CHARGE", "REPORTEE")


def days(*columns: str) -> CheckConstraint:
    """The worker's role writes these: no day that a page could not read (infinity, a year before our era)."""
    within = "BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    return CheckConstraint(" AND ".join(f"{column} {within}" for column in columns), name="days")


def instants(*columns: str) -> CheckConstraint:
    """The same for instants, which only a clock gives."""
    within = "BETWEEN TIMESTAMPTZ '2000-01-01 00:00Z' AND TIMESTAMPTZ '3000-01-01 00:00Z'"
    return CheckConstraint(" AND ".join(f"{column} {within}" for column in columns), name="instants")


def _folder_key() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["folder_id", "journey_id"],
        ["folder.id", "folder.journey_id"],
        deferrable=True,
        initially="DEFERRED",
        ondelete="CASCADE",
    )


class Alert(Row, Base):
    """A deadline that passed. Unique on (journey, rule, kind, subject, since) in each volet."""

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("journey_id", "rule", "kind", "subject_id", "since", "folder_id"),
        CheckConstraint("kind IN ('lead','overdue')", name="kind"),
        CheckConstraint(
            "status IN ('OUVERTE','VUE','PRISE_EN_CHARGE','REPORTEE','SANS_OBJET','RESOLUE')", name="status"
        ),
        days("since", "due_on", "opened_on", "escalated_on", "acted_on", "postponed_until", "resolved_on"),
        # Pages and scans ask for what is open, and for the answers that hide something of it: their cost must not
        # grow with the past.
        Index("ix_alert_standing", "folder_id", "status", postgresql_where=text("status <> 'RESOLUE'")),
        # What a scan hands on to the coordination, by rule and age.
        Index(
            "ix_alert_unanswered",
            "rule",
            "kind",
            "opened_on",
            postgresql_where=text("status IN ('OUVERTE', 'VUE') AND escalated_on IS NULL"),
        ),
        _folder_key(),
    )

    journey_id: Mapped[uuid.UUID] = mapped_column()
    folder_id: Mapped[uuid.UUID] = mapped_column()
    rule: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8))
    subject_id: Mapped[str] = mapped_column(String(36), default="")
    since: Mapped[date] = mapped_column()
    due_on: Mapped[date] = mapped_column()
    because: Mapped[str] = mapped_column(String(24))
    opened_on: Mapped[date] = mapped_column()
    initial: Mapped[bool] = mapped_column(default=False)
    status: Mapped[str] = mapped_column(String(16), default="OUVERTE")
    escalated_on: Mapped[date | None] = mapped_column()
    acted_on: Mapped[date | None] = mapped_column()
    acted_by: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    postponed_until: Mapped[date | None] = mapped_column()
    way_out: Mapped[str | None] = mapped_column(String(24))
    resolved_on: Mapped[date | None] = mapped_column()
    resolved_because: Mapped[str | None] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    comment: Mapped[bytes | None] = sealed(256)


class AlertEvent(Row, InOrder, Base):
    """What happened to an alert; written by a trigger of the database, whoever changed it.

    `what`: a status it took, or OUVERTE, ROUVERTE, REVENUE (postponed, back on its day), ESCALADEE.
    """

    __tablename__ = "alert_event"
    __table_args__ = (
        Index(None, "alert_id"),
        Index(None, "folder_id"),
        Index(None, "journey_id"),
        _folder_key(),
    )

    alert_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("alert.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE")
    )
    journey_id: Mapped[uuid.UUID] = mapped_column()
    folder_id: Mapped[uuid.UUID] = mapped_column()
    what: Mapped[str] = mapped_column(String(16))
    on_date: Mapped[date] = mapped_column()
    by_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    until_on: Mapped[date | None] = mapped_column()
    way_out: Mapped[str | None] = mapped_column(String(24))
    because: Mapped[str | None] = mapped_column(String(40))


class StoredDeadline(Base):
    """The earliest day on which a rule would fire if nothing happened any more."""

    __tablename__ = "deadline"
    __table_args__ = (
        CheckConstraint("kind IN ('lead','overdue')", name="kind"),
        # What is already open leaves the range, so that a scan costs what is newly due.
        Index("ix_deadline_due", "due_on", postgresql_where=text("alert_id IS NULL")),
        # What is to come, read by whoever sees the folders: the wall's own condition becomes the index's.
        Index("ix_deadline_coming", "folder_id", "due_on", postgresql_where=text("alert_id IS NULL")),
        _folder_key(),
    )

    journey_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(String(8), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject_id: Mapped[str] = mapped_column(String(36), primary_key=True, default="")
    folder_id: Mapped[uuid.UUID] = mapped_column()
    due_on: Mapped[date] = mapped_column()
    since: Mapped[date] = mapped_column()
    because: Mapped[str] = mapped_column(String(24))
    alert_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("alert.id", deferrable=True, initially="DEFERRED", ondelete="SET NULL")
    )


class ImportRun(Row, Base):
    """A committed import; the first scan after it opens the starting situation."""

    __tablename__ = "import_run"

    committed_at: Mapped[datetime] = mapped_column()
    as_of: Mapped[date] = mapped_column()
    scanned: Mapped[bool] = mapped_column(default=False, server_default=text("false"))


class ScanRun(Row, Base):
    __tablename__ = "scan_run"
    __table_args__ = (days("on_date"), instants("finished_at"))

    on_date: Mapped[date] = mapped_column()
    finished_at: Mapped[datetime] = mapped_column()
    opened: Mapped[int] = mapped_column()


class State(Base):
    """Facts about the installation itself (demo territory, calendar version)."""

    __tablename__ = "state"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column()
