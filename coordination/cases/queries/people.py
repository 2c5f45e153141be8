"""Names of the people whom the actor may see, opened under a grant."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import g
from sqlalchemy import select

from coordination.accounts.models import Account, Structure
from coordination.cases.models import Journey, Sheet
from coordination.db import db, many
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Closed, Opened, Read, open_rows_of

# Put together once: half of what running them costs.
_ACCOUNT_NAMES = select(Account.id, Account.display_name).where(Account.id == many("ids"))
_STRUCTURE_NAMES = select(Structure.id, Structure.name).where(Structure.id == many("ids"))
_REFERENCES = select(Journey.id, Journey.ref).where(Journey.id == many("ids"))
NAMES = Read(Sheet, ("first_name", "last_name"))
# Of one person in a list: their line says it, the others are served.
UNREADABLE = "Nom illisible (clé absente)"


@dataclass(frozen=True)
class Person:
    """Who a journey is about, for a line of a page."""

    journey_id: uuid.UUID
    ref: str
    first_name: str
    last_name: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.ref

    def __repr__(self) -> str:
        """Without the name: this may end in a log."""
        return f"<Person {self.journey_id}>"


def people(
    grant: Grant, journey_ids: Sequence[uuid.UUID], refs: Mapping[uuid.UUID, str] | None = None
) -> dict[uuid.UUID, Person]:
    """Names and references of journeys: two statements whatever their number, one where `refs` are known."""
    if refs is None:
        found = db.session.execute(_REFERENCES, {"ids": list(journey_ids)})
        refs = {id_: ref for id_, ref in found}
    rows = open_rows_of(grant, journey_ids, NAMES)
    return {
        row["journey_id"]: _named(row, refs[row["journey_id"]]) for row in rows if row["journey_id"] in refs
    }


def _named(row: Opened, ref: str) -> Person:
    unreadable = UNREADABLE if isinstance(row, Closed) else ""
    return Person(row["journey_id"], ref, row["first_name"] or "", row["last_name"] or unreadable)


def person_of(grant: Grant, journey_id: uuid.UUID) -> Person:
    """Who a visible journey is about; the reference alone for whoever does not see the coordination volet."""
    named = people(grant, [journey_id])
    if journey_id in named:
        return named[journey_id]
    ref = db.session.execute(select(Journey.ref).where(Journey.id == journey_id)).scalar_one()
    return Person(journey_id, ref, "", "")


def account_names(ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of staff (in clear, on purpose: the worker writes to them)."""
    # One page names the same few colleagues again and again: asked once a request.
    known: dict[uuid.UUID, str] = g.setdefault("account_names", {})
    unknown = ids - known.keys()
    if unknown:
        rows = db.session.execute(_ACCOUNT_NAMES, {"ids": list(unknown)})
        known.update({id_: name for id_, name in rows})
    return {id_: known[id_] for id_ in ids if id_ in known}


def structure_names(ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    if not ids:
        return {}
    rows = db.session.execute(_STRUCTURE_NAMES, {"ids": list(ids)})
    return {id_: name for id_, name in rows}
