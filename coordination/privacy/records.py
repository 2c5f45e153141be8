"""Records of a volet, written inside a `work`: added, corrected without erasing, removed with their trace.

What a correction replaces stays, sealed, as a `Revision`: who reads the record can read what it said before.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from coordination.db import db, in_turn
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.privacy.access import call
from coordination.privacy.models import Folder, Revision
from coordination.privacy.policy import Grant
from coordination.privacy.sealing import DataKey, as_text
from coordination.privacy.vault import Opened, keystore, open_rows, sealed_row
from coordination.privacy.volets import LABELS, Volet
from coordination.privacy.work import Work

CHANGED_MEANWHILE = "Cela a été modifié par quelqu'un d'autre pendant que vous écriviez."
CLOSED_MEANWHILE = "Le volet où cela se trouve vient de se fermer pour vous. Rien n'a été enregistré."
CHANGED_BY_ONESELF = "Vous avez modifié cela dans une autre fenêtre pendant que vous écriviez."

_ONLY_READ = "Vous pouvez lire le volet « {} », pas y écrire."


class EditConflict(Conflict):
    """Somebody changed the record meanwhile. `theirs`, `mine`: field -> value, of the fields that differ.

    `own`: that somebody is oneself, in another window.
    """

    def __init__(
        self, theirs: Mapping[str, Any], mine: Mapping[str, Any], version: int, *, own: bool = False
    ) -> None:
        super().__init__(CHANGED_BY_ONESELF if own else CHANGED_MEANWHILE)
        self.own = own
        self.theirs = theirs
        self.mine = mine
        self.version = version


@dataclass(frozen=True)
class Earlier:
    """What a record said before a correction (`values`: field -> text, only what changed) or its removal."""

    of_id: uuid.UUID
    at: datetime
    by_id: uuid.UUID
    removed: bool
    values: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Earlier {self.of_id}>"


def writable_folder(grant: Grant, journey_id: uuid.UUID, volet: Volet) -> uuid.UUID:
    """The folder where a new record of `volet` goes.

    Raises BadInput if the volet is not open yet (no agreement), Forbidden if the actor only reads it.
    """
    # Held open: a withdrawal of the agreement comes before this record or after it, never between.
    folder_id = call("hold_folder", journey_id, volet.value) if volet in grant.writable else None
    if folder_id is not None:
        return uuid.UUID(str(folder_id))
    if volet in grant.readable - grant.writable:
        raise Forbidden(_ONLY_READ.format(LABELS[volet]))
    raise BadInput(
        f"Le volet « {LABELS[volet]} » ne vous est pas ouvert sur ce parcours : il faut d'abord l'accord signé,"
        " ou un rôle qui y donne accès."
    )


def add_record(
    grant: Grant, model: Any, journey_id: uuid.UUID, volet: Volet, values: Mapping[str, Any]
) -> uuid.UUID:
    """Insert a row of `model` in a volet, its personal fields sealed; its id. Raises BadInput, Forbidden."""
    folder_id = writable_folder(grant, journey_id, volet)
    row_id = uuid.uuid4()
    row = sealed_row(_key(folder_id), model, row_id, {**values, **_place(journey_id, folder_id)})
    db.session.execute(insert(model).values(row))
    return row_id


def journey_of(model: Any, row_id: uuid.UUID) -> uuid.UUID:
    """The journey of a record that the actor sees. Raises NotFound."""
    journey_id = db.session.scalar(select(model.journey_id).where(model.id == row_id))
    if journey_id is None:
        raise NotFound(
            "Cet élément n'existe pas, ou vous n'y avez pas accès.", f"{model.__tablename__}={row_id}"
        )
    return uuid.UUID(str(journey_id))


def still_open(volet: str | None) -> Volet:
    """The volet of a record that was read before the journey was held. Raises Conflict if it closed meanwhile."""
    if volet is None:
        raise Conflict(CLOSED_MEANWHILE)
    return Volet(volet)


def change_record(
    w: Work, grant: Grant, model: Any, row_id: uuid.UUID, version: int, values: Mapping[str, Any]
) -> list[str]:
    """Correct fields of a record, keeping what they said; the names of those that changed.

    `version`: the one that was read. Raises NotFound, Forbidden, EditConflict (nothing written).
    """
    before = _standing(grant, model, row_id, tuple(values))
    changed = [name for name, value in values.items() if not _same(value, before[name])]
    if before["version"] != version:
        if not changed:
            return []
        raise EditConflict(
            {n: before[n] for n in changed},
            {n: values[n] for n in changed},
            before["version"],
            own=by_oneself(w, model, row_id, before["version"] - version),
        )
    if not changed:
        return []
    keep_revision(w, model, before, {name: before[name] for name in changed})
    cells = sealed_row(_key(before["folder_id"]), model, row_id, {name: values[name] for name in changed})
    done = db.session.execute(
        update(model)
        .where(model.id == row_id, model.version == version)
        .values({name: cells[name] for name in changed} | {"version": version + 1})
        .returning(model.id)
    ).first()
    if done is None:
        # Between our reading and our writing: read again what the other wrote.
        now_there = _standing(grant, model, row_id, tuple(values))
        raise EditConflict(
            {n: now_there[n] for n in changed}, {n: values[n] for n in changed}, now_there["version"]
        )
    return changed


def move_record(
    w: Work,
    grant: Grant,
    model: Any,
    row_id: uuid.UUID,
    version: int,
    volet: Volet,
    values: Mapping[str, Any],
) -> None:
    """Correct a record that what it now says puts in another volet: it leaves the one, stands in the other.

    Its id stays; all it said stays in the volet that it leaves, for those who read it there. Raises as
    `change_record`, and BadInput if the other volet is not open.
    """
    in_turn("volets", grant.journey_id)
    columns = _columns(model)
    before = _standing(grant, model, row_id, columns)
    folder_id = writable_folder(grant, uuid.UUID(str(before["journey_id"])), volet)
    if before["version"] != version:
        changed = [name for name, value in values.items() if not _same(value, before[name])]
        raise EditConflict(
            {n: before[n] for n in changed},
            {n: values[n] for n in changed},
            before["version"],
            own=by_oneself(w, model, row_id, before["version"] - version),
        )
    keep_revision(w, model, before, {name: before[name] for name in columns}, removed=True)
    said = {**{name: before[name] for name in columns}, **values}
    cells = sealed_row(_key(folder_id), model, row_id, said)
    done = db.session.execute(
        update(model)
        .where(model.id == row_id, model.version == version)
        .values({name: cells[name] for name in said} | {"folder_id": folder_id, "version": version + 1})
        .returning(model.id)
    ).first()
    if done is None:
        raise EditConflict({}, {}, version + 1)


def _columns(model: Any) -> tuple[str, ...]:
    """What a record says, beside where it stands."""
    own = {"id", "journey_id", "folder_id", "position", "version"}
    return tuple(c.name for c in model.__table__.columns if c.name not in own)


def remove_record(w: Work, grant: Grant, model: Any, row_id: uuid.UUID, version: int) -> None:
    """Take away a record entered by mistake; all it said stays as a revision. Raises as `change_record`."""
    columns = _columns(model)
    before = _standing(grant, model, row_id, columns)
    if before["version"] != version:
        own = by_oneself(w, model, row_id, before["version"] - version)
        raise EditConflict({}, {}, before["version"], own=own)
    keep_revision(w, model, before, {name: before[name] for name in columns}, removed=True)
    gone = delete(model).where(model.id == row_id, model.version == version).returning(model.id)
    if db.session.execute(gone).first() is None:
        # Between our reading and our writing somebody changed it: what they wrote stays.
        raise EditConflict({}, {}, version + 1)


def earlier(grant: Grant, journey_id: uuid.UUID, model: Any = None) -> list[Earlier]:
    """What was corrected or removed on a journey (of one table, or of all), the latest first."""
    criteria = [Revision.journey_id == journey_id]
    if model is not None:
        criteria.append(Revision.of_table == model.__tablename__)
    columns = ("of_id", "at", "by_id", "removed", "said")
    rows = open_rows(grant, Revision, columns, *criteria, order=(Revision.position.desc(),))
    return [
        Earlier(r["of_id"], r["at"], r["by_id"], r["removed"], json.loads(r["said"] or "{}")) for r in rows
    ]


def last_corrections(journey_id: uuid.UUID, model: Any) -> dict[uuid.UUID, tuple[uuid.UUID, datetime]]:
    """Who last corrected each record of a table on a journey, and when; not what it said before."""
    query = (
        select(Revision.of_id, Revision.by_id, Revision.at)
        .where(Revision.journey_id == journey_id, Revision.of_table == model.__tablename__)
        .order_by(Revision.position)
    )
    return {row.of_id: (row.by_id, row.at) for row in db.session.execute(query)}


def by_oneself(w: Work, model: Any, row_id: uuid.UUID, changes: int) -> bool:
    """Whether the actor alone made the last changes of a record."""
    by = db.session.scalars(
        select(Revision.by_id)
        .where(Revision.of_table == model.__tablename__, Revision.of_id == row_id)
        .order_by(Revision.position.desc())
        .limit(max(changes, 0))
    ).all()
    return len(by) == changes and set(by) == {w.actor.id}


def _standing(grant: Grant, model: Any, row_id: uuid.UUID, columns: tuple[str, ...]) -> Opened:
    rows = open_rows(grant, model, (*columns, "version"), model.id == row_id)
    if not rows:
        raise NotFound("Cet élément n'existe pas, ou vous n'y avez pas accès.")
    folder = db.session.scalars(select(Folder.volet).where(Folder.id == rows[0]["folder_id"])).one()
    volet = Volet(folder)
    if volet not in grant.writable:
        raise Forbidden(_ONLY_READ.format(LABELS[volet]))
    return rows[0]


def keep_revision(
    w: Work, model: Any, row: Mapping[str, Any], said: Mapping[str, Any], *, removed: bool = False
) -> None:
    """Keep what fields of `row` (with its id, journey_id and folder_id) said before they change."""
    values = {
        "of_table": model.__tablename__,
        "of_id": row["id"],
        "at": w.now,
        "by_id": w.actor.id,
        "removed": removed,
        "said": json.dumps({name: _text(value) for name, value in said.items()}, ensure_ascii=False),
        **_place(row["journey_id"], row["folder_id"]),
    }
    cells = sealed_row(_key(row["folder_id"]), Revision, uuid.uuid4(), values)
    db.session.execute(insert(Revision).values(cells))


def _place(journey_id: uuid.UUID, folder_id: uuid.UUID) -> dict[str, uuid.UUID]:
    return {"journey_id": journey_id, "folder_id": folder_id}


def _key(folder_id: uuid.UUID) -> DataKey:
    return keystore().get([folder_id])[folder_id]


def _same(typed: Any, standing: Any) -> bool:
    """A box left unticked says nothing new where nothing was known."""
    return _text(typed) == _text(standing) or (typed is False and standing is None)


def _text(value: Any) -> str:
    """Two values say the same when their texts are: an opened cell is text, a typed one may be a date."""
    return "" if value is None else as_text(value) if isinstance(value, bool | date) else str(value)
