"""Who can follow a journey, and the journeys that nobody follows any more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select, tuple_

from coordination.accounts.followers import able_to_follow
from coordination.accounts.models import Account, Membership
from coordination.accounts.vocabulary import PROGRAMME_OF_ROLE
from coordination.cases.models import Journey
from coordination.cases.queries.relays import Team
from coordination.clock import paris_date
from coordination.console import alphabetical
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.models import VoletRight
from coordination.privacy.policy import COORDINATING_ROLES

# Journeys that may change hands in one work.
MOST = 100


@dataclass(frozen=True)
class Follower:
    """An account that may be named référent of journeys of these programmes."""

    id: uuid.UUID
    name: str
    programmes: frozenset[str]


@dataclass(frozen=True)
class Orphan:
    """A journey without anybody who can open it as référent: why, and since when if it is known."""

    journey_id: uuid.UUID
    why: str
    since: date | None


def followers(actor: Actor, now: datetime) -> list[Follower]:
    """Accounts that can follow a programme that the actor coordinates, by name. One statement."""
    rows = db.session.execute(
        select(Account.id, Account.display_name, VoletRight.programme)
        .join(Membership, Membership.account_id == Account.id)
        .join(VoletRight, VoletRight.role == Membership.role)
        .where(*able_to_follow(now))
    )
    found: dict[uuid.UUID, Follower] = {}
    for id_, name, programme in rows:
        known = found.get(id_)
        found[id_] = Follower(id_, name, (known.programmes if known else frozenset()) | {programme})
    mine = coordinated(actor)
    able = [follower for follower in found.values() if follower.programmes & mine]
    return sorted(able, key=lambda follower: (alphabetical(follower.name), str(follower.id)))


def coordinated(actor: Actor) -> frozenset[str]:
    """The programmes that the actor coordinates."""
    return frozenset(PROGRAMME_OF_ROLE[role] for role in COORDINATING_ROLES if actor.has(role))


def orphans(
    able: list[Follower], running: Sequence[Team], now: datetime, most: int
) -> tuple[list[Orphan], int]:
    """Running journeys without référent, or whose référent can follow no more: the first `most`, and how many.

    Three statements at most.
    """
    programmes = {follower.id: follower.programmes for follower in able}
    lost = [team for team in running if team.programme not in programmes.get(team.referent_id, ())]  # type: ignore[arg-type]
    if not lost:
        return [], 0
    gone = {(team.referent_id, team.programme) for team in lost if team.referent_id}
    pair = tuple_(Journey.referent_id, Journey.programme)
    rows = db.session.execute(
        select(Journey.id, Journey.opened_on, Journey.referent_id)
        .where(
            Journey.exit_on.is_(None),
            Journey.stage.is_distinct_from("NON_RETENU"),
            or_(Journey.referent_id.is_(None), pair.in_(list(gone)))
            if gone
            else Journey.referent_id.is_(None),
        )
        .order_by(Journey.ref)
        .limit(most)
    ).all()
    reasons = _reasons({who for who, _ in gone if who}, now) if gone else {}
    found = [
        Orphan(row.id, *reasons[row.referent_id])
        if row.referent_id
        else Orphan(row.id, "Aucun référent", row.opened_on)
        for row in rows
    ]
    return found, sum(team.number for team in lost)


def _reasons(ids: set[uuid.UUID], now: datetime) -> dict[uuid.UUID, tuple[str, date | None]]:
    accounts = db.session.execute(
        select(Account.id, Account.display_name, Account.suspended_at, Account.charter_expires_on).where(
            among(Account.id, ids)
        )
    ).all()
    ended: dict[uuid.UUID, list[datetime | None]] = {}
    for id_, at in db.session.execute(
        select(Membership.account_id, Membership.ended_at).where(among(Membership.account_id, ids))
    ):
        ended.setdefault(id_, []).append(at)
    found: dict[uuid.UUID, tuple[str, date | None]] = {}
    for row in accounts:
        ends = ended.get(row.id, [])
        last = max((at for at in ends if at), default=None)
        if row.suspended_at:
            found[row.id] = (f"Compte de {row.display_name} suspendu", paris_date(row.suspended_at))
        elif last and last <= now and all(ends):
            found[row.id] = (f"{row.display_name} n'a plus ce rôle", paris_date(last))
        elif row.charter_expires_on is None or row.charter_expires_on <= paris_date(now):
            found[row.id] = (f"Charte de {row.display_name} absente ou expirée", row.charter_expires_on)
        else:
            found[row.id] = (f"{row.display_name} ne peut pas suivre ce dispositif", None)
    return found
