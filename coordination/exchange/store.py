"""Storing a checked bundle: all or nothing, in one work of the operator; a dry run does the same and rolls back."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from coordination.alerts.models import ImportRun
from coordination.alerts.sources import follow_all
from coordination.cases.models import Journey, Sheet
from coordination.cases.stages import FROZEN
from coordination.db import among, db
from coordination.exchange.agreements import Replaced, note_agreements, refuse_undoing
from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.report import Changes
from coordination.exchange.mapping import JOURNEY_COLUMNS, RECORDS, SHEET_COLUMNS
from coordination.exchange.people import compare, count_created, store_structures, store_users
from coordination.exchange.recompute import BATCH, territory
from coordination.exchange.store_records import Batch, add_rows, hold, open_what_is_agreed, store_records
from coordination.exchange.stored import Names, Stored, read_names, stored_journeys, stored_records
from coordination.exchange.writings import note_writings
from coordination.privacy.access import call, follow_agreement, sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action, Grant
from coordination.privacy.vault import keystore, sealed_row
from coordination.privacy.volets import Volet
from coordination.privacy.work import consult, refuse_unless_allowed, work

CREATED = "creation"


class _DryRun(Exception):
    """Ends a work that must write nothing."""


def store_bundle(
    actor: Actor, lines: dict[str, list[Line]], *, as_of: date, now: datetime, commit: bool
) -> Changes:
    """Write what differs, compute the deadlines, open no alert. Returns what changed or would change.

    Raises Forbidden.
    """
    refuse_unless_allowed(actor, Action.IMPORT, now)
    changes = Changes()
    known = {name.ref: name for name in territory(actor)}
    refs = list(dict.fromkeys(_refs(lines)))
    by_ref = {file: _grouped(file, lines.get(file, ())) for file in ("journeys.csv", *RECORDS)}
    try:
        with work(actor, Action.IMPORT, now) as w:
            grant = w.require()
            if "structures.csv" in lines:
                store_structures(lines["structures.csv"], changes)
            names, accounts = (
                store_users(lines["users.csv"], changes) if "users.csv" in lines else (read_names(), [])
            )
            written: dict[uuid.UUID, set[str]] = {}
            for start in range(0, len(refs), BATCH):
                part = refs[start : start + BATCH]
                journeys = {ref: known[ref].id for ref in part if ref in known}
                written |= _store_batch(
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
            _note_absent(grant, names, [name.id for name in gone], changes, frozenset(lines))
            call("operator_access", [])
            if not commit:
                raise _DryRun
            db.session.add(ImportRun(committed_at=now, as_of=as_of))
            for said in accounts:
                w.audit(w.require_besides(Action.MANAGE_ACCOUNTS), said)
            w.audit_each(grant, {id_: _told(what) for id_, what in written.items() if what})
            w.audit(grant, [f"parcours={len(refs)}"])
    except _DryRun:
        with consult(actor, Action.IMPORT, now) as r:
            r.audit(r.require(), ["essai", f"parcours={len(refs)}"])
    return changes


def _told(what: set[str]) -> list[str]:
    """What the audit says of a journey; of a new one everything is new."""
    return [CREATED] if CREATED in what else sorted(what)


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
) -> dict[uuid.UUID, set[str]]:
    """What was written of which journey."""
    new = [by_ref["journeys.csv"][ref][0] for ref in refs if ref not in existing]
    ids = {**existing, **{str(line.values["ref"]): uuid.uuid4() for line in new}}
    coordination = {ids[str(line.values["ref"])]: uuid.uuid4() for line in new}
    call("operator_access", list(existing.values()))
    batch = Batch(grant, names, ids, {}, {}, {}, dry, present)
    batch.new_keys(list(coordination.values()))
    _open_journeys(batch, new, coordination)
    count_created(changes, "journeys.csv", len(new))
    call("operator_access", list(ids.values()))
    names.refs |= {journey_id: ref for ref, journey_id in ids.items()}
    _read_folders(batch, known_keys=set(coordination.values()))
    old_journeys = {s.journey_id: s for s in stored_journeys(grant, list(existing.values()), names)}
    replaced: list[Replaced] = []
    for ref, journey_id in existing.items():
        for line in by_ref["journeys.csv"].get(ref, ()):
            replaced += _change_journey(batch, line, old_journeys[journey_id], changes)
        if ref not in by_ref["journeys.csv"] and "journeys.csv" in present:
            changes.missing.append(old_journeys[journey_id].line)
    for file, mapped in RECORDS.items():
        wanted = [line for ref in refs for line in by_ref[file].get(ref, ())]
        store_records(batch, mapped, wanted, list(existing.values()), changes)
    open_what_is_agreed(batch)
    if not dry:
        note_writings(
            ids, {ref: [line for file in by_ref for line in by_ref[file].get(ref, ())] for ref in ids}
        )
        follow_all(grant, list(ids.values()), as_of, "import de données", writing=False)
    follow_agreement(list(ids.values()))
    note_agreements(batch, replaced)
    sync_access(list(ids.values()))
    return batch.written


def _open_journeys(batch: Batch, lines: list[Line], folders: dict[uuid.UUID, uuid.UUID]) -> None:
    if not lines:
        return
    journeys, sheets = [], []
    for line in lines:
        journey_id = batch.ids[str(line.values["ref"])]
        batch.written[journey_id].add(CREATED)
        journeys.append({"id": journey_id, "position": line.number, **_journey_values(batch, line)})
        folder = {"journey_id": journey_id, "folder_id": folders[journey_id]}
        personal = {name: line.values[name] for name in SHEET_COLUMNS}
        key = batch.keys[folders[journey_id]]
        sheets.append({**sealed_row(key, Sheet, uuid.uuid4(), personal), **folder, "position": line.number})
    for programme in {str(line.values["programme"]) for line in lines}:
        mine = [j["id"] for j in journeys if j["programme"] == programme]
        call("open_journeys", mine, [folders[j] for j in mine], programme)
    add_rows(Journey, journeys)
    coordination = Volet.COORDINATION.value
    add_rows(Folder, [{"id": f, "journey_id": j, "volet": coordination} for j, f in folders.items()])
    add_rows(Sheet, sheets)


def _journey_values(batch: Batch, line: Line) -> dict[str, Any]:
    values = {column: line.values[name] for name, column in JOURNEY_COLUMNS.items()}
    return {**values, "referent_id": batch.names.account(line.text("referent"))}


def _read_folders(batch: Batch, known_keys: set[uuid.UUID]) -> None:
    ids = list(batch.ids.values())
    for folder in db.session.execute(
        select(Folder.id, Folder.journey_id, Folder.volet).where(among(Folder.journey_id, ids))
    ):
        batch.folders[folder.journey_id, folder.volet] = folder.id
    batch.keys |= keystore().get([f for f in batch.folders.values() if f not in known_keys])
    for journey_id, programme in db.session.execute(
        select(Journey.id, Journey.programme).where(among(Journey.id, ids))
    ):
        batch.programmes[journey_id] = programme


def _change_journey(batch: Batch, line: Line, old: Stored, changes: Changes) -> list[Replaced]:
    """Write what differs; the refusal or the withdrawal that gave way, if one did."""
    status, on = old.line.text("agreement_status"), old.line.day("agreement_on")
    refuse_undoing(line, status, on)
    columns = compare(changes, line, old.line)
    batch.written[old.journey_id].update(columns)
    clear = [name for name in columns if name in JOURNEY_COLUMNS]
    personal = [name for name in columns if name in SHEET_COLUMNS]
    if columns:
        hold(batch, old.journey_id)
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
    gave_way = "agreement_status" in columns and status in FROZEN
    return [Replaced(old.journey_id, status, on, line)] if status and gave_way else []


def _note_absent(
    grant: Grant, names: Names, ids: list[uuid.UUID], changes: Changes, present: frozenset[str]
) -> None:
    """Journeys that the bundle does not speak of, with their lines of the files it has: listed, never deleted."""
    for start in range(0, len(ids), BATCH):
        part = ids[start : start + BATCH]
        call("operator_access", part)
        journeys = stored_journeys(grant, part, names)
        if "journeys.csv" in present:
            changes.missing += [s.line for s in journeys]
        for file, mapped in RECORDS.items():
            if file in present:
                changes.missing += [s.line for s in stored_records(grant, mapped, part, names)]


assert set(COLUMNS) == {"structures.csv", "users.csv", "journeys.csv", *RECORDS}
