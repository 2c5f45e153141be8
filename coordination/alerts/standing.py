"""Who is stalled, counted in the database: lists look at thousands of alerts and show fifty people.

The same alerts as `queries.serious_alerts`, a line per person instead of a line per alert.
"""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import text

from coordination.alerts.catalogue import REPLACEMENTS, REPLACES, SEVERITY_RANK, rules, serious, severity
from coordination.db import db

# The statuses are written out, each with its own reading: the partial index is chosen for values known beforehand.
# What was answered is not shown, but hides what it replaces while its deadline stands.
_STANDING = text(
    """
WITH told AS MATERIALIZED (
  SELECT id, journey_id, rule, kind, subject_id, due_on, status, initial, escalated_on, false AS answered FROM alert
  WHERE status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE') AND rule || ':' || kind = ANY (:serious)
  UNION ALL
  SELECT id, journey_id, rule, kind, subject_id, due_on, status, initial, escalated_on, true FROM alert
  WHERE status IN ('REPORTEE', 'SANS_OBJET') AND rule || ':' || kind = ANY (:serious)),
hides AS MATERIALIZED (
  SELECT journey_id, subject_id, rule, kind FROM told
  WHERE (kind = 'overdue' OR rule = ANY (:worse)) AND (NOT answered OR id IN (
    SELECT alert_id FROM deadline WHERE alert_id IS NOT NULL AND journey_id IN (
      SELECT journey_id FROM told WHERE answered)))),
shown AS (
  SELECT * FROM told a WHERE NOT answered AND NOT EXISTS (
    SELECT FROM hides w WHERE w.journey_id = a.journey_id AND w.subject_id = a.subject_id AND (
      (w.rule = a.rule AND w.kind = 'overdue' AND a.kind = 'lead')
      OR (w.kind = a.kind AND w.rule || '>' || a.rule = ANY (:replaces))))),
people AS MATERIALIZED (
  SELECT s.journey_id, array_agg(r.break_type) AS breaks, bool_and(s.status = 'PRISE_EN_CHARGE') AS in_hand,
         min((r.rank || ' ' || s.due_on || ' ' || s.rule) COLLATE "C") AS worst, array_agg(s.rule) AS rules,
         bool_or(s.escalated_on IS NOT NULL AND NOT s.initial) AS late
  FROM shown s
  JOIN unnest(CAST(:rules AS text[]), CAST(:kinds AS text[]), CAST(:ranks AS int[]), CAST(:breaks AS text[]))
    AS r (rule, kind, rank, break_type) USING (rule, kind)
  GROUP BY s.journey_id, CASE WHEN :by_type THEN r.break_type END),
file AS MATERIALIZED (SELECT id, referent_id FROM journey)
SELECT CAST(p.journey_id AS text), coalesce(CAST(f.referent_id AS text), ''), breaks, in_hand, worst, rules, late
FROM people p JOIN file f ON f.id = p.journey_id ORDER BY in_hand, worst, p.journey_id
"""
)


class Standing(NamedTuple):
    """A person on whom something of VIGILANCE or above stands. A tuple: there are thousands.

    `journey`, `referent`: ids as texts, which Python counts sooner (`referent` empty: nobody). `breaks`, `rules`:
    each time that an alert has it. `worst`: rank, due day and rule of the worst one. `late`: one of them, opened
    since the files were taken over, was told higher.
    """

    journey: str
    referent: str
    breaks: list[str]
    in_hand: bool
    worst: str
    rules: list[str]
    late: bool

    @property
    def journey_id(self) -> uuid.UUID:
        return uuid.UUID(self.journey)

    @property
    def referent_id(self) -> uuid.UUID | None:
        return uuid.UUID(self.referent) if self.referent else None


def standing(*, by_type: bool = False) -> list[Standing]:
    """Everybody visible who is stalled, once, or once per type of break. One statement.

    What nobody has in hand comes first, then the worst, then the oldest.
    """
    return [
        Standing._make(row)
        for row in db.session.execute(_STANDING, _catalogue() | {"by_type": by_type}).all()
    ]


@cache
def _catalogue() -> dict[str, Any]:
    """What the statement needs to know of the rules."""
    lines = [
        (rule.id, kind, SEVERITY_RANK[severity(rule.id, kind)], rule.break_type)
        for rule in rules().values()
        for kind in ("lead", "overdue")
    ]
    return {
        "serious": list(serious()),
        "worse": list(REPLACES),
        "replaces": list(REPLACEMENTS),
    } | {
        name: list(column)
        for name, column in zip(("rules", "kinds", "ranks", "breaks"), zip(*lines, strict=True), strict=True)
    }
