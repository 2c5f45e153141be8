"""A bundle replayed day by day against what is known to have broken in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.replay import Past, replay
from coordination.cases.replay import first_day
from coordination.cases.replay import steps as case_steps
from coordination.exchange.bundle.truth import Break, break_types
from coordination.exchange.evaluate import columns
from coordination.exchange.evaluate.measure import (
    Figures,
    Raised,
    figures,
    findings,
    grouped,
    of_journey,
    per_week,
    right,
)
from coordination.exchange.evaluate.told import Told
from coordination.referrals.replay import steps as referral_steps


@dataclass(frozen=True)
class Side:
    """What one way of watching found: the rules, or a column of days.

    `per_week`, `false`: référent -> groups per week, all of them and those that are false alarms.
    """

    types: dict[str, Figures]
    all: Figures
    per_week: dict[str, float]
    false: dict[str, float]


@dataclass(frozen=True)
class Evaluation:
    """`opened`: what the rules opened, in the order of the replay. `referents`: of each journey, "" for nobody."""

    first: date
    last: date
    referents: dict[str, str]
    rules: Side
    baselines: dict[str, Side]
    opened: list[Raised] = field(repr=False)


def evaluate(
    told: Sequence[Told],
    breaks: Sequence[Break],
    last: date,
    calendar: Calendar,
    thresholds: Thresholds,
) -> Evaluation:
    """Replay from the first opening to `last`, both included, and measure against `breaks`."""
    opened_on = {one.ref: first_day(one.facts) for one in told}
    first = min((day for day in opened_on.values() if day > date.min), default=last)

    def raised(journey: Told, pasts: Iterable[Past], column: bool) -> Iterator[Raised]:
        for past in pasts:
            for alert in replay(past, calendar, thresholds, first, last):
                type_ = None if column else rules()[alert.rule].break_type
                yield Raised(journey.ref, type_, alert, column or alert.severity != "INFO")

    opened = [
        one
        for each in told
        for one in raised(
            each, (case_steps(each.facts, each.written), referral_steps(each.facts, each.referrals)), False
        )
    ]
    opened.sort(key=_as_scans_tell)
    watched = {
        name: [one for each in told for one in raised(each, (columns.steps(each, name),), True)]
        for name in columns.COLUMNS
    }
    broken = of_journey(breaks)
    silence = findings(breaks, watched["no_contact_60"])
    referents = {one.ref: one.referent for one in told}

    def side(raised: Sequence[Raised]) -> Side:
        groups = grouped(raised)
        wrong = [group for group, ones in groups.items() if not right(ones, broken) and not _reminders(ones)]
        return Side(
            {each: figures(breaks, raised, silence, each, last) for each in break_types()},
            figures(breaks, raised, silence, None, last),
            per_week(groups, referents, opened_on, last),
            per_week(wrong, referents, opened_on, last),
        )

    return Evaluation(
        first, last, referents, side(opened), {name: side(found) for name, found in watched.items()}, opened
    )


def _pasts(each: Told) -> tuple[Past, Past]:
    """What became known of a journey, for the rules of each feature."""
    return case_steps(each.facts, each.written), referral_steps(each.facts, each.referrals)


def _reminders(group: Sequence[Raised]) -> bool:
    return all(one.reminder for one in group)


def _as_scans_tell(one: Raised) -> tuple[date, str, str, str, str, date]:
    alert = one.alert
    return alert.on, one.journey, alert.rule, alert.kind, alert.subject or "", alert.deadline.since
