"""Links by which a person chooses a password: the administrator hands them over and never knows the password."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update

from coordination.accounts import passwords
from coordination.accounts.commands import end_sessions, person_of
from coordination.accounts.models import Account, PasswordLink
from coordination.accounts.queries import read_once, token_hash
from coordination.db import db
from coordination.errors import BadInput, Forbidden
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import work

LINK_LASTS = timedelta(hours=72)
LINK_OVER = "Ce lien a déjà servi ou n'est plus valable. Demandez-en un autre à l'administrateur."


def new_link(actor: Actor, account_id: uuid.UUID, now: datetime) -> str:
    """A link's token with which the person chooses a password, once, within LINK_LASTS; earlier ones die.

    Shown once to the administrator, who hands it over; only its hash is kept.
    """
    token = secrets.token_urlsafe(32)
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        if person_of(account_id).suspended_at:
            raise BadInput("Ce compte est suspendu : rouvrez-le d'abord.")
        db.session.execute(
            update(PasswordLink)
            .where(PasswordLink.account_id == account_id, PasswordLink.used_at.is_(None))
            .values(used_at=now)
        )
        db.session.execute(
            insert(PasswordLink).values(
                token_hash=token_hash(token, "link"), account_id=account_id, expires_at=now + LINK_LASTS
            )
        )
        w.audit(grant, ("lien_mot_de_passe", str(account_id)))
    return token


def link_holder(token: str, now: datetime) -> uuid.UUID | None:
    """The account that a link is for; None once used, too old, or the account suspended."""
    rows = read_once(
        select(PasswordLink.account_id)
        .join(Account, Account.id == PasswordLink.account_id)
        .where(
            PasswordLink.token_hash == token_hash(token, "link"),
            PasswordLink.used_at.is_(None),
            PasswordLink.expires_at > now,
            Account.suspended_at.is_(None),
        )
    )
    return uuid.UUID(str(rows[0].account_id)) if rows else None


def choose_password(token: str, password: str, now: datetime) -> None:
    """The person's own password, by a link. Raises BadInput (field `password`), Forbidden if the link is over."""
    account_id = link_holder(token, now)
    if account_id is None:
        raise Forbidden(LINK_OVER)
    with work(Actor(account_id), Action.CHOOSE_PASSWORD, now) as w:
        grant = w.require()
        account = person_of(account_id)
        passwords.check_new_password(password, account.email, account.display_name)
        # Taken in the same statement as it is checked: two browsers with one link, one password.
        taken = db.session.execute(
            update(PasswordLink)
            .where(PasswordLink.token_hash == token_hash(token, "link"), PasswordLink.used_at.is_(None))
            .values(used_at=now)
        )
        if not taken.rowcount:  # type: ignore[attr-defined]
            raise Forbidden(LINK_OVER)
        db.session.execute(
            update(Account)
            .where(Account.id == account_id)
            .values(password_hash=passwords.hash_password(password))
        )
        end_sessions(account_id, now)
        w.audit(grant, ("mot_de_passe",))
