"""Builds what the rules read (`JourneyFacts`) from the rows that the actor may see, many journeys at once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select, text, update

from coordination.cases.facts import (
    ActionFact,
    AppointmentFact,
    BarrierFact,
    ContactFact,
    EventFact,
    JourneyFacts,
    PauseFact,
    ReviewFact,
    RightFact,
    SchoolAbsenceFact,
    SessionFact,
)
from coordination.cases.models import (
    Action,
    Appointment,
    Barrier,
    Contact,
    Journey,
    LifeEvent,
    Pause,
    Review,
    Right,
    SchoolAbsence,
    Sheet,
)
from coordination.cases.queries import page_facts
from coordination.cases.queries.standing_facts import school_facts, team_facts
from coordination.db import among, db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_result, open_rows
from coordination.privacy.volets import Volet

EVERYTHING = frozenset(
    {
        "contacts",
        "appointments",
        "actions",
        "pauses",
        "reviews",
        "rights",
        "events",
        "birth_date",
        "scheme",
        "orientation_path",
        "exit_reason",
        "sessions",
        "barriers",
        "school_absences",
        "school",
        "team",
    }
    | page_facts.GROUPS
)
_CODES = ("scheme", "orientation_path", "exit_reason")
_JOURNEY = (
    "programme",
    "stage",
    "opened_on",
    "agreement_status",
    "agreement_on",
    "entered_on",
    "validated_on",
    "planned_rhythm_days",
    "exit_on",
    "diagnosis_on",
    "rsa_opened_on",
    "oriented_on",
    "contract_signed_on",
    "written_on",
)
_SHEET = {
    "birth_date": ("birth_date",),
    "school": ("school", "school_level"),
    **{name: (name,) for name in _CODES},
}
"""Group -> the columns of the sheet that it needs."""
Rows = dict[uuid.UUID, list[Any]]


def journey_facts(
    grant: Grant,
    journey_ids: Sequence[uuid.UUID],
    groups: Collection[str] = EVERYTHING,
    written_on: date | None = None,
) -> dict[uuid.UUID, JourneyFacts]:
    """Facts of each journey; groups that are not asked for stay empty (see `rules.GROUPS`).

    `written_on`: the day of a writing that is going on, noted in the same statement (journeys that the actor
    writes in).

    Actions and rights come whatever their volet, for the clocks alone: a deadline must not depend on who
    happens to change a fact.
    """
    ids = list(journey_ids)
    columns = [Journey.__table__.c[name] for name in _JOURNEY]
    if written_on is None:
        query: Any = select(Journey.id, *columns).where(among(Journey.id, ids))
    else:
        query = note_writing(written_on).where(among(Journey.id, ids)).returning(Journey.id, *columns)
    journeys = db.session.execute(query).mappings().all()
    parts: dict[str, Rows] = {name: _READERS[name](grant, ids) for name in groups if name in _READERS}
    if asked := page_facts.GROUPS.intersection(groups):
        found = page_facts.page_facts(grant, ids)
        parts |= {name: found[name] for name in asked}
    sheets = _sheets(grant, ids, [name for group in _SHEET if group in groups for name in _SHEET[group]])
    schools = school_facts(ids, sheets) if "school" in groups else {}
    teams = team_facts(ids) if "team" in groups else {}
    facts = {}
    for row in journeys:
        sheet = sheets.get(row["id"], {})
        birth = sheet.get("birth_date")
        values: dict[str, Any] = {name: row[name] for name in _JOURNEY}
        values |= {name: tuple(rows.get(row["id"], ())) for name, rows in parts.items()}
        values["birth_date"] = date.fromisoformat(birth) if birth else None
        values |= {name: sheet.get(name) for name in _CODES}
        values |= {"school": schools[row["id"]]} if row["id"] in schools else {}
        values |= {"team": teams[row["id"]]} if row["id"] in teams else {}
        facts[row["id"]] = JourneyFacts(**values)
    return facts


def note_writing(on: date) -> Any:
    """The statement that something is written on journeys that day; to be narrowed to some. Never goes back."""
    day = func.greatest(func.coalesce(Journey.written_on, on), on)
    return update(Journey).values(written_on=day)


def _sheets(grant: Grant, ids: list[uuid.UUID], columns: list[str]) -> dict[uuid.UUID, Any]:
    if not columns:
        return {}
    rows = open_rows(grant, Sheet, columns, among(Sheet.journey_id, ids))
    return {row["journey_id"]: row for row in rows}


def _contacts(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    rows = db.session.execute(
        select(Contact.journey_id, Contact.on_date, Contact.mode, Contact.outcome).where(
            among(Contact.journey_id, ids)
        )
    )
    return _grouped((j, ContactFact(on, mode, outcome)) for j, on, mode, outcome in rows)


def _appointments(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    rows = db.session.execute(
        select(Appointment.journey_id, Appointment.on_date, Appointment.status, Appointment.id).where(
            among(Appointment.journey_id, ids)
        )
    )
    return _grouped((j, AppointmentFact(on, status, str(i))) for j, on, status, i in rows)


def _actions(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    cells = db.session.execute(text("SELECT * FROM action_clocks(CAST(:ids AS uuid[]))"), {"ids": ids})
    rows = open_result(Action, cells.mappings().all())
    return _grouped(
        (
            r["journey_id"],
            ActionFact(
                str(r["id"]),
                r["key"],
                r["status"],
                r["planned_start"],
                r["started_on"],
                r["planned_end"],
                r["ended_on"],
                Volet(r["volet"]),
                r["suspended_on"],
                r["axis_or_barrier"],
            ),
        )
        for r in rows
    )


def _sessions(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    rows = db.session.execute(text("SELECT * FROM session_clocks(CAST(:ids AS uuid[]))"), {"ids": ids})
    return _grouped((r.journey_id, SessionFact(str(r.action_id), r.on_date, r.status)) for r in rows)


def _barriers(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    cells = db.session.execute(text("SELECT * FROM barrier_clocks(CAST(:ids AS uuid[]))"), {"ids": ids})
    rows = open_result(Barrier, cells.mappings().all())
    return _grouped(
        (
            r["journey_id"],
            BarrierFact(
                str(r["id"]), r["barrier"], r["level"], r["identified_on"], r["lifted_on"], Volet(r["volet"])
            ),
        )
        for r in rows
    )


def _school_absences(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    cells = db.session.execute(
        text("SELECT * FROM school_absence_clocks(CAST(:ids AS uuid[]))"), {"ids": ids}
    )
    rows = open_result(SchoolAbsence, cells.mappings().all())
    return _grouped(
        (r["journey_id"], SchoolAbsenceFact(r["on_date"], int(r["half_days"] or 0))) for r in rows
    )


def _pauses(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    rows = db.session.execute(
        select(Pause.journey_id, Pause.id, Pause.from_on, Pause.expected_return, Pause.returned_on).where(
            among(Pause.journey_id, ids)
        )
    )
    return _grouped((j, PauseFact(str(i), from_on, back, done)) for j, i, from_on, back, done in rows)


def _reviews(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    rows = db.session.execute(
        select(Review.journey_id, Review.id, Review.due_on, Review.held_on).where(
            among(Review.journey_id, ids)
        )
    )
    return _grouped((j, ReviewFact(str(i), due, held)) for j, i, due, held in rows)


def _rights(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    cells = db.session.execute(text("SELECT * FROM right_clocks(CAST(:ids AS uuid[]))"), {"ids": ids})
    rows = open_result(Right, cells.mappings().all())
    return _grouped((r["journey_id"], RightFact(str(r["id"]), r["kind"], r["ends_on"])) for r in rows)


def _events(grant: Grant, ids: list[uuid.UUID]) -> Rows:
    rows = open_rows(grant, LifeEvent, ("kind", "on_date", "handled_on"), among(LifeEvent.journey_id, ids))
    return _grouped(
        (r["journey_id"], EventFact(str(r["id"]), r["on_date"], r["kind"], r["handled_on"])) for r in rows
    )


def _grouped(pairs: Any) -> Rows:
    grouped: Rows = defaultdict(list)
    for journey_id, fact in pairs:
        grouped[journey_id].append(fact)
    return grouped


_READERS = {
    "contacts": _contacts,
    "appointments": _appointments,
    "actions": _actions,
    "pauses": _pauses,
    "reviews": _reviews,
    "rights": _rights,
    "events": _events,
    "sessions": _sessions,
    "barriers": _barriers,
    "school_absences": _school_absences,
}
