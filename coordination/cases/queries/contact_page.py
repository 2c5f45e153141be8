"""What every form about a journey shows: whom it is about."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from coordination.cases.models import Journey
from coordination.cases.queries.people import Person, people
from coordination.db import db
from coordination.privacy.policy import Grant


@dataclass(frozen=True)
class Concerned:
    """Whom a form is about, and since when something can be noted."""

    person: Person
    opened_on: date | None


def concerned(grant: Grant, journey_id: uuid.UUID) -> Concerned:
    """The person of a journey that the grant covers."""
    opened_on = db.session.scalar(select(Journey.opened_on).where(Journey.id == journey_id))
    return Concerned(people(grant, [journey_id])[journey_id], opened_on)
