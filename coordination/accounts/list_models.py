"""Tables of what the administrator keeps: labels of coded lists, fragile neighbourhoods, school years."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, String, text
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, Row


class CodedLabel(Base):
    """What the administrator says of a code of `reference.json`: its label, its place, its retirement.

    The codes themselves are fixed: records and rules hold on to them.
    """

    __tablename__ = "coded_label"

    list: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(120))
    position: Mapped[int] = mapped_column()
    retired_on: Mapped[date | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class Area(Base):
    """A fragile neighbourhood or residence, and the days on which it counts as one (both ends included)."""

    __tablename__ = "area"
    __table_args__ = (CheckConstraint("valid_until >= valid_from", name="valid"),)

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    label: Mapped[str] = mapped_column(String(120))
    commune: Mapped[str] = mapped_column(String(5))
    valid_from: Mapped[date | None] = mapped_column()
    valid_until: Mapped[date | None] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))


class SchoolYear(Row, Base):
    """A school year, from the first day of school to the last before summer."""

    __tablename__ = "school_year"
    __table_args__ = (CheckConstraint("ends_on > starts_on", name="order"),)

    starts_on: Mapped[date] = mapped_column(unique=True)
    ends_on: Mapped[date] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
