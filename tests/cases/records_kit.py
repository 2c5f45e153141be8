"""Records of a journey, filled in as people would."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from coordination import clock
from coordination.cases.commands.records import add_fact
from coordination.cases.kinds import (
    RecordKind,
    Shape,
)
from coordination.privacy.policy import Action
from coordination.privacy.vault import open_rows
from coordination.privacy.work import consult
from tests.support import day, person, scalar

Act = Callable[[], None]
AtOnce = Callable[..., list[BaseException]]
NIR = "1 85 05 78 006 084 91"
GOOD: dict[str, dict[str, Any]] = {
    "action": {
        "kind": "SOUTIEN_SCO",
        "axis_or_barrier": "SCOLARITE",
        "droit_commun": "SOLLICITE",
        "status": "PREVUE",
        "planned_start": 0,
    },
    "rendez-vous": {"on_date": 3, "status": "A_VENIR"},
    "objectif": {
        "fact": "Va au club chaque mardi",
        "set_on": 0,
        "axis": "SPORT",
        "own_words": "On veut essayer",
    },
    "frein": {"barrier": "MOBILITE", "level": "FORT", "identified_on": -3},
    "pause": {"reason": "FAMILLE", "from_on": 0, "expected_return": 20},
    "bilan": {"due_on": 20},
    "droit": {"kind": "CSS", "ends_on": 90},
    "echange": {"mode": "TELEPHONE", "outcome": "ABOUTI", "on_date": -1, "note": "On se rappelle lundi."},
    "evenement": {"kind": "DEMENAGEMENT", "on_date": -2},
}


def filled(kind: RecordKind, /, **changes: Any) -> dict[str, Any]:
    """Values without a fault; a number for a day is counted from today."""
    values = {cell.name: None for cell in kind.cells} | GOOD.get(kind.slug, {}) | changes
    days = {cell.name for cell in kind.cells if cell.shape is Shape.DAY}
    return {n: day(v) if n in days and isinstance(v, int) else v for n, v in values.items()}


def add(kind: RecordKind, journey: uuid.UUID, who: str = "ref1", /, **changes: Any) -> uuid.UUID:
    return add_fact(person(who), kind, journey, filled(kind, **changes), clock.now())


def opened(kind: RecordKind, record: uuid.UUID, who: str = "ref1") -> Mapping[str, Any]:
    with consult(person(who), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(scalar(f"SELECT journey_id FROM {kind.table} WHERE id = %s", record))
        columns = [*(cell.name for cell in kind.cells), "version"]
        found = open_rows(grant, kind.model, columns, kind.model.id == record)[0]
        r.audit(grant)
    return found


def volet_of(kind: RecordKind, record: uuid.UUID) -> str:
    query = f"SELECT f.volet FROM {kind.table} t JOIN folder f ON f.id = t.folder_id WHERE t.id = %s"
    return str(scalar(query, record))


def stage(journey: uuid.UUID) -> str:
    return str(scalar("SELECT stage FROM journey WHERE id = %s", journey))
