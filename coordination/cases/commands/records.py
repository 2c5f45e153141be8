"""Adding, correcting and removing what is noted on a journey; its deadlines follow in the same work."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from coordination.accounts.models import Structure
from coordination.cases.checks import Faults, Problems
from coordination.cases.checks_doubles import HELD_AGAINST, Known
from coordination.cases.checks_records import Place, check_record
from coordination.cases.commands.agreements import open_volets
from coordination.cases.commands.deadlines import follow
from coordination.cases.commands.pauses import Standing, settle_stage
from coordination.cases.kinds import ACTION, ATTENDANCE, PAUSE, RecordKind
from coordination.cases.models import Attendance, Journey
from coordination.cases.queries.agreement_page import noted_on_pages
from coordination.cases.stages import FROZEN
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.clock import paris_date
from coordination.db import db, in_turn, narrowed
from coordination.errors import BadInput, NotFound
from coordination.privacy.access import sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import (
    add_record,
    change_record,
    journey_of,
    move_record,
    remove_record,
    still_open,
)
from coordination.privacy.vault import open_rows
from coordination.privacy.volets import LABELS, Volet
from coordination.privacy.work import Work, work

NOT_HERE = "Cela ne se note pas sur ce parcours : il n'est pas du dispositif concerné, ou pas terminé."


def add_fact(
    actor: Actor,
    kind: RecordKind,
    journey_id: uuid.UUID,
    values: Mapping[str, Any],
    now: datetime,
    *,
    key: str = "",
    answer: str = "",
    sure: Collection[str] = (),
    faults: Faults | None = None,
) -> uuid.UUID:
    """Note something new on a journey (`values`: each cell of the kind); its id.

    `key`, `answer`: see `Work.once`; `sure`, `faults`: see `Problems`. Raises BadInput with a sentence per field,
    NotFound, Forbidden, AlreadyDone.
    """
    with work(actor, Action.WRITE_RECORD, now) as w:
        _take_turn_to_open(kind, journey_id, values)
        grant = w.require(journey_id)
        if key:
            w.once(key, repr((kind.slug, sorted(values.items()))).encode(), answer)
        place = _place(journey_id)
        if not kind.concerns(place.programme, place.ended):
            raise BadInput(NOT_HERE)
        problems = Problems(faults)
        known = _known(kind, grant, journey_id)
        volet = _check(problems, kind, values, grant, place, paris_date(now), known)
        problems.stop_if_any(sure)
        grant = _open_volet(w, kind, grant, place, values, volet)
        before = _before(kind, journey_id)
        more = {"key": f"P-{uuid.uuid4()}"} if kind is ACTION else {}
        row_id = add_record(grant, kind.model, journey_id, volet, {**values, **more})
        _after(w, kind, grant, before)
        w.audit(grant, [kind.table, *(cell.name for cell in kind.cells)])
        return row_id


def correct_fact(
    actor: Actor,
    kind: RecordKind,
    record_id: uuid.UUID,
    version: int,
    values: Mapping[str, Any],
    now: datetime,
    *,
    sure: Collection[str] = (),
    faults: Faults | None = None,
) -> uuid.UUID:
    """Correct what was noted, keeping what it said; the journey's id.

    A change that tells of health moves the record to that volet. Raises as `add_fact`, and EditConflict.
    """
    with work(actor, Action.WRITE_RECORD, now) as w:
        journey_id = journey_of(kind.model, record_id)
        _take_turn_to_open(kind, journey_id, values)
        grant = w.require(journey_id)
        place = _place(journey_id)
        problems = Problems(faults)
        known, stands = _known(kind, grant, journey_id, record_id), _stands(kind, record_id)
        volet = _check(problems, kind, values, grant, place, paris_date(now), known)
        problems.stop_if_any(sure)
        grant = _open_volet(w, kind, grant, place, values, volet)
        before = _before(kind, journey_id)
        if kind is ATTENDANCE or stands is volet:
            change_record(w, grant, kind.model, record_id, version, values)
        else:
            move_record(w, grant, kind.model, record_id, version, volet, values)
            for session_id, its_version in _sessions(kind, record_id):
                move_record(w, grant, Attendance, session_id, its_version, volet, {})
        _after(w, kind, grant, before)
        w.audit(grant, [kind.table, *(cell.name for cell in kind.cells)])
        return journey_id


def remove_fact(
    actor: Actor,
    kind: RecordKind,
    journey_id: uuid.UUID,
    record_id: uuid.UUID,
    version: int,
    now: datetime,
    *,
    key: str = "",
    answer: str = "",
) -> None:
    """Take away what was entered by mistake; all it said stays as a revision. Raises as `correct_fact`."""
    with work(actor, Action.WRITE_RECORD, now) as w:
        grant = w.require(journey_id)
        if key:
            w.once(key, f"{kind.slug} {record_id} {version}".encode(), answer)
        if journey_of(kind.model, record_id) != journey_id:
            raise NotFound("Cet élément n'existe pas, ou vous n'y avez pas accès.")
        before = _before(kind, journey_id)
        for session_id, its_version in _sessions(kind, record_id):
            remove_record(w, grant, Attendance, session_id, its_version)
        remove_record(w, grant, kind.model, record_id, version)
        _after(w, kind, grant, before)
        w.audit(grant, [kind.table, "removed"])


def _place(journey_id: uuid.UUID) -> Place:
    names = (
        "id",
        "programme",
        "opened_on",
        "exit_on",
        "stage",
        "entered_on",
        "agreement_status",
        "agreement_on",
    )
    columns = (Journey.__table__.c[name] for name in names)
    row = db.session.execute(select(*columns).where(Journey.id == journey_id)).one()
    return Place(*row)


def _known(
    kind: RecordKind, grant: Grant, journey_id: uuid.UUID, record_id: uuid.UUID | None = None
) -> Known:
    """What a record says now, and the others of its kind on the journey that it is held against."""
    names = tuple(cell.name for cell in kind.cells)
    kept = open_rows(grant, kind.model, names, kind.model.id == record_id) if record_id else []
    beside = HELD_AGAINST.get(kind.slug)
    others = open_rows(grant, kind.model, beside, kind.model.journey_id == journey_id) if beside else []
    return Known(kept[0] if kept else None, [other for other in others if other["id"] != record_id])


def _check(
    problems: Problems,
    kind: RecordKind,
    values: Mapping[str, Any],
    grant: Grant,
    place: Place,
    today: date,
    known: Known,
) -> Volet:
    """All that is wrong with the record; the volet where it goes."""
    structure_id = values.get("structure_id")
    if structure_id and not db.session.scalar(select(Structure.id).where(Structure.id == structure_id)):
        problems["structure_id"] = "Choisissez une structure de la liste."
    check_record(problems, kind, values, place, today, known)
    volet = kind.volet(place.programme, values)
    decided = not problems.keys() & {cell.name for cell in kind.cells if cell.moves}
    if decided and not opens_by_agreement(grant, place, volet):
        _check_volet(problems, kind, grant, place, values, volet)
    return volet


def _open_volet(
    w: Work, kind: RecordKind, grant: Grant, place: Place, values: Mapping[str, Any], volet: Volet
) -> Grant:
    """`open_if_agreed`, then the check again: what has opened may still not be the actor's to write."""
    grant, problems = open_if_agreed(w, grant, place, volet), Problems()
    _check_volet(problems, kind, grant, place, values, volet)
    problems.stop_if_any()
    return grant


