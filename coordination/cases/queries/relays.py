"""What the coordination arranges for all the journeys of somebody at once: absences, departures, relays awaited."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, select

from coordination.accounts.models import Membership
from coordination.alerts.standing import Standing
from coordination.cases.models_life import Leave
from coordination.cases.queries.away import LEAVE_TOLD
from coordination.cases.queries.people import account_names
from coordination.cases.queries.running import Team, counted
from coordination.clock import paris_date
from coordination.console import alphabetical
from coordination.db import db, many
from coordination.privacy.models import VoletRight
from coordination.privacy.volets import Volet

# Alerts that one absence or one departure opens on every journey that somebody follows.
ABSENCE = frozenset({"I07"})
_ENDS = frozenset({"I08", "I09"})
RELAY_RULES = ABSENCE | _ENDS
# As long before as I08 speaks: each family is owed a meeting with both référents.
ROLE_TOLD = timedelta(days=30)
# Put together once: half of what running them costs.
_ABSENCES = (
    select(
        Leave.id,
        Leave.account_id,
        Leave.from_on,
        Leave.until_on,
        func.may_replace(Leave.account_id).label("replaceable"),
    )
    .where(
        Leave.account_id == many("ids"),
        Leave.backup_id.is_(None),
        Leave.from_on <= bindparam("until"),
        Leave.until_on >= bindparam("today"),
    )
    .order_by(Leave.from_on)
)
# As the wall's `team_clocks` says it for I08: the last role in which they may follow the programme.
_ENDS_OF_ROLES = (
    select(Membership.account_id, VoletRight.programme, func.max(Membership.ended_at).label("at"))
    .join(VoletRight, VoletRight.role == Membership.role)
    .where(
        Membership.account_id == many("ids"),
        Membership.programme.is_(None) | (Membership.programme == VoletRight.programme),
        VoletRight.relation == "referent",
        VoletRight.volet == Volet.COORDINATION.value,
    )
    .group_by(Membership.account_id, VoletRight.programme)
    .having(func.bool_and(Membership.ended_at.is_not(None)), func.max(Membership.ended_at) > bindparam("now"))
)


@dataclass(frozen=True)
class Away:
    """Somebody away soon or now without replacement; `journeys` that have no backup of their own either.

    `replaceable`: the actor coordinates all that they follow, and may choose who replaces.
    """

    leave_id: uuid.UUID
    who: uuid.UUID
    name: str
    from_on: date
    until_on: date
    journeys: int
    replaceable: bool


@dataclass(frozen=True)
class Leaving:
    """Somebody whose last role that follows these journeys ends soon."""

    who: uuid.UUID
    name: str
    on: date
    journeys: int


@dataclass(frozen=True)
class Relay:
    """Journeys on which an alert says that nobody follows, replaces or will follow; `who` None: never anybody.

    `leave_id`: nothing but this absence, during which the actor may say who replaces.
    """

    who: uuid.UUID | None
    name: str
    journeys: int
    leave_id: uuid.UUID | None = None


def awaited(people: Iterable[Standing], today: date) -> tuple[Relay, ...]:
    """One line per référent concerned, the most journeys first. Two statements at most."""
    concerned = [one for one in people if not RELAY_RULES.isdisjoint(one.rules.split())]
    waiting = Counter(who for _, who in {(one.journey, one.referent_id) for one in concerned})
    names = account_names({id_ for id_ in waiting if id_}) if waiting else {}
    leaves_for_good = {one.referent_id for one in concerned if not _ENDS.isdisjoint(one.rules.split())}
    leaves = _without_replacement({who for who in waiting if who} - leaves_for_good, today)
    found = [
        Relay(who, names.get(who, "") if who else "", number, leaves.get(who) if who else None)
        for who, number in waiting.items()
    ]
    return tuple(sorted(found, key=lambda relay: (-relay.journeys, alphabetical(relay.name))))


def _without_replacement(people: Collection[uuid.UUID], today: date) -> dict[uuid.UUID, uuid.UUID]:
    """The absence of each that is not over, the first one, where the actor may say who replaces."""
    # The first one of each is the last to be put there.
    return {row.account_id: row.id for row in reversed(_absences(people, today)) if row.replaceable}


def _absences(people: Collection[uuid.UUID], today: date, until: date = date.max) -> Sequence[Any]:
    """Absences without replacement of these people, not over and begun by `until`, the soonest first."""
    if not people:
        return ()
    return db.session.execute(_ABSENCES, {"ids": list(people), "until": until, "today": today}).all()


def uncovered(running: Sequence[Team], today: date, until: date | None = None) -> tuple[Away, ...]:
    """The next absence without replacement of each who follows a running journey, the soonest first.

    `until`: last day on which it may begin; by default as long before as the board says it. Two statements at most.
    """
    left = counted(
        (team.referent_id, team.number) for team in running if team.referent_id and team.backup_id is None
    )
    rows = _absences(left, today, until or today + LEAVE_TOLD)
    names = account_names({row.account_id for row in rows})
    found: dict[uuid.UUID, Away] = {}
    for id_, who, first, last, replaceable in rows:
        found.setdefault(who, Away(id_, who, names.get(who, ""), first, last, left[who], replaceable))
    return tuple(found.values())


def leaving(running: Sequence[Team], now: datetime) -> tuple[Leaving, ...]:
    """Those who follow a running journey in a role that ends soon, no other taking over; the soonest first.

    Two statements at most.
    """
    followed = counted(
        ((team.referent_id, team.programme), team.number) for team in running if team.referent_id
    )
    ends = db.session.execute(_ENDS_OF_ROLES, {"ids": list({who for who, _ in followed}), "now": now}).all()
    until = paris_date(now) + ROLE_TOLD
    soon = [row for row in ends if paris_date(row.at) <= until and followed[row.account_id, row.programme]]
    names = account_names({row.account_id for row in soon})
    found = [
        Leaving(
            row.account_id,
            names.get(row.account_id, ""),
            # The last day, as it is typed: the role ends with it.
            paris_date(row.at - timedelta(microseconds=1)),
            followed[row.account_id, row.programme],
        )
        for row in soon
    ]
    return tuple(sorted(found, key=lambda one: (one.on, alphabetical(one.name))))
