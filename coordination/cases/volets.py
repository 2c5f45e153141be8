"""Which volet a record belongs to (source: "Volet of a deadline and its alert" in the domain's deadlines).

What tells of health stands in the santé volet; a barrier of a PRE child is social, of an adult emploi.
"""

from __future__ import annotations

from coordination.cases.rules import volet_of_right
from coordination.privacy.volets import Volet

__all__ = ["volet_of_action", "volet_of_barrier", "volet_of_right"]

# Volets that open once the family or the person has agreed; protection opens only with a measure.
VOLETS_AFTER_AGREEMENT = {
    "PRE": (Volet.SCOLARITE, Volet.SOCIAL, Volet.SANTE),
    "CITE_EMPLOI": (Volet.SOCIAL, Volet.SANTE, Volet.EMPLOI),
}

HEALTH_KINDS = frozenset({"ORTHOPHONIE", "PSY", "BILAN_SANTE", "MEDIATION_SANTE"})


def volet_of_action(kind: str | None, axis_or_barrier: str | None) -> Volet:
    health = axis_or_barrier == "SANTE" or kind in HEALTH_KINDS
    return Volet.SANTE if health else Volet.COORDINATION


def volet_of_barrier(programme: str, barrier: str | None) -> Volet:
    if barrier == "SANTE":
        return Volet.SANTE
    return Volet.SOCIAL if programme == "PRE" else Volet.EMPLOI


def volet_of_objective(axis: str | None) -> Volet:
    return Volet.SANTE if axis == "SANTE" else Volet.COORDINATION
