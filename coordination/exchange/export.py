"""`export-bundle`: the territory as the files it could be imported from again."""

from __future__ import annotations

import csv
import os
from datetime import datetime
from pathlib import Path

from coordination.console import writing_into
from coordination.db import db
from coordination.errors import BadInput
from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.bundle.lines import Line
from coordination.exchange.mapping import RECORDS
from coordination.exchange.recompute import batches, territory
from coordination.exchange.stored import (
    read_names,
    stored_journeys,
    stored_records,
    stored_structures,
    stored_users,
)
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.sealing import as_text
from coordination.privacy.work import refuse_unless_allowed, work


def export_bundle(actor: Actor, directory: Path, now: datetime) -> dict[str, int]:
    """Write every file of the bundle, readable by its owner alone; how many lines each holds.

    Raises Forbidden, or BadInput if the directory already holds something or cannot be written.
    """
    refuse_unless_allowed(actor, Action.EXPORT, now)
    with writing_into(directory):
        if directory.exists() and any(directory.iterdir()):
            raise BadInput(f"Le dossier « {directory} » n'est pas vide.")
    lines: dict[str, list[Line]] = {file: [] for file in COLUMNS}
    names_of = territory(actor)
    for ids in batches(names_of):
        with work(actor, Action.EXPORT, now) as w:
            grant = w.require()
            call("operator_access", ids)
            names = read_names()
            lines["journeys.csv"] += [s.line for s in stored_journeys(grant, ids, names)]
            for file, mapped in RECORDS.items():
                lines[file] += [s.line for s in stored_records(grant, mapped, ids, names)]
            call("operator_access", [])
            w.audit(grant, [f"parcours={len(ids)}"])
    lines["structures.csv"] = stored_structures()
    lines["users.csv"] = stored_users()
    db.session.rollback()
    with writing_into(directory):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file, rows in lines.items():
        _write(directory / file, file, sorted(rows, key=lambda line: line.number))
    return {file: len(rows) for file, rows in lines.items()}


def _write(path: Path, file: str, lines: list[Line]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS[file])
        for line in lines:
            writer.writerow(
                "" if line.values[column] is None else as_text(line.values[column])
                for column in COLUMNS[file]
            )
