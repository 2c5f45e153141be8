"""Giving several journeys to another référent at once: all of them, or none."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from coordination.cases.commands.deadlines import follow_many
from coordination.cases.models import Journey
from coordination.cases.queries.followers import MOST, followers
from coordination.cases.vocabulary import PROGRAMMES
from coordination.clock import paris_date
from coordination.db import among, db
from coordination.errors import BadInput, Conflict
from coordination.privacy.access import sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import work

NOBODY_CHOSEN = "Cochez au moins un parcours."
NOBODY_NAMED = "Choisissez le nouveau référent."


@dataclass(frozen=True)
class Reassignment:
    """Journeys with the version that was read, and who follows them from now on."""

    journeys: Sequence[tuple[uuid.UUID, int]]
    referent_id: uuid.UUID | None

    def body(self) -> bytes:
        """What makes two sendings of a form the same."""
        return "\x1f".join([str(self.referent_id), *sorted(str(id_) for id_, _ in self.journeys)]).encode()


def reassign(actor: Actor, wanted: Reassignment, now: datetime, *, key: str = "", answer: str = "") -> int:
    """Name the référent of every journey, in one work with a line of audit each; how many changed hands.

    Their accesses follow in the same work. Raises BadInput (`journeys`, `referent`), NotFound if one of them is
    not the actor's to see, Forbidden if one is not theirs to coordinate, Conflict if one changed meanwhile,
    AlreadyDone: then nothing at all was written.
    """
    with work(actor, Action.ASSIGN_REFERENT, now) as w:
        _check(wanted)
        ids = sorted({id_ for id_, _ in wanted.journeys})
        grants = [w.require(id_) for id_ in ids]
        if key:
            w.once(key, wanted.body(), answer)
        _check_follower(actor, ids, wanted.referent_id, now)
        changed = _write(wanted)
        today = paris_date(now)
        follow_many(grants[0], ids, "team", today, f"référent nommé le {today:%d/%m/%Y}")
        sync_access(ids)
        for grant in grants:
            w.audit(grant, ["referent_id"])
        return changed


def _check(wanted: Reassignment) -> None:
    problems = {}
    if not wanted.journeys:
        problems["journeys"] = NOBODY_CHOSEN
    elif len(wanted.journeys) > MOST:
        problems["journeys"] = f"Pas plus de {MOST} parcours à la fois."
    if wanted.referent_id is None:
        problems["referent"] = NOBODY_NAMED
    if problems:
        raise BadInput("Aucun parcours n'a changé de référent : corrigez ce qui suit.", problems)


def _check_follower(actor: Actor, ids: list[uuid.UUID], referent_id: uuid.UUID | None, now: datetime) -> None:
    """The person named must be able to open every one of these journeys."""
    needed = set(db.session.scalars(select(Journey.programme).where(among(Journey.id, ids)).distinct()))
    chosen = next((follower for follower in followers(actor, now) if follower.id == referent_id), None)
    missing = needed - (chosen.programmes if chosen else frozenset())
    if missing:
        which = ", ".join(PROGRAMMES[programme] for programme in sorted(missing))
        problem = f"Cette personne ne peut pas suivre de parcours : {which}."
        raise BadInput(problem, {"referent": problem})


def _write(wanted: Reassignment) -> int:
    """Each journey at the version that was read, or none."""
    changed = 0
    for id_, version in wanted.journeys:
        done = db.session.execute(
            update(Journey)
            .where(Journey.id == id_, Journey.version == version)
            .values(
                referent_id=wanted.referent_id,
                # Nobody stands in for themselves.
                backup_id=func.nullif(Journey.backup_id, wanted.referent_id),
                version=Journey.version + 1,
            )
            .returning(Journey.id)
        ).first()
        changed += done is not None
    if changed != len(wanted.journeys):
        late = len(wanted.journeys) - changed
        number = "Un parcours a été modifié" if late == 1 else f"{late} parcours ont été modifiés"
        raise Conflict(
            f"{number} entre-temps : aucun n'a changé de référent. Relisez la liste, puis recommencez."
        )
    return changed
