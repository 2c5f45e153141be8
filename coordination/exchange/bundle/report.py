"""What an import tells: as an object for `--json` and as sentences for a person, without any sealed value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from coordination.exchange.bundle.columns import COLUMNS, SEALED
from coordination.exchange.bundle.faults import BundleWarning, Fault
from coordination.exchange.bundle.identity import shown_identity
from coordination.exchange.bundle.lines import Line, Value
from coordination.exchange.bundle.reader import ReadResult
from coordination.reference import label

MOST_LINES = 12
"""Line numbers that one warning of the text report lists; `--json` has them all."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of a line that the bundle changes; a report leaves both values out if the column is sealed."""

    line: Line
    column: str
    before: Value = field(repr=False)


@dataclass(frozen=True, slots=True)
class GivenRole:
    """A line of users.csv that gives a role to an account which was there before the import."""

    line: Line
    password: bool
    suspended: bool


@dataclass(slots=True)
class Changes:
    """What an import did, or would do without `--commit`.

    `created`, `unchanged`: file -> number of lines. `changed`: one per field. `missing`: lines that the
    database has and the bundle does not, as the export would write them; they stay. `roles`: counted in
    `created` too, and told one by one.
    """

    created: dict[str, int] = field(default_factory=dict)
    unchanged: dict[str, int] = field(default_factory=dict)
    changed: list[FieldChange] = field(default_factory=list)
    missing: list[Line] = field(default_factory=list)
    roles: list[GivenRole] = field(default_factory=list)


def as_json(result: ReadResult, changes: Changes | None = None, *, written: bool = False) -> dict[str, Any]:
    """The whole report as plain JSON types; `changes` is None where faults stopped the import."""
    changes = changes or Changes()
    return {
        "as_of": result.as_of.isoformat(),
        "written": written,
        "lines": {file: len(lines) for file, lines in result.lines.items()},
        "faults": [
            {"file": f.file, "line": f.line, "column": f.column, "reason": f.reason, "value": f.value}
            for f in result.faults
        ],
        "warnings": [
            {"file": w.file, "line": w.line, "column": w.column, "reason": w.reason} for w in result.warnings
        ],
        "created": dict(changes.created),
        "unchanged": dict(changes.unchanged),
        "changed": [_change(change) for change in changes.changed],
        "missing": [
            {"file": line.file, "identity": shown_identity(line.file, line)} for line in changes.missing
        ],
        "roles_given": [_role(given) for given in changes.roles],
    }


def as_text(result: ReadResult, changes: Changes | None = None, *, written: bool = False) -> str:
    """The report in French sentences, ending with what was written."""
    parts = [*_faults(result.faults), *_warnings(result.warnings)]
    if changes and not result.faults:
        parts.extend(_changes(changes))
        parts.extend(_roles(changes.roles, written))
    parts.append(_conclusion(result, written))
    return "\n".join(_printable(part) for part in parts)


def _change(change: FieldChange) -> dict[str, Any]:
    """Sealed columns: the name of the field only."""
    line = change.line
    told: dict[str, Any] = {
        "file": line.file,
        "line": line.number,
        "identity": shown_identity(line.file, line),
        "column": change.column,
    }
    if change.column not in SEALED[line.file]:
        told["before"] = plain(change.before)
        told["after"] = plain(line.values[change.column])
    return told


def _role(given: GivenRole) -> dict[str, Any]:
    line = given.line
    told = {name: line.values[name] for name in ("email", "role", "structure", "programme")}
    can_sign_in = given.password and not given.suspended
    return {"file": line.file, "line": line.number, **told, "can_sign_in": can_sign_in}


def plain(value: Value) -> str | int | bool | None:
    """A value as JSON has it; dates in ISO."""
    return value.isoformat() if isinstance(value, date) else value


def _faults(faults: Iterable[Fault]) -> Iterator[str]:
    for one in faults:
        place = one.file
        if one.line is not None:
            place += f", ligne {one.line}"
        if one.column:
            place += f", colonne {one.column}"
        value = "" if one.value is None else f" : « {one.value} »"
        yield f"Refusé - {place} - {one.reason}{value}"


def _warnings(warnings: Iterable[BundleWarning]) -> Iterator[str]:
    """One sentence per file, column and reason, with the lines where it stands."""
    grouped: dict[tuple[str, str | None, str], list[int]] = defaultdict(list)
    for one in warnings:
        grouped[one.file, one.column, one.reason].append(one.line)
    for (file, column, reason), lines in grouped.items():
        numbers = ", ".join(str(line) for line in lines[:MOST_LINES])
        more = f" et {len(lines) - MOST_LINES} autres" if len(lines) > MOST_LINES else ""
        word = "lignes" if len(lines) > 1 else "ligne"
        yield f"À vérifier - {file}, {word} {numbers}{more}, colonne {column} - {reason}"


def _changes(changes: Changes) -> Iterator[str]:
    changed = _count((change.line.file, change.line.number) for change in changes.changed)
    for file in COLUMNS:
        counts = (changes.created.get(file, 0), changed.get(file, 0), changes.unchanged.get(file, 0))
        if any(counts):
            yield "{} : {} à créer, {} à changer, {} sans changement".format(file, *counts)
    for change in changes.changed:
        told = _change(change)
        values = f" : {_said(told['before'])} → {_said(told['after'])}" if "before" in told else ""
        yield f"Changé - {told['file']}, ligne {told['line']}, colonne {told['column']}{values}"
    for line in changes.missing:
        identity = ", ".join(shown_identity(line.file, line).values())
        yield f"Absent du dossier, conservé - {line.file} - {identity}"


def _roles(roles: Sequence[GivenRole], written: bool) -> Iterator[str]:
    """A section of its own: who could do more than before, and whether at once."""
    if not roles:
        return
    yield f"Rôles que des comptes existants {'ont reçus' if written else 'recevraient'} ({len(roles)}) :"
    for given in roles:
        line = given.line
        code, programme = line.text("role") or "", line.text("programme")
        where = f"structure {line.text('structure')}" if line.text("structure") else "sans structure"
        there = f"dispositif {programme}" if programme else "tous dispositifs"
        place = f"{line.file}, ligne {line.number}"
        role = f"{label('user_role', code)} ({code})"
        yield f"Rôle - {place} - {line.text('email')} : {role}, {where}, {there} - {_door(given)}"


def _door(given: GivenRole) -> str:
    if given.suspended:
        return "ce compte est suspendu"
    if given.password:
        return "ce compte peut déjà se connecter"
    return "ce compte n’a pas encore de mot de passe"


def _count(lines: Iterable[tuple[str, int]]) -> Mapping[str, int]:
    """file -> number of different lines."""
    counts: dict[str, int] = defaultdict(int)
    for file, _ in set(lines):
        counts[file] += 1
    return counts


def _printable(sentence: str) -> str:
    """One line, whatever a refused value holds: nothing that a terminal would obey."""
    return "".join(sign if sign.isprintable() else "·" for sign in sentence)


def _said(value: str | int | bool | None) -> str:
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "vide" if value is None else f"« {value} »"


def _conclusion(result: ReadResult, written: bool) -> str:
    total = sum(len(lines) for lines in result.lines.values())
    if result.faults:
        return f"{len(result.faults)} faute(s) sur {total} lignes lues : rien n’a été écrit."
    if written:
        return f"{total} lignes lues, aucune faute : l’import est enregistré."
    return f"{total} lignes lues, aucune faute. Rien n’a été écrit : ajoutez --commit pour enregistrer."
