"""What a line may name: the lines of the bundle, and what the database already holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.table import Table


@dataclass(frozen=True, slots=True)
class KnownJourney:
    """What a check needs of a journey. `referrals`: key -> day it was sent."""

    programme: str | None = None
    opened_on: date | None = None
    exit_on: date | None = None
    referrals: Mapping[str, date | None] = field(default_factory=dict)
    agreement_status: str | None = None
    agreement_on: date | None = None


NOBODY = KnownJourney()


@dataclass(frozen=True, slots=True)
class Known:
    """What the database already holds; empty for a first import.

    `structures`: their codes. `emails`: of the accounts that a person signs in with. `journeys`: by `ref`.
    """

    structures: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    journeys: Mapping[str, KnownJourney] = field(default_factory=dict)


@dataclass(slots=True)
class Targets:
    """Everything that may be named: the bundle's own lines first, then the database's.

    A set is None where its file came but could not be read: nothing can then be called unknown.
    `emails`: as compared -> as written.
    """

    known: Known
    structures: frozenset[str] | None
    emails: dict[str, str] | None
    refs: frozenset[str] | None
    referrals: frozenset[tuple[str, str]] | None
    journeys: dict[str, Line] = field(default_factory=dict)
    sent: dict[tuple[str, str], date | None] = field(default_factory=dict)

    def add_journeys(self, lines: Iterable[Line]) -> None:
        """The journeys of the bundle; of two lines with one `ref`, the first."""
        for line in lines:
            if ref := line.text("ref"):
                self.journeys.setdefault(ref, line)

    def add_referrals(self, lines: Iterable[Line]) -> None:
        for line in lines:
            if (ref := line.text("journey")) and (key := line.text("key")):
                self.sent.setdefault((ref, key), line.day("sent_on"))

    def programme(self, ref: str | None) -> str | None:
        """The programme of a journey, None if it cannot be told."""
        if line := self.journeys.get(ref or ""):
            return line.text("programme")
        return self.known.journeys.get(ref or "", NOBODY).programme

    def exit_on(self, ref: str | None) -> date | None:
        """The exit of a journey, None if there is none."""
        if line := self.journeys.get(ref or ""):
            return line.day("exit_on")
        return self.known.journeys.get(ref or "", NOBODY).exit_on

    def sent_on(self, ref: str, key: str) -> date | None:
        """The day a referral was sent, None if it was not or if there is no such referral."""
        if (ref, key) in self.sent:
            return self.sent[ref, key]
        return self.known.journeys.get(ref, NOBODY).referrals.get(key)


def folded_email(email: str) -> str:
    """E-mails that differ by their capitals are one address."""
    return email.strip().casefold()


def targets_of(tables: Mapping[str, Table], known: Known) -> Targets:
    """What may be named, from the cells alone: a line with another fault may still be named."""
    emails = {folded_email(email): email for email in sorted(known.emails)}
    for email in _cells(tables, "users.csv", "email"):
        emails.setdefault(folded_email(email), email)
    referrals = {(ref, key) for ref, journey in known.journeys.items() for key in journey.referrals}
    if table := tables.get("referrals.csv"):
        referrals.update(zip(table.cells("journey"), table.cells("key"), strict=False))
    return Targets(
        known=known,
        structures=_or_none(tables, "structures.csv", "code", known.structures),
        emails=emails if _readable(tables, "users.csv", "email") else None,
        refs=_or_none(tables, "journeys.csv", "ref", known.journeys),
        referrals=frozenset(referrals) if _readable(tables, "referrals.csv", "journey", "key") else None,
    )


def _cells(tables: Mapping[str, Table], file: str, column: str) -> Iterable[str]:
    return tables[file].cells(column) if file in tables else ()


def _readable(tables: Mapping[str, Table], file: str, *columns: str) -> bool:
    return file not in tables or all(column in tables[file].columns for column in columns)


def _or_none(
    tables: Mapping[str, Table], file: str, column: str, known: Iterable[str]
) -> frozenset[str] | None:
    if not _readable(tables, file, column):
        return None
    return frozenset(known) | frozenset(_cells(tables, file, column))
