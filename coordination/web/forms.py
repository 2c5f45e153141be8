"""What every form shares: French messages, an idempotency key, errors beside their field, no NIR."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Field, HiddenField, SelectChoice, StringField
from wtforms.validators import ValidationError
from wtforms.widgets import DateInput, TimeInput

from coordination.clock import day_typed
from coordination.errors import BadInput
from coordination.privacy.nir import holds_nir
from coordination.web.filters import long_date

SURE = "sure"


class PageForm(FlaskForm):
    """A form that writes. `idempotency_key` is drawn when the page is shown and kept when it is refused."""

    class Meta(FlaskForm.Meta):
        locales = ("fr",)

    form_errors: list[str]
    # Whether it is shown again because it was saved already, with other words.
    sent_before = False

    idempotency_key = HiddenField(default=lambda: uuid.uuid4().hex)

    @property
    def key(self) -> str:
        """The key for `Work.once`: 64 characters at most; a form without one counts as new."""
        return (self.idempotency_key.data or uuid.uuid4().hex)[:64]

    @property
    def sure(self) -> frozenset[str]:
        """The sentences to which « C'est bien cela » was ticked: a box bears its own, and confirms no other."""
        return frozenset(request.form.getlist(SURE))

    @property
    def only_asks(self) -> bool:
        """Whether nothing is refused: what is said beside the fields waits for a confirmation."""
        asked = {text for field in self for text in [getattr(field, "asked", None)] if text}
        return bool(asked) and {text for texts in self.errors.values() for text in texts} <= asked

    def refuse(self, error: BadInput) -> None:
        """Put the messages of a refused command beside the fields; those of no field of the form head it.

        A question is put beside its field with the box that confirms it; ticked already, it stays so.
        """
        unsure = {name: text for name, text in error.asked.items() if text not in self.sure}
        for name, message in (*error.fields.items(), *unsure.items()):
            if name in self._fields:
                self._fields[name].errors = [*self._fields[name].errors, message]
            else:
                self.form_errors.append(message)
        for name, sentence in error.asked.items():
            if name in self._fields:
                self._fields[name].asked = sentence
        if not {*error.fields, *error.asked}:
            self.form_errors.append(str(error))

    def resume(self, fields: Mapping[str, Sequence[str]]) -> None:
        """Take up what a draft kept, its key included: the same entry, whichever page sends it."""
        self.process(MultiDict([(name, value) for name, values in fields.items() for value in values]))

    def said(self, name: str, value: Any) -> str:
        """A stored value as people read it in this form: the label of its choice, a day in French, a text."""
        text = "" if value is None else str(value)
        for choice in getattr(self._fields.get(name), "choices", None) or ():
            if str(choice.value) == text:
                return str(choice.label)
        return long_date(value) if isinstance(value, date) else text or "(vide)"


def version_sent() -> int:
    """The version that a button brings back; 0, which no row has, for whatever is not a number."""
    return request.form.get("version", 0, type=int) or 0


class DayInput(DateInput):
    """A browser empties a date input whose text is no day as it writes them: such a text is given back as text."""

    def __call__(self, field: Field, **kwargs: Any) -> Markup:
        typed = str(field.data or "")
        try:
            date.fromisoformat(typed or "2000-01-01")
        except ValueError:
            kwargs = {name: value for name, value in kwargs.items() if name not in ("min", "max")}
            kwargs |= {"type": "text", "inputmode": "numeric"}
        return super().__call__(field, **kwargs)


class DayField(StringField):
    """A day, kept as typed so that an impossible one is given back."""

    widget = DayInput()

    def day(self) -> date | None:
        """The day typed; None where nothing was. Raises BadInput beside this field."""
        typed = (self.data or "").strip()
        try:
            return day_typed(typed) if typed else None
        except ValueError as error:
            raise BadInput("Une date est impossible.", {self.short_name: str(error)}) from None

    def read(self) -> tuple[date | None, Mapping[str, str]]:
        """The same, with the sentence beside this field instead: for a command that tells it with the rest."""
        try:
            return self.day(), {}
        except BadInput as error:
            return None, error.fields


class HourInput(TimeInput):
    """As `DayInput`, for an hour."""

    def __call__(self, field: Field, **kwargs: Any) -> Markup:
        if not re.fullmatch(r"(([01]\d|2[0-3]):[0-5]\d)?", str(field.data or "")):
            kwargs |= {"type": "text"}
        return super().__call__(field, **kwargs)


class HourField(StringField):
    """An hour, kept as typed so that an impossible one is given back."""

    widget = HourInput()


def options(labels: Mapping[str, str], empty: str | None = None) -> list[SelectChoice]:
    """Choices of a list or of radio buttons from code -> label; `empty` adds a first line without code."""
    first = [SelectChoice("", empty)] if empty is not None else []
    return first + [SelectChoice(code, label) for code, label in labels.items()]


def body() -> bytes:
    """What was sent, for `Work.once`: the same bytes for the same form, whatever its CSRF token."""
    pairs = sorted((name, value) for name, value in request.form.items(multi=True) if name != "csrf_token")
    return repr(pairs).encode()


class NoNir:
    """Refuses a social security number in a text: none is ever kept here."""

    message = (
        "Ce texte contient un numéro de sécurité sociale. Retirez-le : il ne doit pas être enregistré ici."
    )

    def __call__(self, _form: Any, field: Field) -> None:
        if holds_nir(field.data):
            raise ValidationError(self.message)
