"""Tables of referrals (orientations): from a structure to another, until the first action is held."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, InFolder, sealed


class Referral(InFolder, Base):
    """`follows_id`: the referral that this one replaces, of the same journey."""

    __tablename__ = "referral"

    key: Mapped[str] = mapped_column(String(64))
    to_structure_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("structure.id"))
    sent_on: Mapped[date | None] = mapped_column()
    seen_on: Mapped[date | None] = mapped_column()
    accepted_on: Mapped[date | None] = mapped_column()
    refused_on: Mapped[date | None] = mapped_column()
    first_action_on: Mapped[date | None] = mapped_column()
    status: Mapped[str | None] = mapped_column(String(16))
    follows_id: Mapped[uuid.UUID | None] = mapped_column(
        ForeignKey("referral.id", deferrable=True, initially="DEFERRED")
    )
    refusal_reason: Mapped[bytes | None] = sealed()
