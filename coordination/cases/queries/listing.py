"""The coordinator's list of journeys, with the capacity."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select, text

from coordination import reference
from coordination.accounts.models import Account
from coordination.alerts.queries import PersonAlerts, by_person, open_alerts
from coordination.alerts.running import RUNS
from coordination.cases.models import Journey
from coordination.cases.queries.exchanges import last_exchanges
from coordination.cases.queries.next_step import NextStep, next_steps
from coordination.cases.queries.people import Person, people
from coordination.cases.vocabulary import BY_PROGRAMME
from coordination.console import alphabetical
from coordination.db import db, many, narrow
from coordination.privacy.policy import Grant

PAGE = 50
NOBODY = "sans"


@dataclass(frozen=True)
class JourneyLine:
    person: Person
    programme: str
    stage: str
    referent: str | None
    last_exchange: date | None
    next_step: NextStep | None
    alerts: PersonAlerts | None


@dataclass(frozen=True)
class Gauge:
    """Active journeys against the capacity of the programme; None where it has none."""

    programme: str
    active: int
    capacity: int | None


@dataclass(frozen=True)
class Listing:
    lines: tuple[JourneyLine, ...]
    total: int
    page: int
    pages: int
    gauges: tuple[Gauge, ...]
    # What the list can be cut by: code -> words.
    stages: dict[str, str]
    referents: dict[str, str]


@dataclass(frozen=True)
class Wanted:
    """What the list is cut down to; empty: all. `exited`: those that run no more. `referent`: an id, or NOBODY."""

    exited: bool = False
    programme: str = ""
    stage: str = ""
    referent: str = ""


class _Counted(NamedTuple):
    """How many visible journeys share a programme, an end or none, a stage, a référent (`name`: theirs)."""

    programme: str
    exited: bool
    stage: str
    referent: str
    number: int
    name: str

    def is_wanted(self, wanted: Wanted) -> bool:
        return (
            self.exited is wanted.exited
            and wanted.programme in ("", self.programme)
            and wanted.stage in ("", self.stage)
            and wanted.referent in ("", self.referent)
        )


ALL = Wanted()


# Read once under the wall, for the counts and for the page: apart, each would gather again all that the actor sees.
_READ = text(
    f"""
WITH mine AS MATERIALIZED (
  SELECT id, ref, programme, NOT ({RUNS}) AS exited, coalesce(stage, '') AS stage, referent_id FROM journey),
counts AS (
  SELECT programme, exited, stage, referent_id, count(*) AS number FROM mine GROUP BY 1, 2, 3, 4),
page AS (
  SELECT id, ref FROM mine
  WHERE exited = :exited AND (:programme = '' OR programme = :programme) AND (:stage = '' OR stage = :stage)
    AND (:referent = '' OR coalesce(CAST(referent_id AS text), :nobody) = :referent)
  ORDER BY ref LIMIT :most OFFSET :skipped)
SELECT
  (SELECT jsonb_agg(jsonb_build_array(programme, exited, stage, coalesce(CAST(referent_id AS text), :nobody),
                                      number, coalesce(a.display_name, '')))
   FROM counts LEFT JOIN account a ON a.id = counts.referent_id),
  (SELECT array_agg(id ORDER BY ref) FROM page)
"""
)


_LINES = (
    select(Journey.id, Journey.ref, Journey.programme, Journey.stage, Account.display_name)
    .outerjoin(Account, Account.id == Journey.referent_id)
    .where(Journey.id == many("ids"))
)


def _read(wanted: Wanted, page: int) -> tuple[list[_Counted], list[uuid.UUID]]:
    """How many journeys there are of each kind, and the ids of a page. One statement."""
    asked = {
        "exited": wanted.exited,
        "programme": wanted.programme,
        "stage": wanted.stage,
        "referent": wanted.referent,
        "nobody": NOBODY,
        "most": PAGE,
        "skipped": (page - 1) * PAGE,
    }
    counts, ids = db.session.execute(_READ, asked).one()
    return [_Counted(*row) for row in counts or ()], list(ids or ())


def gauges(active: Mapping[str, int]) -> tuple[Gauge, ...]:
    """From the number of active journeys of each programme that the actor sees."""
    capacity = reference.territory()["pre_capacity"]
    return tuple(Gauge(p, active[p], capacity if p == "PRE" else None) for p in sorted(active, reverse=True))


def journeys(grant: Grant, today: date, page: int = 1, wanted: Wanted = ALL) -> Listing:
    """A page of the journeys that the actor coordinates, by reference."""
    # Before the lines, which narrow the transaction to the journeys of the page.
    counts, ids = _read(wanted, max(page, 1))
    active: Counter[str] = Counter()
    for c in counts:
        if not c.exited:
            active[c.programme] += c.number
    total = sum(c.number for c in counts if c.is_wanted(wanted))
    pages = max(1, -(-total // PAGE))
    if page > pages:
        _, ids = _read(wanted, pages)
    page = min(max(page, 1), pages)
    stages, referents = _choices(counts, wanted)
    return Listing(lines(grant, today, ids), total, page, pages, gauges(active), stages, referents)


def _choices(counts: Sequence[_Counted], wanted: Wanted) -> tuple[dict[str, str], dict[str, str]]:
    """Stages and référents that some journey has, running or ended as wanted: code -> words."""
    there = [c for c in counts if c.exited is wanted.exited and wanted.programme in ("", c.programme)]
    # A code that both programmes have stands where the journey of those who are there has it.
    programmes = [p for p in BY_PROGRAMME["stage"] if p in {c.programme for c in there}]
    order = [code for p in programmes for code in reference.every_label(BY_PROGRAMME["stage"][p])]
    stages = {c.stage: stage_label(c.programme, c.stage) for c in there if c.stage}
    referents = {
        c.referent: "Aucun référent" if c.referent == NOBODY else c.name or "Compte supprimé" for c in there
    }
    return (
        dict(sorted(stages.items(), key=lambda one: order.index(one[0]) if one[0] in order else len(order))),
        dict(sorted(referents.items(), key=lambda one: (one[0] == NOBODY, alphabetical(one[1])))),
    )


def lines(
    grant: Grant, today: date, ids: list[uuid.UUID], *, with_alerts: bool = True
) -> tuple[JourneyLine, ...]:
    """A line per journey that the actor sees, in the order of `ids`. A fixed number of statements."""
    if not ids:
        return ()
    narrow(ids)
    by_id = {row.id: row for row in db.session.execute(_LINES, {"ids": ids})}
    named = people(grant, ids, {id_: row.ref for id_, row in by_id.items()})
    exchanges = last_exchanges(ids)
    steps = next_steps(ids, today, exchanges)
    grouped = {p.journey_id: p for p in by_person(open_alerts(today, ids))} if with_alerts else {}
    return tuple(
        JourneyLine(
            named[id_],
            by_id[id_].programme,
            stage_label(by_id[id_].programme, by_id[id_].stage),
            by_id[id_].display_name,
            exchanges.get(id_),
            steps.get(id_),
            grouped.get(id_),
        )
        for id_ in ids
        if id_ in named
    )


def stage_label(programme: str, stage: str | None) -> str:
    return reference.label(BY_PROGRAMME["stage"][programme], stage)
