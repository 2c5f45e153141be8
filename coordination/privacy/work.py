"""The only way to write (`work`), and the only way to read what is sealed (`consult`).

No permission, no grant; no grant, no audit line; no audit line, no commit. A consult is written in its own
short transaction before the page is rendered; so is a refusal, since the work was rolled back.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from coordination.db import act_as, db, in_turn, narrow, narrowed
from coordination.errors import Forbidden, NotFound, SentBefore
from coordination.privacy.access import hold_journey, subject_of
from coordination.privacy.actor import Actor
from coordination.privacy.keys import secret_key
from coordination.privacy.keystore import Head
from coordination.privacy.models import Idempotency
from coordination.privacy.policy import IN_TURN, Action, Grant, Subject, can, require
from coordination.privacy.vault import keystore

# A command waits for its turn; a page would hold a thread while an import goes on for minutes, or while somebody
# keeps the lock of a chain of the audit, which any role of the database can take.
_PATIENCE = "8s"
# As forms draw them; a piece of a form adds the id of what it is about.
_DRAWN = re.compile(r"[0-9a-f]{32}([0-9a-f]{32})?")
SENT_BEFORE = (
    "Ce formulaire a déjà été enregistré, avec un autre contenu. Ce que vous avez écrit est gardé ci-dessous :"
    " enregistrez-le s'il s'agit d'autre chose, sinon ouvrez de nouveau le formulaire."
)
# What a refusal may name: a kind with an opaque id or the code of a rule.
_SOUGHT = re.compile(r"[a-z_]+=([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z][0-9]{2})")


class AlreadyDone(Exception):
    """The same form came twice: `answer` is what it was answered the first time."""

    def __init__(self, answer: str) -> None:
        super().__init__()
        self.answer = answer


@dataclass
class Work:
    """An open transaction of an actor; collects the audit lines that its end will write."""

    actor: Actor
    action: Action
    now: datetime
    lines: list[tuple[Action, uuid.UUID | None, str]] = field(default_factory=list)
    besides: set[Action] = field(default_factory=set)
    wanted: uuid.UUID | None = None
    subject: Subject | None = None

    def require(self, journey_id: uuid.UUID | None = None) -> Grant:
        """The grant for this action, on a journey or on none. Raises NotFound or Forbidden.

        Who writes holds the journey's row from here on, so what is read next is what the one before wrote.
        """
        if journey_id is None:
            return self._grant(None)
        held, self.wanted = self.wanted == journey_id, journey_id
        with narrowed([journey_id]):
            if db.session.info.get("writing") and not held:
                hold_journey(journey_id)
            subject = subject_of(self.actor, journey_id)
        return self._grant(subject)

    def require_alone(self, journey_id: uuid.UUID) -> Grant:
        """The same for a page of this journey and no other: the wall need not look at all that the actor sees."""
        self.wanted = journey_id
        narrow([journey_id])
        return self._grant(subject_of(self.actor, journey_id))

    def _grant(self, subject: Subject | None) -> Grant:
        self.subject = subject
        return require(self.actor, self.action, subject)

    def require_besides(self, action: Action) -> Grant:
        """The grant for another action that this work does too, on no journey. Raises Forbidden."""
        grant = require(self.actor, action)
        self.besides.add(action)
        return grant

    def audit(self, grant: Grant, detail: Iterable[str] = ()) -> None:
        """Note what was done: names of fields or ids, never values."""
        self._note(grant, grant.journey_id, detail)

    def audit_each(self, grant: Grant, details: Mapping[uuid.UUID, Iterable[str]]) -> None:
        """The same for each of the journeys that a work on no journey has written."""
        for journey_id, detail in details.items():
            self._note(grant, journey_id, detail)

    def _note(self, grant: Grant, journey_id: uuid.UUID | None, detail: Iterable[str]) -> None:
        if grant.action not in {self.action, *self.besides} or grant.actor_id != self.actor.id:
            raise RuntimeError("This grant belongs to another work.")
        self.lines.append((grant.action, journey_id, ",".join(detail)))

    def once(self, key: str, body: bytes, answer: str) -> None:
        """Take an idempotency key. Raises AlreadyDone (same body) or SentBefore (another body)."""
        key = _as_stored(key)
        # Keyed, so that a stolen table does not let anybody try out texts; of this action on this journey alone.
        place = f"{self.action}\x1f{self.wanted}\x1f".encode()
        digest = hmac.digest(secret_key(current_app.config["SETTINGS"], "index"), place + body, "sha256")
        if _take_key(self, key, digest, answer):
            return
        earlier = db.session.execute(
            select(Idempotency.request_hash, Idempotency.answer).where(
                Idempotency.account_id == self.actor.id, Idempotency.key == key
            )
        ).one()
        if earlier.request_hash == digest:
            raise AlreadyDone(earlier.answer)
        raise SentBefore(SENT_BEFORE)


def _take_up(actor: Actor) -> None:
    act_as(db.session, actor.id)
    db.session.info["patience"] = "0" if actor.kind == "operator" else _PATIENCE


@contextmanager
def work(actor: Actor, action: Action, now: datetime) -> Iterator[Work]:
    """The transaction that writes. Commits only if something was granted and audited."""
    _take_up(actor)
    db.session.info["writing"] = True
    open_work = Work(actor, action, now)
    try:
        if action in IN_TURN:
            in_turn("access")
        yield open_work
        if not open_work.lines:
            raise RuntimeError(f"The work « {action} » ends without an audit line.")
        db.session.flush()
        _spend(open_work)
        heads = _append(open_work, "fait")
        db.session.commit()
        _keep(heads)
    except BaseException as error:
        db.session.rollback()
        _note_refusal(open_work, error)
        raise
    finally:
        db.session.info["writing"] = False


@contextmanager
def spending(key: str) -> Iterator[None]:
    """What is written inside comes from the form with this idempotency key: the key is used, `once` or not."""
    db.session.info["spending"] = key
    try:
        yield
    finally:
        db.session.info["spending"] = ""


def _spend(done: Work) -> None:
    """With no body: a form that corrects knows by its version that it came twice."""
    if key := db.session.info.get("spending"):
        _take_key(done, _as_stored(key), b"", "")


def _take_key(done: Work, key: str, digest: bytes, answer: str) -> bool:
    """Whether nobody had taken it."""
    values = {
        "account_id": done.actor.id,
        "key": key,
        "request_hash": digest,
        "answer": answer,
        "at": done.now,
    }
    taken = insert(Idempotency).values(values).on_conflict_do_nothing().returning(Idempotency.key)
    return db.session.execute(taken).first() is not None


@contextmanager
def consult(actor: Actor, action: Action, now: datetime) -> Iterator[Work]:
    """A read-only transaction whose audit line is committed before its result can be shown."""
    _take_up(actor)
    reading = Work(actor, action, now)
    try:
        yield reading
        db.session.rollback()
        if not reading.lines:
            raise RuntimeError(f"The consult « {action} » ends without an audit line.")
    except BaseException as error:
        db.session.rollback()
        _note_refusal(reading, error)
        raise
    _append_apart(reading, "fait")


def sent_before(actor: Actor, key: str) -> bool:
    """Whether a form with this idempotency key was written already: what it asks first is not asked again."""
    act_as(db.session, actor.id)
    used = key_used(actor.id, key)
    db.session.rollback()
    return used


def key_used(account_id: uuid.UUID, key: str) -> bool:
    """The same, within what is being read."""
    query = select(Idempotency.key).where(
        Idempotency.account_id == account_id, Idempotency.key == _as_stored(key)
    )
    return db.session.execute(query).first() is not None


def _as_stored(key: str) -> str:
    """The key as the database keeps it, in clear: one that no page of ours drew might hold words."""
    return key if _DRAWN.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def refuse_unless_allowed(actor: Actor, action: Action, now: datetime) -> None:
    """For what begins before its work or takes several: raises Forbidden, the refusal written."""
    if not can(actor, action):
        with consult(actor, action, now) as asked:
            asked.require()


Heads = dict[uuid.UUID, Head]
_LINES = text(
    "SELECT new_sequence, new_hash, audit_hash(:structure, new_sequence - 1) AS follows"
    " FROM unnest(CAST(:actions AS text[]), CAST(:journeys AS uuid[]), CAST(:details AS text[]))"
    " AS line (action, journey, detail),"
    " LATERAL append_audit(:structure, :at_us, line.journey, line.action, :result, line.detail)"
)
_HASH = text("SELECT audit_hash(:structure, :sequence)")


def _append(done: Work, result: str) -> Heads:
    """The last statement before a commit, however many lines; the head of the chain it lengthened."""
    structure, (actions, journeys, details) = done.actor.structure_id, zip(*done.lines, strict=True)
    at_us = int(done.now.timestamp()) * 1_000_000 + done.now.microsecond
    said: dict[str, Any] = {"structure": structure, "at_us": at_us, "result": result}
    said |= {"actions": [a.value for a in actions], "journeys": [*journeys], "details": [*details]}
    lines = sorted(db.session.execute(_LINES, said), key=lambda line: line.new_sequence)
    first, last = lines[0], lines[-1]
    return {structure: Head(last.new_sequence, last.new_hash, first.new_sequence - 1, first.follows or b"")}


def _keep(heads: Heads) -> None:
    """Note the heads in the key database, so that a chain cut short or written anew shows."""
    try:
        for structure, (sequence, kept) in keystore().note_heads(heads).items():
            # Lines whose head was not noted yet stand between; or somebody wrote the chain anew.
            found = db.session.scalar(_HASH, {"structure": structure, "sequence": sequence})
            db.session.rollback()
            if found == kept:
                head = heads[structure]._replace(after=sequence, follows=kept)
                keystore().note_heads({structure: head})
            else:
                current_app.logger.error(
                    # Also on the terminal of a command: the operator must know.
                    "Journal des accès, chaîne %s : la ligne %d n'est pas celle qui avait été gardée."
                    " Lancez « coordination audit verify ».",
                    structure,
                    sequence,
                )
    except SQLAlchemyError as error:
        # What was written stands; the next line notes a later head.
        db.session.rollback()
        current_app.logger.warning(
            "Journal des accès : les dernières lignes n'ont pas été gardées à part (%s).",
            type(error).__name__,
        )


def _append_apart(done: Work, result: str) -> None:
    db.session.info["writing"] = True
    try:
        heads = _append(done, result)
        db.session.commit()
        _keep(heads)
    finally:
        db.session.rollback()
        db.session.info["writing"] = False


def _note_refusal(refused: Work, error: BaseException) -> None:
    if isinstance(error, NotFound | Forbidden):
        sought = getattr(error, "sought", "")
        tried = (type(error).__name__, sought if _SOUGHT.fullmatch(sought) else "")
        refused.lines = [(refused.action, refused.wanted, ",".join(filter(None, tried)))]
        _append_apart(refused, "refus")
