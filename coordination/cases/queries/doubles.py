"""Two journeys that may be one person's: compared in memory, for who coordinates the programme. Nothing is kept.

(Source: "This child may already be followed", design of trust: shown to the coordinator only.)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Any

from sqlalchemy import select

from coordination.cases.models import Journey, Sheet
from coordination.cases.queries.people import account_names
from coordination.cases.queries.search import fold, fold_all, sound
from coordination.db import among, db, narrow
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_columns

MOST = 50
# A name that so many share says nothing of one person.
MOST_ALIKE = 12


@dataclass(frozen=True)
class Side:
    """One of the two. `birth`: a day as ISO, or empty."""

    journey_id: uuid.UUID
    ref: str
    name: str
    birth: str
    programme: str
    opened_on: date | None
    ended: bool
    referent: str

    def __repr__(self) -> str:
        return f"<Side {self.journey_id}>"


@dataclass(frozen=True)
class Double:
    """Two journeys, the older one first, and why they may be one person's."""

    first: Side
    second: Side
    why: str


@dataclass(frozen=True)
class Doubles:
    pairs: tuple[Double, ...]
    total: int

    @property
    def shown(self) -> list[str]:
        """Ids of the journeys named on the page, for the audit."""
        return sorted({str(side.journey_id) for pair in self.pairs for side in (pair.first, pair.second)})


def doubles(grant: Grant) -> Doubles:
    """Every pair of one programme of which one at least still runs, the latest opened first."""
    ids, (first, last, birth) = open_columns(grant, Sheet, ("first_name", "last_name", "birth_date"))
    alike = dict(_pairs(_heard(first), _heard(last), birth))
    # Of thousands, the few that are like somebody: the wall looks at these alone.
    narrow({uuid.UUID(bytes=ids[place]) for pair in alike for place in pair})
    journeys = _journeys({place: uuid.UUID(bytes=ids[place]) for pair in alike for place in pair})

    def worth(pair: tuple[int, int]) -> bool:
        if not all(place in journeys for place in pair):
            return False
        one, other = (journeys[place] for place in pair)
        return bool(one.programme == other.programme and (one.runs or other.runs))

    found = {pair: why for pair, why in alike.items() if worth(pair)}

    def opened(pair: tuple[int, int]) -> date:
        return max(journeys[place].opened_on or date.min for place in pair)

    kept = sorted(found, key=lambda pair: (opened(pair), pair), reverse=True)[:MOST]
    names = account_names({journeys[p].referent_id for pair in kept for p in pair} - {None})

    def side(place: int) -> Side:
        row = journeys[place]
        return Side(
            row.id,
            row.ref,
            f"{first[place]} {last[place]}".strip(),
            birth[place],
            row.programme,
            row.opened_on,
            not row.runs,
            names.get(row.referent_id, ""),
        )

    pairs = []
    for pair in kept:
        older, newer = sorted(map(side, pair), key=lambda s: (s.opened_on or date.min, s.ref))
        pairs.append(Double(older, newer, _told(found[pair], pair, first, last)))
    return Doubles(tuple(pairs), len(found))


def _journeys(ids: Mapping[int, uuid.UUID]) -> dict[int, Any]:
    """Place -> its journey, where the actor sees it."""
    columns = (
        Journey.id,
        Journey.ref,
        Journey.programme,
        Journey.opened_on,
        Journey.runs,
        Journey.referent_id,
    )
    rows = db.session.execute(select(*columns).where(among(Journey.id, ids.values())))
    by_id = {row.id: row for row in rows}
    return {place: by_id[id_] for place, id_ in ids.items() if id_ in by_id}


def _told(why: str, pair: tuple[int, int], first: Sequence[str], last: Sequence[str]) -> str:
    """Why, with what is heard as one and written otherwise: « même nom » speaks of both names."""
    words, compared = ("même nom", (first, last)) if "même nom" in why else ("même prénom", (first,))
    if all(_spelt_alike(*(names[place] for place in pair)) for names in compared):
        return why
    return why.replace(words, f"{words} à l'oreille")


def _spelt_alike(one: str, other: str) -> bool:
    """Whether two names that are heard as one are also written so, in whatever order of their words."""
    return sorted(fold(one).split()) == sorted(fold(other).split())


def _heard(names: Sequence[str]) -> list[str]:
    """Each name as it is heard, its words in order: « Da Silva » and « Silva-Da » are the same."""
    # Many people share few names: each is listened to once.
    known = list(dict.fromkeys(names))
    lines = sound("\n".join(fold_all(known))).split("\n")
    heard = [" ".join(sorted(line.split())) if " " in line else line for line in lines]
    return list(map(dict(zip(known, heard, strict=True)).__getitem__, names))


def _pairs(
    first: Sequence[str], last: Sequence[str], birth: Sequence[str]
) -> Iterator[tuple[tuple[int, int], str]]:
    """Places of two that are alike, and why. The stronger reason of a pair comes last."""
    for pair in _alike(birth, first):
        yield pair, "même date de naissance et même prénom"
    for pair in _alike(first, last):
        one, other = (birth[p] for p in pair)
        if not one or not other:
            yield pair, "même nom, une date de naissance inconnue"
        elif one == other:
            yield pair, "même nom et même date de naissance"
        elif sum(a != b for a, b in zip(one.split("-"), other.split("-"), strict=True)) == 1:
            yield pair, "même nom, dates de naissance proches"


def _alike(one: Sequence[str], other: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Places of two that share both values; what is empty is like nothing."""
    # One look at each: of thousands, few share anything.
    before: dict[tuple[str, str], int] = {}
    groups: dict[tuple[str, str], list[int]] = {}
    for place, key in enumerate(zip(one, other, strict=True)):
        first = before.setdefault(key, place)
        if first != place:
            groups.setdefault(key, [first]).append(place)
    for key, group in groups.items():
        if len(group) <= MOST_ALIKE and all(key):
            yield from combinations(group, 2)
