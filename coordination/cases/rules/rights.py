"""Rights that end: S10 to S13 and S18 (Cité), S15 to S17 (all), S23 (PRE)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import RIGHT_OF_RULE, Thresholds
from coordination.alerts.deadlines import LEAD, Deadline, Key, lead_on
from coordination.cases.facts import JourneyFacts, RightFact
from coordination.privacy.volets import Volet

RULES = frozenset(RIGHT_OF_RULE)

VOLET_OF_KIND: Mapping[str, Volet] = MappingProxyType(
    {
        "MDPH": Volet.SANTE,
        "MESURE_ASE": Volet.PROTECTION,
        "CSS": Volet.SOCIAL,
        "TITRE_SEJOUR": Volet.SOCIAL,
    }
)


def volet_of_right(kind: str | None) -> Volet:
    """The folder a right belongs to: emploi for every kind that is not named above."""
    return VOLET_OF_KIND.get(kind or "", Volet.EMPLOI)


def deadlines(
    facts: JourneyFacts, calendar: Calendar, thresholds: Thresholds, wanted: frozenset[str]
) -> Iterator[tuple[Key, Deadline]]:
    """Per kind: the latest end − lead, until a later end is noted. `calendar` is not needed here."""
    # One kind does not end twice on one day; the id only makes the answer independent of the order.
    latest: dict[str, RightFact] = {}
    for right in facts.rights:
        known = latest.get(right.kind)
        if known is None or (right.ends_on, known.id) > (known.ends_on, right.id):
            latest[right.kind] = right
    for rule, kind in RIGHT_OF_RULE.items():
        if rule in wanted and kind in latest:
            last = latest[kind]
            due_on = lead_on(rule, last.ends_on, thresholds)
            yield (
                (rule, LEAD, last.id),
                Deadline(due_on, last.ends_on, "right_end", volet_of_right(kind), kind),
            )
