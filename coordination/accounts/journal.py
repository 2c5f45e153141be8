"""The journal of accesses, line by line, for the data protection officer: opaque ids, no content."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select

from coordination.accounts.models import Account, Structure
from coordination.console import alphabetical
from coordination.db import db
from coordination.privacy.models import AuditEntry
from coordination.privacy.policy import Action, Grant

PAGE = 50
PARIS = ZoneInfo("Europe/Paris")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What to keep of the journal; None keeps everything. `first`, `last`: days of Europe/Paris, both kept."""

    first: date
    last: date
    who: uuid.UUID | None = None
    action: Action | None = None
    structure: uuid.UUID | None = None
    refused: bool = False


@dataclass(frozen=True)
class Entry:
    """One line: ids, the kind of action, how it ended; `who` and `structure` are names of professionals' side."""

    at: datetime
    actor_id: uuid.UUID
    structure_id: uuid.UUID
    who: str = field(repr=False)
    structure: str
    action: str
    refused: bool
    journey_id: uuid.UUID | None


@dataclass(frozen=True)
class Choices:
    """(id, name) of each account and structure, in the order of names."""

    people: list[tuple[uuid.UUID, str]]
    structures: list[tuple[uuid.UUID, str]]


# A failed sign-in is written with its count of attempts, so its line says "fait".
TURNED_AWAY = or_(
    AuditEntry.result == "refus",
    and_(AuditEntry.action == Action.SIGN_IN.value, AuditEntry.detail != "reussie"),
)


def _us(day: date) -> int:
    return int(datetime.combine(day, time(), PARIS).timestamp()) * 1_000_000


def _lines(wanted: Wanted) -> Select[Any]:
    found: Any = (
        select(AuditEntry, Account.display_name, Structure.name, TURNED_AWAY)
        .outerjoin(Account, Account.id == AuditEntry.actor_id)
        .outerjoin(Structure, Structure.id == AuditEntry.structure_id)
        .where(AuditEntry.at_us >= _us(wanted.first), AuditEntry.at_us < _us(wanted.last + DAY))
        # The instant alone does not order two lines of one work.
        .order_by(AuditEntry.at_us.desc(), AuditEntry.structure_id, AuditEntry.sequence.desc())
    )
    if wanted.who:
        found = found.where(AuditEntry.actor_id == wanted.who)
    if wanted.action:
        found = found.where(AuditEntry.action == wanted.action.value)
    if wanted.structure:
        found = found.where(AuditEntry.structure_id == wanted.structure)
    kept: Select[Any] = found.where(TURNED_AWAY) if wanted.refused else found
    return kept


def journal_page(grant: Grant, wanted: Wanted, page: int) -> tuple[list[Entry], bool]:
    """The lines of a page (the first is 1), newest first, and whether another page follows."""
    found = list(_entries(_lines(wanted).offset((page - 1) * PAGE).limit(PAGE + 1)))
    return found[:PAGE], len(found) > PAGE


def whole_journal(grant: Grant, wanted: Wanted, most: int) -> tuple[list[Entry], bool]:
    """The lines wanted, newest first, `most` of them at most; whether older ones were left out."""
    found = list(_entries(_lines(wanted).limit(most + 1)))
    return found[:most], len(found) > most


def choices(grant: Grant) -> Choices:
    """Whom and what the journal may be cut by."""
    people = db.session.execute(select(Account.id, Account.display_name))
    structures = db.session.execute(select(Structure.id, Structure.name))
    return Choices(_by_name(people), _by_name(structures))


def _by_name(rows: Iterable[Any]) -> list[tuple[uuid.UUID, str]]:
    return sorted(((row[0], row[1]) for row in rows), key=lambda one: (alphabetical(one[1]), str(one[0])))


def _entries(lines: Select[Any]) -> Iterator[Entry]:
    for entry, who, structure, refused in db.session.execute(lines):
        yield Entry(
            datetime.fromtimestamp(entry.at_us / 1e6, UTC),
            entry.actor_id,
            entry.structure_id,
            who or "visiteur",
            structure or "–",
            entry.action,
            refused,
            entry.journey_id,
        )
