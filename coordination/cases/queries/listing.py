"""The coordinator's list of journeys, with the capacity."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, text

from coordination import reference
from coordination.accounts.models import Account
from coordination.alerts.queries import PersonAlerts, by_person, open_alerts
from coordination.cases.models import Journey
from coordination.cases.queries.exchanges import last_exchanges
from coordination.cases.queries.next_step import NextStep, next_steps
from coordination.cases.queries.people import Person, people
from coordination.db import among, db, narrow
from coordination.privacy.policy import Grant

PAGE = 50


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


@dataclass(frozen=True)
class _Counted:
    """How many visible journeys share a programme, an end or none, and whether they were turned down."""

    programme: str
    exited: bool
    turned_down: bool
    number: int


def _counts() -> list[_Counted]:
    exited, turned_down = Journey.exit_on.is_not(None), func.coalesce(Journey.stage, "") == "NON_RETENU"
    rows = db.session.execute(
        select(Journey.programme, exited, turned_down, func.count()).group_by(text("1, 2, 3"))
    )
    return [_Counted(*row) for row in rows]


def gauges(active: Mapping[str, int]) -> tuple[Gauge, ...]:
    """From the number of active journeys (no exit, not turned down) of each programme that the actor sees."""
    capacity = reference.territory()["pre_capacity"]
    return tuple(Gauge(p, active[p], capacity if p == "PRE" else None) for p in sorted(active, reverse=True))


def journeys(
    grant: Grant, today: date, page: int = 1, *, exited: bool = False, programme: str | None = None
) -> Listing:
    """A page of the journeys that the actor coordinates, by reference."""
    ended = Journey.exit_on.is_not(None) if exited else Journey.exit_on.is_(None)
    criteria = [ended] + ([Journey.programme == programme] if programme else [])
    # Before the lines, which narrow the transaction to the journeys of the page.
    counts = _counts()
    active = {c.programme: c.number for c in counts if not c.exited and not c.turned_down}
    total = sum(c.number for c in counts if c.exited is exited and programme in (None, c.programme))
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    ids = list(
        db.session.scalars(
            select(Journey.id).where(*criteria).order_by(Journey.ref).limit(PAGE).offset((page - 1) * PAGE)
        )
    )
    return Listing(lines(grant, today, ids), total, page, pages, gauges(active))


def lines(
    grant: Grant, today: date, ids: list[uuid.UUID], *, with_alerts: bool = True
) -> tuple[JourneyLine, ...]:
    """A line per journey that the actor sees, in the order of `ids`. A fixed number of statements."""
    if not ids:
        return ()
    narrow(ids)
    rows = db.session.execute(
        select(Journey.id, Journey.ref, Journey.programme, Journey.stage, Account.display_name)
        .outerjoin(Account, Account.id == Journey.referent_id)
        .where(among(Journey.id, ids))
    ).all()
    by_id = {row.id: row for row in rows}
    named = people(grant, ids, {row.id: row.ref for row in rows})
    exchanges = last_exchanges(ids)
    steps = next_steps(ids, today)
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
    return reference.label("pre_stage" if programme == "PRE" else "employment_stage", stage)
