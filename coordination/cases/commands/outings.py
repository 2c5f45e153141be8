"""One person of an outing: the exchange, what became of the appointment, or both, in one work."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from coordination.cases.checks import Faults, Problems
from coordination.cases.commands.appointments import check_outcome, record_outcome
from coordination.cases.commands.contacts import NewContact, add_contact, check_contact
from coordination.cases.models import Appointment
from coordination.clock import paris_date
from coordination.errors import NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.records import journey_of
from coordination.privacy.work import work

HELD = "HONORE"
NOTHING = "Choisissez un résultat, ou laissez cette personne entièrement vide."
NOTE_ALONE = "Choisissez le résultat de l'échange pour que cette note soit gardée."


@dataclass(frozen=True)
class Kept:
    """What became of an appointment: its id and version as they were read, the outcome chosen."""

    appointment_id: uuid.UUID
    status: str
    version: int


@dataclass(frozen=True)
class Visit:
    """What is noted of one person of an outing. `contact.outcome` and `kept` may each be missing.

    `faults`: see `Problems`.
    """

    contact: NewContact
    kept: Kept | None = None
    faults: Faults = field(default_factory=dict)

    def body(self) -> bytes:
        """What makes two sendings of a form the same."""
        told = f"{self.kept.appointment_id}\x1f{self.kept.status}" if self.kept else ""
        return self.contact.body() + b"\x1f" + told.encode()


def log_visit(
    actor: Actor, journey_id: uuid.UUID, visit: Visit, now: datetime, *, key: str = "", answer: str = ""
) -> None:
    """Record a visit, all or nothing; deadlines move in the same work.

    An appointment honoured with a note is also an exchange that took place, on the day of that appointment: its
    note goes there. Raises BadInput with a sentence per field (`status` for the appointment), AlreadyDone,
    EditConflict, NotFound, Forbidden.
    """
    told = _untold(visit)
    with work(actor, Action.LOG_CONTACT, now) as w:
        grant = w.require(journey_id)
        if key:
            w.once(key, visit.body(), answer)
        problems = Problems({**told, **visit.faults})
        day = None
        if visit.kept:
            if journey_of(Appointment, visit.kept.appointment_id) != journey_id:
                raise NotFound("Ce rendez-vous n'est pas de ce parcours.")
            day = check_outcome(problems, visit.kept.appointment_id, visit.kept.status, paris_date(now))
        contact = _exchange(visit, day)
        if contact.outcome or told:
            check_contact(problems, contact, journey_id, paris_date(now))
        if "on" in problems and "on" not in visit.faults and contact is not visit.contact:
            problems["status"] = problems.pop("on")
        problems.stop_if_any()
        detail = []
        if visit.kept:
            record_outcome(w, grant, visit.kept.appointment_id, visit.kept.status, visit.kept.version)
            detail += ["appointment", "status"]
        if contact.outcome:
            add_contact(w, grant, journey_id, contact)
            detail += ["contact", "on", "mode", "outcome", "note"]
        w.audit(grant, detail)


def _untold(visit: Visit) -> Faults:
    """What is said of an exchange that has no outcome and needs one."""
    noted = bool(visit.contact.note.strip())
    if visit.contact.outcome or (visit.kept and (visit.kept.status == HELD or not noted)):
        return {}
    return {"outcome": NOTE_ALONE if noted else NOTHING}


def _exchange(visit: Visit, on: date | None) -> NewContact:
    """The exchange as it is kept; without an outcome of its own, that of the appointment held, on its day `on`.

    Dated as the outing, it would put off the alert about silence by all the days between the two.
    """
    contact, kept = visit.contact, visit.kept
    if contact.outcome or not contact.note.strip() or kept is None or kept.status != HELD:
        return contact
    return replace(contact, on=on, outcome="ABOUTI")
