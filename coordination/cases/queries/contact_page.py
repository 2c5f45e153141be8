"""What the forms about an exchange show: whom it is about, and the exchange to correct."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from coordination import reference
from coordination.cases.models import Contact, Journey
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows


@dataclass(frozen=True)
class ContactPage:
    """An exchange whose note is corrected."""

    id: uuid.UUID
    person: Person
    on: date
    mode: str
    outcome: str
    author: str
    note: str
    version: int

    def __repr__(self) -> str:
        return f"<ContactPage {self.id}>"


@dataclass(frozen=True)
class Concerned:
    """Whom a new exchange is about, and since when one can be."""

    person: Person
    opened_on: date | None


def contact_page(grant: Grant, journey_id: uuid.UUID, contact_id: uuid.UUID) -> ContactPage:
    """The exchange with its note opened."""
    columns = ("on_date", "mode", "outcome", "author_id", "note", "version")
    row = open_rows(grant, Contact, columns, Contact.id == contact_id)[0]
    authors = account_names({row["author_id"]} if row["author_id"] else set())
    return ContactPage(
        contact_id,
        people(grant, [journey_id])[journey_id],
        row["on_date"],
        reference.label("contact_mode", row["mode"]),
        reference.label("contact_outcome", row["outcome"]),
        authors.get(row["author_id"], ""),
        row["note"] or "",
        row["version"],
    )


def concerned(grant: Grant, journey_id: uuid.UUID) -> Concerned:
    """The person of a journey that the grant covers."""
    opened_on = db.session.scalar(select(Journey.opened_on).where(Journey.id == journey_id))
    return Concerned(people(grant, [journey_id])[journey_id], opened_on)
