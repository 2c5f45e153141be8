"""The past, day by day, without a database: which alerts the scans would have opened, and until when.

A journey's past is a list of steps, one per day on which something more of it became known; each step computes
what then stands, under any calendar and any thresholds. Between two steps nothing moves but today: so a replay
computes once per step, not once per day.

To call it, ask each feature for its steps of a journey and hand them over, a feature at a time or together:

    from coordination.cases.replay import steps            # JourneyFacts -> Past
    from coordination.referrals.replay import steps        # JourneyFacts, referrals -> Past
    alerts = replay(steps(facts), Calendar.load(), thresholds, first, last)

For journeys of the database, under another setting: `RuleSource.past(grant, ids)` gives the same steps per
journey, for every feature (`alerts/sources.py`: `all_pasts`). Steps hold no threshold: the same past is replayed
as often as one likes. `new_per_week` groups what comes out as the weekly budget counts it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds, severity
from coordination.alerts.deadlines import Deadline, Key

Standing: TypeAlias = Callable[..., Mapping[Key, Deadline]]
"""What stands on a journey, from what is known of it: given a calendar, thresholds and, to look at few rules
alone, their ids."""

Past: TypeAlias = Sequence[tuple[date, Standing]]
"""(day, what stands from that day on), the days ascending."""

ONE_DAY = timedelta(days=1)


@dataclass(slots=True)
class ReplayedAlert:
    """An alert that was opened once, on `on`.

    `spells`: (first day open, first day no longer open, or None while it stands): an alert that a later fact
    brought back has several. `initial`: opened by the first scan, the starting situation.
    """

    on: date
    rule: str
    kind: str
    subject_id: str
    deadline: Deadline
    initial: bool
    spells: list[tuple[date, date | None]] = field(default_factory=list)

    @property
    def subject(self) -> str | None:
        """What a person recognises of the subject, as a scan tells it."""
        return self.deadline.subject_label

    @property
    def severity(self) -> str:
        """Of the catalogue's rule; LookupError for a rule that is not of the catalogue."""
        return severity(self.rule, self.kind)

    def stands_between(self, first: date, last: date) -> bool:
        """Whether it was open on one of these days, both included."""
        return any(start <= last and (end is None or end > first) for start, end in self.spells)


def replay(
    past: Past,
    calendar: Calendar,
    thresholds: Thresholds,
    first: date,
    last: date,
    rules: frozenset[str] | None = None,
) -> list[ReplayedAlert]:
    """The alerts that a scan on each day from `first` to `last`, both included, opens on one journey.

    In the order in which scans tell them. An alert is one on (rule, kind, subject, since): what a later fact
    brings back is not new. What no longer stands, or is due later, is resolved that day.
    """
    found: dict[tuple[Key, date], ReplayedAlert] = {}
    standing: dict[Key, ReplayedAlert] = {}
    some = () if rules is None else (rules,)
    for begin, end, compute in stretches(past, first, last):
        wanted = compute(calendar, thresholds, *some)
        for key, alert in list(standing.items()):
            now = wanted.get(key)
            if now is None or now.since != alert.deadline.since or now.due_on > begin:
                alert.spells[-1] = (alert.spells[-1][0], begin)
                del standing[key]
        for key, deadline in wanted.items():
            on = max(begin, deadline.due_on)
            if on >= end or key in standing:
                continue
            alert = found.get((key, deadline.since)) or ReplayedAlert(on, *key, deadline, on == first)
            found[key, deadline.since] = standing[key] = alert
            alert.spells.append((on, None))
    return sorted(found.values(), key=told)


def told(alert: ReplayedAlert) -> tuple[date, str, str, str, date]:
    """The order of the alerts of one journey: by day, then as a scan lists them."""
    return alert.on, alert.rule, alert.kind, alert.subject or "", alert.deadline.since


def stretches(past: Past, first: date, last: date) -> Iterable[tuple[date, date, Standing]]:
    """(first day, day after the last, what stands) of each stretch without a new fact, within the bounds."""
    days = [day for day, _ in past] + [date.max]
    for place, (day, compute) in enumerate(past):
        begin, end = max(day, first), min(days[place + 1], last + ONE_DAY)
        if begin < end:
            yield begin, end, compute


def week_of(day: date) -> date:
    """The Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def new_per_week(alerts: Iterable[ReplayedAlert]) -> frozenset[date]:
    """The weeks (their Mondays) in which one journey raises something new that counts in the weekly budget.

    VIGILANCE and above, grouped by person, the starting situation left out.
    """
    return frozenset(week_of(alert.on) for alert in alerts if not alert.initial and alert.severity != "INFO")
