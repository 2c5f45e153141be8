"""Logging and correcting an exchange."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update

from coordination.cases.checks import Problems
from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Contact, Journey
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import Conflict, NotFound
from coordination.privacy.access import folder_of
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.vault import keystore, open_rows, sealed_row
from coordination.privacy.volets import Volet
from coordination.privacy.work import work


@dataclass(frozen=True)
class NewContact:
    """An exchange or an attempt, as typed."""

    on: date | None
    mode: str
    outcome: str
    note: str = ""

    def body(self) -> bytes:
        """What makes two sendings of a form the same."""
        return "\x1f".join((str(self.on), self.mode, self.outcome, self.note)).encode()


class EditConflict(Conflict):
    """Somebody changed the text meanwhile: both are kept and shown."""

    def __init__(self, theirs: str, mine: str, version: int) -> None:
        super().__init__("Ce texte a été modifié par quelqu'un d'autre pendant que vous écriviez.")
        self.theirs = theirs
        self.mine = mine
        self.version = version


def log_contact(
    actor: Actor,
    journey_id: uuid.UUID,
    contact: NewContact,
    now: datetime,
    *,
    key: str = "",
    answer: str = "",
) -> uuid.UUID:
    """Record an exchange; its deadlines move in the same work.

    `key`: idempotency key of the form, answered by `answer` when it comes again (AlreadyDone). Raises BadInput
    with a sentence per field, NotFound, Forbidden.
    """
    today = paris_date(now)
    with work(actor, Action.LOG_CONTACT, now) as w:
        grant = w.require(journey_id)
        if key:
            w.once(key, contact.body(), answer)
        _check(contact, journey_id, today)
        folder_id = folder_of(journey_id, Volet.COORDINATION)
        data_key = keystore().get([folder_id])[folder_id]
        row_id = uuid.uuid4()
        values = {
            "journey_id": journey_id,
            "folder_id": folder_id,
            "on_date": contact.on,
            "mode": contact.mode,
            "outcome": contact.outcome,
            "author_id": actor.id,
            "note": contact.note.strip(),
        }
        db.session.execute(insert(Contact).values(sealed_row(data_key, Contact, row_id, values)))
        follow(grant, journey_id, "contacts", today, f"échange saisi le {today:%d/%m/%Y}")
        w.audit(grant, ["contact", "on", "mode", "outcome", "note"])
        return row_id


def _check(contact: NewContact, journey_id: uuid.UUID, today: date) -> None:
    journey = db.session.execute(
        select(Journey.opened_on, Journey.exit_on).where(Journey.id == journey_id)
    ).one()
    problems = Problems()
    problems.past_day("on", contact.on, today, journey.opened_on)
    problems.code("mode", "contact_mode", contact.mode)
    problems.code("outcome", "contact_outcome", contact.outcome)
    problems.free_text("note", contact.note)
    if "on" not in problems and contact.on and journey.exit_on and contact.on > journey.exit_on:
        problems["on"] = f"Le parcours est terminé depuis le {journey.exit_on:%d/%m/%Y}."
    problems.stop_if_any()


def correct_note(actor: Actor, contact_id: uuid.UUID, note: str, version: int, now: datetime) -> uuid.UUID:
    """Replace the note of an exchange; the journey's id. Raises EditConflict with both texts if it changed."""
    with work(actor, Action.LOG_CONTACT, now) as w:
        w.seek("contact", contact_id)
        found = db.session.execute(
            select(Contact.journey_id, Contact.folder_id).where(Contact.id == contact_id)
        ).first()
        if found is None:
            raise NotFound("Cet échange n'existe pas, ou vous n'y avez pas accès.")
        grant = w.require(found.journey_id)
        problems = Problems()
        problems.free_text("note", note)
        problems.stop_if_any()
        data_key = keystore().get([found.folder_id])[found.folder_id]
        cells = sealed_row(data_key, Contact, contact_id, {"note": note.strip()})
        changed = db.session.execute(
            update(Contact)
            .where(Contact.id == contact_id, Contact.version == version)
            .values(note=cells["note"], version=Contact.version + 1)
            .returning(Contact.id)
        ).first()
        if changed is None:
            current = open_rows(grant, Contact, ("note", "version"), Contact.id == contact_id)[0]
            raise EditConflict(current["note"] or "", note, current["version"])
        w.audit(grant, ["contact", "note"])
        journey_id: uuid.UUID = found.journey_id
        return journey_id
