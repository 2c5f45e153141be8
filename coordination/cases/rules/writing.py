"""Journeys of which nothing is written any more: A15 and A16 (all)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.dates import COMING
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"A15", "A16"})


def last_dated(facts: JourneyFacts) -> date | None:
    """The latest date of something that happened, plans aside: what stands for the writing where nobody noted
    the day of it, as in a bundle."""
    days: list[date | None] = [
        facts.opened_on,
        facts.agreement_on,
        facts.entered_on,
        facts.validated_on,
        facts.diagnosis_on,
        facts.rsa_opened_on,
        facts.oriented_on,
        facts.contract_signed_on,
    ]
    days += [contact.on for contact in facts.contacts]
    days += [one.on for one in facts.appointments if one.status != COMING]
    for action in facts.actions:
        days += (action.started_on, action.ended_on, action.suspended_on)
    days += [session.on for session in facts.sessions]
    for pause in facts.pauses:
        days += (pause.from_on, pause.returned_on)
    days += [review.held_on for review in facts.reviews]
    for barrier in facts.barriers:
        days += (barrier.identified_on, barrier.lifted_on)
    for event in facts.events:
        days += (event.on, event.handled_on)
    days += [absence.on for absence in facts.school_absences]
    return max((day for day in days if day is not None), default=None)


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """A15: the latest day on which anything was written + 60 counted days; A16: + 90 days. Until any writing.

    That day is `written_on`: the day of the last save on a page of the journey, or the latest dated fact of an
    import. Where it is not known, the latest dated fact. Nothing while a pause is open.
    """
    if any(pause.returned_on is None for pause in facts.pauses):
        return
    since = facts.written_on or last_dated(facts)
    if since is None:
        return
    for rule in ("A15", "A16"):
        if rule in wanted:
            due_on = overdue_on(rule, since, calendar, thresholds)
            yield (rule, OVERDUE, ""), Deadline(due_on, since, "writing", Volet.COORDINATION)
