"""Dates that cannot follow each other, facts that have not happened yet or come after the exit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from coordination.exchange.bundle.columns import FILES, SEALED
from coordination.exchange.bundle.faults import Fault, fault
from coordination.exchange.bundle.known import Targets
from coordination.exchange.bundle.lines import Line

# The pairs of the format, and no other; the same day is allowed. In a chain a date that is not known is
# skipped, since a ≤ b ≤ c also says a ≤ c. What the format asks before the exit is a fact: see `_facts`.
CHAINS: dict[str, tuple[tuple[str, ...], ...]] = {
    "journeys.csv": (
        ("birth_date", "opened_on", "entered_on", "validated_on"),
        ("opened_on", "diagnosis_on"),
        ("rsa_opened_on", "oriented_on", "contract_signed_on"),
    ),
    "actions.csv": (("planned_start", "planned_end"), ("started_on", "ended_on")),
    "referrals.csv": (
        ("sent_on", "seen_on", "accepted_on"),
        ("sent_on", "seen_on", "refused_on"),
        ("accepted_on", "first_action_on"),
    ),
    "pauses.csv": (("from", "expected_return"), ("from", "returned_on")),
    "barriers.csv": (("identified_on", "lifted_on"),),
    "events.csv": (("on", "handled_on"),),
}

COMING = "A_VENIR"
"""Status of an appointment that has not happened: its date is a plan."""


def dates_out_of_order(file: str, lines: Sequence[Line]) -> Iterator[Fault]:
    """A fault for each date that stands before the one it follows in its chain."""
    for line in lines:
        pairs = {pair for chain in CHAINS.get(file, ()) for pair in _neighbours(line, chain)}
        for before, after in sorted(pairs):
            first, second = line.day(before), line.day(after)
            if first and second and second < first:
                day = "" if before in SEALED[file] else f" ({first})"
                reason = f"date antérieure à {before}{day}"
                yield fault(file, line.number, after, reason, second.isoformat())


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


def _neighbours(line: Line, chain: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    known = [column for column in chain if line.values[column] is not None]
    return pairwise(known)


def _is_coming(line: Line) -> bool:
    # A status that could not be read has its own fault, and may have been this one.
    return line.values["status"] == COMING or "status" in line.unread
