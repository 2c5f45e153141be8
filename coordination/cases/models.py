"""Tables of a journey. What is sealed and what is in clear follows `docs/adr/0002`."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, String, and_, text
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from coordination.alerts.running import TURNED_DOWN, runs
from coordination.db import Base, InFolder, InOrder, Row, sealed


class Journey(Row, InOrder, Base):
    """One person in one programme: the skeleton in clear (ids, stage, dates), no personal field."""

    __tablename__ = "journey"
    __table_args__ = (
        CheckConstraint("programme IN ('PRE','CITE_EMPLOI')", name="programme"),
        Index("ix_journey_referent_id", "referent_id"),
        Index("ix_journey_programme_stage", "programme", "stage"),
    )

    ref: Mapped[str] = mapped_column(String(64), unique=True)
    programme: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str | None] = mapped_column(String(20))
    opened_on: Mapped[date | None] = mapped_column()
    agreement_status: Mapped[str | None] = mapped_column(String(16))
    agreement_on: Mapped[date | None] = mapped_column()
    entered_on: Mapped[date | None] = mapped_column()
    validated_on: Mapped[date | None] = mapped_column()
    diagnosis_on: Mapped[date | None] = mapped_column()
    referent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    backup_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    planned_rhythm_days: Mapped[int | None] = mapped_column()
    rsa_opened_on: Mapped[date | None] = mapped_column()
    oriented_on: Mapped[date | None] = mapped_column()
    contract_signed_on: Mapped[date | None] = mapped_column()
    exit_on: Mapped[date | None] = mapped_column()
    # The latest day on which anything was written on it: of an import, the latest date of a fact.
    written_on: Mapped[date | None] = mapped_column()
    # Where a pause, or being turned down, found it, and where it resumes.
    suspended_from: Mapped[str | None] = mapped_column(String(20))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    @hybrid_property
    def runs(self) -> bool:
        """Neither ended nor turned down: what every list and every count calls « en cours »."""
        return runs(self.exit_on, self.stage)

    @runs.inplace.expression
    @classmethod
    def _runs(cls) -> ColumnElement[bool]:
        return and_(cls.exit_on.is_(None), cls.stage.is_distinct_from(TURNED_DOWN))


class Sheet(InFolder, Base):
    """The person: identity, address, school, and the codes that say too much to stand in clear."""

    __tablename__ = "sheet"

    first_name: Mapped[bytes | None] = sealed()
    last_name: Mapped[bytes | None] = sealed()
    birth_date: Mapped[bytes | None] = sealed()
    sex: Mapped[bytes | None] = sealed()
    address: Mapped[bytes | None] = sealed(128)
    commune: Mapped[bytes | None] = sealed()
    area: Mapped[bytes | None] = sealed()
    school: Mapped[bytes | None] = sealed(128)
    school_level: Mapped[bytes | None] = sealed()
    scheme: Mapped[bytes | None] = sealed()
    orientation_path: Mapped[bytes | None] = sealed()
    exit_reason: Mapped[bytes | None] = sealed()
    phone: Mapped[bytes | None] = sealed()
    email: Mapped[bytes | None] = sealed()
    interpreter: Mapped[bytes | None] = sealed()
    prefers_oral: Mapped[bytes | None] = sealed()
    arrived_on: Mapped[bytes | None] = sealed()
    diagnosis: Mapped[bytes | None] = sealed(256)


class Agreement(InFolder, Base):
    """A line of the history of the agreement; the journey carries where it stands now.

    `volets`: what a signature covers, codes; `signer`: id of a representative, empty for the person. The history
    only grows: a line noted by mistake is cancelled by one (`status` CANCELLING) that names it in `cancels`.
    """

    __tablename__ = "agreement"
    CANCELLING = "ANNULATION"

    status: Mapped[str] = mapped_column(String(16))
    on_date: Mapped[date | None] = mapped_column()
    school_year: Mapped[int | None] = mapped_column()
    recorded_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    cancels: Mapped[uuid.UUID | None] = mapped_column()
    volets: Mapped[bytes | None] = sealed()
    signer: Mapped[bytes | None] = sealed()
    remark: Mapped[bytes | None] = sealed(256)


class Schooling(InFolder, Base):
    """School and level of one school year (`school_year` 2026 is 2026-2027)."""

    __tablename__ = "schooling"

    school_year: Mapped[int] = mapped_column()
    school: Mapped[bytes | None] = sealed()
    school_level: Mapped[bytes | None] = sealed()


class Representative(InFolder, Base):
    """A person to call for the beneficiary: parent, or somebody they trust; who signed the agreement."""

    __tablename__ = "representative"

    first_name: Mapped[bytes | None] = sealed()
    last_name: Mapped[bytes | None] = sealed()
    tie: Mapped[bytes | None] = sealed()
    phone: Mapped[bytes | None] = sealed()
    email: Mapped[bytes | None] = sealed(128)
    parental_authority: Mapped[bytes | None] = sealed()
    interpreter: Mapped[bytes | None] = sealed()
    signed_agreement: Mapped[bytes | None] = sealed()
    takes_part: Mapped[bytes | None] = sealed()
    trusted: Mapped[bytes | None] = sealed()
    prefers_oral: Mapped[bytes | None] = sealed()


class Contact(InFolder, Base):
    """A dated exchange or attempt; mode and outcome in clear, the note sealed."""

    __tablename__ = "contact"

    on_date: Mapped[date] = mapped_column()
    mode: Mapped[str] = mapped_column(String(20))
    outcome: Mapped[str | None] = mapped_column(String(20))
    author_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("account.id"))
    note: Mapped[bytes | None] = sealed(256)


# For the modes that a person used last.
Index("ix_contact_author_id_on_date", Contact.author_id, Contact.on_date)


# The exchanges of all that somebody sees, read without a look at their lines.
Index(
    "ix_contact_exchange",
    *(Contact.folder_id, Contact.journey_id, Contact.on_date),
    postgresql_where=text("outcome = 'ABOUTI' AND mode <> 'TIERS'"),
)


class Appointment(InFolder, Base):
    __tablename__ = "appointment"

    on_date: Mapped[date] = mapped_column()
    status: Mapped[str | None] = mapped_column(String(20))
    structure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("structure.id"))
    # "14:30". With a day and a structure it would say of whom it is to who saw them come.
    at_time: Mapped[bytes | None] = sealed()
    place: Mapped[bytes | None] = sealed(256)


Index(
    "ix_appointment_exchange",
    *(Appointment.folder_id, Appointment.journey_id, Appointment.on_date),
    postgresql_where=text("status = 'HONORE'"),
)


class Objective(InFolder, Base):
    """A dated fact, its baseline and its outcome; never a score."""

    __tablename__ = "objective"

    set_on: Mapped[date] = mapped_column()
    reached_on: Mapped[date | None] = mapped_column()
    axis: Mapped[bytes | None] = sealed()
    fact: Mapped[bytes | None] = sealed(256)
    baseline: Mapped[bytes | None] = sealed(256)
    outcome: Mapped[bytes | None] = sealed(256)
    # What the family or the person said, as they said it.
    own_words: Mapped[bytes | None] = sealed(256)


class Action(InFolder, Base):
    """What is done; its kind and axis or barrier are sealed, its dates and status are not."""

    __tablename__ = "action"

    key: Mapped[str] = mapped_column(String(64))
    structure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("structure.id"))
    droit_commun: Mapped[str | None] = mapped_column(String(20))
    planned_start: Mapped[date | None] = mapped_column()
    started_on: Mapped[date | None] = mapped_column()
    planned_end: Mapped[date | None] = mapped_column()
    ended_on: Mapped[date | None] = mapped_column()
    status: Mapped[str | None] = mapped_column(String(24))
    suspended_on: Mapped[date | None] = mapped_column()
    kind: Mapped[bytes | None] = sealed()
    axis_or_barrier: Mapped[bytes | None] = sealed()
    # Who sees to it: a name or a function, in free words.
    owner: Mapped[bytes | None] = sealed()
    # One of the objectives of the contract. Several tell of health or of rights: sealed as the axis is.
    contract_objective: Mapped[bytes | None] = sealed()
    detail: Mapped[bytes | None] = sealed(256)


class Attendance(InFolder, Base):
    """One session of an action: came, did not come, or said so beforehand."""

    __tablename__ = "attendance"

    action_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("action.id", ondelete="CASCADE", deferrable=True, initially="DEFERRED"), index=True
    )
    on_date: Mapped[date] = mapped_column()
    status: Mapped[str] = mapped_column(String(16))


class Pause(InFolder, Base):
    __tablename__ = "pause"

    from_on: Mapped[date] = mapped_column()
    expected_return: Mapped[date | None] = mapped_column()
    returned_on: Mapped[date | None] = mapped_column()
    reason: Mapped[bytes | None] = sealed()


# Pauses that run, of all that somebody sees: line by line, each would be held against the list of their folders.
Index(
    "ix_pause_running",
    *(Pause.folder_id, Pause.journey_id),
    postgresql_where=Pause.returned_on.is_(None),
)


class Review(InFolder, Base):
    __tablename__ = "review"

    due_on: Mapped[date] = mapped_column()
    held_on: Mapped[date | None] = mapped_column()
    conclusions: Mapped[bytes | None] = sealed(256)


class Barrier(InFolder, Base):
    """A functional barrier, never a pathology."""

    __tablename__ = "barrier"

    identified_on: Mapped[date] = mapped_column()
    lifted_on: Mapped[date | None] = mapped_column()
    barrier: Mapped[bytes | None] = sealed()
    level: Mapped[bytes | None] = sealed()


class Right(InFolder, Base):
    """A right that ends on a day; which one is sealed."""

    __tablename__ = "right_end"

    ends_on: Mapped[date] = mapped_column()
    kind: Mapped[bytes | None] = sealed()


class LifeEvent(InFolder, Base):
    __tablename__ = "life_event"

    on_date: Mapped[date] = mapped_column()
    handled_on: Mapped[date | None] = mapped_column()
    kind: Mapped[bytes | None] = sealed()


class SchoolAbsence(InFolder, Base):
    __tablename__ = "school_absence"

    on_date: Mapped[date] = mapped_column()
    half_days: Mapped[bytes | None] = sealed()
