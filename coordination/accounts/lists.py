"""Coded lists as the administrator keeps them: read from memory, changed by one, seen by all within seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import SQLAlchemyError

from coordination import reference
from coordination.accounts.list_models import Area, CodedLabel
from coordination.accounts.queries import read_once
from coordination.db import db, in_turn
from coordination.errors import BadInput, Conflict, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work
from coordination.reference import EditedLabel, FragileArea

# Lists whose codes no rule, right or stage hangs on: changing how they read changes nothing else.
EDITABLE = {
    "structure_type": "Types de structure",
    "pre_axis": "Axes du PRE",
    "pre_action_type": "Types d'action",
    "pre_referral_reason": "Motifs de saisine",
    "pre_referral_source": "Origines de la saisine",
    "pause_reason": "Motifs de pause",
    "alert_dismiss_reason": "Motifs d'alerte sans objet",
    "referral_refusal_reason": "Motifs de refus d'une orientation",
}
CHANGED_MEANWHILE = (
    "Quelqu'un d'autre a modifié cette ligne pendant que vous écriviez. Relisez-la, puis recommencez."
)
# How long a process may go on with what it has read.
FRESH_SECONDS = 3.0
LONGEST_LABEL = 120


_VERSION = text("SELECT value FROM state WHERE name = 'lists_version'")


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
        found = read_once(_VERSION)
        version = str(found[0].value) if found else None
        if version != _known.version:
            _read()
            _known.version = version
    except SQLAlchemyError:
        return


def _read() -> None:
    edits: dict[str, dict[str, EditedLabel]] = {}
    for row in read_once(select(CodedLabel.__table__)):
        if row.list in EDITABLE:
            edits.setdefault(row.list, {})[row.code] = EditedLabel(
                row.label, row.position, row.retired_on is not None
            )
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
        row.code: row for row in db.session.scalars(select(CodedLabel).where(CodedLabel.list == coded_list))
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
    """Rename, retire, bring back a code, or move it by `move` lines (-1: up). Raises BadInput, Conflict,
    NotFound.
    """
    label = " ".join(label.split())
    if not label or len(label) > LONGEST_LABEL:
        raise BadInput("Le libellé manque.", {"label": f"Écrivez de 1 à {LONGEST_LABEL} caractères."})
    with work(actor, Action.MANAGE_LISTS, now) as w:
        grant = w.require()
        one_at_a_time()
        lines = list_lines(grant, coded_list)
        line = next((line for line in lines if line.code == code), None)
        if line is None:
            raise NotFound("Ce code n'est pas dans la liste.")
        if line.version != version:
            raise Conflict(CHANGED_MEANWHILE)
        if any(
            o.code != code and o.retired_on is None and o.label.casefold() == label.casefold() for o in lines
        ):
            raise BadInput(
                "Deux codes auraient le même libellé.", {"label": "Un autre code porte ce libellé."}
            )
        if retired_on and not [other for other in lines if other.code != code and other.retired_on is None]:
            raise BadInput(
                "Une liste garde au moins un code.", {"retired": "C'est le dernier code de la liste."}
            )
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
        note_change()
        w.audit(grant, ("liste", coded_list, code))
    refresh(at_once=True)


def one_at_a_time() -> None:
    """Within a work: administrators who change the same lists take turns."""
    in_turn("lists")


def note_change() -> None:
    """Within a work: other processes read the lists again."""
    db.session.flush()
    db.session.execute(text("SELECT note_lists_changed()"))


def change_row(model: Any, criterion: Any, version: int, values: dict[str, Any]) -> None:
    """Change a row if it is still as it was read. Raises Conflict, NotFound."""
    changed = db.session.execute(
        update(model).where(criterion, model.version == version).values(**values, version=version + 1)
    )
    if changed.rowcount == 0:  # type: ignore[attr-defined]
        if db.session.execute(select(model.version).where(criterion)).first() is None:
            raise NotFound("Cette ligne n'existe pas.")
        raise Conflict(CHANGED_MEANWHILE)
