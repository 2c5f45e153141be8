"""The running journeys that the actor sees, read once: who follows them, who waits, which nobody follows."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import TextClause, func, select, text

from coordination.alerts.running import RUNS
from coordination.alerts.standing import COUNTED, COUNTS, Counts, counts, counts_asked
from coordination.cases.models import Journey
from coordination.db import among, db, for_many
from coordination.kept import kept, question
from coordination.privacy.policy import Action

T = TypeVar("T")
# Apart, each of the lists would gather again all that the actor sees. `able` may follow in `programmes`.
# No column says since when a stage stands: the log does, for what was changed here.
_LISTS = f"""
mine AS MATERIALIZED (
  SELECT id, ref, programme, stage, opened_on, referent_id, backup_id, {RUNS} AS runs FROM journey),
teams AS (
  SELECT referent_id, backup_id, programme, stage, count(*) AS number FROM mine WHERE runs GROUP BY 1, 2, 3, 4),
lost AS (
  SELECT id, ref, opened_on, referent_id FROM mine m
  WHERE runs AND NOT EXISTS (
    SELECT FROM unnest(CAST(:able AS uuid[]), CAST(:programmes AS text[])) AS a (id, programme)
    WHERE a.id = m.referent_id AND a.programme = m.programme)
  ORDER BY ref LIMIT :most),
staged AS MATERIALIZED (
  SELECT m.id, m.stage, coalesce(c.on_day, m.opened_on) AS since, c.on_day IS NULL AS from_opening
  FROM mine m LEFT JOIN (
    SELECT journey_id, CAST(to_timestamp(max(at_us) / 1e6) AT TIME ZONE 'Europe/Paris' AS date) AS on_day
    FROM audit_entry WHERE action = :change AND result = 'fait'
      AND journey_id = ANY (ARRAY(SELECT id FROM mine WHERE runs AND stage = ANY (:stages)))
    GROUP BY journey_id) AS c ON c.journey_id = m.id
  WHERE m.runs AND m.stage = ANY (:stages))
"""
_FOUND = """
(SELECT jsonb_agg(jsonb_build_array(referent_id, backup_id, programme, stage, number)) FROM teams),
(SELECT jsonb_agg(jsonb_build_array(id, referent_id, opened_on) ORDER BY ref) FROM lost),
(SELECT jsonb_agg(jsonb_build_array(id, stage, since, from_opening) ORDER BY since, id)
 FROM (SELECT * FROM staged ORDER BY since, id LIMIT :most) AS longest),
(SELECT count(*) FROM staged)
"""
_READ = text(f"WITH {_LISTS} SELECT {_FOUND}")
_READ_AND_COUNT = text(f"WITH {_LISTS}, {COUNTED} SELECT {_FOUND}, {COUNTS}")


class Team(NamedTuple):
    """`number` running journeys that have the same people, programme and stage."""

    referent_id: uuid.UUID | None
    backup_id: uuid.UUID | None
    programme: str
    stage: str | None
    number: int


class Lost(NamedTuple):
    """A running journey that its référent, if it has one, may not follow."""

    journey_id: uuid.UUID
    referent_id: uuid.UUID | None
    opened_on: date | None


class Staged(NamedTuple):
    """A running journey in one of the stages asked for.

    `since` is the day the stage was set here, or else the opening: `from_opening` says which.
    """

    journey_id: uuid.UUID
    stage: str
    since: date | None
    from_opening: bool


@dataclass(frozen=True)
class Running:
    """As many as were asked for: `lost`, the first by reference; `staged`, the longest in their stage."""

    teams: tuple[Team, ...]
    lost: tuple[Lost, ...]
    staged: tuple[Staged, ...]
    staged_total: int


def running(able: Collection[tuple[uuid.UUID, str]], most: int) -> Running:
    """`able`: accounts and the programmes in which they may follow. One statement, kept while it stands."""
    asked = _asked(able, most, ())
    return kept(question("running", asked), lambda: _running(*_row(_READ, asked)))


def running_and_counts(
    able: Collection[tuple[uuid.UUID, str]],
    most: int,
    stages: Collection[str],
    wanted: Collection[str],
    until: date,
) -> tuple[Running, Counts]:
    """The same, with who waits in one of the `stages` and how many are stalled (`counts_asked`). One statement."""
    asked = _asked(able, most, stages) | counts_asked(wanted, until)

    def read() -> tuple[Running, Counts]:
        *found, by_break, loads = _row(_READ_AND_COUNT, asked)
        return _running(*found), counts(by_break, loads)

    return kept(question("running_and_counts", asked), read)


def _asked(able: Collection[tuple[uuid.UUID, str]], most: int, stages: Collection[str]) -> dict[str, Any]:
    return {
        "able": [who for who, _ in able],
        "programmes": [programme for _, programme in able],
        "most": most,
        "stages": list(stages),
        "change": Action.CHANGE_STAGE.value,
    }


def _row(statement: TextClause, asked: dict[str, Any]) -> Sequence[Any]:
    with for_many():
        return db.session.execute(statement, asked).one()


def _running(teams: Any, lost: Any, staged: Any, staged_total: int) -> Running:
    return Running(
        tuple(Team(_id(who), _id(backup), *same) for who, backup, *same in teams or ()),
        tuple(Lost(uuid.UUID(id_), _id(who), _day(opened)) for id_, who, opened in lost or ()),
        tuple(
            Staged(uuid.UUID(id_), stage, _day(since), opened) for id_, stage, since, opened in staged or ()
        ),
        staged_total,
    )


def _id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def teams_of(people: Collection[uuid.UUID]) -> list[Team]:
    """The running journeys that the actor sees of these référents. One statement."""
    columns = (Journey.referent_id, Journey.backup_id, Journey.programme, Journey.stage)
    rows = db.session.execute(
        select(*columns, func.count())
        .where(
            Journey.runs,
            among(Journey.referent_id, people),
        )
        .group_by(*columns)
    )
    return [Team._make(row) for row in rows]


def counted(groups: Iterable[tuple[T, int]]) -> Counter[T]:
    """How many journeys for each, from groups of them."""
    found: Counter[T] = Counter()
    for whose, number in groups:
        found[whose] += number
    return found
