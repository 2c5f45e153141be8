"""What comes due, counted in the database: a quarter of a year is twenty thousand deadlines, a page shows fifty.

One statement, whose parts come back as JSON: apart, the wall would look at the same deadlines for each.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import text

from coordination.alerts.catalogue import rules, serious
from coordination.alerts.running import RUNS
from coordination.alerts.tiers import speaks_to_follower
from coordination.db import db
from coordination.kept import kept, question

NOBODY = "sans"
HORIZONS = (14, 30, 90)
_COUNTS = text(
    f"""
WITH due AS MATERIALIZED (
  SELECT due_on, journey_id, rule, kind, since FROM deadline
  -- An announcement breaks nothing: VIGILANCE and above.
  WHERE alert_id IS NULL AND due_on >= :first AND due_on <= :last
    AND (kind = 'overdue' AND rule = ANY (:overdue) OR kind = 'lead' AND rule = ANY (:lead))
    AND (CAST(:ids AS uuid[]) IS NULL OR journey_id = ANY (CAST(:ids AS uuid[])))),
file AS MATERIALIZED (
  SELECT id, ref, coalesce(CAST(referent_id AS text), 'sans') AS referent FROM journey
  WHERE {RUNS} AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY (CAST(:ids AS uuid[])))),
-- The first of each, over all the time; the rest is about the days that are looked at, a fifth of the lines.
firsts AS (SELECT journey_id, min(due_on) AS due_on FROM due GROUP BY journey_id),
known AS MATERIALIZED (
  SELECT due.*, file.ref, file.referent
  FROM (SELECT * FROM due WHERE due_on <= greatest(CAST(:until AS date), CAST(:up_to AS date))) AS due
  JOIN file ON file.id = due.journey_id WHERE file.referent = :referent OR :referent = ''),
weeks AS (
  SELECT CAST(date_trunc('week', CAST(k.due_on AS timestamp)) AS date) AS monday, r.break_type,
         count(DISTINCT k.journey_id) AS people, count(*) AS deadlines
  FROM known k JOIN unnest(CAST(:rules AS text[]), CAST(:breaks AS text[])) AS r (rule, break_type) USING (rule)
  WHERE k.due_on <= :until GROUP BY GROUPING SETS ((1, 2), (1))),
loads AS (
  SELECT file.referent, count(*) FILTER (WHERE firsts.due_on <= :soon) AS soon,
         count(*) FILTER (WHERE firsts.due_on <= :next) AS next, count(firsts.due_on) AS far
  FROM file LEFT JOIN firsts ON firsts.journey_id = file.id GROUP BY file.referent),
shown AS (
  SELECT due_on, journey_id, ref, referent, rule, kind, since FROM known
  WHERE due_on >= :since AND due_on <= :up_to
  ORDER BY due_on, ref COLLATE "C", rule, kind, journey_id LIMIT :most)
SELECT (SELECT jsonb_agg(weeks) FROM weeks), (SELECT jsonb_agg(loads) FROM loads),
       (SELECT jsonb_agg(shown ORDER BY due_on, ref COLLATE "C", rule, kind, journey_id) FROM shown)
"""
)


class Due(NamedTuple):
    """A stored deadline with its journey; `referent`: id, or NOBODY."""

    due_on: date
    journey_id: uuid.UUID
    rule: str
    kind: str
    since: date
    referent: str


@dataclass(frozen=True)
class Counts:
    """`people`: (Monday, type of break or None for all of them) -> people. `deadlines`: Monday -> how many lines.

    `within`: référent -> people by what comes first for each, within each of HORIZONS.
    """

    people: dict[tuple[date, str | None], int]
    deadlines: dict[date, int]
    within: dict[str, tuple[int, ...]]
    shown: tuple[Due, ...]


def count_due(
    first: date,
    until: date,
    *,
    today: date,
    ids: Sequence[uuid.UUID] | None = None,
    referent: str = "",
    shown: tuple[date, date] | None = None,
    most: int = 1_000,
    without: Collection[str] = (),
) -> Counts:
    """From `first` on: weeks up to `until`, référents up to the last horizon, the lines of the days `shown`.

    `ids`: these journeys alone, and what speaks to who follows them; None: all that the actor sees. `without`:
    rules that the page tells of in another way.
    """
    since, up_to = shown or (first, until)
    soon, following, far = (today + timedelta(days=days) for days in HORIZONS)
    every = (code.split(":") for code in serious())
    told = [
        (rule, kind)
        for rule, kind in every
        if rule not in without and (ids is None or speaks_to_follower(rule))
    ]
    asked: dict[str, Any] = {
        "first": first,
        "last": max(until, far),
        "until": until,
        "soon": soon,
        "next": following,
        "overdue": [rule for rule, kind in told if kind == "overdue"],
        "lead": [rule for rule, kind in told if kind == "lead"],
        "ids": None if ids is None else list(ids),
        "referent": referent,
        "rules": list(rules()),
        "breaks": [rule.break_type for rule in rules().values()],
        "since": since,
        "up_to": up_to,
        "most": most,
    }
    # Of a few journeys, asking whether anything was written takes as long as reading them.
    return kept(question("due", asked), lambda: _read(asked)) if ids is None else _read(asked)


def _read(asked: dict[str, Any]) -> Counts:
    weeks, loads, lines = db.session.execute(_COUNTS, asked).one()
    by_monday = [(date.fromisoformat(week["monday"]), week) for week in weeks or ()]
    return Counts(
        {(monday, week["break_type"]): week["people"] for monday, week in by_monday},
        {monday: week["deadlines"] for monday, week in by_monday if week["break_type"] is None},
        {load["referent"]: (load["soon"], load["next"], load["far"]) for load in loads or ()},
        tuple(_due(line) for line in lines or ()),
    )


def _due(line: dict[str, str]) -> Due:
    days = (date.fromisoformat(line[name]) for name in ("due_on", "since"))
    due_on, since = days
    return Due(due_on, uuid.UUID(line["journey_id"]), line["rule"], line["kind"], since, line["referent"])
