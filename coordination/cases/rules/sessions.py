"""Attendance at the sessions of an action: A05 (PRE)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key
from coordination.cases.facts import JourneyFacts, SessionFact
from coordination.privacy.volets import Volet

RULES = frozenset({"A05"})

ENOUGH = 4
"""Sessions in the window before a share of them says anything."""


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """A05 (PRE), per action: the day of the earliest session after the last PRESENT at which 3 sessions in a row
    are ABSENT, or at least 4 sessions lie within 42 counted days (that day the last) and less than half of them
    are PRESENT. Stands until the next PRESENT.

    3 and 42 are the catalogue's count and window. EXCUSE breaks the run of absences, and is no presence in the
    share. In the volet of the action.
    """
    of_action: dict[str, list[SessionFact]] = defaultdict(list)
    for session in facts.sessions:
        of_action[session.action_id].append(session)
    actions = {action.id: action for action in facts.actions}
    for action_id, sessions in of_action.items():
        on = _first_sign(sorted(sessions, key=lambda one: (one.on, one.status)), calendar, thresholds)
        if on is not None:
            action = actions.get(action_id)
            volet, label = (action.volet, action.key) if action else (Volet.COORDINATION, None)
            yield ("A05", OVERDUE, action_id), Deadline(on, on, "sessions", volet, label)


def _first_sign(sessions: Sequence[SessionFact], calendar: Calendar, thresholds: Thresholds) -> date | None:
    in_a_row, window = thresholds.count("A05")
    last_present = max((rank for rank, one in enumerate(sessions) if one.status == "PRESENT"), default=-1)
    for rank in range(last_present + 1, len(sessions)):
        on = sessions[rank].on
        run = sessions[rank - in_a_row + 1 : rank + 1] if rank + 1 >= in_a_row else ()
        if run and all(one.status == "ABSENT" for one in run):
            return on
        recent = [
            one for one in sessions[: rank + 1] if calendar.counted_days_after(one.on, window, True) >= on
        ]
        present = sum(one.status == "PRESENT" for one in recent)
        if len(recent) >= ENOUGH and 2 * present < len(recent):
            return on
    return None
