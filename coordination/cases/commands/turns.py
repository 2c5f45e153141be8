"""What the commands about the turns of a journey share: its dates in order, a note kept, fields of a form."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select

from coordination.alerts.running import TURNED_DOWN
from coordination.alerts.sources import follow_all
from coordination.cases.checks import Problems
from coordination.cases.commands.skeleton import change_journey
from coordination.cases.models_life import RELAY, Turn
from coordination.db import db
from coordination.privacy.access import sync_access
from coordination.privacy.policy import Grant
from coordination.privacy.records import EditConflict, add_record
from coordination.privacy.volets import Volet
from coordination.privacy.work import Work

# Pairs of dates that must follow each other (formats/import-bundle.md), the later one named first.
ORDER = (
    ("entered_on", "opened_on"),
    ("validated_on", "entered_on"),
    ("diagnosis_on", "opened_on"),
    ("oriented_on", "rsa_opened_on"),
    ("contract_signed_on", "oriented_on"),
)
SAYS = {
    "opened_on": "l'ouverture du parcours",
    "entered_on": "l'entrée dans le parcours",
    "validated_on": "la validation du parcours",
    "diagnosis_on": "le diagnostic",
    "rsa_opened_on": "l'ouverture du RSA",
    "oriented_on": "l'orientation",
}


def check_order(problems: Problems, days: Mapping[str, date | None], today: date) -> None:
    """Dates of the journey itself: none in the future, none before the one that it follows."""
    for name, day in days.items():
        if day and day > today and name != "opened_on":
            problems[name] = "Cette date est dans le futur : aujourd'hui au plus tard."
    for later, sooner in ORDER:
        after, before = days.get(later), days.get(sooner)
        if after and before and after < before and later not in problems:
            problems[later] = f"Cette date est avant {SAYS[sooner]}, le {before:%d/%m/%Y}."


def change_as_form(
    w: Work, journey_id: uuid.UUID, version: int, names: Mapping[str, str], **values: Any
) -> None:
    """`change_journey`, whose conflict speaks of the fields of a form. `names`: column -> field."""
    try:
        change_journey(w, journey_id, version, **values)
    except EditConflict as conflict:
        raise EditConflict(
            {names.get(name, name): value for name, value in conflict.theirs.items()},
            {names.get(name, name): value for name, value in conflict.mine.items()},
            conflict.version,
            own=conflict.own,
        ) from None


def remember(grant: Grant, journey_id: uuid.UUID, kind: str, by: uuid.UUID, **values: Any) -> None:
    """Keep a turn of the journey: see `models_life.Turn`."""
    add_record(grant, Turn, journey_id, Volet.COORDINATION, {"kind": kind, "by_id": by, **values})


def remember_relay(
    grant: Grant,
    journey_id: uuid.UUID,
    by: uuid.UUID,
    referents: tuple[uuid.UUID | None, uuid.UUID | None],
    today: date,
    note: str = "",
) -> None:
    """Keep that the journey passed from one référent to another. `referents`: before, after."""
    before, after = referents
    remember(grant, journey_id, RELAY, by, from_id=before, to_id=after, on_date=today, note=note)


def turned_down_on(journey_id: uuid.UUID) -> date | None:
    """The day on which the journey was turned down last; None where an import brought it so."""
    return db.session.scalar(
        select(Turn.on_date)
        .where(Turn.journey_id == journey_id, Turn.kind == TURNED_DOWN)
        .order_by(Turn.position.desc())
        .limit(1)
    )


def follow_journey(grant: Grant, journey_id: uuid.UUID, today: date, fact: str) -> None:
    """After a change of the journey itself: deadlines of every feature, then who may see it."""
    follow_all(grant, [journey_id], today, fact)
    sync_access([journey_id])
