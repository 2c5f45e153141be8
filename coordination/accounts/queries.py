"""Reads about people who work: who is signed in, accounts and their roles, the access log."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask_login import UserMixin
from sqlalchemy import Executable, Row, and_, func, or_, select

from coordination.accounts.models import Account, Membership, SignInSession, Structure
from coordination.db import db
from coordination.errors import Forbidden, NotFound
from coordination.privacy.actor import Actor, Role
from coordination.privacy.policy import Grant

# A session ends after this long without a page, and after this long in any case.
IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=12)
SIGNED_IN = (
    SignInSession.last_seen_at,
    Account.id,
    Account.display_name,
    Account.email,
    Account.secrecy_basis,
    Account.charter_signed_on,
    Account.charter_expires_on,
    Membership.role,
    Membership.structure_id,
    Membership.programme,
)


@dataclass(frozen=True)
class SignedIn(UserMixin):
    """The account of this browser. `get_id()` is the cookie's token, known to nobody else."""

    token: str = field(repr=False)
    last_seen_at: datetime
    actor: Actor
    display_name: str = field(repr=False)
    email: str = field(repr=False)
    secrecy_basis: str
    charter_signed_on: date | None
    charter_expires_on: date | None

    def get_id(self) -> str:
        return self.token

    def may_see_journeys(self, today: date) -> bool:
        """The same condition as the database's `may_see_journeys`, to tell the person why nothing shows."""
        return (
            self.secrecy_basis != "AUCUN"
            and self.charter_signed_on is not None
            and self.charter_signed_on <= today
            and self.charter_expires_on is not None
            and self.charter_expires_on > today
        )


@dataclass(frozen=True)
class MembershipLine:
    role: str
    structure: str | None
    structure_name: str | None
    programme: str | None


@dataclass(frozen=True)
class AccountLine:
    """An account as the administrator sees it: professional data only, no journey."""

    id: uuid.UUID
    email: str = field(repr=False)
    display_name: str = field(repr=False)
    has_password: bool
    secrecy_basis: str
    charter_version: str | None
    charter_expires_on: date | None
    suspended_at: datetime | None
    last_seen_at: datetime | None
    memberships: tuple[MembershipLine, ...]


@dataclass(frozen=True)
class StructureLine:
    code: str
    name: str
    type: str | None
    people: int


def token_hash(token: str) -> bytes:
    """What the database keeps of a cookie's token."""
    return hashlib.sha256(token.encode()).digest()


def _current(now: datetime) -> Any:
    return or_(Membership.ended_at.is_(None), Membership.ended_at > now)


def _roles(rows: Sequence[Row[Any]]) -> tuple[Role, ...]:
    return tuple(Role(row.role, row.structure_id, row.programme) for row in rows if row.role)


def read_once(statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
    """Rows of one statement outside any transaction, for tables without row-level security.

    One round trip instead of the five of a session's transaction: every page pays for this one.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return connection.execute(statement, values or {}).all()


def find_signed_in(token: str, now: datetime) -> SignedIn | None:
    """Who holds the token; None once revoked, too old, or suspended."""
    rows = read_once(
        select(*SIGNED_IN)
        .join(Account, Account.id == SignInSession.account_id)
        .outerjoin(Membership, and_(Membership.account_id == Account.id, _current(now)))
        .where(
            SignInSession.token_hash == token_hash(token),
            SignInSession.revoked_at.is_(None),
            SignInSession.started_at > now - ABSOLUTE,
            SignInSession.last_seen_at > now - IDLE,
            Account.suspended_at.is_(None),
            Account.kind == "person",
        )
        .order_by(Membership.role, Membership.id)
    )
    if not rows:
        return None
    first = rows[0]
    return SignedIn(
        token=token,
        last_seen_at=first.last_seen_at,
        actor=Actor(first.id, _roles(rows)),
        display_name=first.display_name,
        email=first.email,
        secrecy_basis=first.secrecy_basis,
        charter_signed_on=first.charter_signed_on,
        charter_expires_on=first.charter_expires_on,
    )


def load_actor(account_id: uuid.UUID, now: datetime) -> Actor:
    """An account as an actor with its current roles. Raises NotFound, or Forbidden if suspended."""
    rows = read_once(
        select(
            Account.kind, Account.suspended_at, Membership.role, Membership.structure_id, Membership.programme
        )
        .outerjoin(Membership, and_(Membership.account_id == Account.id, _current(now)))
        .where(Account.id == account_id)
        .order_by(Membership.role, Membership.id)
    )
    if not rows:
        raise NotFound("Ce compte n'existe pas.")
    if rows[0].suspended_at:
        raise Forbidden("Ce compte est suspendu.")
    return Actor(account_id, _roles(rows), rows[0].kind)


def account_id_of(email: str) -> uuid.UUID:
    """The id of the person's account with this e-mail. Raises NotFound."""
    rows = read_once(
        select(Account.id).where(Account.email == email.strip().lower(), Account.kind == "person")
    )
    if not rows:
        raise NotFound("Aucun compte ne porte cette adresse.")
    account_id: uuid.UUID = rows[0].id
    return account_id


def list_accounts(grant: Grant, now: datetime) -> list[AccountLine]:
    """Every person's account with its current roles, by name."""
    seen = (
        select(SignInSession.account_id, func.max(SignInSession.last_seen_at).label("at"))
        .group_by(SignInSession.account_id)
        .subquery()
    )
    accounts = db.session.execute(
        select(Account, seen.c.at)
        .outerjoin(seen, seen.c.account_id == Account.id)
        .where(Account.kind == "person")
        .order_by(Account.display_name, Account.email)
    ).all()
    held: dict[uuid.UUID, list[MembershipLine]] = {}
    for row in db.session.execute(
        select(Membership.account_id, Membership.role, Membership.programme, Structure.code, Structure.name)
        .outerjoin(Structure, Structure.id == Membership.structure_id)
        .where(_current(now))
        .order_by(Membership.role, Structure.code)
    ):
        held.setdefault(row.account_id, []).append(
            MembershipLine(row.role, row.code, row.name, row.programme)
        )
    return [
        AccountLine(
            account.id,
            account.email,
            account.display_name,
            account.password_hash is not None,
            account.secrecy_basis,
            account.charter_version,
            account.charter_expires_on,
            account.suspended_at,
            at,
            tuple(held.get(account.id, ())),
        )
        for account, at in accounts
    ]


def list_structures(grant: Grant, now: datetime) -> list[StructureLine]:
    """Every structure, with how many people hold a role in it."""
    rows = db.session.execute(
        select(
            Structure.code,
            Structure.name,
            Structure.type,
            func.count(Membership.account_id.distinct()).label("people"),
        )
        .outerjoin(Membership, and_(Membership.structure_id == Structure.id, _current(now)))
        .group_by(Structure.id)
        .order_by(Structure.name)
    )
    return [StructureLine(row.code, row.name, row.type, row.people) for row in rows]
