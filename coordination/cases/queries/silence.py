"""Silences: one line per journey, one mark per exchange over six months, the longest present silence first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from coordination.cases.models import Journey, Pause
from coordination.cases.picture.strip import Strip
from coordination.cases.queries.dated import strips
from coordination.cases.queries.exchanges import last_exchanges
from coordination.cases.queries.next_step import NextStep, next_steps
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import db, narrow
from coordination.privacy.policy import Grant

PAGE = 100


@dataclass(frozen=True)
class Silence:
    """`since`: the last exchange, or the day since when the first is awaited; None if nothing is known."""

    person: Person
    strip: Strip
    since: date | None
    days: int | None
    never: bool
    paused: bool
    referent: str | None
    next_step: NextStep | None


@dataclass(frozen=True)
class Silences:
    lines: tuple[Silence, ...]
    total: int
    page: int
    pages: int


def silences(grant: Grant, today: date, page: int = 1, programme: str | None = None) -> Silences:
    """Active journeys; those in pause come last, their silence is expected. A fixed number of statements.

    A family that refused or withdrew its agreement is not waiting for a call: it is left alone here too.
    """
    criteria = [Journey.programme == programme] if programme else []
    rows = db.session.execute(
        select(
            Journey.id,
            Journey.programme,
            Journey.ref,
            Journey.opened_on,
            Journey.agreement_on,
            Journey.referent_id,
        ).where(
            Journey.exit_on.is_(None),
            Journey.stage.is_distinct_from("NON_RETENU"),
            func.coalesce(Journey.agreement_status, "").not_in(("REFUS", "RETIRE")),
            *criteria,
        )
    ).all()
    last = last_exchanges()
    paused = set(db.session.scalars(select(Pause.journey_id).where(Pause.returned_on.is_(None))))
    since = {
        row.id: day
        for row in rows
        if (day := last.get(row.id) or row.agreement_on or row.opened_on) and day <= today
    }
    order = sorted(rows, key=lambda row: (row.id in paused, since.get(row.id, today), row.ref))
    pages = max(1, -(-len(order) // PAGE))
    page = min(max(page, 1), pages)
    shown = order[(page - 1) * PAGE : page * PAGE]
    ids = [row.id for row in shown]
    if not ids:
        return Silences((), 0, 1, 1)
    narrow(ids)
    named, seen, steps = people(grant, ids), strips(ids, today, since), next_steps(ids, today)
    referents = account_names({row.referent_id for row in shown if row.referent_id})
    lines = tuple(
        Silence(
            named[row.id],
            seen[row.id],
            since.get(row.id),
            _days(since.get(row.id), today),
            row.id not in last,
            row.id in paused,
            referents.get(row.referent_id),
            steps.get(row.id),
        )
        for row in shown
        if row.id in named
    )
    return Silences(lines, len(order), page, pages)


def _days(since: date | None, today: date) -> int | None:
    return (today - since).days if since else None
