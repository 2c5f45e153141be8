"""Silences: one line per journey, one mark per exchange over six months, the longest present silence first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from coordination.alerts.running import RUNS
from coordination.cases.picture.strip import Strip
from coordination.cases.queries.dated import strips
from coordination.cases.queries.next_step import NextStep, next_steps
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import db, narrow
from coordination.privacy.policy import Grant

PAGE = 50
# Each table read apart, then put together: joined, the wall would look again at each line (docs/adr/0010).
_LONGEST = text(
    f"""
WITH file AS MATERIALIZED (
  SELECT id, ref, referent_id, opened_on FROM journey
  WHERE {RUNS}
    AND coalesce(agreement_status, '') NOT IN ('REFUS', 'RETIRE')
    AND (CAST(:programme AS text) = '' OR programme = :programme)),
heard AS MATERIALIZED (
  SELECT journey_id, max(heard_on) AS on_date FROM folder WHERE heard_on IS NOT NULL GROUP BY journey_id),
paused AS MATERIALIZED (SELECT DISTINCT journey_id FROM pause WHERE returned_on IS NULL)
SELECT *, count(*) OVER () AS total FROM (
  SELECT file.id, file.ref, file.referent_id, heard.on_date IS NULL AS never,
         paused.journey_id IS NOT NULL AS paused,
         CASE WHEN coalesce(heard.on_date, file.opened_on) <= :today
              THEN coalesce(heard.on_date, file.opened_on) END AS since
  FROM file LEFT JOIN heard ON heard.journey_id = file.id LEFT JOIN paused ON paused.journey_id = file.id) AS line
ORDER BY paused, coalesce(since, :today), ref COLLATE "C"
LIMIT :most OFFSET :after
"""
)


@dataclass(frozen=True)
class Silence:
    """`since`: the last exchange, or the opening if there was none; None if nothing is known."""

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
    asked = {"today": today, "programme": programme or "", "most": PAGE, "after": (max(page, 1) - 1) * PAGE}
    rows = db.session.execute(_LONGEST, asked).all()
    if not rows and page > 1:
        # Past the end: the last page.
        total = db.session.execute(_LONGEST, asked | {"after": 0}).first()
        return silences(grant, today, -(-total.total // PAGE), programme) if total else Silences((), 0, 1, 1)
    if not rows:
        return Silences((), 0, 1, 1)
    ids = [row.id for row in rows]
    since = {row.id: row.since for row in rows if row.since}
    narrow(ids)
    named, seen = people(grant, ids), strips(ids, today, since)
    steps = next_steps(ids, today, {row.id for row in rows if not row.never})
    referents = account_names({row.referent_id for row in rows if row.referent_id})
    lines = tuple(
        Silence(
            named[row.id],
            seen[row.id],
            since.get(row.id),
            _days(since.get(row.id), today),
            row.never,
            row.paused,
            referents.get(row.referent_id),
            steps.get(row.id),
        )
        for row in rows
        if row.id in named
    )
    return Silences(lines, rows[0].total, max(page, 1), -(-rows[0].total // PAGE))


def _days(since: date | None, today: date) -> int | None:
    return (today - since).days if since else None
