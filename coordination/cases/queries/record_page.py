"""What the pages of records show: the record opened, what it said before, the sessions of an action."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, union_all

from coordination.accounts.followers import structures
from coordination.accounts.models import Structure
from coordination.cases.checks_doubles import holiday
from coordination.cases.kinds import ACTION, EXCHANGE, Cell, RecordKind, Shape
from coordination.cases.models import Action, Appointment, Attendance, Journey, Sheet
from coordination.cases.queries.people import account_names
from coordination.cases.vocabulary import ATTENDANCE_LABELS, action_label, coded, hour_label, month_label
from coordination.db import db
from coordination.errors import Forbidden, NotFound
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.records import earlier
from coordination.privacy.vault import open_rows
from coordination.privacy.volets import LABELS, Volet
from coordination.web.filters import long_date

USUAL_INTERVAL = timedelta(days=7)
MOST_SESSIONS = 5


@dataclass(frozen=True)
class Said:
    """One cell before a correction."""

    label: str
    text: str


@dataclass(frozen=True)
class Change:
    at: datetime
    who: str
    said: tuple[Said, ...]
    moved: bool

    def __repr__(self) -> str:
        return f"<Change {self.at}>"


@dataclass(frozen=True)
class RecordPage:
    """A record to correct. `values`: cell -> value, and `version`. `author`: who noted it, where that is kept."""

    id: uuid.UUID
    journey_id: uuid.UUID
    values: Mapping[str, Any]
    volet: str
    history: tuple[Change, ...]
    author: str = ""

    def __repr__(self) -> str:
        return f"<RecordPage {self.id}>"


@dataclass(frozen=True)
class Session:
    id: uuid.UUID
    on: date
    status: str


@dataclass(frozen=True)
class Sessions:
    """The sessions of an action: those noted, the latest first, and days that seem to be missing."""

    action_id: uuid.UUID
    what: str
    noted: tuple[Session, ...]
    missing: tuple[date, ...]

    def __repr__(self) -> str:
        return f"<Sessions {self.action_id}>"


def programme_of(journey_id: uuid.UUID) -> str:
    return str(db.session.scalars(select(Journey.programme).where(Journey.id == journey_id)).one())


def ended_on(journey_id: uuid.UUID) -> date | None:
    return db.session.scalars(select(Journey.exit_on).where(Journey.id == journey_id)).one()


def last_structure(journey_id: uuid.UUID, today: date) -> uuid.UUID | None:
    """The structure of the latest action or appointment noted on a journey, unless it is retired since."""
    both = union_all(
        *(
            select(model.structure_id, model.position).where(
                model.journey_id == journey_id, model.structure_id.is_not(None)
            )
            for model in (Action, Appointment)
        )
    ).subquery()
    latest = select(both.c.structure_id).order_by(both.c.position.desc()).limit(1).scalar_subquery()
    standing = or_(Structure.retired_on.is_(None), Structure.retired_on > today)
    return db.session.scalar(select(Structure.id).where(Structure.id == latest, standing))


def record_page(grant: Grant, kind: RecordKind, record_id: uuid.UUID) -> RecordPage:
    """The record with every cell opened. Raises NotFound, Forbidden where the actor only reads its volet."""
    signed = ("author_id",) if kind is EXCHANGE else ()
    columns = (*(cell.name for cell in kind.cells), *signed, "version")
    rows = open_rows(grant, kind.model, columns, kind.model.id == record_id)
    if not rows:
        raise NotFound("Cet élément n'existe pas, ou vous n'y avez pas accès.")
    row = rows[0]
    volet = Volet(db.session.scalars(select(Folder.volet).where(Folder.id == row["folder_id"])).one())
    if volet not in grant.writable:
        raise Forbidden(f"Vous pouvez lire le volet « {LABELS[volet]} », pas y écrire.")
    author = row["author_id"] if signed else None
    return RecordPage(
        record_id,
        row["journey_id"],
        row,
        LABELS[volet],
        _history(grant, kind, row["journey_id"], record_id),
        account_names({author})[author] if author else "",
    )


def _history(
    grant: Grant, kind: RecordKind, journey_id: uuid.UUID, record_id: uuid.UUID
) -> tuple[Change, ...]:
    found = [one for one in earlier(grant, journey_id, kind.model) if one.of_id == record_id]
    names = account_names({one.by_id for one in found})
    programme = programme_of(journey_id)
    places = structures() if found else {}
    return tuple(
        Change(
            one.at,
            names.get(one.by_id, "compte supprimé"),
            tuple(
                Said(cell.label, _text(cell, one.values[cell.name], programme, places))
                for cell in kind.cells
                if cell.name in one.values
            ),
            one.removed,
        )
        for one in found
    )


def _text(cell: Cell, value: str, programme: str, places: Mapping[uuid.UUID, str]) -> str:
    """A kept value as people read it."""
    if not value:
        return "rien"
    if cell.shape is Shape.CODE:
        return coded(cell.codes, programme).get(value, value)
    if cell.shape is Shape.DAY:
        return long_date(date.fromisoformat(value))
    if cell.shape is Shape.MONTH:
        return month_label(value)
    if cell.shape is Shape.HOUR:
        return hour_label(value)
    if cell.shape is Shape.STRUCTURE:
        return places.get(uuid.UUID(value), "structure supprimée")
    return value


def sessions_of(grant: Grant, action_id: uuid.UUID, today: date) -> Sessions:
    """The sessions noted on an action, and the days on which others probably took place."""
    page = record_page(grant, ACTION, action_id)
    columns = ("on_date", "status")
    rows = open_rows(
        grant, Attendance, columns, Attendance.action_id == action_id, order=(Attendance.on_date.desc(),)
    )
    noted = tuple(
        Session(r["id"], r["on_date"], ATTENDANCE_LABELS.get(r["status"], r["status"])) for r in rows
    )
    programme = programme_of(page.journey_id)
    what = action_label(programme, *(page.values[name] for name in ("kind", "axis_or_barrier", "detail")))
    start = page.values["started_on"] or page.values["planned_start"]
    last = min(filter(None, (today, page.values["ended_on"], ended_on(page.journey_id))))
    return Sessions(action_id, what, noted, missing_days([s.on for s in noted], start, last, programme))


def missing_days(noted: list[date], start: date | None, today: date, programme: str) -> tuple[date, ...]:
    """The latest days, a session a week, that are not noted; `noted` the latest first.

    No day without school for a child: such a session is rare, and typed.
    """
    gap, day = USUAL_INTERVAL, start or today
    if noted:
        # A week that fell in the holidays says nothing of the rhythm.
        if len(noted) > 1 and noted[0] > noted[1] and not _is_off(noted[1] + USUAL_INTERVAL, programme):
            gap = noted[0] - noted[1]
        day = noted[0] + gap
    days = []
    while day <= today:
        days.append(day)
        day += gap
    last = [] if today in noted else [today]
    return tuple([day for day in days if not _is_off(day, programme)][-MOST_SESSIONS:]) or tuple(
        day for day in last if not _is_off(day, programme)
    )


def _is_off(day: date, programme: str) -> bool:
    return programme == "PRE" and holiday(day) != ""


def diagnosis_of(grant: Grant, journey_id: uuid.UUID) -> tuple[date | None, str, int]:
    """(day, text, version of the journey)."""
    journey = db.session.execute(
        select(Journey.diagnosis_on, Journey.version).where(Journey.id == journey_id)
    ).one()
    rows = open_rows(grant, Sheet, ("diagnosis",), Sheet.journey_id == journey_id)
    return journey.diagnosis_on, (rows[0]["diagnosis"] or "") if rows else "", journey.version
