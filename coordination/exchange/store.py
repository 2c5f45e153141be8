"""Storing a checked bundle: all or nothing, in one work of the operator; a dry run does the same and rolls back."""

from __future__ import annotations

import secrets
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update

from coordination.alerts.models import ImportRun
from coordination.alerts.sources import follow_all
from coordination.cases.models import Journey, Sheet
from coordination.db import db
from coordination.exchange.bundle.columns import COLUMN, COLUMNS, Kind
from coordination.exchange.bundle.identity import with_ranks
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.report import Changes
from coordination.exchange.mapping import JOURNEY_COLUMNS, RECORDS, SHEET_COLUMNS, Mapped, volet_of
from coordination.exchange.people import compare, count_created, store_structures, store_users
from coordination.exchange.recompute import BATCH, territory
from coordination.exchange.stored import Names, Stored, stored_journeys, stored_records
from coordination.privacy.access import call, sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action, Grant
from coordination.privacy.sealing import DataKey
from coordination.privacy.vault import keystore, sealed_row
from coordination.privacy.volets import Volet
from coordination.privacy.work import consult, work


class _DryRun(Exception):
    """Ends a work that must write nothing."""


@dataclass
class _Batch:
    """Some journeys of the bundle while they are written: their ids, folders and keys."""

    grant: Grant
    names: Names
    ids: dict[str, uuid.UUID]
    programmes: dict[uuid.UUID, str]
    folders: dict[tuple[uuid.UUID, str], uuid.UUID]
    keys: dict[uuid.UUID, DataKey]
    dry: bool
    present: frozenset[str]

    def new_keys(self, folder_ids: list[uuid.UUID]) -> None:
        """Keys of new folders; a dry run makes keys that nobody keeps."""
        if self.dry:
            self.keys |= {f: DataKey(f, uuid.uuid4(), 1, secrets.token_bytes(32)) for f in folder_ids}
        else:
            self.keys |= keystore().create(folder_ids)


def store_bundle(
    actor: Actor, lines: dict[str, list[Line]], *, as_of: date, now: datetime, commit: bool
) -> Changes:
    """Write what differs, compute the deadlines, open no alert. Returns what changed or would change."""
    changes = Changes()
    known = {name.ref: name for name in territory(actor)}
    refs = list(dict.fromkeys(_refs(lines)))
    by_ref = {file: _grouped(file, lines.get(file, ())) for file in ("journeys.csv", *RECORDS)}
    try:
        with work(actor, Action.IMPORT, now) as w:
            grant = w.require()
            store_structures(lines.get("structures.csv", []), changes)
            names = store_users(lines.get("users.csv", []), changes)
            for start in range(0, len(refs), BATCH):
                part = refs[start : start + BATCH]
                journeys = {ref: known[ref].id for ref in part if ref in known}
                _store_batch(
                    grant,
                    names,
                    part,
                    journeys,
                    by_ref,
                    changes,
                    as_of,
                    present=frozenset(lines),
                    dry=not commit,
                )
            gone = [name for ref, name in known.items() if ref not in set(refs)]
            if "journeys.csv" in lines:
                _note_absent(grant, names, [name.id for name in gone], changes)
            call("operator_access", [])
            if not commit:
                raise _DryRun
            db.session.add(ImportRun(committed_at=now, as_of=as_of))
            w.audit(grant, [f"parcours={len(refs)}"])
    except _DryRun:
        with consult(actor, Action.IMPORT, now) as r:
            r.audit(r.require(), ["essai", f"parcours={len(refs)}"])
    return changes


def _refs(lines: dict[str, list[Line]]) -> Iterable[str]:
    for line in lines.get("journeys.csv", ()):
        yield line.text("ref") or ""
    for file in RECORDS:
        for line in lines.get(file, ()):
            yield line.text("journey") or ""


def _grouped(file: str, lines: Iterable[Line]) -> dict[str, list[Line]]:
    column = "ref" if file == "journeys.csv" else "journey"
    grouped: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        grouped[line.text(column) or ""].append(line)
    return grouped


