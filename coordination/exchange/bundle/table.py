"""One CSV file of the bundle as cells: encoding, header and shape, before anything is understood."""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from coordination.exchange.bundle.columns import COLUMN, Column
from coordination.exchange.bundle.faults import Fault, fault

_DAMAGED = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True)
class Table:
    """The lines of one file, cut into cells.

    `columns`: the name of each cell, None for a column to leave aside; empty if the header could not be read.
    `rows`: (line number, cells), as many cells as the header. `ragged`: the other lines; what their first
    cells name is still believed to exist, so that one comma too many is one fault and not a thousand.
    `clean`: no cell holds a NUL or a byte that is not UTF-8.
    """

    file: str
    columns: list[str | None] = field(default_factory=list)
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    ragged: list[list[str]] = field(default_factory=list)
    clean: bool = True

    def cells(self, column: str) -> Iterator[str]:
        """Every cell of a column, ragged lines included; none if the file lacks the column."""
        if column in self.columns:
            place = self.columns.index(column)
            yield from (cells[place] for _, cells in self.rows)
            yield from (cells[place] for cells in self.ragged if len(cells) > place)


def read_table(
    path: Path, file: str, expected: Mapping[str, Column] | None = None
) -> tuple[Table, list[Fault]]:
    """The cells of a file of the format, and what is wrong with its encoding, header and shape.

    `expected`: name -> column of a file that stands beside the format's own.
    """
    table = Table(file)
    expected = COLUMN[file] if expected is None else expected
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # A pipe or a device is read without end.
            return table, [fault(file, None, None, "ce n’est pas un fichier ordinaire")]
        data = path.read_bytes()
    except IsADirectoryError:
        return table, [fault(file, None, None, "dossier au lieu d’un fichier")]
    except OSError:
        return table, [fault(file, None, None, "fichier illisible sur le disque")]
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return table, [fault(file, None, None, "encodage UTF-16 : enregistrez le fichier en UTF-8")]
    # A byte that is not UTF-8 becomes a lone surrogate: its cell is refused and the others are still checked.
    text = data.removeprefix(BOM_UTF8).decode("utf-8", "surrogateescape")
    if not text.strip():
        return table, [fault(file, None, None, "fichier vide : il manque la ligne d’en-tête")]
    table.clean = _DAMAGED.search(text) is None
    faults: list[Fault] = []
    records = _records(text, file, faults)
    _, header = next(records, (1, []))
    table.columns = _columns(file, header, expected, faults)
    if table.columns:
        for number, cells in records:
            if len(cells) == len(header):
                table.rows.append((number, cells))
            else:
                table.ragged.append(cells)
                reason = f"{len(cells)} cellule(s) au lieu de {len(header)}"
                faults.append(fault(file, number, None, reason))
                # Its cells are read no further: what is wrong inside is said here or nowhere.
                inside = (damage(cell) for cell in cells) if not table.clean else iter(())
                faults.extend(fault(file, number, None, found) for found in sorted({*filter(None, inside)}))
    return table, faults


def damage(cell: str) -> str | None:
    """Why a cell of a table that is not clean cannot be kept."""
    if not _DAMAGED.search(cell):
        return None
    return "caractère nul" if "\x00" in cell else "encodage : ce texte n’est pas en UTF-8"


def _records(text: str, file: str, faults: list[Fault]) -> Iterator[tuple[int, list[str]]]:
    """(line where the record begins, cells), blank lines left out; badly quoted records become faults."""
    # A cell may be as long as the file; the library's limit (128 KB) is one for the whole process.
    limit = csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                unclosed = "unexpected end" in str(error)
                reason = "guillemet jamais refermé" if unclosed else "texte collé à un guillemet fermant"
                faults.append(fault(file, number, None, reason))
                continue
            if cells:
                yield number, cells
    finally:
        csv.field_size_limit(limit)


def _columns(
    file: str, header: list[str], expected: Mapping[str, Column], faults: list[Fault]
) -> list[str | None]:
    """The known column of each cell of the header; empty if this is no header at all."""
    if not set(header) & set(expected):
        # The names are not repeated here: without a header, the first line is a person.
        separated = len(header) == 1 and set(re.split(r"[;\t|]", header[0])) & set(expected)
        reason = (
            "séparateur inconnu : des virgules sont attendues" if separated else "ligne d’en-tête absente"
        )
        faults.append(fault(file, 1, None, reason))
        return []
    columns: list[str | None] = []
    for name in header:
        known = name in expected
        if not known:
            faults.append(
                fault(file, 1, name, "colonne inconnue" if name.strip() else "colonne sans nom", name)
            )
        elif name in columns:
            faults.append(fault(file, 1, name, "colonne en double"))
        columns.append(name if known and name not in columns else None)
    # A column left out is unknown, like an empty cell; but without its identity no line can be recognised.
    faults.extend(
        fault(file, 1, name, "colonne absente")
        for name, column in expected.items()
        if column.required and name not in header
    )
    return columns
