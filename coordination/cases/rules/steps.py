"""Steps of a journey: first action (T06), reviews (T08), length of stay (T09 to T11), next action (T19)."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"T06", "T08", "T09", "T10", "T11", "T19"})
STAY = ("T09", "T10", "T11")


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """T06 (PRE): validated + 30 counted days, until an action has started, be it before the validation.

    T08 (PRE), per review not held: 15 days before and 15 after its date.
    T09, T10, T11 (PRE): entry + 365, 548, 730, announced 30, 45, 60 days before; all stand together, each until
    a decision dated from its own announcement on: an earlier one says nothing of what comes after that step.
    T19: see `_next_action`.
    """
    if (
        "T06" in wanted
        and facts.validated_on is not None
        and not any(action.started_on for action in facts.actions)
    ):
        due_on = overdue_on("T06", facts.validated_on, calendar, thresholds)
        yield (
            ("T06", OVERDUE, ""),
            Deadline(due_on, facts.validated_on, "validation", Volet.COORDINATION),
        )
    if "T08" in wanted:
        for review in facts.reviews:
            if review.held_on is None:
                since = review.due_on
                before = lead_on("T08", since, thresholds)
                after = overdue_on("T08", since, calendar, thresholds)
                yield ("T08", LEAD, review.id), Deadline(before, since, "review", Volet.COORDINATION)
                yield ("T08", OVERDUE, review.id), Deadline(after, since, "review", Volet.COORDINATION)
    if facts.entered_on is not None:
        for rule in STAY:
            if rule in wanted:
                target = overdue_on(rule, facts.entered_on, calendar, thresholds)
                announced = lead_on(rule, target, thresholds)
                if not any(day >= announced for day in facts.stay_decisions):
                    for kind, day in ((LEAD, announced), (OVERDUE, target)):
                        yield (rule, kind, ""), Deadline(day, facts.entered_on, "entry", Volet.COORDINATION)
    if "T19" in wanted:
        yield from _next_action(facts, calendar, thresholds)


def _next_action(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds
) -> Iterator[tuple[Key, Deadline]]:
    """T19. No action PREVUE or EN_COURS: 14 days after the latest end (of several, the smallest key).
    Exactly one EN_COURS with a planned end, and none PREVUE: 14 days before that end.

    SUSPENDUE is neither planned nor running. The deadline stands in the volet of the action concerned.
    """
    running = [action for action in facts.actions if action.status == "EN_COURS"]
    if any(action.status == "PREVUE" for action in facts.actions):
        return
    if not running:
        ended = [(action.ended_on, action) for action in facts.actions if action.ended_on is not None]
        if ended:
            since = max(day for day, _ in ended)
            action = min((action for day, action in ended if day == since), key=lambda one: one.key)
            due_on = overdue_on("T19", since, calendar, thresholds)
            yield (
                ("T19", OVERDUE, action.id),
                Deadline(due_on, since, "action_end", action.volet, action.key),
            )
    elif len(running) == 1 and (planned_end := running[0].planned_end) is not None:
        action = running[0]
        due_on = lead_on("T19", planned_end, thresholds)
        yield (
            ("T19", LEAD, action.id),
            Deadline(due_on, planned_end, "action_planned_end", action.volet, action.key),
        )
