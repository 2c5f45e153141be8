"""The filters of the journal, as an address says them: what cannot be read filters nothing, and that is said."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, timedelta

from coordination.accounts.journal import Choices, Wanted
from coordination.clock import NOT_A_DATE, day_typed
from coordination.privacy.policy import Action

UNKNOWN = "Ce choix n'est pas dans la liste : il n'a pas été retenu."


def read_filters(asked: Mapping[str, str], today: date, usual: timedelta) -> tuple[Wanted, dict[str, str]]:
    """What to keep, and a sentence for each name of the address that cannot be followed."""
    faults: dict[str, str] = {}

    def day(name: str, otherwise: date) -> date:
        try:
            return day_typed(asked[name]) if asked.get(name) else otherwise
        except ValueError:
            faults[name] = NOT_A_DATE
            return otherwise

    def row(name: str) -> uuid.UUID | None:
        try:
            return uuid.UUID(asked[name]) if asked.get(name) else None
        except ValueError:
            faults[name] = UNKNOWN
            return None

    action = asked.get("action", "")
    if action and action not in set(Action):
        faults["action"] = UNKNOWN
    if asked.get("refus", "") not in ("", "1"):
        faults["refus"] = UNKNOWN
    first, last = day("du", today - usual), day("au", today)
    if first > today:
        faults["du"] = "Cette date est dans le futur : le journal n'a encore rien de ce jour."
    elif first > last and not faults.keys() & {"du", "au"}:
        faults["au"] = f"La période finit avant de commencer : cette date est avant le {first:%d/%m/%Y}."
    wanted = Wanted(
        first=first,
        # The last day of the calendar has no day after it.
        last=min(last, today),
        who=row("qui"),
        action=Action(action) if action in set(Action) else None,
        structure=row("structure"),
        refused=asked.get("refus") == "1",
    )
    return wanted, faults


def unlisted(wanted: Wanted, offered: Choices) -> dict[str, str]:
    """The same sentence of an id that no list of the page holds: no line answers to it."""
    both = (("qui", wanted.who, offered.people), ("structure", wanted.structure, offered.structures))
    return {
        name: "Ce choix n'est pas dans la liste."
        for name, chosen, listed in both
        if chosen and chosen not in dict(listed)
    }
