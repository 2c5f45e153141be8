"""Forms of the life of a journey, as the tests of its pages send them."""

from __future__ import annotations

import uuid
from typing import Any

from flask.testing import FlaskClient

from coordination.cases.commands.course import DATES
from tests.cases.pages_kit import (
    post,
)
from tests.conftest import TODAY
from tests.people import make_account
from tests.support import rows, scalar

CITE = "coordination.cite@demo.example"


COLLEAGUE = "collegue@demo.example"
OPENING = {
    "programme": "PRE",
    "first_name": "Zoé",
    "last_name": "Quénehen",
    "birth_date": "2016-02-03",
    "opened_on": TODAY.isoformat(),
    "source": "ECOLE",
    "reasons": ["ABSENTEISME", "LANGAGE"],
    "remark": "Ne vient plus le lundi.",
}


def colleague() -> uuid.UUID:
    return make_account("REFERENT_PRE", email=COLLEAGUE, programme="PRE")


def version(journey: uuid.UUID) -> int:
    return int(scalar("SELECT version FROM journey WHERE id = %s", journey))


def send(client: FlaskClient, journey: uuid.UUID, page: str, **values: Any) -> Any:
    return post(client, f"/parcours/{journey}/{page}", **({"version": version(journey)} | values))


def course(journey: uuid.UUID) -> dict[str, str]:
    """What the form of the course shows filled: dates and rhythm."""
    names = ("planned_rhythm_days", *dict.fromkeys((*DATES["PRE"], *DATES["CITE_EMPLOI"])))
    row = rows(f"SELECT {', '.join(names)} FROM journey WHERE id = %s", journey)[0]
    return {name: str(value) for name, value in zip(names, row, strict=True) if value is not None}


def state(journey: uuid.UUID) -> tuple[Any, ...]:
    return rows("SELECT stage, exit_on FROM journey WHERE id = %s", journey)[0]
