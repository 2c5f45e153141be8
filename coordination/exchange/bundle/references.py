"""What a line names must exist: journeys, structures, accounts, the referral it replaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from coordination.exchange.bundle.columns import FILES, Column, Kind
from coordination.exchange.bundle.faults import Fault, fault
from coordination.exchange.bundle.known import Targets, folded_email
from coordination.exchange.bundle.lines import Line

NAMING = frozenset({Kind.JOURNEY, Kind.STRUCTURE, Kind.EMAIL, Kind.ADDRESS, Kind.FOLLOWS})

UNKNOWN_JOURNEY = "parcours inconnu (attendu : une référence de journeys.csv, ou déjà enregistrée)"
UNKNOWN_STRUCTURE = "structure inconnue (attendu : un code de structures.csv, ou déjà enregistré)"
UNKNOWN_ACCOUNT = "compte inconnu (attendu : une adresse de users.csv, ou d’un compte existant)"


def unknown_references(file: str, lines: Sequence[Line], targets: Targets) -> Iterator[Fault]:
    """A fault for each name that nothing bears. E-mails take the spelling of the account they name."""
    for column in FILES[file]:
        if column.kind in NAMING:
            for line in lines:
                if name := line.text(column.name):
                    reason = _reason(column, line, name, targets)
                    if reason:
                        yield fault(file, line.number, column.name, reason, name)


def changed_programmes(lines: Sequence[Line], targets: Targets) -> Iterator[Fault]:
    """The programmes keep separate registers and keys: a journey never passes from one to the other."""
    for line in lines:
        known = targets.known.journeys.get(line.text("ref") or "")
        programme = line.text("programme")
        if known and known.programme and programme and programme != known.programme:
            reason = f"ce parcours existe déjà dans un autre dispositif ({known.programme})"
            yield fault(line.file, line.number, "programme", reason, programme)


def _reason(column: Column, line: Line, name: str, targets: Targets) -> str | None:
    if column.kind is Kind.JOURNEY:
        return UNKNOWN_JOURNEY if targets.refs is not None and name not in targets.refs else None
    if column.kind is Kind.STRUCTURE:
        unknown = targets.structures is not None and name not in targets.structures
        return UNKNOWN_STRUCTURE if unknown else None
    if column.kind is Kind.FOLLOWS:
        return _unknown_referral(line, name, targets)
    if targets.emails is None:
        return None
    spelling = targets.emails.get(folded_email(name))
    if spelling is None:
        return UNKNOWN_ACCOUNT
    line.values[column.name] = spelling
    return None


def _unknown_referral(line: Line, key: str, targets: Targets) -> str | None:
    ref = line.text("journey")
    if ref is None or targets.referrals is None:
        return None
    if key == line.text("key"):
        return "une orientation ne se remplace pas elle-même"
    return None if (ref, key) in targets.referrals else "orientation inconnue dans ce parcours"
