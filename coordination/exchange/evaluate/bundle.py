"""A bundle and its `truth.csv`, read and replayed: what the command and the table of `docs/ruptures.md` call."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.errors import BadInput
from coordination.exchange.bundle.faults import Fault, in_order
from coordination.exchange.bundle.reader import ReadResult, read_bundle
from coordination.exchange.bundle.truth import Break, read_truth
from coordination.exchange.evaluate.run import Evaluation, evaluate
from coordination.exchange.evaluate.told import last_fact, told


def read(directory: Path, as_of: date) -> tuple[ReadResult, list[Break]]:
    """The bundle and its breaks; the faults of both stand in the result.

    Raises BadInput for a folder that is missing, or that has no truth.csv and is right in all else.
    """
    result = read_bundle(directory, as_of=as_of)
    refs = frozenset(str(line.values["ref"]) for line in result.lines.get("journeys.csv", ()))
    breaks: list[Break] = []
    faults: list[Fault] = []
    try:
        breaks, faults = read_truth(directory, refs)
    except BadInput:
        # Of a bundle that is wrong in other ways too, those are told first, all of them.
        if not result.faults:
            raise
    result.faults = in_order([*result.faults, *faults])
    return result, breaks


def replayed(result: ReadResult, breaks: list[Break], as_of: date | None = None) -> Evaluation:
    """The evaluation of a bundle without fault, under the catalogue's thresholds, up to `as_of` or its last fact.

    Raises BadInput where no line has a date.
    """
    last = as_of or last_fact(result.lines)
    if last is None:
        raise BadInput("Ce dossier ne porte aucun fait daté : il n’y a rien à rejouer.")
    return evaluate(told(result.lines), breaks, last, Calendar.load(), Thresholds.default())
