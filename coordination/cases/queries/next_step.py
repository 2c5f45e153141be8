"""The visible next step of a journey: the first thing planned, with its date and who holds it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, Select, String, Uuid, bindparam, cast, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from coordination.accounts.models import Structure
from coordination.cases.models import Action, Appointment, Pause, Review
from coordination.cases.timeline import Entry
from coordination.db import db, many

LABELS = {
    "appointment": "Rendez-vous",
    "action": "Début d'une action",
    "review": "Bilan",
    "return": "Reprise après une pause",
}


@dataclass(frozen=True)
class NextStep:
    on: date
    what: str
    who: str | None
    late: bool = False
    # Hour and place of an appointment, where its sealed cells are opened: on the page of one journey.
    where: str = ""
    # What is awaited is the end of this pause.
    pause_id: uuid.UUID | None = None


def next_steps(journey_ids: Sequence[uuid.UUID], today: date) -> dict[uuid.UUID, NextStep]:
    """The first thing to come of each journey; where there is none, the oldest that is late. One statement."""
    rows = db.session.execute(_planned(), {"ids": list(journey_ids), "today": today})
    return {
        j: NextStep(day, LABELS[what], who, day < today, pause_id=pause) for j, day, what, who, pause in rows
    }


def with_place(step: NextStep | None, entries: Sequence[Entry]) -> NextStep | None:
    """The same, an appointment with the hour and the place that its line of the timeline has."""
    if step is None or step.what != LABELS["appointment"]:
        return step
    told = (
        e.detail for e in entries if e.kind == "appointment" and e.on == step.on and e.pending is not None
    )
    return replace(step, where=next(filter(None, told), ""))


@cache
def _planned() -> Select[Any]:
    """Put together once: journey, day, key of LABELS, structure, pause."""
    ids, none = many("ids"), cast(null(), Uuid)
    planned = union_all(
        select(
            Appointment.journey_id,
            Appointment.on_date.label("day"),
            literal("appointment").label("what"),
            Appointment.structure_id.label("structure_id"),
            none.label("pause_id"),
        ).where(
            Appointment.journey_id == ids,
            Appointment.status == "A_VENIR",
            Appointment.on_date >= bindparam("today"),
        ),
        select(Action.journey_id, Action.planned_start, literal("action"), Action.structure_id, none).where(
            Action.journey_id == ids, Action.status == "PREVUE", Action.planned_start.is_not(None)
        ),
        select(Review.journey_id, Review.due_on, literal("review"), none, none).where(
            Review.journey_id == ids, Review.held_on.is_(None)
        ),
        select(Pause.journey_id, Pause.expected_return, literal("return"), none, Pause.id).where(
            Pause.journey_id == ids, Pause.returned_on.is_(None), Pause.expected_return.is_not(None)
        ),
    ).subquery()
    return (
        select(
            planned.c.journey_id,
            cast(planned.c.day, Date),
            cast(planned.c.what, String),
            Structure.name,
            planned.c.pause_id,
        )
        .outerjoin(Structure, Structure.id == planned.c.structure_id)
        .ext(distinct_on(planned.c.journey_id))
        # What is still to come first: of what is late the alerts speak.
        .order_by(planned.c.journey_id, planned.c.day < bindparam("today"), planned.c.day)
    )
