"""Journeys of one family, linked without showing what they hold."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import select

from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Journey
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work

# The same for a reference that is nobody's and for one of a journey that the actor does not see.
NOT_SEEN = (
    "Aucun des parcours que vous voyez ne porte cette référence. Si un collègue suit ce parcours, la coordination,"
    " qui voit les deux, peut les rapprocher."
)


def link_sibling(actor: Actor, journey_id: uuid.UUID, ref: str, now: datetime) -> None:
    """Say that the journey `ref` is of the same family; the actor must see both.

    Raises BadInput, NotFound, Forbidden.
    """
    with work(actor, Action.LINK_FAMILY, now) as w:
        grant = w.require(journey_id)
        programme = db.session.scalars(select(Journey.programme).where(Journey.id == journey_id)).one()
        sibling = db.session.execute(
            select(Journey.id, Journey.programme).where(Journey.ref == ref.strip().upper())
        ).first()
        problem = ""
        if not ref.strip():
            problem = "Choisissez un parcours, ou tapez sa référence."
        elif sibling is None:
            problem = NOT_SEEN
        elif sibling.id == journey_id:
            problem = "C'est la référence de ce parcours-ci : indiquez celle du frère ou de la sœur."
        elif sibling.programme != programme:
            problem = "Seuls des parcours du même dispositif peuvent être reliés."
        if problem or sibling is None:
            raise BadInput(problem, {"ref": problem})
        call("link_siblings", journey_id, sibling.id)
        _follow(grant, journey_id, now)
        w.audit(grant, [str(sibling.id)])


def leave_family(actor: Actor, journey_id: uuid.UUID, now: datetime) -> None:
    """Take the journey out of its family. Raises NotFound, Forbidden."""
    with work(actor, Action.LINK_FAMILY, now) as w:
        grant = w.require(journey_id)
        call("unlink_siblings", journey_id)
        _follow(grant, journey_id, now)
        w.audit(grant, ["household"])


def _follow(grant: Grant, journey_id: uuid.UUID, now: datetime) -> None:
    today = paris_date(now)
    follow(grant, journey_id, "written_on", today, f"famille : saisie du {today:%d/%m/%Y}")
