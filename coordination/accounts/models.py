"""Tables of people who work: structures, accounts, memberships, sessions, sign-in attempts."""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InOrder, Row

OPERATOR_EMAIL = "operateur"


class Structure(Row, InOrder, Base):
    """CCAS, centre social, school, MIPE…; `commune` is the structure's own, in clear."""

    __tablename__ = "structure"

    code: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column()
    type: Mapped[str | None] = mapped_column(String(32))
    commune: Mapped[str | None] = mapped_column(String(5))
    retired_on: Mapped[date | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class Account(Row, Base):
    """A person who works with journeys, or the operator of the commands (who cannot sign in).

    `secrecy_basis` and a charter signed and not expired are needed for any access to a journey.
    `second_factor` is the place of the TOTP secret to come.
    """

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint(
            "secrecy_basis IN ('PROFESSION','MISSION_L133_5','MISSION_ASE','CONTRACTUEL','AUCUN')",
            name="secrecy_basis",
        ),
    )

    email: Mapped[str] = mapped_column(String(254), unique=True)
    display_name: Mapped[str] = mapped_column()
    kind: Mapped[str] = mapped_column(String(8), server_default="person")
    password_hash: Mapped[str | None] = mapped_column()
    secrecy_basis: Mapped[str] = mapped_column(String(16), default="AUCUN", server_default="AUCUN")
    charter_version: Mapped[str | None] = mapped_column(String(16))
    charter_signed_on: Mapped[date | None] = mapped_column()
    charter_expires_on: Mapped[date | None] = mapped_column()
    second_factor: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    suspended_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class Membership(Row, InOrder, Base):
    """A role held in a structure for a programme; several per account."""

    __tablename__ = "membership"
    __table_args__ = (
        Index(
            "uq_membership_identity",
            "account_id",
            "role",
            "structure_id",
            "programme",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(String(32))
    structure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("structure.id"))
    programme: Mapped[str | None] = mapped_column(String(16))
    started_at: Mapped[datetime | None] = mapped_column()
    ended_at: Mapped[datetime | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class SignInSession(Base):
    """A signed-in browser; `token_hash`: keyed, of the cookie's random token."""

    __tablename__ = "sign_in_session"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    started_at: Mapped[datetime] = mapped_column()
    last_seen_at: Mapped[datetime] = mapped_column()
    revoked_at: Mapped[datetime | None] = mapped_column()


class PasswordLink(Base):
    """A link with which a person chooses a password, once; `token_hash`: keyed, of the link's random token."""

    __tablename__ = "password_link"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    expires_at: Mapped[datetime] = mapped_column()
    used_at: Mapped[datetime | None] = mapped_column()


class SignInAttempt(Row, Base):
    """A failed sign-in, for throttling; `subject` is a keyed hash of the e-mail or of the address."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index("ix_sign_in_attempt_subject_at", "subject", "at"),)

    subject: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column()
