"""Tables of what is to be mailed: counts and links in French, never a name, a reference or a free text."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from coordination.alerts.models import days, instants
from coordination.db import Base, Row

KINDS = ("RESUME", "PANNE")
STATES = ("A_ENVOYER", "ENVOYE", "REFUSE", "ANNULE")


class Mail(Row, Base):
    """A mail of the outbox. Unique on (person, kind, day): any number of workers writes it once.

    `kind`: RESUME (what is new; on Monday also the week), PANNE (no scan for 26 hours). `state`: REFUSE once the
    server refused the address for good, ANNULE when the person left meanwhile. `answer`: the server's code.
    """

    __tablename__ = "mail"
    __table_args__ = (
        UniqueConstraint("account_id", "kind", "on_date"),
        CheckConstraint("kind IN ('RESUME','PANNE')", name="kind"),
        CheckConstraint("state IN ('A_ENVOYER','ENVOYE','REFUSE','ANNULE')", name="state"),
        days("on_date"),
        instants("queued_at", "next_at", "sent_at"),
        Index("ix_mail_waiting", "next_at", postgresql_where=text("state = 'A_ENVOYER'")),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(8))
    on_date: Mapped[date] = mapped_column()
    subject: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column()
    state: Mapped[str] = mapped_column(String(12), server_default="A_ENVOYER")
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    queued_at: Mapped[datetime] = mapped_column()
    next_at: Mapped[datetime] = mapped_column()
    sent_at: Mapped[datetime | None] = mapped_column()
    answer: Mapped[int | None] = mapped_column()


class DigestRun(Base):
    """A working day whose mails are written: what opened later goes into the next one."""

    __tablename__ = "digest_run"
    __table_args__ = (days("on_date"), instants("queued_at"))

    on_date: Mapped[date] = mapped_column(primary_key=True)
    queued_at: Mapped[datetime] = mapped_column()
