"""Signing in and out: throttled attempts, sessions that the server can end.

Failures of the last hour count three ways, so that guessing is slow and nobody can lock a colleague out:
- of one account from one address: 5 are free, then the wait is 30 s and doubles, up to 15 min;
- of one address, whatever the account: 25 are free (a whole structure may share it), then the same waits;
- of one account from anywhere: 20 are free, then each attempt is answered later, by 0.1 s more for each further
  one, 2 s at most. Its holder, at an address of their own, waits these 2 s; where more than two wait at once in
  one process, the others are told to try again, so that no crowd of attempts takes every thread, and that counts
  as a failure of their address.
"""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from threading import BoundedSemaphore
from time import sleep

from flask import current_app
from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.exc import OperationalError

from coordination.accounts import passwords
from coordination.accounts.models import Account, SignInAttempt, SignInSession
from coordination.accounts.queries import SignedIn, load_actor, token_hash
from coordination.clock import PARIS
from coordination.db import db
from coordination.errors import BadInput, Forbidden
from coordination.privacy.actor import VISITOR, Actor
from coordination.privacy.keys import secret_key
from coordination.privacy.models import Idempotency
from coordination.privacy.policy import Action
from coordination.privacy.work import work

WINDOW = timedelta(hours=1)
FREE_FAILURES = 5
FREE_FAILURES_PER_ADDRESS = 25
FREE_FAILURES_PER_ACCOUNT = 20
MORE_DELAY = 0.1
LONGEST_DELAY = 2.0
# Who waits holds a thread.
MOST_WAITING = 2
_WAITING = BoundedSemaphore(MOST_WAITING)
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
KEPT = timedelta(days=1)
# A form sent again after a day counts as a new one.
IDEMPOTENCY_KEPT = timedelta(hours=24)
TOUCH_EVERY = timedelta(minutes=5)
WRONG = "Adresse e-mail ou mot de passe incorrect."
BUSY = "Une autre tentative est en cours. Réessayez dans quelques secondes."
SUSPENDED = "Ce compte est suspendu. Adressez-vous à l'administrateur."


class SignInRefused(BadInput):
    """Not signed in. `retry_at` is set when the next attempt must wait."""

    def __init__(self, message: str, retry_at: datetime | None = None) -> None:
        super().__init__(message)
        self.retry_at = retry_at


@dataclass(frozen=True)
class _Candidate:
    account_id: uuid.UUID
    password_hash: str | None
    suspended: bool


class _NoLongerStands(Exception):
    """The password was changed, or the account suspended, while that password was being checked."""


def wait_until(failures: Sequence[datetime], free: int = FREE_FAILURES) -> datetime | None:
    """When the next attempt is allowed after these failures of the last hour (any order); None: at once.

    After `free` failures the wait is 30 s and doubles with each further one, up to 15 min.
    """
    if len(failures) < free:
        return None
    wait = min(FIRST_WAIT * 2 ** min(len(failures) - free, 10), LONGEST_WAIT)
    return max(failures) + wait


def delay_after(failures: int) -> float:
    """Seconds by which an attempt is answered later after so many failures of its account from anywhere."""
    return min(max(0, failures - FREE_FAILURES_PER_ACCOUNT + 1) * MORE_DELAY, LONGEST_DELAY)


