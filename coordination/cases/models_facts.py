"""Tables of what only pages bring, no import bundle: invitations, applications, household, decisions, the end."""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InFolder, sealed


class Invitation(InFolder, Base):
    """An invitation to a meeting, a workshop or a talk, and the answer to it."""

    __tablename__ = "invitation"

    sent_on: Mapped[date] = mapped_column()
    answered_on: Mapped[date | None] = mapped_column()
    kind: Mapped[bytes | None] = sealed()
    answer: Mapped[bytes | None] = sealed()


class IaeApplication(InFolder, Base):
    """An application to an employer of the IAE (`employer`: free words, so sealed), and the answer to it."""

    __tablename__ = "iae_application"

    applied_on: Mapped[date] = mapped_column()
    answered_on: Mapped[date | None] = mapped_column()
    employer: Mapped[bytes | None] = sealed(128)
    job: Mapped[bytes | None] = sealed(128)
    answer: Mapped[bytes | None] = sealed()


class HouseholdChild(InFolder, Base):
    """A child of the household: no name, the month of birth alone (`2021-03`), how the child is looked after."""

    __tablename__ = "household_child"

    birth_month: Mapped[bytes | None] = sealed()
    care: Mapped[bytes | None] = sealed(256)


class StayDecision(InFolder, Base):
    """What was decided of a child's journey that reaches 12, 18 or 24 months, and why."""

    __tablename__ = "stay_decision"

    on_date: Mapped[date] = mapped_column()
    decision: Mapped[bytes | None] = sealed()
    reason: Mapped[bytes | None] = sealed(256)


class FollowUp(InFolder, Base):
    """The situation of the person some months after the end of the journey."""

    __tablename__ = "follow_up"

    on_date: Mapped[date] = mapped_column()
    situation: Mapped[bytes | None] = sealed()
    note: Mapped[bytes | None] = sealed(256)


class RetentionDecision(InFolder, Base):
    """What was decided at the end of the time for which a file is kept: erase it, or keep it and why."""

    __tablename__ = "retention_decision"

    on_date: Mapped[date] = mapped_column()
    decision: Mapped[bytes | None] = sealed()
    reason: Mapped[bytes | None] = sealed(256)
