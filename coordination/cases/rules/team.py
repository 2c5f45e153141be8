"""Whoever follows the journey: absent without backup (I07), leaving (I08), nobody (I09); all programmes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import LEAD, OVERDUE, Deadline, Key, lead_on, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"I07", "I08", "I09"})


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """I07, per absence of the référent in which nobody replaces them, neither for the absence nor on the journey:
    first day − 7 (lead) and, if the absence lasts that long, + 7. Until somebody does, or the return: the absence
    is taken back, or over (the scan of the day after closes it, and the facts no longer tell of it), or something
    is written on the journey after its last day.

    I08: last day of the référent's last role on the programme − 30. Until the journey is handed over.

    I09: day without référent + 3: the opening where none was ever named (no page takes a référent away), the end
    of the référent's last role where it ended. Until somebody is named. Goes to the coordinator.
    """
    team = facts.team
    if "I07" in wanted and team.has_referent and not team.has_backup:
        for leave in team.leaves:
            back = facts.written_on is not None and facts.written_on > leave.until_on
            if leave.backed or back:
                continue
            before = lead_on("I07", leave.from_on, thresholds)
            yield ("I07", LEAD, leave.id), Deadline(before, leave.from_on, "leave", Volet.COORDINATION)
            after = overdue_on("I07", leave.from_on, calendar, thresholds)
            if after <= leave.until_on:
                yield ("I07", OVERDUE, leave.id), Deadline(after, leave.from_on, "leave", Volet.COORDINATION)
    until = team.referent_until if team.has_referent else None
    if "I08" in wanted and until is not None:
        last = until - timedelta(days=1)
        yield (
            ("I08", LEAD, ""),
            Deadline(lead_on("I08", last, thresholds), last, "referent_end", Volet.COORDINATION),
        )
    if "I09" in wanted:
        if until is not None:
            since, because = until, "referent_end"
        elif not team.has_referent and facts.opened_on is not None:
            since, because = facts.opened_on, "opening"
        else:
            return
        due_on = overdue_on("I09", since, calendar, thresholds)
        yield ("I09", OVERDUE, ""), Deadline(due_on, since, because, Volet.COORDINATION)
