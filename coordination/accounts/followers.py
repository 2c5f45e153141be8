"""Who may follow journeys: the people offered as référent, backup or replacement."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, Row, or_, select

from coordination.accounts.models import Account, Membership, Structure
from coordination.accounts.queries import may_open, stands_now
from coordination.clock import paris_date
from coordination.console import alphabetical
from coordination.db import db
from coordination.privacy.models import VoletRight
from coordination.privacy.volets import Volet

NEVER_IN = " (ne s'est jamais connecté)"


def never_in() -> ColumnElement[bool]:
    """The condition on `account`: nobody chose its password, so nobody ever signed in to it."""
    return Account.password_hash.is_(None)


def followers(programmes: Collection[str], now: datetime) -> dict[uuid.UUID, str]:
    """People at work who may be référent in one of the programmes, by name, with their structure; whoever cannot
    sign in yet is said to be so."""
    rows = db.session.execute(
        select(Account.id, Account.display_name, Structure.name, never_in())
        .join(Membership, Membership.account_id == Account.id)
        .join(VoletRight, VoletRight.role == Membership.role)
        .outerjoin(Structure, Structure.id == Membership.structure_id)
        .where(VoletRight.programme.in_(programmes), *able_to_follow(now))
    )
    ordered = sorted(rows, key=lambda row: (alphabetical(row[1]), str(row[0]), row[2] or ""))
    return {
        id_: (f"{name} ({structure})" if structure else name) + (NEVER_IN if never else "")
        for id_, name, structure, never in ordered
    }


def able_to_follow(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions on `account`, `membership` and `volet_right` joined: a person who writes as référent now."""
    return (
        Account.kind == "person",
        Account.suspended_at.is_(None),
        may_open(paris_date(now)),
        stands_now(now),
        or_(Membership.programme.is_(None), Membership.programme == VoletRight.programme),
        VoletRight.relation == "referent",
        VoletRight.volet == Volet.COORDINATION.value,
        VoletRight.can_write.is_(True),
    )


def structures() -> dict[uuid.UUID, str]:
    """Every structure by name, retired ones too: for what was written before."""
    return {row.id: row.name or row.code for row in _structures()}


def structures_offered(today: date, chosen: str = "") -> dict[uuid.UUID, str]:
    """Structures that a form offers, by name: a retired one only where it is `chosen` already, and it says so."""
    return {
        row.id: (row.name or row.code) + (" (retirée)" if retired else "")
        for row in _structures()
        if not (retired := row.retired_on is not None and row.retired_on <= today) or str(row.id) == chosen
    }


def _structures() -> list[Row[uuid.UUID, str | None, str, date | None]]:
    rows = db.session.execute(
        select(Structure.id, Structure.name, Structure.code, Structure.retired_on)
    ).all()
    return sorted(rows, key=lambda row: (alphabetical(row.name or row.code), row.code))
