"""What comes in, as typed or as JSON, to the dataclass of a command. Shapes only: commands check the sense."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load

from coordination.alerts.commands import Answer
from coordination.cases.checks import REFUSED, Faults
from coordination.cases.commands.contacts import NewContact
from coordination.clock import day_typed
from coordination.errors import BadInput

NOT_A_TEXT = "Un texte est attendu ici."


class FrenchDate(fields.Field[date | None]):
    """A day as a browser sends it (2026-10-12) or as people write it (12/10/2026); empty is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date | None:
        text = value.strip() if isinstance(value, str) else ""
        if value in (None, "") or (not text and isinstance(value, str)):
            return None
        try:
            return day_typed(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class Typed(fields.String):
    """A text as typed, its line ends made plain (a browser sends CRLF)."""

    default_error_messages = {"invalid": NOT_A_TEXT, "invalid_utf8": NOT_A_TEXT, "null": NOT_A_TEXT}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs) or ""
        return text.replace("\r\n", "\n").replace("\x00", "")


class ContactSchema(Schema):
    """An exchange or an attempt."""

    class Meta:
        unknown = EXCLUDE

    on = FrenchDate(load_default=None, allow_none=True)
    mode = Typed(load_default="")
    outcome = Typed(load_default="")
    note = Typed(load_default="")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> NewContact:
        return NewContact(**data)


class AnswerSchema(Schema):
    """What a person does about an alert."""

    class Meta:
        unknown = EXCLUDE

    status = Typed(load_default="")
    until = FrenchDate(load_default=None, allow_none=True)
    reason = Typed(load_default="")
    comment = Typed(load_default="")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Answer:
        return Answer(data["status"], data["until"], data["reason"] or None, data["comment"])


def read_contact(data: Mapping[str, Any]) -> tuple[NewContact, Faults]:
    """As `load_told`."""
    contact, faults = load_told(ContactSchema(), data)
    assert isinstance(contact, NewContact)
    return contact, faults


def read_answer(data: Mapping[str, Any]) -> Answer:
    """Raises BadInput with a sentence per field."""
    answer = load(AnswerSchema(), data)
    assert isinstance(answer, Answer)
    return answer


def load_told(schema: Schema, data: Mapping[str, Any]) -> tuple[Any, Faults]:
    """What `schema` builds of all that can be read, and a sentence for each field that cannot.

    The command is given both, so that its rules speak of the rest at once: nobody sends a form twice to learn
    what else is wrong. It refuses as long as there is a fault.
    """
    try:
        return schema.load(data), {}
    except ValidationError as error:
        faults = {name: " ".join(map(str, found)) for name, found in error.normalized_messages().items()}
        return schema.load({name: value for name, value in data.items() if name not in faults}), faults


def load(schema: Schema, data: Mapping[str, Any]) -> Any:
    """What `schema` builds. Raises BadInput with a sentence per field."""
    found, faults = load_told(schema, data)
    if faults:
        raise BadInput(REFUSED, dict(faults))
    return found
