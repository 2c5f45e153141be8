"""What the forms about people show: the stored sheet, the people to call, the school years."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import select

from coordination.cases.models import Journey, Representative, Schooling, Sheet
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, open_rows

SHEET = (
    "first_name",
    "last_name",
    "birth_date",
    "sex",
    "phone",
    "email",
    "interpreter",
    "prefers_oral",
    "address",
    "commune",
    "area",
    "arrived_on",
    "version",
)
RELATIVE = (
    "first_name",
    "last_name",
    "tie",
    "phone",
    "email",
    "parental_authority",
    "takes_part",
    "trusted",
    "interpreter",
    "prefers_oral",
    "version",
)


@dataclass(frozen=True)
class SchoolLine:
    """School and level of a year, as stored."""

    year: int
    school: str
    level: str
    version: int

    def __repr__(self) -> str:
        return f"<SchoolLine {self.year}>"


def programme_of(journey_id: uuid.UUID) -> str:
    """The programme of a journey that the actor sees."""
    return db.session.scalars(select(Journey.programme).where(Journey.id == journey_id)).one()


def stored_sheet(grant: Grant, journey_id: uuid.UUID) -> Opened:
    return open_rows(grant, Sheet, SHEET, Sheet.journey_id == journey_id)[0]


def stored_relative(grant: Grant, relative_id: uuid.UUID) -> Opened:
    return open_rows(grant, Representative, RELATIVE, Representative.id == relative_id)[0]


def schooling_now(grant: Grant, journey_id: uuid.UUID) -> tuple[str, str]:
    """School and level of today, from the sheet: an import says them without their year."""
    rows = open_rows(grant, Sheet, ("school", "school_level"), Sheet.journey_id == journey_id)
    return (rows[0]["school"] or "", rows[0]["school_level"] or "") if rows else ("", "")


def school_lines(grant: Grant, journey_id: uuid.UUID) -> list[SchoolLine]:
    """The years known, the latest first."""
    rows = open_rows(
        grant,
        Schooling,
        ("school_year", "school", "school_level", "version"),
        Schooling.journey_id == journey_id,
        order=(Schooling.school_year.desc(),),
    )
    return [
        SchoolLine(r["school_year"], r["school"] or "", r["school_level"] or "", r["version"]) for r in rows
    ]
