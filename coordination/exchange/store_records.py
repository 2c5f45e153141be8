"""Storing the records of a batch of journeys: contacts, actions, rights… each in its folder, sealed."""

from __future__ import annotations

import secrets
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update

from coordination.cases.models import Journey
from coordination.db import among, db
from coordination.exchange.bundle.columns import COLUMN, Kind
from coordination.exchange.bundle.identity import with_ranks
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.report import Changes
from coordination.exchange.mapping import Mapped, volet_of
from coordination.exchange.people import compare, count_created
from coordination.exchange.stored import Names, stored_records
from coordination.privacy.access import call, hold_journey
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.sealing import DataKey
from coordination.privacy.vault import keystore, sealed_row


@dataclass
class Batch:
    """Some journeys of the bundle while they are written: their ids, folders and keys."""

    grant: Grant
    names: Names
    ids: dict[str, uuid.UUID]
    programmes: dict[uuid.UUID, str]
    folders: dict[tuple[uuid.UUID, str], uuid.UUID]
    keys: dict[uuid.UUID, DataKey]
    dry: bool
    present: frozenset[str]
    # What of each journey the import has written: names of columns and of files.
    written: dict[uuid.UUID, set[str]] = field(default_factory=lambda: defaultdict(set))

    def new_keys(self, folder_ids: list[uuid.UUID]) -> None:
        """Keys of new folders; a dry run makes keys that nobody keeps."""
        if self.dry:
            self.keys |= {f: DataKey(f, uuid.uuid4(), 1, secrets.token_bytes(32)) for f in folder_ids}
        else:
            self.keys |= keystore().create(folder_ids)


def hold(batch: Batch, journey_id: uuid.UUID) -> None:
    """A journey's row comes before what hangs on it (see `hold_journey`); a dry run goes on to nothing else."""
    if not batch.dry:
        hold_journey(journey_id)


def add_rows(model: Any, rows: list[dict[str, Any]]) -> None:
    """Insert many rows. RETURNING makes batches of them: the wall is then asked once per batch, not per row."""
    if rows:
        table = model.__table__
        # Beyond a few hundred rows the driver spends more on reading the statement than the server on it.
        options = {"insertmanyvalues_page_size": 200}
        db.session.execute(insert(table).returning(table.c.id), rows, execution_options=options)


def store_records(
    batch: Batch, mapped: Mapped, lines: list[Line], existing: list[uuid.UUID], changes: Changes
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
            batch.written[batch.ids[str(line.values["journey"])]].add(mapped.model.__tablename__)
        elif compare(changes, line, before.line):
            batch.written[before.journey_id].add(mapped.model.__tablename__)
            merged = Line(
                line.file,
                before.line.number,
                {c: before.line.values[c] if c in line.unread else line.values[c] for c in line.values},
            )
            row = _row(batch, mapped, merged, before.row_id, _volet(batch, merged), before.line.number)
            hold(batch, row["journey_id"])
            db.session.execute(update(mapped.model).where(mapped.model.id == before.row_id).values(row))
    add_rows(mapped.model, created)
    count_created(changes, mapped.file, len(created))
    seen = {identity for identity, _ in ranked}
    if mapped.file in batch.present:
        changes.missing += [s.line for identity, s in old.items() if identity not in seen]


def _volet(batch: Batch, line: Line) -> str:
    return volet_of(line.file, line.values, batch.programmes[batch.ids[str(line.values["journey"])]]).value


def _row(
    batch: Batch, mapped: Mapped, line: Line, row_id: uuid.UUID, volet: str, position: int
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


def _open_folders(batch: Batch, wanted: set[tuple[uuid.UUID, str]]) -> None:
    """Folders that the lines need. Without an agreement they are kept closed: nobody gets access to them."""
    new = {place: uuid.uuid4() for place in wanted if place not in batch.folders}
    if not new:
        return
    batch.new_keys(list(new.values()))
    agreed = _agreed(batch)
    for (journey_id, volet), folder_id in new.items():
        call("open_folder", folder_id, journey_id, volet, journey_id in agreed)
    batch.folders |= new


def open_what_is_agreed(batch: Batch) -> None:
    """Volets that an earlier import kept closed, whose agreement has come since."""
    closed = db.session.execute(
        select(Folder.id, Folder.journey_id, Folder.volet).where(
            among(Folder.journey_id, batch.ids.values()), Folder.open.is_(False)
        )
    ).all()
    agreed = _agreed(batch) if closed else set()
    for folder_id, journey_id, volet in closed:
        if journey_id in agreed:
            call("open_folder", folder_id, journey_id, volet, True)


def _agreed(batch: Batch) -> set[uuid.UUID]:
    """Journeys whose volets other than coordination may be open."""
    journeys = db.session.execute(
        select(Journey.id, Journey.programme, Journey.agreement_status, Journey.agreement_on).where(
            among(Journey.id, batch.ids.values())
        )
    )
    return {
        journey_id
        for journey_id, programme, status, on in journeys
        if (status == "SIGNE" and on is not None)
        or (programme != "PRE" and status not in ("REFUS", "RETIRE"))
    }
