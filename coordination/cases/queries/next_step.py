"""The visible next step of a journey: the first thing planned, with its date and who holds it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import (
    Date,
    Select,
    String,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import distinct_on

from coordination.accounts.models import Structure
from coordination.cases.models import Action, Appointment, Journey, Pause, Review
from coordination.cases.stages import FROZEN, Awaited, awaited
from coordination.cases.timeline import Entry
from coordination.db import db, many

LABELS = {
    "appointment": "Rendez-vous",
    "action": "Début d'une action",
    "review": "Bilan",
    "return": "Reprise après une pause",
}


ENDED = "Parcours terminé"


@dataclass(frozen=True)
class NextStep:
    """What is planned, on its day; without a day, what the stage or the agreement asks for."""

    on: date | None
    what: str
    who: str | None = None
    late: bool = False
    # Hour and place of an appointment, where its sealed cells are opened: on the page of one journey.
    where: str = ""
    # What is awaited is the end of this pause.
    pause_id: uuid.UUID | None = None
    # Asked for whatever is planned, or where nothing is.
    awaited: Awaited | None = None


def next_steps(
    journey_ids: Sequence[uuid.UUID], today: date, met: Collection[uuid.UUID]
) -> dict[uuid.UUID, NextStep]:
    """The first thing to come of each journey; where there is none, the oldest that is late. One statement.

    Nothing that was planned stands on an ended journey, nor once the agreement is refused or withdrawn. Until the
    parents have agreed, an appointment alone is said, and the agreement with it. `met`: those heard of already.
    """
    found = {}
    for row in db.session.execute(_planned(), {"ids": list(journey_ids), "today": today}):
        if row.exit_on is not None or row.stage == "NON_RETENU":
            found[row.id] = NextStep(None, ENDED)
            continue
        asked = awaited(row.programme, row.stage, row.agreement_status, met=row.id in met)
        if row.day is not None:
            late, also = row.day < today, asked if row.before_agreement else None
            found[row.id] = NextStep(
                row.day, LABELS[row.what], row.name, late, pause_id=row.pause_id, awaited=also
            )
        elif asked:
            found[row.id] = NextStep(None, asked.words, awaited=asked)
    return found


def next_step(journey_id: uuid.UUID, today: date, entries: Sequence[Entry], *, met: bool) -> NextStep | None:
    """That of one journey, an appointment with the hour and the place that its line of the timeline has."""
    step = next_steps([journey_id], today, {journey_id} if met else ()).get(journey_id)
    if step is None or step.what != LABELS["appointment"]:
        return step
    told = (
        e.detail for e in entries if e.kind == "appointment" and e.on == step.on and e.pending is not None
    )
    return replace(step, where=next(filter(None, told), ""))


@cache
def _planned() -> Select[*tuple[Any, ...]]:
    """Put together once: what decides of each journey, and the first thing planned on it, if any may stand."""
    ids, none = many("ids"), cast(null(), Uuid)
    # Gathered once: joined as it stands it was read again for each journey (46 ms of a list of fifty).
    planned = (
        union_all(
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
            select(
                Action.journey_id, Action.planned_start, literal("action"), Action.structure_id, none
            ).where(Action.journey_id == ids, Action.status == "PREVUE", Action.planned_start.is_not(None)),
            select(Review.journey_id, Review.due_on, literal("review"), none, none).where(
                Review.journey_id == ids, Review.held_on.is_(None)
            ),
            select(Pause.journey_id, Pause.expected_return, literal("return"), none, Pause.id).where(
                Pause.journey_id == ids, Pause.returned_on.is_(None), Pause.expected_return.is_not(None)
            ),
        )
        .cte("planned")
        .prefix_with("MATERIALIZED")
    )
    agreement = func.coalesce(Journey.agreement_status, "")
    before_agreement = and_(Journey.programme == "PRE", agreement != "SIGNE")
    stands = and_(
        planned.c.journey_id == Journey.id,
        agreement.not_in(FROZEN),
        or_(not_(before_agreement), planned.c.what == "appointment"),
    )
    return (
        select(
            Journey.id,
            Journey.programme,
            Journey.stage,
            Journey.agreement_status,
            Journey.exit_on,
            before_agreement.label("before_agreement"),
            cast(planned.c.day, Date).label("day"),
            cast(planned.c.what, String).label("what"),
            Structure.name,
            planned.c.pause_id,
        )
        .select_from(Journey)
        .outerjoin(planned, stands)
        .outerjoin(Structure, Structure.id == planned.c.structure_id)
        .where(Journey.id == ids)
        .ext(distinct_on(Journey.id))
        # What is still to come first: of what is late the alerts speak.
        .order_by(
            Journey.id,
            planned.c.day < bindparam("today"),
            planned.c.day,
            # Of several of one day always the same, an appointment before the rest.
            planned.c.what != "appointment",
            planned.c.what,
            Structure.name,
        )
    )
