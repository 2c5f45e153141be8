"""Reading a bundle: every line it holds and everything that is wrong with it, in one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from coordination import reference
from coordination.errors import BadInput
from coordination.exchange.bundle import values
from coordination.exchange.bundle.agreement import undone_refusals
from coordination.exchange.bundle.columns import FILES, IGNORED, Column
from coordination.exchange.bundle.doubts import absent_columns, doubts
from coordination.exchange.bundle.faults import BundleWarning, Fault, fault, in_order
from coordination.exchange.bundle.identity import repeated_identities
from coordination.exchange.bundle.known import Known, KnownJourney, Targets, targets_of
from coordination.exchange.bundle.lines import Line, Value
from coordination.exchange.bundle.order import dates_out_of_order, misplaced_facts
from coordination.exchange.bundle.references import changed_programmes, unknown_references
from coordination.exchange.bundle.table import Table, damage, read_table
from coordination.privacy.nir import holds_nir

__all__ = ["Known", "KnownJourney", "ReadResult", "read_bundle"]

Programme = Callable[[dict[str, Value]], str | None]


@dataclass(slots=True)
class ReadResult:
    """`lines`: file name -> its lines, for the files that came; to be stored only if `faults` is empty."""

    as_of: date
    lines: dict[str, list[Line]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    warnings: list[BundleWarning] = field(default_factory=list)


def read_bundle(directory: Path, *, as_of: date, known: Known | None = None) -> ReadResult:
    """Read and check the bundle in `directory` as of a day, against what the database already holds.

    Raises BadInput if there is no such directory; everything else is a fault of the result.
    """
    known = known or Known()
    result = ReadResult(as_of)
    tables = _tables(directory, result.faults)
    targets = targets_of(tables, known)
    for file, table in tables.items():
        result.lines[file] = list(_lines(table, _programme(file, targets), result.faults))
        if file == "journeys.csv":
            targets.add_journeys(result.lines[file])
        elif file == "referrals.csv":
            targets.add_referrals(result.lines[file])
    for file, lines in result.lines.items():
        result.faults.extend(unknown_references(file, lines, targets))
        result.faults.extend(repeated_identities(file, lines))
        result.faults.extend(dates_out_of_order(file, lines))
        result.faults.extend(misplaced_facts(file, lines, targets, as_of))
    journeys = result.lines.get("journeys.csv", [])
    result.faults.extend(changed_programmes(journeys, targets))
    result.faults.extend(undone_refusals(journeys, targets))
    result.faults.extend(_outside_the_perimeter(journeys))
    result.faults = in_order(result.faults)
    absent = (one for file, table in tables.items() for one in absent_columns(file, table.columns))
    result.warnings = in_order([*absent, *doubts(result.lines, targets)])
    return result


def _tables(directory: Path, faults: list[Fault]) -> dict[str, Table]:
    """The files of the format, in its order: journeys come before what names their programme.

    Any other entry is a fault, whatever its kind: `contact.csv`, `journeys.xlsx` or `journeys.CSV` left out
    in silence would be a year of work that nobody misses. Hidden entries are left by file managers and
    editors, not by a person, and are passed over.
    """
    try:
        present = {entry.name for entry in directory.iterdir()}
    except FileNotFoundError:
        raise BadInput(f"Le dossier « {directory} » n’existe pas.") from None
    except NotADirectoryError:
        raise BadInput(f"« {directory} » n’est pas un dossier.") from None
    except OSError:
        raise BadInput(f"Le dossier « {directory} » ne peut pas être lu.") from None
    unknown = (name for name in present - FILES.keys() - IGNORED if not name.startswith("."))
    faults.extend(fault(name, None, None, "fichier inconnu") for name in unknown)
    tables: dict[str, Table] = {}
    for file in FILES:
        if file in present:
            tables[file], wrong = read_table(directory / file, file)
            faults.extend(wrong)
    return tables


def _programme(file: str, targets: Targets) -> Programme:
    """How a line of `file` tells the programme of its journey."""
    if file == "journeys.csv":
        return lambda line: str(line["programme"]) if line["programme"] else None
    return lambda line: targets.programme(str(line["journey"])) if line.get("journey") else None


def _lines(table: Table, programme: Programme, faults: list[Fault]) -> Iterator[Line]:
    """The typed lines of a table; what cannot be read becomes a fault and None."""
    columns = FILES[table.file]
    places = [
        (column, table.columns.index(column.name), values.reader(column))
        for column in columns
        if column.name in table.columns
    ]
    absent = frozenset(column.name for column in columns if column.name not in table.columns)
    empty: dict[str, Value] = {column.name: None for column in columns}
    for number, cells in table.rows:
        line = empty.copy()
        unread: list[str] = []
        for column, place, read in places:
            cell = cells[place]
            if not cell or (column.required and cell.isspace()):
                reason = "vide : cette colonne est obligatoire" if column.required else None
            else:
                if column.by_programme:
                    read = values.reader(column, programme(line))
                line[column.name], reason = _value(column, cell, read, table.clean)
            if reason:
                unread.append(column.name)
                faults.append(fault(table.file, number, column.name, reason, cell or None))
        yield Line(table.file, number, line, absent.union(unread) if unread else absent)


def _value(column: Column, cell: str, read: Callable[[str], Value], clean: bool) -> tuple[Value, str | None]:
    """(value, None), or (None, the French reason why there is none)."""
    if not clean and (reason := damage(cell)):
        return None, reason
    if holds_nir(cell):
        return None, "numéro de sécurité sociale : il ne doit figurer nulle part"
    try:
        return read(cell), None
    except values.Unreadable as error:
        return None, str(error)


def _outside_the_perimeter(journeys: list[Line]) -> Iterator[Fault]:
    """The PRE covers a few communes; where the commune is not known, nothing says it is outside."""
    for line in journeys:
        commune = line.text("commune")
        if line.text("programme") == values.PRE and commune and commune not in reference.pre_perimeter():
            yield fault(line.file, line.number, "commune", "commune hors du périmètre du PRE", commune)
