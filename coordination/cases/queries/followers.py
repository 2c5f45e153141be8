"""Who can follow a journey, and the journeys that nobody follows any more."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from coordination.accounts.followers import NEVER_IN, able_to_follow, never_in
from coordination.accounts.models import Account, Membership
from coordination.accounts.vocabulary import PROGRAMME_OF_ROLE
from coordination.cases.queries.running import Running
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
    """An account that may be named référent of journeys of these programmes. `never_in`: it cannot sign in yet."""

    id: uuid.UUID
    name: str
    programmes: frozenset[str]
    never_in: bool = False

    @property
    def offered(self) -> str:
        """As a list names them."""
        return self.name + (NEVER_IN if self.never_in else "")


@dataclass(frozen=True)
class Orphan:
    """A journey without anybody who can open it as référent: why, and since when if it is known."""

    journey_id: uuid.UUID
    why: str
    since: date | None


def followers(actor: Actor, now: datetime) -> list[Follower]:
    """Accounts that can follow a programme that the actor coordinates, by name. One statement."""
    rows = db.session.execute(
        select(Account.id, Account.display_name, VoletRight.programme, never_in())
        .join(Membership, Membership.account_id == Account.id)
        .join(VoletRight, VoletRight.role == Membership.role)
        .where(*able_to_follow(now))
    )
    found: dict[uuid.UUID, Follower] = {}
    for id_, name, programme, never in rows:
        known = found.get(id_)
        found[id_] = Follower(id_, name, (known.programmes if known else frozenset()) | {programme}, never)
    mine = coordinated(actor)
    able = [follower for follower in found.values() if follower.programmes & mine]
    return sorted(able, key=lambda follower: (alphabetical(follower.name), str(follower.id)))


def coordinated(actor: Actor) -> frozenset[str]:
    """The programmes that the actor coordinates."""
    return frozenset(PROGRAMME_OF_ROLE[role] for role in COORDINATING_ROLES if actor.has(role))


def able_pairs(able: Sequence[Follower]) -> list[tuple[uuid.UUID, str]]:
    """Each account with each programme in which it may follow."""
    return [(follower.id, programme) for follower in able for programme in follower.programmes]


def orphans(able: Sequence[Follower], found: Running, now: datetime) -> tuple[list[Orphan], int]:
    """Of `running(able_pairs(able), ...)`, the journeys that nobody follows any more, and how many in all.

    Two statements at most.
    """
    pairs = set(able_pairs(able))
    total = sum(team.number for team in found.teams if (team.referent_id, team.programme) not in pairs)
    gone = {lost.referent_id for lost in found.lost if lost.referent_id}
    reasons = _reasons(gone, now) if gone else {}
    lost = [
        Orphan(one.journey_id, *reasons[one.referent_id])
        if one.referent_id
        else Orphan(one.journey_id, "Aucun référent", one.opened_on)
        for one in found.lost
    ]
    return lost, total


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
