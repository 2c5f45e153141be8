"""What is wrong with a bundle (faults: nothing is written) and what is odd (warnings: never refused)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from coordination.exchange.bundle.columns import COLUMNS, SEALED
from coordination.privacy.nir import holds_nir

LONGEST_VALUE = 120
"""Characters of a refused value that a report repeats."""

_FILE_ORDER = {file: place for place, file in enumerate(COLUMNS)}


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse the bundle, in French.

    `line`: the line of the file (the header is 1), None for the file as a whole. `column`: None for the whole
    line. `value`: what was read, None where it may not be shown or where there is none.
    """

    file: str
    line: int | None
    column: str | None
    reason: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class BundleWarning:
    """Something odd that a person should look at, in French, without any personal value."""

    file: str
    line: int
    column: str | None
    reason: str


F = TypeVar("F", Fault, BundleWarning)


def shown(file: str, column: str | None, value: str | None) -> str | None:
    """What a report may repeat of a refused value: nothing of a sealed column, and never a NIR."""
    if value is None or column in SEALED.get(file, ()) or holds_nir(value):
        return None
    # What is not valid UTF-8 was read as lone surrogates, which no report could be encoded with.
    value = value.encode("utf-8", "replace").decode("utf-8")
    return value if len(value) <= LONGEST_VALUE else value[: LONGEST_VALUE - 1] + "…"


def fault(file: str, line: int | None, column: str | None, reason: str, value: str | None = None) -> Fault:
    """A fault whose value is shown only if it may be."""
    return Fault(file, line, column, reason, shown(file, column, value))


def in_order(found: Iterable[F]) -> list[F]:
    """Sorted as the format lists files and columns, then by line; unknown files come last."""

    def place(one: F) -> tuple[int, str, int, int]:
        columns = COLUMNS.get(one.file, ())
        where = columns.index(one.column) if one.column in columns else len(columns)
        return _FILE_ORDER.get(one.file, len(_FILE_ORDER)), one.file, one.line or 0, where

    return sorted(found, key=place)
