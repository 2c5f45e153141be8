"""Every feature's rules, put side by side by the application's factory (see docs/adr/0004).

A change of the journey itself (agreement, stage, exit) gates the rules of all features, and a feature may not
import the ones above it: so the factory hands over the list.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import current_app
from sqlalchemy import text

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.alerts.in_force import schedules
from coordination.alerts.reconcile import carry, leave_queue, reconcile
from coordination.alerts.replay import Past
from coordination.alerts.settings import over_time
from coordination.db import db
from coordination.privacy.policy import Grant

# Never goes back, and is no change that another page could have missed: the version stays.
_WRITTEN = text(
    "UPDATE journey SET written_on = :today WHERE id = ANY (:ids) AND (written_on IS NULL OR written_on < :today)"
)
Wanted = dict[uuid.UUID, dict[Key, Deadline]]


def _no_past(grant: Grant, journey_ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, Past]:
    return {}


@dataclass(frozen=True)
class RuleSource:
    """The rules a feature owns, and what should stand on journeys according to its facts.

    `past`: the steps by which these facts became known, to replay them under other thresholds.
    """

    rules: frozenset[str]
    wanted: Callable[
        [Grant, Sequence[uuid.UUID], Calendar, Thresholds], Mapping[uuid.UUID, dict[Key, Deadline]]
    ]
    past: Callable[[Grant, Sequence[uuid.UUID]], Mapping[uuid.UUID, Past]] = _no_past


def sources() -> tuple[RuleSource, ...]:
    """The features of this application."""
    found: tuple[RuleSource, ...] = current_app.extensions["rule_sources"]
    return found


def all_deadlines(grant: Grant, journey_ids: Sequence[uuid.UUID]) -> Wanted:
    """What should stand on each journey, from all facts of all features, under the thresholds set for it.

    Never reads today.
    """
    wanted: Wanted = {}
    for members, schedule in schedules(journey_ids):
        # What each setting of the schedule gives, for all these journeys at once.
        given = {id(thresholds): _of_all(grant, members, thresholds) for _, thresholds in schedule}
        for journey_id in members:
            wanted[journey_id] = over_time(schedule, lambda t, j=journey_id, g=given: g[id(t)][j])  # type: ignore[misc]
    return {journey_id: wanted[journey_id] for journey_id in journey_ids}


def _of_all(grant: Grant, journey_ids: Sequence[uuid.UUID], thresholds: Thresholds) -> Wanted:
    wanted: Wanted = {journey_id: {} for journey_id in journey_ids}
    for source in sources():
        found = source.wanted(grant, journey_ids, Calendar.load(), thresholds)
        for journey_id, deadlines in found.items():
            wanted[journey_id] |= deadlines
    return wanted


def all_pasts(grant: Grant, journey_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Past]]:
    """What became known of each journey day by day, a list of steps per feature: see `alerts/replay.py`.

    Each is replayed by itself, since every rule has one owner.
    """
    pasts: dict[uuid.UUID, list[Past]] = {journey_id: [] for journey_id in journey_ids}
    for source in sources():
        for journey_id, past in source.past(grant, journey_ids).items():
            pasts[journey_id].append(past)
    return pasts


def follow_all(
    grant: Grant, journey_ids: Sequence[uuid.UUID], today: date, fact: str, *, writing: bool = True
) -> int:
    """Recompute and store every deadline of journeys that the actor writes in; how many changed.

    `writing`: a person writes on them today, which is noted.
    """
    if writing:
        db.session.execute(_WRITTEN, {"ids": list(journey_ids), "today": today})
    leave_queue(journey_ids)
    return reconcile(_all_rules(), all_deadlines(grant, journey_ids), today, fact)


def recount(grant: Grant, journey_ids: Sequence[uuid.UUID], today: date, fact: str) -> int:
    """As `follow_all`, where no fact changed: what was answered stays answered under a new threshold.

    For journeys that wait for a threshold to be taken up; the others only mend.
    """
    wanted = all_deadlines(grant, journey_ids)
    if waited := leave_queue(journey_ids):
        carry({journey_id: wanted[journey_id] for journey_id in waited})
    return reconcile(_all_rules(), wanted, today, fact)


def _all_rules() -> frozenset[str]:
    return frozenset[str]().union(*(source.rules for source in sources()))
