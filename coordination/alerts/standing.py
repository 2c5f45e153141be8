"""Who is stalled, counted in the database: lists look at thousands of alerts and show fifty people.

The same alerts as `queries.serious_alerts`, a line per person instead of a line per alert.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import text

from coordination.alerts.catalogue import REPLACES, SEVERITY_RANK, rules, serious, severity
from coordination.db import db, for_many
from coordination.kept import kept

# The status is written out: the partial index is chosen for a value known beforehand.
# What was answered is not shown, but hides what it replaces while its deadline stands. `weight` puts the worst
# severity first, then the oldest day, then the rule.
_SHOWN = """
told AS MATERIALIZED (
  SELECT id, journey_id, rule, kind, subject_id, due_on, status = 'PRISE_EN_CHARGE' AS in_hand,
         escalated_on IS NOT NULL AND NOT initial AS late, status IN ('REPORTEE', 'SANS_OBJET') AS answered
  FROM alert WHERE status <> 'RESOLUE' AND rule || ':' || kind = ANY (:serious)),
hiding AS MATERIALIZED (
  SELECT journey_id, subject_id, rule, kind FROM told
  WHERE (kind = 'overdue' OR rule = ANY (:worse)) AND (NOT answered OR id IN (
    SELECT alert_id FROM deadline WHERE alert_id IS NOT NULL AND journey_id IN (
      SELECT journey_id FROM told WHERE answered)))),
hidden AS MATERIALIZED (
  SELECT journey_id, subject_id, rule, 'lead' AS kind FROM hiding WHERE kind = 'overdue'
  UNION ALL
  SELECT journey_id, subject_id, r.weaker, kind FROM hiding
  JOIN unnest(CAST(:worse AS text[]), CAST(:weaker AS text[])) AS r (worse, weaker) ON r.worse = hiding.rule),
shown AS MATERIALIZED (
  SELECT t.journey_id, t.rule, t.in_hand, t.late, r.break_type,
         (r.rank * 100000 + (t.due_on - date '2000-01-01')) * bigint '1000' + r.place AS weight
  FROM told t
  JOIN unnest(CAST(:rules AS text[]), CAST(:kinds AS text[]), CAST(:ranks AS int[]), CAST(:breaks AS text[]),
              CAST(:places AS int[])) AS r (rule, kind, rank, break_type, place) USING (rule, kind)
  WHERE NOT t.answered AND NOT EXISTS (
    SELECT FROM hidden h WHERE h.journey_id = t.journey_id AND h.subject_id = t.subject_id
      AND h.rule = t.rule AND h.kind = t.kind)),
"""
# One text for all: a row costs more to carry over than what it says.
_PEOPLE = text(
    f"WITH {_SHOWN}"
    """people AS MATERIALIZED (
  SELECT journey_id, string_agg(break_type, ' ') AS breaks, bool_and(in_hand) AS in_hand, min(weight) AS weight,
         string_agg(rule, ' ') AS rules, bool_or(late) AS late
  FROM shown GROUP BY journey_id, CASE WHEN :by_type THEN break_type END),
file AS MATERIALIZED (SELECT id, referent_id FROM journey)
SELECT string_agg(concat_ws(',', p.journey_id, coalesce(CAST(f.referent_id AS text), ''), CAST(in_hand AS int),
                            CAST(late AS int), breaks, rules), ';' ORDER BY in_hand, weight, p.journey_id)
FROM people p JOIN file f ON f.id = p.journey_id
"""
)
# For a statement that has gathered `mine`: the journeys seen (`id`, `referent_id`, and whether each `runs`).
COUNTED = (
    _SHOWN
    + """
soon AS MATERIALIZED (
  SELECT journey_id FROM deadline WHERE alert_id IS NULL AND due_on <= :until AND rule = ANY (:wanted)),
people AS (
  SELECT journey_id, bool_or(stalled) AS stalled, bool_or(due) AS due FROM (
    SELECT journey_id, true AS stalled, rule = ANY (:wanted) AS due FROM shown
    UNION ALL SELECT soon.journey_id, false, true FROM soon JOIN mine ON mine.id = soon.journey_id AND mine.runs
  ) AS every GROUP BY journey_id),
