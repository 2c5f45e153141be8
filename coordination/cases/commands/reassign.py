"""Giving several journeys to another référent, or to one backup, at once: all of them, or none."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from coordination.cases.checks import Problems
from coordination.cases.commands.deadlines import follow_many
from coordination.cases.commands.skeleton import remember_journey
from coordination.cases.commands.team import AWAY_TOO, NO_SUCH_LEAVE, check_follower
from coordination.cases.commands.turns import remember_relay
from coordination.cases.models import Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.away import away
from coordination.cases.queries.followers import MOST, followers
from coordination.cases.vocabulary import PROGRAMMES
from coordination.clock import paris_date
from coordination.db import among, db
from coordination.errors import BadInput, Conflict, NotFound
from coordination.privacy.access import sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import Work, work

NOBODY_CHOSEN = "Cochez au moins un parcours."
NOBODY_NAMED = "Choisissez le nouveau référent."
NO_BACKUP_NAMED = "Choisissez qui prend ces parcours en suppléance."


@dataclass(frozen=True)
class Reassignment:
    """Journeys with the version that was read, and who follows them from now on."""

    journeys: Sequence[tuple[uuid.UUID, int]]
    referent_id: uuid.UUID | None

    def body(self) -> bytes:
        return _body(self.referent_id, self.journeys)


@dataclass(frozen=True)
class Backing:
    """Journeys with the version that was read, and who stands in for each of them from now on."""

    journeys: Sequence[tuple[uuid.UUID, int]]
    backup_id: uuid.UUID | None

    def body(self) -> bytes:
        return _body(self.backup_id, self.journeys)


def _body(person: uuid.UUID | None, journeys: Sequence[tuple[uuid.UUID, int]]) -> bytes:
    """What makes two sendings of a form the same."""
    return "\x1f".join([str(person), *sorted(str(id_) for id_, _ in journeys)]).encode()


def reassign(actor: Actor, wanted: Reassignment, now: datetime, *, key: str = "", answer: str = "") -> int:
    """Name the référent of every journey, in one work with a line of audit each; how many changed hands.

    Their accesses follow in the same work. Raises BadInput (`journeys`, `referent`), NotFound if one of them is
    not the actor's to see, Forbidden if one is not theirs to coordinate, Conflict if one changed meanwhile,
    AlreadyDone: then nothing at all was written.
    """
    with work(actor, Action.ASSIGN_REFERENT, now) as w:
        _check(wanted.journeys, {} if wanted.referent_id else {"referent": NOBODY_NAMED})
        ids = sorted({id_ for id_, _ in wanted.journeys})
        grants = [w.require(id_) for id_ in ids]
        if key:
            w.once(key, wanted.body(), answer)
        _check_follower(actor, ids, wanted.referent_id, now)
        # Nobody stands in for themselves.
        before = _write(
            w,
            wanted.journeys,
            referent_id=wanted.referent_id,
            backup_id=func.nullif(Journey.backup_id, wanted.referent_id),
        )
        today = paris_date(now)
        for id_, grant in zip(ids, grants, strict=True):
            if before[id_].referent_id != wanted.referent_id:
                remember_relay(grant, id_, actor.id, (before[id_].referent_id, wanted.referent_id), today)
        follow_many(grants[0], ids, "team", today, f"référent nommé le {today:%d/%m/%Y}")
        sync_access(ids)
        for grant in grants:
            w.audit(grant, ["referent_id", "turn"])
        return len(before)


def back_up(
    actor: Actor, leave_id: uuid.UUID, wanted: Backing, now: datetime, *, key: str = "", answer: str = ""
) -> int:
    """Name the backup of journeys before an own absence, in one work with a line of audit each; how many.

    Raises BadInput (`journeys`, `backup`), NotFound for an absence or a journey that is not the actor's, Forbidden,
    Conflict if one changed meanwhile, AlreadyDone: then nothing at all was written.
    """
    with work(actor, Action.HAND_OVER, now) as w:
        leave = db.session.execute(
            select(Leave.from_on, Leave.until_on).where(Leave.id == leave_id, Leave.account_id == actor.id)
        ).first()
        if leave is None:
            raise NotFound(NO_SUCH_LEAVE, f"leave={leave_id}")
        backup_id = wanted.backup_id
        _check(wanted.journeys, {} if backup_id else {"backup": NO_BACKUP_NAMED})
        ids = sorted({id_ for id_, _ in wanted.journeys})
        grants = [w.require(id_) for id_ in ids]
        if key:
            w.once(key, wanted.body(), answer)
        _check_backup(ids, backup_id, leave.from_on, leave.until_on, now)
        before = _write(w, wanted.journeys, backup_id=backup_id)
        today = paris_date(now)
        follow_many(grants[0], ids, "team", today, f"suppléant nommé le {today:%d/%m/%Y}")
        sync_access(ids)
        for grant in grants:
            w.audit(grant, ["backup_id"])
        return len(before)


def _check(journeys: Sequence[tuple[uuid.UUID, int]], problems: dict[str, str]) -> None:
    if not journeys:
        problems["journeys"] = NOBODY_CHOSEN
    elif len(journeys) > MOST:
        problems["journeys"] = f"Pas plus de {MOST} parcours à la fois."
    if problems:
        raise BadInput("Aucun parcours n'a changé de mains : corrigez ce qui suit.", problems)


def _check_backup(
    ids: list[uuid.UUID], backup_id: uuid.UUID | None, first: date, last: date, now: datetime
) -> None:
    """The backup may follow every one of these journeys, is not already who does, and is there on those days."""
    held = db.session.execute(
        select(Journey.programme, Journey.referent_id).where(among(Journey.id, ids)).distinct()
    ).all()
    problems = Problems()
    if backup_id is None:  # refused before
        return
    if any(row.referent_id == backup_id for row in held):
        problems["backup"] = "Le suppléant est une autre personne que le référent."
    for programme in sorted({row.programme for row in held}):
        check_follower(problems, "backup", backup_id, programme, now)
    if not problems and away([backup_id], first, last):
        problems["backup"] = AWAY_TOO
    problems.stop_if_any()


def _check_follower(actor: Actor, ids: list[uuid.UUID], referent_id: uuid.UUID | None, now: datetime) -> None:
    """The person named must be able to open every one of these journeys."""
    needed = set(db.session.scalars(select(Journey.programme).where(among(Journey.id, ids)).distinct()))
    chosen = next((follower for follower in followers(actor, now) if follower.id == referent_id), None)
    missing = needed - (chosen.programmes if chosen else frozenset())
    if missing:
        which = ", ".join(PROGRAMMES[programme] for programme in sorted(missing))
        problem = f"Cette personne ne peut pas suivre de parcours : {which}."
        raise BadInput(problem, {"referent": problem})


def _write(w: Work, journeys: Sequence[tuple[uuid.UUID, int]], **values: Any) -> Mapping[uuid.UUID, Any]:
    """Each journey at the version that was read, or none; who followed and backed up each before."""
    changed = 0
    columns = (Journey.referent_id, Journey.backup_id)
    ids = [id_ for id_, _ in journeys]
    team = {
        row.id: row for row in db.session.execute(select(Journey.id, *columns).where(among(Journey.id, ids)))
    }
    for id_, version in journeys:
        done = db.session.execute(
            update(Journey)
            .where(Journey.id == id_, Journey.version == version)
            .values(**values, version=Journey.version + 1)
            .returning(Journey.id)
        ).first()
        if done is not None:
            changed += 1
            # Who writes on it meanwhile is told by whom it was changed.
            remember_journey(w, id_, {name: getattr(team[id_], name) for name in values})
    if changed != len(journeys):
        late = len(journeys) - changed
        number = "Un parcours a été modifié" if late == 1 else f"{late} parcours ont été modifiés"
        raise Conflict(
            f"{number} entre-temps : aucun n'a changé de mains. Relisez la liste, puis recommencez."
        )
    return team
