"""The core rules about a journey's own facts: pure functions from facts to dates, which never read today.

Source: "Exact clocks of the core rules". Those about referrals stand in `referrals/rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.cases.facts import JourneyFacts
from coordination.cases.rules import ages, agreement, attempts, contact_clock, events, pauses, rights, steps
from coordination.cases.rules.contact_clock import last_exchange
from coordination.cases.rules.gate import standing_rules
from coordination.cases.rules.rights import volet_of_right

__all__ = ["CASE_RULES", "GROUPS", "deadlines", "last_exchange", "standing_rules", "volet_of_right"]

_BY_EXCHANGE = contact_clock.RULES | attempts.RULES
_MODULES = (agreement, pauses, steps, ages, rights, events)

CASE_RULES: frozenset[str] = _BY_EXCHANGE.union(*(module.RULES for module in _MODULES))
"""Ids of every rule computed here."""

GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # Programme, stage, agreement, exit and the other dates of the journey itself.
        "journey": CASE_RULES,
        "contacts": _BY_EXCHANGE,
        "appointments": _BY_EXCHANGE,
        "actions": frozenset({"T06", "T19"}),
        "pauses": contact_clock.RULES | pauses.RULES,
        "reviews": frozenset({"T08"}),
        "rights": rights.RULES,
        "events": events.RULES,
        "birth_date": ages.RULES,
        "planned_rhythm_days": contact_clock.RULES,
        "scheme": frozenset({"A08", "A09", "A10"}),
    }
)
"""Which rules to compute again when a group of facts changes; but for "journey", named as in JourneyFacts."""


def deadlines(
    facts: JourneyFacts,
    calendar: Calendar,
    thresholds: Thresholds,
    rules: frozenset[str] = CASE_RULES,
) -> dict[Key, Deadline]:
    """Everything that stands on the journey, among `rules` (ids that are none of CASE_RULES give nothing).

    Facts that none of the wanted rules reads may be left empty: see GROUPS.
    """
    wanted = (rules & standing_rules(facts)) - thresholds.off
    found: dict[Key, Deadline] = {}
    if wanted & _BY_EXCHANGE:
        last = last_exchange(facts)
        found.update(contact_clock.deadlines(facts, last, calendar, thresholds, wanted))
        found.update(attempts.deadlines(facts, last, calendar, thresholds, wanted))
    for module in _MODULES:
        if wanted & module.RULES:
            found.update(module.deadlines(facts, calendar, thresholds, wanted))
    return found
