"""Dates that cannot follow each other, facts that have not happened yet or come after the exit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from coordination.cases.dates import CHAINS as TABLE_CHAINS
from coordination.cases.dates import COMING, Chain, out_of_order
from coordination.exchange.bundle.columns import FILES, SEALED
from coordination.exchange.bundle.faults import Fault, fault
from coordination.exchange.bundle.known import Targets
from coordination.exchange.bundle.lines import Line

# The tables of the dates, by the names that the format gives them.
_AS_WRITTEN = {"from_on": "from", "on_date": "on"}
_TABLES = {
    "journeys.csv": "journey",
    "actions.csv": "action",
    "referrals.csv": "referral",
    "pauses.csv": "pause",
    "barriers.csv": "barrier",
    "events.csv": "life_event",
}
CHAINS: dict[str, tuple[Chain, ...]] = {
    file: tuple(tuple(_AS_WRITTEN.get(name, name) for name in chain) for chain in TABLE_CHAINS[table])
    for file, table in _TABLES.items()
}


def dates_out_of_order(file: str, lines: Sequence[Line]) -> Iterator[Fault]:
    """A fault for each date that stands before the one it follows in its chain."""
    for line in lines:
        for before, after, first in out_of_order(CHAINS.get(file, ()), line.day):
            day = "" if before in SEALED[file] else f" ({first})"
            reason = f"date antérieure à {before}{day}"
            yield fault(file, line.number, after, reason, str(line.day(after)))


def misplaced_facts(file: str, lines: Sequence[Line], targets: Targets, as_of: date) -> Iterator[Fault]:
    """A fault for each fact after `as_of`, and for each after the exit of its journey."""
    journeys = file == "journeys.csv"
    facts = [column.name for column in FILES[file] if column.fact]
    for line in lines if facts else ():
        if file == "appointments.csv" and _is_coming(line):
            continue
        exit_on = line.day("exit_on") if journeys else targets.exit_on(line.text("journey"))
        for column in facts:
            day = line.day(column)
            if day is None:
                continue
            if day > as_of:
                reason = f"fait postérieur à la date de l’import ({as_of})"
                yield fault(file, line.number, column, reason, day.isoformat())
            if exit_on and day > exit_on:
                reason = f"fait postérieur à la sortie du parcours ({exit_on})"
                yield fault(file, line.number, column, reason, day.isoformat())


def _is_coming(line: Line) -> bool:
    # A status that could not be read has its own fault, and may have been this one.
    return line.values["status"] == COMING or "status" in line.unread
