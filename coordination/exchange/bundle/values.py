"""From a cell to a typed value: strict dates and numbers, coded lists."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache, partial

from coordination import reference
from coordination.exchange.bundle.columns import BY_PROGRAMME, Column, Kind
from coordination.exchange.bundle.lines import Value

PRE = "PRE"
CITE_EMPLOI = "CITE_EMPLOI"

# Outside, a rule adding its threshold could leave the calendar; and no one here was born before.
FIRST_YEAR, LAST_YEAR = 1900, 9999

# Lists that the format itself gives.
RIGHT_KINDS = frozenset(
    {"CSS", "TITRE_SEJOUR", "MDPH", "ARE_ASS", "PASS_IAE", "CEJ", "CDDI_CDD", "FORMATION", "MESURE_ASE"}
)
EVENT_KINDS = frozenset(
    {"DEMENAGEMENT", "CHANGEMENT_ETABLISSEMENT", "EVENEMENT_VIE", "SANCTION_REVENU"}
    | {"EXPULSION_RELOGEMENT", "ARRET_ANTICIPE", "SITUATION_SANS_SOLUTION", "FIN_SANS_SOLUTION"}
)
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
    if codes in BY_PROGRAMME:
        lists = BY_PROGRAMME[codes]
        if programme in lists:
            return frozenset(reference.every_label(lists[programme]))
        return frozenset().union(*(reference.every_label(each) for each in lists.values()))
    own = {
        "right_kind": RIGHT_KINDS,
        "event_kind": EVENT_KINDS,
        "sex": SEXES,
        "area": frozenset(reference.areas()),
    }
    return own[codes] if codes in own else frozenset(reference.every_label(codes))


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
        raise Unreadable("code inconnu")
    return cell


def _date(_: Column, cell: str) -> date:
    # The shape is checked first: `fromisoformat` also reads 20260301 and 2026-W09-7.
    if not _DATE.fullmatch(cell):
        raise Unreadable("date illisible (attendu : AAAA-MM-JJ)")
    try:
        day = date.fromisoformat(cell)
    except ValueError:
        raise Unreadable("date impossible") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unreadable(f"année hors de portée ({FIRST_YEAR} à {LAST_YEAR})")
    return day


def _int(column: Column, cell: str) -> int:
    if not _NUMBER.fullmatch(cell):
        raise Unreadable("nombre illisible (attendu : un entier)")
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
        raise Unreadable("code de commune illisible (attendu : code INSEE)")
    return cell


def _address(column: Column, cell: str) -> str:
    # Only the shape of an address may open an account: the operator's account has another.
    if not _ADDRESS.fullmatch(cell):
        raise Unreadable("adresse électronique illisible")
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
