"""What the coordination decided about a journey during its weekly review."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InFolder


class WeekDecision(InFolder, Base):
    """One decision per journey and week (`week`: its Monday). `settled_on`: the wish of an EPS was followed."""

    __tablename__ = "week_decision"

    week: Mapped[date] = mapped_column()
    decision: Mapped[str] = mapped_column(String(16))
    on_date: Mapped[date] = mapped_column()
    by_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("account.id"))
    until_on: Mapped[date | None] = mapped_column()
    settled_on: Mapped[date | None] = mapped_column()


Index("ix_week_decision_week", WeekDecision.week, WeekDecision.journey_id)
