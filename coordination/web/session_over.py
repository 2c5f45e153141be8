"""A form that comes after the end of its session: its text is given back, and goes back into the form.

Nobody is signed in, so nothing is written. What was typed travels with the sign-in form, sealed for the account
that the dead session names: whoever else signs in at this computer opens nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import request, session
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.datastructures import MultiDict

from coordination.accounts.models import Account, SignInSession
from coordination.accounts.queries import read_once, token_hash
from coordination.privacy.actor import Actor
from coordination.web import drafts, envelope

VALID = timedelta(hours=12)
# The token of the session that was left: its row is revoked, so that it opens nothing, and names the account.
LEFT = "left"
# Letters of what travels in a hidden field.
LARGEST = 400_000
_PURPOSE = "kept form"


@dataclass(frozen=True)
class Kept:
    """A form that came too late: where it belongs, and what it said."""

    path: str
    typed: MultiDict[str, str] = field(repr=False)


def leave() -> None:
    """Empty the cookie of who signs out, but for what a form still open in another tab needs to come back here.

    Its CSRF token stays that of this browser until somebody signs in: that gives the browser another one.
    """
    token, csrf = session.get("_user_id"), session.get("csrf_token")
    session.clear()
    session.update({LEFT: token, "csrf_token": csrf} if token and csrf else {})


def seal_form(now: datetime) -> str | None:
    """The form of this request, sealed for the account of its dead session; None where there is none."""
    account_id = _account_of_dead_session(now)
    named = request.url_rule
    if (
        account_id is None
        or named is None
        or "GET" not in (named.methods or ())
        or drafts.FIELD not in request.form
    ):
        return None
    typed = [[n, v] for n, v in request.form.items(multi=True) if n != "csrf_token" and "password" not in n]
    sealed = envelope.close(_PURPOSE, account_id, [request.full_path.rstrip("?"), typed], now)
    return sealed if len(sealed) <= LARGEST else None


def open_form(sealed: str, account_id: uuid.UUID, now: datetime) -> Kept | None:
    """What the account had typed; None if it is another's, too old, or not ours."""
    kept = envelope.read(_PURPOSE, account_id, sealed, now, VALID)
    if kept is None:
        return None
    path, typed = kept
    return Kept("/" + path.lstrip("/"), MultiDict([(name, value) for name, value in typed]))


def put_back(kept: Kept, actor: Actor, now: datetime) -> None:
    """As drafts of the person now signed in, who may write there or not. Raises as `keep_draft`."""
    drafts.keep_all(actor, kept.typed, now)


def was_of_another(account_id: uuid.UUID) -> bool:
    """Whether the last session of this browser, ended or left, was not this account's."""
    token = _last_token()
    if token is None:
        return False
    of_token = SignInSession.token_hash == token_hash(token, "session")
    return not read_once(
        select(SignInSession.account_id).where(of_token, SignInSession.account_id == account_id)
    )


def _last_token() -> str | None:
    token = session.get("_user_id") or session.get(LEFT)
    return token if isinstance(token, str) else None


def _account_of_dead_session(now: datetime) -> uuid.UUID | None:
    """Whom this browser's session was of, if its row still says so and the account is not suspended."""
    token = _last_token()
    if token is None:
        return None
    try:
        rows = read_once(
            select(Account.id)
            .join(SignInSession, SignInSession.account_id == Account.id)
            .where(
                SignInSession.token_hash == token_hash(token, "session"),
                SignInSession.last_seen_at > now - timedelta(days=1),
                Account.suspended_at.is_(None),
            )
        )
    except SQLAlchemyError:
        return None
    return rows[0].id if rows else None
