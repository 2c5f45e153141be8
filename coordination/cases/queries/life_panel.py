"""The part of a journey's page about its life: turns, family, absence of who follows it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from coordination.cases.queries.family_page import Sibling, siblings
from coordination.cases.queries.life_page import LeaveLine, TurnLine, absence_of_referent, turns
from coordination.privacy.policy import Grant

MOST_SHOWN = 5


@dataclass(frozen=True)
class LifePanel:
    turns: tuple[TurnLine, ...]
    siblings: tuple[Sibling, ...]
    absence: LeaveLine | None


def life_panel(grant: Grant, journey_id: uuid.UUID, today: date) -> LifePanel:
    """Everything of « Gérer le parcours » on a journey that the grant covers."""
    return LifePanel(
        # The stages are told by the thread, day by day.
        tuple(turn for turn in turns(grant, journey_id) if turn.what)[:MOST_SHOWN],
        siblings(grant, journey_id),
        absence_of_referent(journey_id, today),
    )
