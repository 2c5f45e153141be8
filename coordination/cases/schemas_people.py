"""What is typed about people, to the dataclasses of `commands.people`. Shapes only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load

from coordination.cases.checks import Faults
from coordination.cases.checks_people import SchoolYear
from coordination.cases.commands.people import Identity, Relative
from coordination.cases.schemas import FrenchDate, Typed, load, load_told


class Line(Typed):
    """A line of text without the spaces around it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        return " ".join(super()._deserialize(value, attr, data, **kwargs).split())


class _Shape(Schema):
    class Meta:
        unknown = EXCLUDE


class IdentitySchema(_Shape):
    """The person and where they live."""

    first_name = Line(load_default="")
    last_name = Line(load_default="")
    birth_date = FrenchDate(load_default=None, allow_none=True)
    sex = Line(load_default="")
    phone = Line(load_default="")
    email = Line(load_default="")
    interpreter = fields.Boolean(load_default=False)
    prefers_oral = fields.Boolean(load_default=False)
    address = Line(load_default="")
    commune = Line(load_default="")
    area = Line(load_default="")
    arrived_on = FrenchDate(load_default=None, allow_none=True)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Identity:
        return Identity(**data)


class RelativeSchema(_Shape):
    """A person to call."""

    first_name = Line(load_default="")
    last_name = Line(load_default="")
    tie = Line(load_default="")
    phone = Line(load_default="")
    email = Line(load_default="")
    parental_authority = fields.Boolean(load_default=False)
    takes_part = fields.Boolean(load_default=False)
    trusted = fields.Boolean(load_default=False)
    interpreter = fields.Boolean(load_default=False)
    prefers_oral = fields.Boolean(load_default=False)

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> Relative:
        return Relative(**data)


class SchoolYearSchema(_Shape):
    """School and level of a year."""

    year = fields.Integer(
        load_default=None, allow_none=True, error_messages={"invalid": "Choisissez une des années proposées."}
    )
    school = Line(load_default="")
    school_level = Line(load_default="")

    @post_load
    def build(self, data: dict[str, Any], **_: Any) -> SchoolYear:
        return SchoolYear(**data)


def read_identity(data: Mapping[str, Any]) -> tuple[Identity, Faults]:
    """As `load_told`."""
    found, faults = load_told(IdentitySchema(), data)
    assert isinstance(found, Identity)
    return found, faults


def read_relative(data: Mapping[str, Any]) -> Relative:
    """Raises BadInput with a sentence per field."""
    found = load(RelativeSchema(), data)
    assert isinstance(found, Relative)
    return found


def read_school_year(data: Mapping[str, Any]) -> tuple[SchoolYear, Faults]:
    """As `load_told`."""
    found, faults = load_told(SchoolYearSchema(), data)
    assert isinstance(found, SchoolYear)
    return found, faults
