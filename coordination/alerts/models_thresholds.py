"""Tables of thresholds: what the coordinators set, the trials on the past before it, and who waits for a recount.

Rules, numbers, days and opaque ids: nothing here tells of a person who is followed.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, Row

TO_COME, IN_FORCE, OVER, WITHDRAWN = "A_VENIR", "EN_VIGUEUR", "FINI", "RETIRE"
LIVE = (TO_COME, IN_FORCE)


class _Values:
    """Where a setting acts and what it says. A number is None where the rule has none of the kind."""

    rule: Mapped[str] = mapped_column(String(8))
    programme: Mapped[str] = mapped_column(String(16))
    structure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("structure.id"))
    threshold_days: Mapped[int | None] = mapped_column()
    lead_days: Mapped[int | None] = mapped_column()
    threshold_count: Mapped[int | None] = mapped_column()
    window_days: Mapped[int | None] = mapped_column()
    switched_on: Mapped[bool | None] = mapped_column()


_POSITIVE = "least(threshold_days, lead_days, threshold_count, window_days) > 0"
_PROGRAMME = "programme IN ('PRE','CITE_EMPLOI')"


class ThresholdTrial(Row, _Values, Base):
    """A setting tried on the past of the territory: counts by week and by référent, with the setting of the day
    (`before`) and with the one proposed (`after`). Weeks begin on `from_on`, seven days each.
    """

    __tablename__ = "threshold_trial"
    __table_args__ = (
        CheckConstraint(_PROGRAMME, name="programme"),
        CheckConstraint(_POSITIVE, name="positive"),
    )

    from_on: Mapped[date] = mapped_column()
    until_on: Mapped[date] = mapped_column()
    made_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    made_at: Mapped[datetime] = mapped_column()
    # The setting it was compared with, so that a decision on another ground is refused.
    present: Mapped[str] = mapped_column(String(64))
    journeys: Mapped[int] = mapped_column()
    # Those that did not open, and are in no count.
    unread: Mapped[int] = mapped_column(server_default=text("0"))
    weeks_before: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    weeks_after: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    referents: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(Uuid))
    referents_before: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    referents_after: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    breaks: Mapped[int] = mapped_column()
    found_before: Mapped[int] = mapped_column()
    found_after: Mapped[int] = mapped_column()
    days_gained: Mapped[int | None] = mapped_column()
    needless_before: Mapped[int] = mapped_column()
    needless_after: Mapped[int] = mapped_column()


class Threshold(Row, _Values, Base):
    """A setting that a coordinator decided: of a rule, for a programme, or for one structure of it.

    `status`: A_VENIR, EN_VIGUEUR, FINI, RETIRE. The day itself changes it (`begin_thresholds`), so that a
    computation of deadlines reads what is in force and never today.
    """

    __tablename__ = "threshold"
    __table_args__ = (
        CheckConstraint(_PROGRAMME, name="programme"),
        CheckConstraint(_POSITIVE, name="positive"),
        CheckConstraint("valid_until >= valid_from", name="valid"),
        CheckConstraint("status IN ('A_VENIR','EN_VIGUEUR','FINI','RETIRE')", name="status"),
        # Two of the same days in one place are one too many.
        Index(
            "uq_threshold_place",
            "rule",
            "programme",
            "structure_id",
            "valid_from",
            "valid_until",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("status <> 'RETIRE'"),
        ),
    )

    valid_from: Mapped[date] = mapped_column()
    valid_until: Mapped[date | None] = mapped_column()
    status: Mapped[str] = mapped_column(String(12))
    trial_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("threshold_trial.id"))
    decided_by: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime] = mapped_column()


class RecomputeQueue(Base):
    """Journeys whose deadlines were computed under a setting that no longer stands."""

    __tablename__ = "recompute_queue"

    journey_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("journey.id", deferrable=True, initially="DEFERRED", ondelete="CASCADE"), primary_key=True
    )
    since: Mapped[datetime] = mapped_column()
