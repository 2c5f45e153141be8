"""Actions and steps that do not come: A12, T20 to T25, T29 (Cité), I06 and T30 (all)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.dates import COMING
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

BY_ACTION = frozenset({"A12", "I06", "T29"})
BY_DATE = frozenset({"T20", "T21", "T22", "T23", "T24"})
RULES = BY_ACTION | BY_DATE | frozenset({"T25", "T30"})

STOCK_BEFORE = date(2025, 1, 1)
STOCK_LIMIT = date(2027, 1, 1)
"""Who was accompanied before the former has a contract of engagement by the latter."""
TRAINING = "QUALIF"
"""No code says "training": it is an action of an adult on the barrier of qualification."""
NEXT = ("PREVUE", "EN_COURS")


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """T30: per appointment A_VENIR, its date + 3, until its status is noted."""
    if wanted & BY_ACTION:
        yield from _of_actions(facts, calendar, thresholds, wanted)
    if wanted & BY_DATE:
        yield from _of_dates(facts, calendar, thresholds, wanted)
    if "T25" in wanted and facts.barriers:
        yield from _of_barriers(facts, calendar, thresholds)
    if "T30" in wanted:
        for one in facts.appointments:
            if one.status == COMING:
                due_on = overdue_on("T30", one.on, calendar, thresholds)
                yield ("T30", OVERDUE, one.id), Deadline(due_on, one.on, "appointment", Volet.COORDINATION)


def _of_actions(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """A12 (Cité): date of an event ARRET_ANTICIPE, or the end of an action ABANDONNEE before its planned end (its
    own line each). Until an action is PREVUE or EN_COURS.

    I06: an action SUSPENDUE, the day it was suspended + 21 counted days. Until its status changes.

    T29 (Cité): planned start of a training (an action on the barrier QUALIF) − 7 (lead) and + 3. Until it has
    started (a date, or EN_COURS), ended, or is ABANDONNEE.
    """
    stopped = "A12" in wanted and not any(action.status in NEXT for action in facts.actions)
    if stopped:
        for event in facts.events:
            if event.kind == "ARRET_ANTICIPE":
                due_on = overdue_on("A12", event.on, calendar, thresholds)
                yield ("A12", OVERDUE, event.id), Deadline(due_on, event.on, "event", Volet.COORDINATION)
    for action in facts.actions:
        ended, planned_end = action.ended_on, action.planned_end
        if stopped and action.status == "ABANDONNEE" and ended and planned_end and ended < planned_end:
            due_on = overdue_on("A12", ended, calendar, thresholds)
            yield (
                ("A12", OVERDUE, action.id),
                Deadline(due_on, ended, "action_stopped", action.volet, action.key),
            )
        if "I06" in wanted and action.status == "SUSPENDUE" and action.suspended_on is not None:
            due_on = overdue_on("I06", action.suspended_on, calendar, thresholds)
            yield (
                ("I06", OVERDUE, action.id),
                Deadline(due_on, action.suspended_on, "action_suspended", action.volet, action.key),
            )
        start = action.planned_start
        if (
            "T29" in wanted
            and start is not None
            and action.barrier == TRAINING
            and action.status in ("PREVUE", None)
            and not (action.started_on or ended)
        ):
            for kind, due_on in (
                (LEAD, lead_on("T29", start, thresholds)),
                (OVERDUE, overdue_on("T29", start, calendar, thresholds)),
            ):
                yield (
                    ("T29", kind, action.id),
                    Deadline(due_on, start, "action_planned_start", action.volet, action.key),
                )


def _of_dates(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """All of the Cité, on dates of the journey itself.

    T20: opening + 15, until an appointment is HONORE, whenever. T21: opening of the RSA + 42, until the
    orientation. T22: orientation + 23 (lead) and + 30, until the contract. T23: opened before 2025-01-01: 180 days
    before 2027-01-01, until the contract; since 2027-01-01. T24: diagnosis + 30, until an action has started, be it
    before the diagnosis.
    """
    opened = facts.opened_on
    if "T20" in wanted and opened and not any(one.status == "HONORE" for one in facts.appointments):
        due_on = overdue_on("T20", opened, calendar, thresholds)
        yield ("T20", OVERDUE, ""), Deadline(due_on, opened, "opening", Volet.COORDINATION)
    if "T21" in wanted and facts.rsa_opened_on and facts.oriented_on is None:
        due_on = overdue_on("T21", facts.rsa_opened_on, calendar, thresholds)
        yield ("T21", OVERDUE, ""), Deadline(due_on, facts.rsa_opened_on, "rsa_opening", Volet.COORDINATION)
    if facts.contract_signed_on is None:
        if "T22" in wanted and (since := facts.oriented_on):
            target = overdue_on("T22", since, calendar, thresholds)
            before = lead_on("T22", target, thresholds)
            yield ("T22", LEAD, ""), Deadline(before, since, "orientation", Volet.COORDINATION)
            yield ("T22", OVERDUE, ""), Deadline(target, since, "orientation", Volet.COORDINATION)
        if "T23" in wanted and opened and opened < STOCK_BEFORE:
            due_on = lead_on("T23", STOCK_LIMIT, thresholds)
            yield ("T23", LEAD, ""), Deadline(due_on, STOCK_LIMIT, "contract_limit", Volet.COORDINATION)
    if "T24" in wanted and facts.diagnosis_on and not any(action.started_on for action in facts.actions):
        due_on = overdue_on("T24", facts.diagnosis_on, calendar, thresholds)
        yield ("T24", OVERDUE, ""), Deadline(due_on, facts.diagnosis_on, "diagnosis", Volet.COORDINATION)


def _of_barriers(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds
) -> Iterator[tuple[Key, Deadline]]:
    """T25 (Cité), per barrier FORT that is not lifted: identified + 30, until an action bears on that barrier: one
    that is not ABANDONNEE, and had not ended before the barrier was identified. In the volet of the barrier."""
    for barrier in facts.barriers:
        if barrier.level != "FORT" or barrier.lifted_on is not None:
            continue
        since = barrier.identified_on
        if any(
            action.barrier == barrier.barrier
            and action.status != "ABANDONNEE"
            and (action.ended_on is None or action.ended_on >= since)
            for action in facts.actions
        ):
            continue
        due_on = overdue_on("T25", since, calendar, thresholds)
        yield ("T25", OVERDUE, barrier.id), Deadline(due_on, since, "barrier", barrier.volet)
