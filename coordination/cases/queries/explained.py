"""What the pages of alerts and of rules say alike: the dates of an alert, and who set the delay that stands."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD
from coordination.alerts.explain import FACTS
from coordination.alerts.in_force import Origin
from coordination.alerts.targets import AGES, Target, since_is_target, target_of
from coordination.cases.queries.people import account_names, structure_names
from coordination.web.filters import long_date


@dataclass(frozen=True)
class Dates:
    """The dates of an alert or deadline. `fact`: what happened on `since`; empty where nothing has happened yet.

    `announced`: it opens ahead of `target`. `awaited`: what is to happen on that day, where it has a name.
    """

    due_on: date
    since: date
    fact: str
    announced: bool
    target: Target | None
    awaited: str


def dates_of(row: Any, thresholds: Thresholds) -> Dates:
    """From a row that has rule, kind, because, since and due_on."""
    fact, ahead = FACTS.get(row.because, "le fait qui compte"), since_is_target(row.rule, row.kind)
    return Dates(
        row.due_on,
        row.since,
        "" if ahead or row.rule in AGES else fact,
        row.kind == LEAD,
        target_of(row.rule, row.kind, row.since, thresholds),
        fact if ahead else "",
    )


def who_set(origins: Mapping[str, Origin], wanted: Collection[str]) -> dict[str, str]:
    """Rule -> who set what stands, for those of `wanted` that a coordinator set. At most two statements."""
    mine: dict[str, Origin] = {rule: origin for rule, origin in origins.items() if rule in wanted}
    if not mine:
        return {}
    places = structure_names({one.structure_id for one in mine.values() if one.structure_id})
    names = account_names({one.decided_by for one in mine.values()})
    return {rule: _in_words(one, places, names) for rule, one in mine.items()}


def _in_words(one: Origin, places: Mapping[uuid.UUID, str], names: Mapping[uuid.UUID, str]) -> str:
    where = places.get(one.structure_id, "une structure") if one.structure_id else "le programme"
    by = f" ({names[one.decided_by]})" if one.decided_by in names else ""
    return f"Réglé par la coordination pour {where}, depuis le {long_date(one.since)}{by}"
