"""What was known of the referrals of a journey on each day of its past, for a replay (`alerts/replay.py`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import partial

from coordination.alerts.replay import Past
from coordination.cases.facts import JourneyFacts
from coordination.cases.replay import first_day, own_history, versions
from coordination.referrals.facts import ReferralFact
from coordination.referrals.rules import deadlines


def steps(facts: JourneyFacts, referrals: Iterable[ReferralFact]) -> Past:
    """The steps of a journey under the rules that `referrals` owns. The lists of `facts` are not read."""
    lines = tuple(referrals)
    if not lines:
        return []
    return [(day, partial(deadlines, gate, known)) for day, gate, known in _known(facts, lines)]


def _known(
    facts: JourneyFacts, lines: tuple[ReferralFact, ...]
) -> Iterator[tuple[date, JourneyFacts, tuple[ReferralFact, ...]]]:
    gates = dict(own_history(facts))
    opened = first_day(facts)
    news: dict[date, list[tuple[int, ReferralFact]]] = defaultdict(list)
    for place, line in enumerate(lines):
        for day, version in versions(line, opened, _status):
            news[day].append((place, version))
    now: dict[int, ReferralFact] = {}
    gate: JourneyFacts | None = None
    for day in sorted({*gates, *news}):
        gate = gates.get(day, gate)
        now.update(news.get(day, ()))
        if gate is not None:
            yield day, gate, tuple(now.values())


def _status(line: ReferralFact, day: date) -> str | None:
    """The status of today once every date of the line is known; before, what its dates say."""
    dates = (line.sent_on, line.seen_on, line.accepted_on, line.refused_on, line.first_action_on)
    if all(each is None or each <= day for each in dates):
        return line.status
    for each, status in (
        (line.first_action_on, "DEMARREE"),
        (line.accepted_on, "ACCEPTEE"),
        (line.refused_on, "REFUSEE"),
        (line.seen_on, "VUE"),
    ):
        if each is not None and each <= day:
            return status
    return "ENVOYEE" if line.sent_on is not None else None
