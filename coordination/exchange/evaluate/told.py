"""What a bundle tells of each journey, as the rules read it: no database, no key, nothing written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from typing import Any, get_args, get_type_hints

from coordination.cases.facts import JourneyFacts
from coordination.exchange.bundle.columns import COLUMN, COLUMNS, IDENTITY
from coordination.exchange.bundle.lines import Line
from coordination.exchange.mapping import volet_of
from coordination.referrals.facts import ReferralFact

Lines = Mapping[str, Sequence[Line]]

# Names that the facts give to columns of the format.
_COLUMN_OF = {"from_on": "from"}
# Lists of `JourneyFacts` whose file has another name.
_FILE_OF = {"absences": "school_absences.csv"}


@dataclass(frozen=True)
class Told:
    """One journey. `written`: every day on which the bundle shows that something was written, ascending."""

    ref: str
    referent: str
    facts: JourneyFacts
    referrals: tuple[ReferralFact, ...]
    written: tuple[date, ...]


def told(lines: Lines) -> list[Told]:
    """Every journey of a bundle that has no fault, in the order of its file."""
    by_journey: dict[str, dict[str, list[Line]]] = {
        file: _grouped(lines.get(file, ())) for file in COLUMNS if "journey" in COLUMNS[file]
    }
    return [
        _one(line, {file: grouped.get(str(line.values["ref"]), []) for file, grouped in by_journey.items()})
        for line in lines.get("journeys.csv", ())
    ]


def last_fact(lines: Lines) -> date | None:
    """The day of the latest thing that happened, by any line of the bundle; None where nothing has a date."""
    days = (day for group in lines.values() for line in group for day in _dated(line))
    return max(days, default=None)


def _dated(line: Line) -> Iterable[date]:
    """The days of what happened: no birth, no plan, no appointment to come."""
    if line.file == "appointments.csv" and line.values["status"] == "A_VENIR":
        return
    for name, column in COLUMN[line.file].items():
        day = line.day(name) if column.fact and name != "birth_date" else None
        if day is not None:
            yield day


def _one(line: Line, records: dict[str, list[Line]]) -> Told:
    programme = str(line.values["programme"])
    values: dict[str, Any] = {}
    for name, record in _shape().items():
        if record is not None:
            file = _FILE_OF.get(name, f"{name}.csv")
            values[name] = tuple(_fact(record, one, programme) for one in records.get(file, ()))
        elif name in COLUMNS["journeys.csv"]:
            values[name] = line.values[name]
    days = {
        day for one in (line, *(one for group in records.values() for one in group)) for day in _dated(one)
    }
    return Told(
        ref=str(line.values["ref"]),
        referent=line.text("referent") or "",
        facts=JourneyFacts(**values),
        referrals=tuple(_fact(ReferralFact, one, programme) for one in records["referrals.csv"]),
        written=tuple(sorted(days)),
    )


@cache
def _shape() -> dict[str, Any]:
    """Field of JourneyFacts -> the dataclass of its lines, None where it is a value of the journey itself."""
    hints = get_type_hints(JourneyFacts)
    lists = {name: get_args(hint)[0] for name, hint in hints.items() if get_args(hint)[1:] == (Ellipsis,)}
    return {field.name: lists.get(field.name) for field in fields(JourneyFacts)}


def _fact(record: Any, line: Line, programme: str) -> Any:
    """A line as a fact: columns by their names, the identity in the format as id, the volet it is kept in."""
    values: dict[str, Any] = {}
    for field in fields(record):
        column = _COLUMN_OF.get(field.name, field.name)
        if column in line.values:
            values[field.name] = line.values[column]
        elif field.name == "id":
            values["id"] = "/".join(str(line.values[name]) for name in IDENTITY[line.file][1:])
        elif field.name == "volet":
            values["volet"] = volet_of(line.file, line.values, programme)
    return record(**values)


def _grouped(lines: Iterable[Line]) -> dict[str, list[Line]]:
    grouped: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        grouped[str(line.values["journey"])].append(line)
    return grouped
