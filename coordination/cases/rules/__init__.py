"""The rules about a journey's own facts: pure functions from facts to dates, which never read today.

Source: "Exact clocks of the core rules" and "The other rules". Those about referrals stand in `referrals/rules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.cases.facts import JourneyFacts
from coordination.cases.rules import (
    after_exit,
    ages,
    agreement,
    applications,
    attempts,
    contact_clock,
    events,
    household,
    invitations,
    path_reviews,
    pauses,
    progress,
    rights,
    school,
    seasons,
    sessions,
    steps,
    team,
    writing,
)
from coordination.cases.rules.contact_clock import last_exchange
from coordination.cases.rules.gate import standing_rules
from coordination.cases.rules.rights import volet_of_right

__all__ = ["CASE_RULES", "GROUPS", "deadlines", "last_exchange", "standing_rules", "volet_of_right"]

_BY_EXCHANGE = contact_clock.RULES | attempts.RULES
_MODULES = (
    agreement,
    pauses,
    steps,
    ages,
    rights,
    events,
    invitations,
    applications,
    household,
    after_exit,
    path_reviews,
    sessions,
    seasons,
    school,
    progress,
    team,
    writing,
)

CASE_RULES: frozenset[str] = _BY_EXCHANGE.union(*(module.RULES for module in _MODULES))
"""Ids of every rule computed here."""

GROUPS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # Programme, stage, agreement, exit and the other dates of the journey itself.
        "journey": CASE_RULES,
        "contacts": _BY_EXCHANGE | {"I10", "I11", "S26"},
        "appointments": _BY_EXCHANGE | {"I10", "I11", "T20", "T30", "S26"},
        "actions": frozenset({"T06", "T19", "I10", "T24", "T25"}) | progress.BY_ACTION | sessions.RULES,
        "sessions": sessions.RULES,
        # A return starts the contact clock again.
        "pauses": contact_clock.RULES | pauses.RULES | writing.RULES | {"I10", "I11"},
        "reviews": frozenset({"T08"}) | path_reviews.RULES,
        "rights": rights.RULES,
        "events": events.RULES | {"A12"},
        "birth_date": ages.RULES | {"S05"},
        "barriers": frozenset({"T25"}),
        "school": frozenset({*school.LEVEL_OF_RULE, "S05", "S25"}),
        "school_absences": school.ABSENCES,
        "team": team.RULES,
        # What any save on the journey changes.
        "written_on": writing.RULES | school.ABSENCES | {"I07"},
        "planned_rhythm_days": contact_clock.RULES,
        "scheme": frozenset({"A08", "A09", "A10", "T32"}),
        "orientation_path": frozenset({"S14"}),
        "exit_reason": frozenset({"T31"}),
        "invitations": invitations.RULES,
        "applications": applications.RULES,
        "children": household.RULES,
        "stay_decisions": frozenset(steps.STAY),
        "follow_ups": frozenset({"T31"}),
        "retention_decisions": frozenset({"S26"}),
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
