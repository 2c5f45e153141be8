"""Loss of contact: A01 and A02 (PRE), A08 (Cité, scheme CEJ), A09 and A10 (Cité, other or no scheme)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.catalogue import rules as catalogue
from coordination.alerts.deadlines import OVERDUE, Deadline, Key
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"A01", "A02", "A08", "A09", "A10"})


def last_exchange(facts: JourneyFacts) -> date | None:
    """Date of the latest exchange, None without any: a contact ABOUTI (an answered letter counts, news by a
    third party do not), or an appointment HONORE."""
    last = None
    for contact in facts.contacts:
        if contact.outcome == "ABOUTI" and (last is None or contact.on > last) and contact.mode != "TIERS":
            last = contact.on
    for appointment in facts.appointments:
        if appointment.status == "HONORE" and (last is None or appointment.on > last):
            last = appointment.on
    return last


def clock_start(facts: JourneyFacts, last: date | None) -> tuple[date, str] | None:
    """Latest of the last exchange, the returns from pauses and the first day (agreement in the PRE, opening
    in the Cité), with the code of that fact: of two on one day, the exchange, then the return.

    An unknown first day leaves the others to start the clock; None where nothing is known.
    """
    first = (facts.agreement_on, "agreement") if facts.programme == "PRE" else (facts.opened_on, "opening")
    returns = ((pause.returned_on, "pause_return") for pause in facts.pauses)
    known = [(day, because) for day, because in ((last, "exchange"), *returns, first) if day is not None]
    return max(known, key=lambda fact: fact[0], default=None)


def effective_days(rule: str, base: str, rhythm: int | None, thresholds: Thresholds) -> int:
    """Days without exchange before `rule` fires: its threshold, moved as the planned rhythm moves `base`'s.

    base: max(threshold, ceil(1.5 × planned rhythm)). Another rule keeps its distance to its base.
    """
    usual = thresholds.threshold(base)
    effective = max(usual, (3 * rhythm + 1) // 2) if rhythm is not None else usual
    return effective + thresholds.threshold(rule) - usual


def _family(facts: JourneyFacts) -> tuple[str, ...]:
    """The rules of the journey's programme and scheme; the first one is the base of the others."""
    if facts.programme == "PRE":
        return ("A01", "A02")
    return ("A08",) if facts.scheme == "CEJ" else ("A09", "A10")


def deadlines(
    facts: JourneyFacts,
    last: date | None,
    calendar: Calendar,
    thresholds: Thresholds,
    wanted: frozenset[str],
) -> Iterator[tuple[Key, Deadline]]:
    """Clock start + effective threshold, until an exchange; nothing while a pause is open."""
    if any(pause.returned_on is None for pause in facts.pauses):
        return
    start = clock_start(facts, last)
    if start is None:
        return
    since, because = start
    base, *_ = family = _family(facts)
    for rule in family:
        if rule in wanted:
            days = effective_days(rule, base, facts.planned_rhythm_days, thresholds)
            paused = catalogue()[rule].pause_on_school_holidays
            due_on = calendar.counted_days_after(since, days, paused)
            yield (rule, OVERDUE, ""), Deadline(due_on, since, because, Volet.COORDINATION)