loads AS (
  SELECT coalesce(CAST(m.referent_id AS text), '') AS referent, count(*) FILTER (WHERE p.stalled) AS stalled,
         count(*) FILTER (WHERE p.due) AS due
  FROM people p JOIN mine m ON m.id = p.journey_id GROUP BY m.referent_id)
"""
)
# A person once for each type: grouped, since a sort for the sake of DISTINCT took longer.
COUNTS = """
(SELECT jsonb_object_agg(break_type, number) FROM (
   SELECT break_type, count(*) AS number FROM (
     SELECT break_type, journey_id FROM shown GROUP BY 1, 2) AS each GROUP BY break_type) AS types),
(SELECT jsonb_agg(jsonb_build_array(referent, stalled, due)) FROM loads)
"""


class Standing(NamedTuple):
    """A person on whom something of VIGILANCE or above stands. A tuple: there are thousands.

    `journey`, `referent`: ids as texts, which Python counts sooner (`referent` empty: nobody). `breaks`, `rules`:
    codes apart by a space, each time that an alert has it. `late`: one of the alerts, opened since the files were
    taken over, was told higher.
    """

    journey: str
    referent: str
    in_hand: bool
    late: bool
    breaks: str
    rules: str

    @property
    def journey_id(self) -> uuid.UUID:
        return uuid.UUID(self.journey)

    @property
    def referent_id(self) -> uuid.UUID | None:
        return uuid.UUID(self.referent) if self.referent else None


@dataclass(frozen=True)
class Counts:
    """People stalled: per type of break, and per référent (None: nobody).

    `due`: per référent, those on whom one of the rules asked for stands or comes due.
    """

    by_break: dict[str, int]
    stalled: dict[uuid.UUID | None, int]
    due: dict[uuid.UUID | None, int]


def standing(*, by_type: bool = False) -> tuple[Standing, ...]:
    """Everybody visible who is stalled, once, or once per type of break. One statement, kept while it stands.

    What nobody has in hand comes first, then the worst, then the oldest.
    """
    return kept(("standing", by_type), lambda: _read(by_type))


def _read(by_type: bool) -> tuple[Standing, ...]:
    with for_many():
        told = db.session.scalar(_PEOPLE, _catalogue() | {"by_type": by_type})
    return tuple(_standing(*line.split(",")) for line in told.split(";")) if told else ()


def _standing(journey: str, referent: str, in_hand: str, late: str, breaks: str, codes: str) -> Standing:
    return Standing(journey, referent, in_hand == "1", late == "1", breaks, codes)


def counts_asked(wanted: Collection[str], until: date) -> dict[str, Any]:
    """What `COUNTED` needs to know; `wanted`: rules that also count if they come due by `until`."""
    return _catalogue() | {"wanted": list(wanted), "until": until}


def counts(by_break: dict[str, int] | None, loads: list[tuple[str, int, int]] | None) -> Counts:
    """How many visible people are stalled, from the two columns of `COUNTS`."""
    of = [(uuid.UUID(who) if who else None, stalled, due) for who, stalled, due in loads or ()]
    return Counts(by_break or {}, {who: stalled for who, stalled, _ in of}, {who: due for who, _, due in of})


@cache
def _catalogue() -> dict[str, Any]:
    """What the statements need to know of the rules."""
    lines = [
        (rule.id, kind, SEVERITY_RANK[severity(rule.id, kind)], rule.break_type, place)
        for place, rule in enumerate(sorted(rules().values(), key=lambda rule: rule.id))
        for kind in ("lead", "overdue")
    ]
    replaced = [(worse, weaker) for worse, hidden in REPLACES.items() for weaker in hidden]
    columns = ("rules", "kinds", "ranks", "breaks", "places", "worse", "weaker")
    values = (*zip(*lines, strict=True), *zip(*replaced, strict=True))
    return {"serious": list(serious())} | dict(zip(columns, map(list, values), strict=True))