def _store_batch(
    grant: Grant,
    names: Names,
    refs: list[str],
    existing: dict[str, uuid.UUID],
    by_ref: dict[str, dict[str, list[Line]]],
    changes: Changes,
    as_of: date,
    *,
    present: frozenset[str],
    dry: bool,
) -> None:
    new = [by_ref["journeys.csv"][ref][0] for ref in refs if ref not in existing]
    ids = {**existing, **{str(line.values["ref"]): uuid.uuid4() for line in new}}
    coordination = {ids[str(line.values["ref"])]: uuid.uuid4() for line in new}
    call("operator_access", list(existing.values()))
    batch = _Batch(grant, names, ids, {}, {}, {}, dry, present)
    batch.new_keys(list(coordination.values()))
    _open_journeys(batch, new, coordination)
    count_created(changes, "journeys.csv", len(new))
    call("operator_access", list(ids.values()))
    names.refs |= {journey_id: ref for ref, journey_id in ids.items()}
    _read_folders(batch, known_keys=set(coordination.values()))
    old_journeys = {s.journey_id: s for s in stored_journeys(grant, list(existing.values()), names)}
    for ref, journey_id in existing.items():
        for line in by_ref["journeys.csv"].get(ref, ()):
            _change_journey(batch, line, old_journeys[journey_id], changes)
        if ref not in by_ref["journeys.csv"] and "journeys.csv" in present:
            changes.missing.append(old_journeys[journey_id].line)
    for file, mapped in RECORDS.items():
        wanted = [line for ref in refs for line in by_ref[file].get(ref, ())]
        _store_records(batch, mapped, wanted, list(existing.values()), changes)
    if not dry:
        follow_all(grant, list(ids.values()), as_of, "import de données")
    sync_access(list(ids.values()))


def _open_journeys(batch: _Batch, lines: list[Line], folders: dict[uuid.UUID, uuid.UUID]) -> None:
    if not lines:
        return
    journeys, sheets = [], []
    for line in lines:
        journey_id = batch.ids[str(line.values["ref"])]
        journeys.append({"id": journey_id, "position": line.number, **_journey_values(batch, line)})
        folder = {"journey_id": journey_id, "folder_id": folders[journey_id]}
        personal = {name: line.values[name] for name in SHEET_COLUMNS}
        key = batch.keys[folders[journey_id]]
        sheets.append(
            {**sealed_row(key, Sheet, uuid.uuid4(), personal), **folder, "position": line.number}
        )
    for programme in {str(line.values["programme"]) for line in lines}:
        mine = [j["id"] for j in journeys if j["programme"] == programme]
        call("open_journeys", mine, [folders[j] for j in mine], programme)
    add_rows(Journey, journeys)
    coordination = Volet.COORDINATION.value
    add_rows(Folder, [{"id": f, "journey_id": j, "volet": coordination} for j, f in folders.items()])
    add_rows(Sheet, sheets)


