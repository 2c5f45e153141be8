"""What of the alerts that a page shows its reader may write: said by the wall, asked once for the page."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from coordination.alerts.queries import AlertView
from coordination.alerts.ways import WAYS
from coordination.cases.queries.folders import writable_folders
from coordination.db import among, db
from coordination.privacy.access import HELD_NOW
from coordination.privacy.actor import Actor
from coordination.privacy.models import Access
from coordination.privacy.policy import Action, Grant, Subject, can


@dataclass(frozen=True)
class Reach:
    """`writable`: ids of folders. `led`: ids of journeys whose référent the reader may change."""

    writable: frozenset[uuid.UUID] = frozenset()
    led: frozenset[uuid.UUID] = frozenset()


NOTHING = Reach()


def reach_on(grant: Grant, actor: Actor, subject: Subject | None) -> Reach:
    """That of the one journey that the grant covers; asks nothing that its page does not."""
    if grant.journey_id is None:
        return NOTHING
    led = {grant.journey_id} if can(actor, Action.HAND_OVER, subject) else set()
    return Reach(frozenset(writable_folders(grant, grant.journey_id)), frozenset(led))


def reach_among(actor: Actor, alerts: Iterable[AlertView]) -> Reach:
    """That of alerts of several journeys: one statement, about the folders of those that need it alone."""
    asked = {alert.folder_id: alert.journey_id for alert in alerts if WAYS[alert.rule].restricted}
    if not asked:
        return NOTHING
    rows = db.session.execute(
        select(Access.folder_id, Access.can_write, Access.basis).where(
            Access.actor_id == actor.id, among(Access.folder_id, asked), HELD_NOW
        )
    ).all()
    bases: dict[uuid.UUID, set[str]] = {}
    for row in rows:
        bases.setdefault(asked[row.folder_id], set()).add(row.basis)
    led = (
        id_ for id_, mine in bases.items() if can(actor, Action.HAND_OVER, Subject(id_, "", frozenset(mine)))
    )
    return Reach(frozenset(row.folder_id for row in rows if row.can_write), frozenset(led))
