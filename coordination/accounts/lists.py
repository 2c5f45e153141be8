"""Lists that the administrator keeps: read by every page from memory, changed by one, seen by all within seconds."""

from __future__ import annotations

import re
import time
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from coordination import reference
from coordination.accounts.list_models import Area, CodedLabel, SchoolYear
from coordination.accounts.queries import read_once
from coordination.db import db
from coordination.errors import BadInput, Conflict, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work
from coordination.reference import EditedLabel, FragileArea

# Lists whose codes no rule, right or stage hangs on: changing how they read changes nothing else.
EDITABLE = {
    "structure_type": "Types de structure",
    "pre_axis": "Axes du PRE",
    "pre_action_type": "Types d'action du PRE",
    "pre_referral_reason": "Motifs de saisine",
    "pre_referral_source": "Origines de la saisine",
    "pause_reason": "Motifs de pause",
    "alert_dismiss_reason": "Motifs d'alerte sans objet",
    "referral_refusal_reason": "Motifs de refus d'une orientation",
    "employment_status": "Situations d'emploi",
    "household_type": "Types de foyer",
    "arrival_status": "Dates d'arrivée",
}
CHANGED_MEANWHILE = (
    "Quelqu'un d'autre a modifié cette ligne pendant que vous écriviez. Relisez-la, puis recommencez."
)
# How long a process may go on with what it has read.
FRESH_SECONDS = 3.0
LONGEST_LABEL = 120
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,31}")


@dataclass
class _Known:
    """What this process has in memory: the number of the lists it read, and when it last asked for it."""

    version: str | None = None
    asked_at: float = float("-inf")


_known = _Known()


def refresh(*, at_once: bool = False) -> None:
    """Before a page: read the lists again if they changed. Asks the database every few seconds at most.

    A database that is away leaves what is in memory: the page itself will say so.
    """
    now = time.monotonic()
    if not at_once and now - _known.asked_at < FRESH_SECONDS:
        return
    _known.asked_at = now
    try:
        found = read_once(select_version)
        version = str(found[0].value) if found else None
        if version != _known.version:
            _read()
            _known.version = version
    except SQLAlchemyError:
        return


select_version = text("SELECT value FROM state WHERE name = 'lists_version'")


def _read() -> None:
    edits: dict[str, dict[str, EditedLabel]] = {}
    for row in read_once(select(CodedLabel.__table__)):
        if row.list in EDITABLE:
            edits.setdefault(row.list, {})[row.code] = EditedLabel(row.label, row.position, row.retired_on is not None)
    areas = [
        FragileArea(row.code, row.label, row.commune, row.valid_from, row.valid_until)
        for row in read_once(select(Area.__table__).order_by(Area.label))
    ]
    reference.replace_edits(edits, areas)


@dataclass(frozen=True)
class ListLine:
    """A code of a list as the administrator sees it; `version` 0 where nobody has changed it yet."""

    code: str
    label: str
    shipped: str
    position: int
    retired_on: date | None
    version: int


def list_lines(grant: Grant, coded_list: str) -> list[ListLine]:
    """Every code of an editable list, in order. Raises NotFound for another list."""
    if coded_list not in EDITABLE:
        raise NotFound("Cette liste ne se modifie pas ici.")
    edited = {
        row.code: row
        for row in db.session.scalars(select(CodedLabel).where(CodedLabel.list == coded_list))
    }
    lines = []
    for place, item in enumerate(reference.items(coded_list)):
        code, shipped = item["code"], item["label_fr"]
        row = edited.get(code)
        lines.append(
            ListLine(code, row.label, shipped, row.position, row.retired_on, row.version)
            if row
            else ListLine(code, shipped, shipped, place, None, 0)
        )
    return sorted(lines, key=lambda line: line.position)


def change_label(
    actor: Actor,
    coded_list: str,
    code: str,
    version: int,
    now: datetime,
    *,
    label: str,
    retired_on: date | None,
    move: int = 0,
) -> None:
    """Rename, retire or bring back a code, or move it by `move` lines (-1: up). Raises BadInput, Conflict, NotFound."""
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_LABEL:
        raise BadInput("Le libellé manque.", {"label": f"Écrivez de 1 à {LONGEST_LABEL} caractères."})
    with work(actor, Action.MANAGE_LISTS, now) as w:
        grant = w.require()
        _one_at_a_time()
        lines = list_lines(grant, coded_list)
        line = next((line for line in lines if line.code == code), None)
        if line is None:
            raise NotFound("Ce code n'est pas dans la liste.")
        if line.version != version:
            raise Conflict(CHANGED_MEANWHILE)
        if any(o.code != code and o.retired_on is None and o.label.casefold() == label.casefold() for o in lines):
            raise BadInput("Deux codes auraient le même libellé.", {"label": "Un autre code porte ce libellé."})
        if retired_on and not [other for other in lines if other.code != code and other.retired_on is None]:
            raise BadInput("Une liste garde au moins un code.", {"retired": "C'est le dernier code de la liste."})
        order = [each.code for each in lines]
        place = order.index(code)
        order.insert(max(0, min(len(order) - 1, place + move)), order.pop(place))
        for number, each in enumerate(order):
            of = next(one for one in lines if one.code == each)
            mine = each == code
            if not mine and of.position == number and of.version:
                continue
            if not mine and not move:
                continue
            values = {
                "label": label if mine else of.label,
                "position": number if move or of.version == 0 else of.position,
                "retired_on": retired_on if mine else of.retired_on,
                "version": of.version + 1 if mine else max(of.version, 1),
            }
            db.session.execute(
                upsert(CodedLabel)
                .values(list=coded_list, code=each, **values)
                .on_conflict_do_update(index_elements=["list", "code"], set_=values)
            )
        _note_change()
        w.audit(grant, ("liste", coded_list, code))
    refresh(at_once=True)