def add_rows(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert many rows. RETURNING makes batches of them: the wall is then asked once per batch, not per row."""
    if rows:
        table = model.__table__
        db.session.execute(insert(table).returning(table.c.id), rows)


def _journey_values(batch: _Batch, line: Line) -> dict[str, Any]:
    values = {column: line.values[name] for name, column in JOURNEY_COLUMNS.items()}
    return {**values, "referent_id": batch.names.account(line.text("referent"))}


def _read_folders(batch: _Batch, known_keys: set[uuid.UUID]) -> None:
    ids = list(batch.ids.values())
    for folder in db.session.execute(
        select(Folder.id, Folder.journey_id, Folder.volet).where(Folder.journey_id.in_(ids))
    ):
        batch.folders[folder.journey_id, folder.volet] = folder.id
    batch.keys |= keystore().get([f for f in batch.folders.values() if f not in known_keys])
    for journey_id, programme in db.session.execute(
        select(Journey.id, Journey.programme).where(Journey.id.in_(ids))
    ):
        batch.programmes[journey_id] = programme


def _change_journey(batch: _Batch, line: Line, old: Stored, changes: Changes) -> None:
    columns = compare(changes, line, old.line)
    clear = [name for name in columns if name in JOURNEY_COLUMNS]
    personal = [name for name in columns if name in SHEET_COLUMNS]
    if clear:
        values = _journey_values(batch, line)
        db.session.execute(
            update(Journey)
            .where(Journey.id == old.journey_id)
            .values({JOURNEY_COLUMNS[c]: values[JOURNEY_COLUMNS[c]] for c in clear})
            .values(version=Journey.version + 1)
        )
    if personal:
        sheet = db.session.execute(
            select(Sheet.id, Sheet.folder_id).where(Sheet.journey_id == old.journey_id)
        ).one()
        cells = sealed_row(
            batch.keys[sheet.folder_id], Sheet, sheet.id, {c: line.values[c] for c in personal}
        )
        db.session.execute(
            update(Sheet).where(Sheet.id == sheet.id).values(cells).values(version=Sheet.version + 1)
        )


def _store_records(
    batch: _Batch, mapped: Mapped, lines: list[Line], existing: list[uuid.UUID], changes: Changes
) -> None:
    stored = stored_records(batch.grant, mapped, existing, batch.names) if existing else []
    place = {id(s.line): s for s in stored}
    old = {identity: place[id(line)] for identity, line in with_ranks(s.line for s in stored)}
    ranked = with_ranks(lines)
    row_ids = {id(line): old[i].row_id if i in old else uuid.uuid4() for i, line in ranked}
    if mapped.file == "referrals.csv":
        for _, line in ranked:
            key = (batch.ids[str(line.values["journey"])], str(line.values["key"]))
            batch.names.referrals[key] = row_ids[id(line)]
    volets = {id(line): _volet(batch, line) for _, line in ranked}
    _open_folders(batch, {(batch.ids[str(li.values["journey"])], volets[id(li)]) for _, li in ranked})
    created = []
    for identity, line in ranked:
        before = old.get(identity)
        if before is None:
            created.append(_row(batch, mapped, line, row_ids[id(line)], volets[id(line)], line.number))
        elif compare(changes, line, before.line):
            merged = Line(
                line.file,
                before.line.number,
                {c: before.line.values[c] if c in line.unread else line.values[c] for c in line.values},
            )
            row = _row(batch, mapped, merged, before.row_id, _volet(batch, merged), before.line.number)
            db.session.execute(update(mapped.model).where(mapped.model.id == before.row_id).values(row))
    add_rows(mapped.model, created)
    count_created(changes, mapped.file, len(created))
    seen = {identity for identity, _ in ranked}
    if mapped.file in batch.present:
        changes.missing += [s.line for identity, s in old.items() if identity not in seen]


def _volet(batch: _Batch, line: Line) -> str:
    return volet_of(line.file, line.values, batch.programmes[batch.ids[str(line.values["journey"])]]).value


def _row(
    batch: _Batch, mapped: Mapped, line: Line, row_id: uuid.UUID, volet: str, position: int
) -> dict[str, Any]:
    """A line as a row: names become ids, personal fields are sealed for their folder."""
    journey_id = batch.ids[str(line.values["journey"])]
    folder_id = batch.folders[journey_id, volet]
    values: dict[str, Any] = {"journey_id": journey_id, "folder_id": folder_id, "position": position}
    for name, column in mapped.columns.items():
        value: Any = line.values[name]
        kind = COLUMN[line.file][name].kind
        if kind is Kind.EMAIL:
            value = batch.names.account(value)
        elif kind is Kind.STRUCTURE:
            value = batch.names.structure(value)
        elif kind is Kind.FOLLOWS and value:
            value = batch.names.referrals[journey_id, value]
        values[column] = value
    return sealed_row(batch.keys[folder_id], mapped.model, row_id, values)


def _open_folders(batch: _Batch, wanted: set[tuple[uuid.UUID, str]]) -> None:
    """Folders that the lines need. Without an agreement they are kept closed: nobody gets access to them."""
    new = {place: uuid.uuid4() for place in wanted if place not in batch.folders}
    if not new:
        return
    batch.new_keys(list(new.values()))
    gates = {
        row.id: (row.programme, row.agreement_status, row.agreement_on)
        for row in db.session.execute(
            select(
                Journey.id, Journey.programme, Journey.agreement_status, Journey.agreement_on
            ).where(Journey.id.in_({journey_id for journey_id, _ in new}))
        )
    }
    for (journey_id, volet), folder_id in new.items():
        programme, status, on = gates[journey_id]
        agreed = (status == "SIGNE" and on is not None) or (
            programme != "PRE" and status not in ("REFUS", "RETIRE")
        )
        call("open_folder", folder_id, journey_id, volet, agreed)
    batch.folders |= new


def _note_absent(grant: Grant, names: Names, ids: list[uuid.UUID], changes: Changes) -> None:
    """Journeys that the database has and the bundle does not: listed, never deleted."""
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        call("operator_access", part)
        changes.missing += [s.line for s in stored_journeys(grant, part, names)]


assert set(COLUMNS) == {"structures.csv", "users.csv", "journeys.csv", *RECORDS}
