"""The family of a journey: who else is followed, and by whom, never what their file holds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, text, true

from coordination.cases.models import Journey, Sheet
from coordination.cases.queries.people import Person, people
from coordination.cases.queries.search import fold, fold_all, match
from coordination.db import among, db, narrowed
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Closed, Opened, open_columns, open_rows

MOST_SUGGESTED = 8
# Names and addresses are sealed one by one: past so many journeys, they are opened when somebody asks.
AT_ONCE = 500


@dataclass(frozen=True)
class Sibling:
    """`person` only where the actor sees that journey too."""

    person: Person | None
    referent: str


def siblings(grant: Grant, journey_id: uuid.UUID) -> tuple[Sibling, ...]:
    """The others of the family, for who writes in the journey."""
    rows = db.session.execute(
        text("SELECT journey_id, referent FROM siblings(:journey)"), {"journey": journey_id}
    ).all()
    seen = [row.journey_id for row in rows if row.journey_id]
    if not seen:
        return tuple(Sibling(None, row.referent) for row in rows)
    # A page kept to one journey names its brothers and sisters all the same.
    with narrowed([journey_id, *seen]):
        named = people(grant, seen)
    return tuple(Sibling(named.get(row.journey_id), row.referent) for row in rows)


def seen_siblings(family: Sequence[Sibling]) -> list[str]:
    """Ids of those whose name is shown, for the log."""
    return [str(sibling.person.journey_id) for sibling in family if sibling.person]


def suggestions(
    grant: Grant, journey_id: uuid.UUID, family: Sequence[Sibling], *, asked: bool = False
) -> tuple[Person, ...] | None:
    """Others of the programme, among those the actor sees, of the same family name or the same address.

    `family`: those already linked. None: too many to look through unless `asked`.
    """
    programme = select(Journey.programme).where(Journey.id == journey_id).scalar_subquery()
    mine = set(db.session.scalars(select(Journey.id).where(Journey.programme == programme)))
    if len(mine) > AT_ONCE and not asked:
        return None
    found, (names, addresses) = open_columns(grant, Sheet, ("last_name", "address"))
    ids = [uuid.UUID(bytes=id_) for id_ in found]
    if journey_id not in ids:
        return ()
    own = ids.index(journey_id)
    linked = {sibling.person.journey_id for sibling in family if sibling.person} | {journey_id}
    named_alike, neighbours = _same_as(own, ids, names), _same_as(own, ids, addresses)
    if neighbours:
        # The same words in another commune are another address.
        there = {
            row["journey_id"]: row["commune"]
            for row in open_rows(
                grant, Sheet, ("commune",), among(Sheet.journey_id, {*neighbours, journey_id})
            )
        }
        neighbours = {id_ for id_ in neighbours if there.get(id_) and there[id_] == there.get(journey_id)}
    near = [id_ for id_ in ids if id_ in named_alike | neighbours and id_ in mine and id_ not in linked]
    named = people(grant, near[:MOST_SUGGESTED]) if near else {}
    return tuple(sorted(named.values(), key=lambda person: (fold(person.first_name), person.ref)))


def perhaps_the_same(grant: Grant, programme: str, first: str, last: str, birth: str) -> tuple[Person, ...]:
    """People of the programme, among those the actor sees, who may be the one being spotted.

    A name that is like theirs, or the same birth date with one of the names. Compared in memory: nothing is kept.
    """
    rows = _sheets(grant, programme, ("first_name", "last_name", "birth_date"))
    refs = {id_: ref for id_, ref in db.session.execute(select(Journey.id, Journey.ref))}
    candidates = [
        Person(r["journey_id"], refs[r["journey_id"]], r["first_name"] or "", r["last_name"] or "")
        for r in rows
        if r["journey_id"] in refs
    ]
    born = {row["journey_id"] for row in rows if birth and row["birth_date"] == birth}
    typed = {fold(first), fold(last)} - {""}
    names = [f"{p.first_name} {p.last_name}" for p in candidates]
    found = [candidates[place] for place, _ in match(f"{first} {last}", names, MOST_SUGGESTED)]
    found += [
        p
        for p in candidates
        if p.journey_id in born and typed & {fold(p.first_name), fold(p.last_name)} and p not in found
    ]
    return tuple(found[:MOST_SUGGESTED])


def _sheets(grant: Grant, programme: str, columns: tuple[str, ...]) -> list[Opened]:
    # Two readings: joined, the wall would hold each journey against each sheet.
    mine = set(db.session.scalars(select(Journey.id).where(Journey.programme == programme)))
    rows = open_rows(grant, Sheet, columns, true(), listed=True)
    return [row for row in rows if row["journey_id"] in mine and not isinstance(row, Closed)]


def _same_as(own: int, ids: Sequence[uuid.UUID], texts: Sequence[str]) -> set[uuid.UUID]:
    """Journeys whose text reads like the one at `own`; none where that one is empty."""
    if not texts[own]:
        return set()
    folded = fold_all(texts)
    return {ids[place] for place, text in enumerate(folded) if text == folded[own]}
