"""After the end of a journey: the follow-up of an exit to a job (T31, Cité), the end of keeping the file (S26)."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.cases.rules.contact_clock import last_exchange
from coordination.privacy.volets import Volet

RULES = frozenset({"T31", "S26"})
TO_A_JOB = "EMPLOI_"


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """T31: exit for a reason EMPLOI_*, exit_on + 165 (lead) and + 180, until a follow-up dated from the lead on:
    an earlier one says nothing of the situation at six months.
    S26: max(exit_on, last exchange) + 700 (lead) and + 730, until a decision dated on or after that day.

    Both dates stand together. The gate lets these two rules stand on an ended journey only.
    """
    if (
        "T31" in wanted
        and facts.exit_on is not None
        and facts.exit_reason is not None
        and facts.exit_reason.startswith(TO_A_JOB)
    ):
        target = overdue_on("T31", facts.exit_on, calendar, thresholds)
        announced = lead_on("T31", target, thresholds)
        if not any(day >= announced for day in facts.follow_ups):
            for kind, day in ((LEAD, announced), (OVERDUE, target)):
                yield ("T31", kind, ""), Deadline(day, facts.exit_on, "exit", Volet.COORDINATION)
    if "S26" in wanted:
        exchange = last_exchange(facts)
        known = [(day, why) for day, why in ((facts.exit_on, "exit"), (exchange, "exchange")) if day]
        if known:
            # Of two on one day, the exit.
            since, because = max(known, key=lambda fact: fact[0])
            if not any(day >= since for day in facts.retention_decisions):
                target = overdue_on("S26", since, calendar, thresholds)
                for kind, day in ((LEAD, lead_on("S26", target, thresholds)), (OVERDUE, target)):
                    yield ("S26", kind, ""), Deadline(day, since, because, Volet.COORDINATION)