def network(address: str) -> str:
    """What counts as one address: IPv6 by /64, since a single subscriber has all of it; in one spelling."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
    return str(found)


def _subject(kind: bytes, value: str) -> bytes:
    """A keyed hash: the table of failures holds no address of anybody."""
    key = secret_key(current_app.config["SETTINGS"], "index")
    return hmac.digest(key, kind + b"\0" + value.strip().lower().encode(), "sha256")


@contextmanager
def _one_at_a_time(subject: bytes) -> Iterator[Connection]:
    """Attempts on an account from one address follow each other, so that none slips past the count of failures."""
    with db.engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '2s'"))
        number = int.from_bytes(subject[:8], "big", signed=True)
        try:
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") != "55P03":
                raise
            raise SignInRefused(BUSY) from None
        yield connection


def _failures(connection: Connection, subject: bytes, now: datetime) -> list[datetime]:
    return list(
        connection.scalars(
            select(SignInAttempt.at).where(SignInAttempt.subject == subject, SignInAttempt.at > now - WINDOW)
        )
    )


def _refuse_if_too_many(by_pair: Sequence[datetime], by_address: Sequence[datetime], now: datetime) -> None:
    waits = (wait_until(by_pair), wait_until(by_address, FREE_FAILURES_PER_ADDRESS))
    retry_at = max((wait for wait in waits if wait), default=None)
    if retry_at and now < retry_at:
        # Rounded up: at the minute that is read, it works.
        local = (retry_at + timedelta(seconds=59)).astimezone(PARIS)
        raise SignInRefused(
            f"Trop d'essais. Réessayez à partir de {local.hour} h {local.minute:02d}.", retry_at
        )


def sign_in(email: str, password: str, address: str, now: datetime) -> str:
    """Check e-mail and password; the token of the new session, to be given to the browser alone.

    Raises SignInRefused with one message for an unknown e-mail and for a wrong password. A refusal for too
    many attempts checks nothing and writes nothing: the failures that led to it are already in the log.
    """
    address = network(address)
    account, by_address = _subject(b"email", email), _subject(b"address", address)
    pair = _subject(b"email and address", f"{email.strip()}\0{address}")
    with db.engine.connect() as connection:
        # First of all: who is refused anyway waits for nothing.
        _refuse_if_too_many(_failures(connection, pair, now), _failures(connection, by_address, now), now)
        failures = len(_failures(connection, account, now))
    try:
        _wait(delay_after(failures), now)
    except SignInRefused:
        # Or whoever keeps the places taken would try for ever.
        _note_failure((by_address,), None, now)
        raise
    with _one_at_a_time(pair) as connection:
        _refuse_if_too_many(_failures(connection, pair, now), _failures(connection, by_address, now), now)
        found = connection.execute(
            select(Account.id, Account.password_hash, Account.suspended_at).where(
                Account.email == email.strip().lower(), Account.kind == "person"
            )
        ).first()
        candidate = _Candidate(found.id, found.password_hash, bool(found.suspended_at)) if found else None
        if not passwords.verify(candidate.password_hash if candidate else None, password):
            _note_failure((account, by_address, pair), candidate, now)
            raise SignInRefused(WRONG)
        assert candidate
        try:
            if candidate.suspended:
                raise Forbidden(SUSPENDED)
            return _open_session(candidate, password, (account, pair), now)
        except Forbidden:
            _note(VISITOR, ("compte_suspendu", str(candidate.account_id)), now)
            raise SignInRefused(SUSPENDED) from None
        except _NoLongerStands:
            _note_failure((account, by_address, pair), candidate, now)
            raise SignInRefused(WRONG) from None


def _wait(seconds: float, now: datetime) -> None:
    """Before any lock and holding no connection. Raises SignInRefused where too many wait already."""
    if not seconds:
        return
    if not _WAITING.acquire(blocking=False):
        raise SignInRefused(BUSY, now + timedelta(seconds=LONGEST_DELAY))
    try:
        sleep(seconds)
    finally:
        _WAITING.release()


def _note_failure(subjects: Sequence[bytes], candidate: _Candidate | None, now: datetime) -> None:
    with work(VISITOR, Action.SIGN_IN, now) as w:
        grant = w.require()
        db.session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - KEPT))
        db.session.execute(
            insert(SignInAttempt),
            [{"id": uuid.uuid4(), "subject": subject, "at": now} for subject in subjects],
        )
        w.audit(grant, ("echec", str(candidate.account_id)) if candidate else ("echec",))


def _note(actor: Actor, detail: Sequence[str], now: datetime) -> None:
    with work(actor, Action.SIGN_IN, now) as w:
        w.audit(w.require(), detail)


def _open_session(candidate: _Candidate, password: str, forget: Sequence[bytes], now: datetime) -> str:
    """The token; raises _NoLongerStands, Forbidden if the account was suspended sooner still."""
    token = secrets.token_urlsafe(32)
    actor = load_actor(candidate.account_id, now)
    with work(actor, Action.SIGN_IN, now) as w:
        grant = w.require()
        # Held until the session stands: a change that comes after it finds the session, and ends it.
        stands = db.session.scalar(
            select(Account.id)
            .where(
                Account.id == actor.id,
                Account.password_hash == candidate.password_hash,
                Account.suspended_at.is_(None),
            )
            .with_for_update(key_share=True)
        )
        if stands is None:
            raise _NoLongerStands
        db.session.execute(delete(SignInAttempt).where(SignInAttempt.subject.in_(forget)))
        db.session.execute(delete(Idempotency).where(Idempotency.at < now - IDEMPOTENCY_KEPT))
        db.session.execute(
            insert(SignInSession).values(
                token_hash=token_hash(token, "session"), account_id=actor.id, started_at=now, last_seen_at=now
            )
        )
        if candidate.password_hash and passwords.needs_rehash(candidate.password_hash):
            db.session.execute(
                update(Account)
                .where(Account.id == actor.id)
                .values(password_hash=passwords.hash_password(password))
            )
        w.audit(grant, ("reussie",))
    return token


def sign_out(holder: SignedIn, now: datetime) -> None:
    """End this browser's session on the server: its cookie opens nothing any more."""
    with work(holder.actor, Action.SIGN_OUT, now) as w:
        grant = w.require()
        db.session.execute(
            update(SignInSession)
            .where(SignInSession.token_hash == token_hash(holder.token, "session"))
            .values(revoked_at=now)
        )
        w.audit(grant)


def touch(holder: SignedIn, now: datetime) -> None:
    """Remember that the session is in use, every five minutes at most.

    Outside a `work`: it tells nothing about anybody's file, and a line of audit a page would hide the others.
    """
    if now - holder.last_seen_at < TOUCH_EVERY:
        return
    with db.engine.begin() as connection:
        connection.execute(
            update(SignInSession)
            .where(
                SignInSession.token_hash == token_hash(holder.token, "session"),
                SignInSession.last_seen_at < now,
            )
            .values(last_seen_at=now)
        )