def _check_volet(
    problems: Problems, kind: RecordKind, grant: Grant, place: Place, values: Mapping[str, Any], volet: Volet
) -> None:
    """The actor may write there: else a sentence beside what decided of it, BadInput where nothing did."""
    there = db.session.scalar(
        select(Folder.id).where(
            Folder.journey_id == place.journey_id, Folder.volet == volet.value, Folder.open
        )
    )
    if volet in grant.writable and there is not None:
        return
    deciding = [cell.name for cell in kind.cells if cell.moves and values.get(cell.name)]
    field = next((name for name in deciding if values[name] == "SANTE"), deciding[0] if deciding else "")
    if volet in grant.readable:
        problem = f"Cela se range dans le volet « {LABELS[volet]} », que vous pouvez lire sans y écrire."
    else:
        problem = (
            f"Cela se range dans le volet « {LABELS[volet]} », qui ne vous est pas ouvert sur ce parcours :"
            " il faut l'accord signé, ou un rôle qui y donne accès."
        )
    if not field:
        raise BadInput(problem)
    problems[field] = problem


def _take_turn_to_open(kind: RecordKind, journey_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """A volet that opens gives access: its turn comes before the journey's row (see `hold_journey`)."""
    with narrowed([journey_id]):
        recorded = noted_on_pages(journey_id).exists()
        programme = db.session.scalar(select(Journey.programme).where(Journey.id == journey_id, ~recorded))
        if programme is None:
            return
        volet = kind.volet(programme, values)
        there = select(Folder.id).where(Folder.journey_id == journey_id, Folder.volet == volet)
        if volet in VOLETS_AFTER_AGREEMENT[programme] and db.session.scalar(there) is None:
            in_turn("access")


def open_if_agreed(w: Work, grant: Grant, place: Place, volet: Volet) -> Grant:
    """Open a volet that the agreement covers and that nothing was written in yet; the grant that follows."""
    if not opens_by_agreement(grant, place, volet):
        return grant
    open_volets(place.journey_id, (volet,))
    sync_access([place.journey_id])
    return w.require(place.journey_id)


def opens_by_agreement(grant: Grant, place: Place, volet: Volet) -> bool:
    """Whether the agreement covers the volet, and nothing was written in it yet.

    An import opens only the volets that its lines need, and brings no scope of the agreement. Where a page
    recorded one, that page opened what it covers: nothing else is opened here.
    """
    journey = db.session.execute(
        select(Journey.agreement_status, Journey.agreement_on).where(Journey.id == place.journey_id)
    ).one()
    if place.programme == "PRE":
        agreed = journey.agreement_status == "SIGNE" and journey.agreement_on is not None
    else:
        agreed = journey.agreement_status not in FROZEN
    known = (*grant.readable, *grant.writable)
    if not agreed or volet in known or volet not in VOLETS_AFTER_AGREEMENT[place.programme]:
        return False
    return db.session.scalar(noted_on_pages(place.journey_id)) is None


def _stands(kind: RecordKind, record_id: uuid.UUID) -> Volet:
    query = select(Folder.volet).join(kind.model, kind.model.folder_id == Folder.id)
    return still_open(db.session.scalar(query.where(kind.model.id == record_id)))


def _sessions(kind: RecordKind, action_id: uuid.UUID) -> list[tuple[uuid.UUID, int]]:
    if kind is not ACTION:
        return []
    # One that is noted meanwhile would stay behind.
    in_turn("attendance", action_id)
    query = select(Attendance.id, Attendance.version).where(Attendance.action_id == action_id)
    return [(row.id, row.version) for row in db.session.execute(query)]


def _before(kind: RecordKind, journey_id: uuid.UUID) -> Standing | None:
    return Standing.of(journey_id) if kind is PAUSE else None


def _after(w: Work, kind: RecordKind, grant: Grant, before: Standing | None) -> None:
    """What follows from the change: the stage after a pause, the deadlines of the rules that read it."""
    today = paris_date(w.now)
    assert grant.journey_id
    fact = f"{kind.name.lower()} : saisie du {today:%d/%m/%Y}"
    if before is not None and settle_stage(w, grant, before, today, fact):
        return
    follow(grant, grant.journey_id, kind.group or "written_on", today, fact)
