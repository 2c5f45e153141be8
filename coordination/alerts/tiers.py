"""To whom an alert speaks first, and when the coordination hears of it too (source: "Tiers, noise, ways out")."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from coordination.alerts.catalogue import rules

COORDINATION = "coordinateur"
# Those who hold a journey hear of all that is not for the coordination (or the DPO) alone: a partner that a rule
# names hears of it only with access to its volet, and until then somebody must.
_NOT_FOR_WHO_FOLLOWS = frozenset({COORDINATION, "dpo"})

# Recipients of rules that are neither who follows nor who coordinates: code of their role, and how it is said.
PARTNERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ccas": ("CCAS", "le CCAS"),
        "centre_social": ("CENTRE_SOCIAL", "un centre social"),
        "conseiller_ml": ("CONSEILLER_ML", "la Mission Locale"),
        "referent_plie": ("REFERENT_PLIE", "le PLIE"),
    }
)


def speaks_to_follower(rule_id: str) -> bool:
    """Whether the alert stands on the day of who follows the journey."""
    return not set(rules()[rule_id].recipients) <= _NOT_FOR_WHO_FOLLOWS


def reaches_coordination(rule_id: str, *, escalated: bool, orphan: bool) -> bool:
    """Whether the coordination has to look: named by the rule, nobody acted in time, or nobody follows."""
    return escalated or orphan or COORDINATION in rules()[rule_id].recipients


def to_propose(rule_id: str, roles_with_access: Collection[str]) -> tuple[str, ...]:
    """Partners that the rule names and that none of `roles_with_access` (to the volet) stands for, in words."""
    return tuple(
        PARTNERS[code][1]
        for code in rules()[rule_id].recipients
        if code in PARTNERS and PARTNERS[code][0] not in roles_with_access
    )