def _one_at_a_time() -> None:
    """Two administrators who move lines of one list take turns."""
    db.session.execute(text("SELECT pg_advisory_xact_lock(715518)"))


def _note_change() -> None:
    db.session.flush()
    db.session.execute(text("SELECT note_lists_changed()"))


def list_areas(grant: Grant) -> list[Area]:
    """Every fragile neighbourhood, by name."""
    return list(db.session.scalars(select(Area).order_by(Area.label)))


def save_area(actor: Actor, code: str, version: int | None, now: datetime, values: dict[str, Any]) -> None:
    """Add (`version` None) or change a fragile neighbourhood: label, commune, valid_from, valid_until.

    Never deleted: it ends. Raises BadInput by field, Conflict, NotFound.
    """
    fields: dict[str, str] = {}
    if version is None and not _CODE.fullmatch(code):
        fields["code"] = "De 3 à 32 majuscules, chiffres ou tirets bas, par exemple QF_MAILLEBOIS."
    if not values["label"] or len(values["label"]) > LONGEST_LABEL:
        fields["label"] = f"Écrivez de 1 à {LONGEST_LABEL} caractères."
    if values["commune"] not in {c["insee"] for c in reference.territory()["communes"]}:
        fields["commune"] = "Choisissez une commune du territoire."
    if values["valid_from"] and values["valid_until"] and values["valid_until"] < values["valid_from"]:
        fields["valid_until"] = "La fin vient avant le début."
    if fields:
        raise BadInput("Corrigez les champs signalés.", fields)
    with work(actor, Action.MANAGE_LISTS, now) as w:
        grant = w.require()
        if version is None:
            made = db.session.execute(
                upsert(Area).values(code=code, **values).on_conflict_do_nothing().returning(Area.code)
            ).first()
            if not made or code in {q["key"] for q in reference.territory()["qpv"]}:
                raise BadInput("Ce code existe déjà.", {"code": "Un quartier porte déjà ce code."})
        else:
            change_row(Area, Area.code == code, version, values)
        _note_change()
        w.audit(grant, ("quartier", code, *sorted(values)))
    refresh(at_once=True)


def list_school_years(grant: Grant) -> list[SchoolYear]:
    """School years, the latest first."""
    return list(db.session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on.desc())))


def save_school_year(
    actor: Actor, year_id: uuid.UUID | None, version: int | None, now: datetime, starts_on: date, ends_on: date
) -> None:
    """Add or change a school year. Raises BadInput by field, Conflict, NotFound."""
    if not 200 <= (ends_on - starts_on).days <= 366:
        raise BadInput(
            "Ces dates ne font pas une année scolaire.",
            {"ends_on": "Une année scolaire dure de 200 à 366 jours."},
        )
    with work(actor, Action.MANAGE_LISTS, now) as w:
        grant = w.require()
        db.session.execute(text("SELECT pg_advisory_xact_lock(715518)"))
        for other in list_school_years(grant):
            if other.id != year_id and other.starts_on <= ends_on and starts_on <= other.ends_on:
                raise BadInput(
                    "Deux années se chevauchent.",
                    {"starts_on": f"L'année {other.starts_on:%d/%m/%Y} – {other.ends_on:%d/%m/%Y} existe déjà."},
                )
        if year_id is None:
            year_id = uuid.uuid4()
            db.session.execute(insert(SchoolYear).values(id=year_id, starts_on=starts_on, ends_on=ends_on))
        else:
            change_row(SchoolYear, SchoolYear.id == year_id, version or 0, {"starts_on": starts_on, "ends_on": ends_on})
        w.audit(grant, ("annee_scolaire", str(year_id)))


def usual_year(today: date) -> tuple[date, date]:
    """The school year that the calendar suggests: from 1 September to 5 July; from June on, the next one."""
    first = today.year if today.month >= 6 else today.year - 1
    return date(first, 9, 1), date(first + 1, 7, 5)


def change_row(model: Any, criterion: Any, version: int, values: dict[str, Any]) -> None:
    """Change a row if it is still as it was read. Raises Conflict, NotFound."""
    changed = db.session.execute(
        update(model).where(criterion, model.version == version).values(**values, version=version + 1)
    )
    if changed.rowcount == 0:
        if db.session.execute(select(model.version).where(criterion)).first() is None:
            raise NotFound("Cette ligne n'existe pas.")
        raise Conflict(CHANGED_MEANWHILE)
