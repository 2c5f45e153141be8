"""Whom the weekly review looks at, one after the other, worst first."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

from sqlalchemy import select

from coordination.alerts.standing import Standing, standing
from coordination.alerts.tiers import reaches_coordination
from coordination.cases.commands.week_review import monday
from coordination.cases.models_review import WeekDecision
from coordination.cases.queries.relays import RELAY_RULES, Relay, awaited
from coordination.db import db


@dataclass(frozen=True)
class Queue:
    """`order`: journeys still to look at, worst first; `decided`: those of this week that have their decision.

    `relays`: référents whose journeys await somebody else, all at once.
    """

    order: tuple[Standing, ...]
    decided: frozenset[uuid.UUID]
    relays: tuple[Relay, ...] = ()

    @property
    def total(self) -> int:
        return len(self.order) + len(self.decided)

    def next_after(self, journey_id: uuid.UUID | None) -> uuid.UUID | None:
        """The file after this one, from the beginning again at the end; None if nothing else is left."""
        ids, mine = [one.journey for one in self.order], str(journey_id)
        place = ids.index(mine) + 1 if mine in ids else 0
        return next((uuid.UUID(id_) for id_ in ids[place:] + ids[:place] if id_ != mine), None)

    def place(self, journey_id: uuid.UUID) -> int:
        """Rank of a file from 1, the decided ones before it."""
        return len(self.decided) + [one.journey for one in self.order].index(str(journey_id)) + 1


def queue(today: date, *, everybody: bool = False) -> Queue:
    """Who comes to the coordination (all that is stalled, with `everybody`) and has no decision of this week.

    Its relays are left out: only the first page of the review tells them.
    """
    return _queues(standing(), today)[1 if everybody else 0]


def queues(today: date) -> tuple[Queue, Queue]:
    """Those who come to the coordination, and all that is stalled, without the decided ones. Four statements.

    A journey that only awaits a relay is left to the line of its référent: see docs/adr/0011.
    """
    stalled = standing()
    relays = awaited(stalled, today)
    mine, every = (replace(one, relays=relays) for one in _queues(stalled, today))
    return mine, every


def _queues(stalled: Sequence[Standing], today: date) -> tuple[Queue, Queue]:
    decided = frozenset(
        db.session.scalars(select(WeekDecision.journey_id).where(WeekDecision.week == monday(today)))
    )
    done = {str(id_) for id_ in decided}
    every = tuple(one for one in stalled if one.journey not in done)
    mine = tuple(
        one for one in every if _comes_to_coordination(one.rules, escalated=one.late, orphan=not one.referent)
    )
    return Queue(mine, decided), Queue(every, decided)


# Thousands of people have a few hundred sets of alerts between them.
@lru_cache(maxsize=4096)
def _comes_to_coordination(codes: str, *, escalated: bool, orphan: bool) -> bool:
    """`escalated`: what already stood when the files were taken over is no delay of anybody: it comes with all."""
    standing_rules = codes.split()
    return not RELAY_RULES.issuperset(standing_rules) and any(
        reaches_coordination(rule, escalated=escalated, orphan=orphan) for rule in standing_rules
    )
