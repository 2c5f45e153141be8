"""What of a journey somebody may deduce: clocks see all volets, people do not (docs/adr/0005)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from coordination.cases.facts import JourneyFacts
from coordination.cases.rules import volet_of_right
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.privacy.volets import Volet

BY_ACTIONS = frozenset({"T06", "T19", "A12", "T24", "T25", "I10"})
"""Rules that an action of any volet quiets, wherever their date stands."""
BY_WRITING = frozenset({"A15", "A16", "A06", "A07", "I07"})
"""Rules that anything written on the journey moves."""
ACROSS = BY_ACTIONS | BY_WRITING
"""Rules whose dates may follow from facts of another volet than their own."""


def seen(facts: JourneyFacts, readable: Collection[Volet]) -> JourneyFacts:
    """The facts that stand in the volets that somebody reads; what stands with the journey itself stays."""
    actions = tuple(one for one in facts.actions if one.volet in readable)
    mine = {action.id for action in actions}
    return replace(
        facts,
        actions=actions,
        sessions=tuple(one for one in facts.sessions if one.action_id in mine),
        barriers=tuple(one for one in facts.barriers if one.volet in readable),
        rights=tuple(one for one in facts.rights if volet_of_right(one.kind) in readable),
        school_absences=facts.school_absences if Volet.SCOLARITE in readable else (),
        applications=facts.applications if Volet.EMPLOI in readable else (),
    )


def sees_all_actions(readable: Collection[Volet]) -> bool:
    """Whether no action may stand where somebody does not read: see `volets.volet_of_action`."""
    return {Volet.COORDINATION, Volet.SANTE} <= set(readable)


def sees_all_writings(programme: str, readable: Collection[Volet]) -> bool:
    """Whether nothing may be written by a page where somebody does not read: protection is read there only."""
    return {Volet.COORDINATION, *VOLETS_AFTER_AGREEMENT[programme]} <= set(readable)
