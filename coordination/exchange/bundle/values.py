"""From a cell to a typed value: strict dates and numbers, coded lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import date
from functools import cache, partial

from coordination import reference
from coordination.cases.vocabulary import BY_PROGRAMME, coded
from coordination.clock import FIRST_DAY
from coordination.exchange.bundle.columns import Column, Kind
from coordination.exchange.bundle.lines import Value

PRE = "PRE"
CITE_EMPLOI = "CITE_EMPLOI"

# Outside, a rule adding its threshold could leave the calendar; and no one here was born before.
FIRST_YEAR, LAST_YEAR = FIRST_DAY.year, 9999

# A longer list is not repeated with each fault.
MOST_CODES_TOLD = 12

# A list that the format itself gives.
SEXES = frozenset({"F", "M"})

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_COMMUNE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")


class Unreadable(ValueError):
    """A cell that cannot be kept; the message is the French reason, without the value."""


@cache
def codes_of(codes: str, programme: str | None) -> frozenset[str]:
    """The codes a list accepts for a journey of `programme`; of both programmes if it is not known."""
    if codes in BY_PROGRAMME and programme not in BY_PROGRAMME[codes]:
        return frozenset().union(*(coded(codes, each, every=True) for each in BY_PROGRAMME[codes]))
    own = {"sex": SEXES, "area": frozenset(reference.areas())}
    return own[codes] if codes in own else frozenset(coded(codes, programme, every=True))


@cache
def reader(column: Column, programme: str | None = None) -> Callable[[str], Value]:
    """What turns a cell that is not empty into its value, raising `Unreadable` with the reason.

    `programme` only matters where the codes depend on it.
    """
    if column.kind is Kind.CODE:
        return partial(_code, codes_of(column.codes, programme))
    return partial(_READERS.get(column.kind, _text), column)


def _code(codes: frozenset[str], cell: str) -> str:
    if cell not in codes:
        raise Unreadable(unknown_code(codes))
    return cell


def unknown_code(codes: Collection[str]) -> str:
    """The reason, with the codes that would do where they are few."""
    expected = f" (attendu : {', '.join(sorted(codes))})" if len(codes) <= MOST_CODES_TOLD else ""
    return f"code inconnu{expected}"


def _date(_: Column, cell: str) -> date:
    # The shape is checked first: `fromisoformat` also reads 20260301 and 2026-W09-7.
    if not _DATE.fullmatch(cell):
        raise Unreadable("date illisible (attendu : AAAA-MM-JJ)")
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise Unreadable("date impossible (ce jour n’existe pas)") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unreadable(f"année hors de portée ({FIRST_YEAR} à {LAST_YEAR})")
    return day


def _int(column: Column, cell: str) -> int:
    if not _NUMBER.fullmatch(cell):
        raise Unreadable(f"nombre illisible (attendu : un entier de {column.lowest} à {column.highest})")
    number = int(cell)
    if not column.lowest <= number <= column.highest:
        raise Unreadable(f"nombre hors de portée ({column.lowest} à {column.highest})")
    return number


def _bool(_: Column, cell: str) -> bool:
    if cell not in ("0", "1"):
        raise Unreadable("valeur illisible (attendu : 1 ou 0)")
    return cell == "1"


def _commune(_: Column, cell: str) -> str:
    if not _COMMUNE.fullmatch(cell):
        raise Unreadable("code de commune illisible (attendu : code INSEE, par exemple 62765)")
    return cell


def _address(column: Column, cell: str) -> str:
    # Only the shape of an address may open an account: the operator's account has another.
    if not _ADDRESS.fullmatch(cell):
        raise Unreadable("adresse électronique illisible (attendu : nom@domaine)")
    return _text(column, cell)


def _text(column: Column, cell: str) -> str:
    if column.longest and len(cell) > column.longest:
        raise Unreadable(f"trop long ({column.longest} caractères au plus)")
    return cell


_READERS: dict[Kind, Callable[[Column, str], Value]] = {
    Kind.DATE: _date,
    Kind.INT: _int,
    Kind.BOOL: _bool,
    Kind.COMMUNE: _commune,
    Kind.ADDRESS: _address,
}
