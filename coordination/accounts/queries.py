"""Reads about people who work: who is signed in, accounts and their roles, the access log."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from flask import current_app
from flask_login import UserMixin
from sqlalchemy import ColumnElement, Executable, Row, and_, func, or_, select, text

from coordination.accounts.models import Account, Membership, SignInSession, Structure
from coordination.console import alphabetical
from coordination.db import db
from coordination.errors import Forbidden, NotFound
from coordination.privacy.actor import Actor, Role
from coordination.privacy.keys import secret_key
from coordination.privacy.models import VoletRight
from coordination.privacy.policy import Grant
from coordination.privacy.volets import Volet

# A session ends after this long without a page, and after this long in any case.
IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=12)
# Every page pays for this one: written out, since putting it together costs ten times its answer.
SIGNED_IN = text(
    """
    SELECT s.last_seen_at, a.id, a.display_name, a.email, a.secrecy_basis, a.charter_signed_on,
           a.charter_expires_on, m.role, m.structure_id, m.programme
    FROM sign_in_session s
    JOIN account a ON a.id = s.account_id
    LEFT JOIN membership m ON m.account_id = a.id AND (m.started_at IS NULL OR m.started_at <= :now)
      AND (m.ended_at IS NULL OR m.ended_at > :now)
    WHERE s.token_hash = :token_hash AND s.revoked_at IS NULL
      AND s.started_at > :oldest AND s.last_seen_at > :idle_since
      AND a.suspended_at IS NULL AND a.kind = 'person'
    ORDER BY m.role, m.id
    """
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
    charter_signed_on: date | None
    charter_expires_on: date | None
    suspended_at: datetime | None
    last_seen_at: datetime | None
    memberships: tuple[MembershipLine, ...]


@dataclass(frozen=True)
class StructureLine:
    id: uuid.UUID
    retired_on: date | None
    code: str
    name: str
    type: str | None
    people: int


def token_hash(token: str, of: Literal["session", "link"]) -> bytes:
    """What the database keeps of a token of a cookie or of a link: keyed, so that who writes to the database alone
    makes none that opens, and of one use: that of one's own session opens nothing as a link.
    """
    told = f"{of}\x1f{token}".encode()
    return hmac.digest(secret_key(current_app.config["SETTINGS"], "session"), told, "sha256")


def stands_now(now: datetime) -> ColumnElement[bool]:
    """The condition on `membership`: a role that stands now."""
    return and_(
        or_(Membership.started_at.is_(None), Membership.started_at <= now),
        or_(Membership.ended_at.is_(None), Membership.ended_at > now),
    )


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
    moments = {"now": now, "oldest": now - ABSOLUTE, "idle_since": now - IDLE}
    rows = read_once(SIGNED_IN, {"token_hash": token_hash(token, "session"), **moments})
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
        .outerjoin(Membership, and_(Membership.account_id == Account.id, stands_now(now)))
        .where(Account.id == account_id)
        .order_by(Membership.role, Membership.id)
    )
    if not rows:
        raise NotFound("Ce compte n'existe pas.")
    if rows[0].suspended_at:
        raise Forbidden("Ce compte est suspendu.")
    return Actor(account_id, _roles(rows), rows[0].kind)


def may_open(today: date) -> ColumnElement[bool]:
    """The condition on `account` of the database's `may_see_journeys`: secrecy basis and charter in force."""
    return and_(
        Account.secrecy_basis != "AUCUN",
        Account.charter_signed_on <= today,
        Account.charter_expires_on > today,
    )


def may_follow(account_id: uuid.UUID, programme: str, now: datetime, *, coordinating: bool = False) -> bool:
    """Whether a role held now writes in the journeys of a programme as their référent.

    With `coordinating`, as their coordinator too: that is who opens one.
    """
    relations = ("referent", "coordinator") if coordinating else ("referent",)
    held = (
        select(Membership.id)
        .join(VoletRight, VoletRight.role == Membership.role)
        .where(
            Membership.account_id == account_id,
            stands_now(now),
            or_(Membership.programme.is_(None), Membership.programme == programme),
            VoletRight.programme == programme,
            VoletRight.relation.in_(relations),
            VoletRight.volet == Volet.COORDINATION.value,
            VoletRight.can_write,
        )
    )
    return bool(db.session.scalar(select(held.exists())))


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
    ).all()
    accounts = sorted(accounts, key=lambda row: (alphabetical(row[0].display_name), row[0].email))
    held: dict[uuid.UUID, list[MembershipLine]] = {}
    for row in db.session.execute(
        select(Membership.account_id, Membership.role, Membership.programme, Structure.code, Structure.name)
        .outerjoin(Structure, Structure.id == Membership.structure_id)
        .where(stands_now(now))
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
            account.charter_signed_on,
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
            Structure.id,
            Structure.retired_on,
            Structure.code,
            Structure.name,
            Structure.type,
            func.count(Membership.account_id.distinct()).label("people"),
        )
        .outerjoin(Membership, and_(Membership.structure_id == Structure.id, stands_now(now)))
        .group_by(Structure.id)
    )
    found = [StructureLine(row.id, row.retired_on, row.code, row.name, row.type, row.people) for row in rows]
    return sorted(found, key=lambda line: (alphabetical(line.name or line.code), line.code))
