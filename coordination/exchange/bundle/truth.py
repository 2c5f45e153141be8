"""`truth.csv`: the breaks that were put into a simulated bundle. An import ignores it, `evaluate` reads it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from coordination.alerts.catalogue import rules
from coordination.errors import BadInput
from coordination.exchange.bundle import values
from coordination.exchange.bundle.columns import Column, Kind
from coordination.exchange.bundle.faults import Fault, fault
from coordination.exchange.bundle.table import Table, damage, read_table

FILE = "truth.csv"
COLUMNS: dict[str, Column] = {
    name: Column(name, Kind.DATE if name.endswith("_on") else Kind.TEXT, required=True)
    for name in ("journey", "type", "began_on", "observable_on")
}


@dataclass(frozen=True, slots=True)
class Break:
    """`observable_on`: the first day on which the facts of the bundle could show it."""

    journey: str
    type: str
    began_on: date
    observable_on: date


def break_types() -> tuple[str, ...]:
    """The types of break, in the order of the catalogue of rules."""
    return tuple(dict.fromkeys(rule.break_type for rule in rules().values()))


def read_truth(directory: Path, journeys: frozenset[str]) -> tuple[list[Break], list[Fault]]:
    """The breaks, and everything that is wrong with the file. Raises BadInput where there is none."""
    path = directory / FILE
    if not path.exists():
        raise BadInput(
            f"Le dossier « {directory} » n’a pas de {FILE} : sans les ruptures connues, il n’y a rien à mesurer."
        )
    table, faults = read_table(path, FILE, COLUMNS)
    breaks: list[Break] = []
    for number, cells in table.rows:
        line = {name: cell for name, cell in zip(table.columns, cells, strict=True) if name}
        wrong = list(_faults(table, number, line, journeys))
        faults.extend(wrong)
        if not wrong and len(line) == len(COLUMNS):
            began, seen = (date.fromisoformat(line[name]) for name in ("began_on", "observable_on"))
            breaks.append(Break(line["journey"], line["type"], began, seen))
    return breaks, faults


def _faults(table: Table, number: int, line: dict[str, str], journeys: frozenset[str]) -> Iterator[Fault]:
    days: dict[str, date] = {}
    for name, cell in line.items():
        reason = None if table.clean else damage(cell)
        if not cell.strip():
            reason = "vide : cette colonne est obligatoire"
        elif name == "journey" and cell not in journeys:
            reason = "parcours inconnu (attendu : une référence de journeys.csv)"
        elif name == "type" and cell not in break_types():
            reason = values.unknown_code(break_types())
        elif COLUMNS[name].kind is Kind.DATE:
            try:
                days[name] = date.fromisoformat(str(values.reader(COLUMNS[name])(cell)))
            except values.Unreadable as error:
                reason = str(error)
        if reason:
            yield fault(FILE, number, name, reason, cell or None)
    if len(days) == 2 and days["observable_on"] < days["began_on"]:
        reason = f"date antérieure à began_on ({days['began_on']})"
        yield fault(FILE, number, "observable_on", reason, str(days["observable_on"]))
