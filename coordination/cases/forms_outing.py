"""The form of an outing: one way and one day, and for each person a result and a note."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import Form, HiddenField, IntegerField, RadioField, TextAreaField

from coordination import reference
from coordination.cases.checks import Faults
from coordination.cases.commands.outings import Kept, Visit
from coordination.cases.forms import ContactForm, choices
from coordination.cases.queries.outing import Visited
from coordination.cases.schemas import read_contact
from coordination.cases.vocabulary import outcome_labels
from coordination.errors import BadInput, CoordinationError
from coordination.privacy.drafts import KEY_FIELD
from coordination.web.drafts import is_shared, prefix_of
from coordination.web.filters import long_date

# Fields that all people of the form share.
SHARED = ("mode", "on")
UNKNOWN = "Ce rendez-vous n'est pas connu. Ouvrez de nouveau la tournée depuis « Ma journée »."


@dataclass(frozen=True)
class Fault:
    """A sentence for the head of the page. `place`: id of the field, or empty."""

    place: str
    words: str


class VisitForm(Form):
    """One person of an outing; `prefix` keeps the names of its fields apart."""

    outcome = RadioField("Échange", validate_choice=False)
    status = RadioField("Rendez-vous", validate_choice=False)
    appointment = HiddenField()
    version = IntegerField(default=0)
    note = TextAreaField("Note")

    def __init__(self, formdata: MultiDict[str, str] | None, journey_id: uuid.UUID) -> None:
        self.journey_id = journey_id
        self.refusal = ""
        # Of which day the note is, when it may be of two.
        self.note_of = ""
        super().__init__(formdata, prefix=prefix_of(journey_id))
        self.outcome.choices = choices(reference.labels("contact_outcome"))
        self.status.choices = choices(outcome_labels())

    @property
    def is_empty(self) -> bool:
        return not (self.outcome.data or self.status.data or (self.note.data or "").strip())

    def about(self, person: Visited, today: date) -> None:
        """Which appointment the form is about, as it stands now."""
        if person.appointment:
            on = person.appointment.on
            self.appointment.data = str(person.appointment.id)
            self.version.data = person.appointment.version
            when = "d'aujourd'hui" if on == today else f"du {long_date(on)}"
            self.status.label.text = f"Rendez-vous {when}"
            if on != today:
                # Two days on one page: each group says which is its own.
                self.outcome.label.text = "Échange de cette tournée"
                self.note_of = (
                    f"Avec le seul rendez-vous honoré, elle est datée du {long_date(on)}, jour de ce rendez-vous."
                    " Avec un échange de cette tournée, du jour choisi plus haut."
                )

    @property
    def faults(self) -> list[Fault]:
        """What is wrong with this person, each with the place to mend it."""
        found = [Fault(f.id, f"{f.label.text} : {' '.join(f.errors)}") for f in self if f.errors]
        place = f"visit-{self.journey_id.hex}"
        return found + ([Fault(place, self.refusal)] if self.refusal else [])

    def kept(self) -> tuple[Kept | None, Faults]:
        if not self.status.data:
            return None, {}
        try:
            return Kept(uuid.UUID(self.appointment.data or ""), self.status.data, self.version.data or 0), {}
        except ValueError:
            return None, {"status": UNKNOWN}

    def refuse(self, error: CoordinationError) -> Mapping[str, str]:
        """Put the sentences beside the fields of this person; those of the shared fields are given back."""
        fields = error.fields if isinstance(error, BadInput) else {}
        for name, message in fields.items():
            if name in self._fields:
                self._fields[name].errors = [message]
        shared = {name: message for name, message in fields.items() if name in SHARED}
        if not set(fields) & set(self._fields) and not shared:
            self.refusal = str(error)
        return shared


class OutingForm(ContactForm):
    """What the people of an outing share; `visits`: one part for each of them."""

    def __init__(self, journey_ids: Sequence[uuid.UUID]) -> None:
        super().__init__()
        typed = request.form if request.method == "POST" else None
        self.visits = [VisitForm(typed, journey_id) for journey_id in journey_ids]

    def visit(self, visit: VisitForm) -> Visit:
        """For `log_visit`."""
        own: dict[str, Any] = {"outcome": visit.outcome.data or "", "note": visit.note.data or ""}
        contact, faults = read_contact(self.typed() | own)
        kept, unknown = visit.kept()
        return Visit(contact, kept, {**faults, **unknown})

    def refuse_shared(self, sentences: Mapping[str, str]) -> None:
        for name, message in sentences.items():
            self._fields[name].errors = [message]

    def resume_visit(self, visit: VisitForm, fields: Mapping[str, Sequence[str]]) -> None:
        """Take up the draft of one person, and what it says of the way and the day."""
        typed = MultiDict([(name, value) for name, values in fields.items() for value in values])
        visit.process(typed)
        shared = {name: values for name, values in fields.items() if is_shared(name)}
        # The key of one piece starts with that of the whole form (`drafts.piece_key`).
        whole = [key[:32] for key in fields.get(KEY_FIELD, ())]
        self.resume(shared | {KEY_FIELD: whole})

    def faults(self, names: Mapping[uuid.UUID, str]) -> list[Fault]:
        """Everything that is wrong; `names`: of the people of the form."""
        fields = [self._fields[name] for name in SHARED]
        found = [Fault("", words) for words in self.form_errors]
        found += [Fault(f.id, f"{f.label.text} : {' '.join(f.errors)}") for f in fields if f.errors]
        for visit in self.visits:
            name = names.get(visit.journey_id, "Un parcours")
            found += [Fault(fault.place, f"{name}, {fault.words}") for fault in visit.faults]
        return found
