"""What is typed about the life of a journey, to the dataclasses of its commands. Shapes only."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from coordination.cases.checks import Faults
from coordination.cases.commands.course import Course
from coordination.cases.commands.endings import Ending, Reopening
from coordination.cases.commands.journeys import NewJourney, NewSaisine
from coordination.cases.commands.team import Handover, NewLeave, Replacement
from coordination.cases.references import normal_ref
from coordination.cases.schemas import FrenchDate, Typed, load, load_told
from coordination.cases.schemas_people import Line

# Nobody's: the command refuses it beside the field.
NOBODYS = uuid.UUID(int=0)
NOT_A_NUMBER = "Écrivez un nombre de jours, par exemple 30."


class Chosen(fields.Field[uuid.UUID | None]):
    """An id of a list; empty is None, what is no id is nobody's."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> uuid.UUID | None:
        try:
            return uuid.UUID(str(value)) if value else None
        except ValueError:
            return NOBODYS


class Days(fields.Field[int | None]):
    """A number of days; empty is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int | None:
        text = str(value or "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 4):
            raise ValidationError(NOT_A_NUMBER)
        return int(text)


class _Shape(Schema):
    class Meta:
        unknown = EXCLUDE


class _Opening(_Shape):
    programme = Line(load_default="")
    ref = Line(load_default="")
    first_name = Line(load_default="")
    last_name = Line(load_default="")
    birth_date = FrenchDate(load_default=None, allow_none=True)
    commune = Line(load_default="")
    phone = Line(load_default="")
    relative_first_name = Line(load_default="")
    relative_last_name = Line(load_default="")
    relative_phone = Line(load_default="")
    opened_on = FrenchDate(load_default=None, allow_none=True)
    source = Line(load_default="")
    structure_id = Chosen(load_default=None, allow_none=True)
    reasons = fields.List(Line(), load_default=())
    remark = Typed(load_default="")
    referent_id = Chosen(load_default=None, allow_none=True)


class _Course(_Shape):
    stage = Line(load_default="")
    stage_on = FrenchDate(load_default=None, allow_none=True)
    # Not sent, it is not corrected; sent empty, it is refused.
    opened_on = FrenchDate(allow_none=True)
    entered_on = FrenchDate(load_default=None, allow_none=True)
    validated_on = FrenchDate(load_default=None, allow_none=True)
    diagnosis_on = FrenchDate(load_default=None, allow_none=True)
    planned_rhythm_days = Days(load_default=None, allow_none=True)
    rsa_opened_on = FrenchDate(load_default=None, allow_none=True)
    oriented_on = FrenchDate(load_default=None, allow_none=True)
    contract_signed_on = FrenchDate(load_default=None, allow_none=True)
    scheme = Line(load_default="")
    orientation_path = Line(load_default="")
    note = Typed(load_default="")


class _Handover(_Shape):
    referent_id = Chosen(load_default=None, allow_none=True)
    backup_id = Chosen(load_default=None, allow_none=True)
    note = Typed(load_default="")


class _Ending(_Shape):
    reason = Line(load_default="")
    on = FrenchDate(load_default=None, allow_none=True)
    decided_by = Line(load_default="")
    decided_on = FrenchDate(load_default=None, allow_none=True)
    note = Typed(load_default="")


class _Reopening(_Shape):
    stage = Line(load_default="")
    on = FrenchDate(load_default=None, allow_none=True)
    note = Typed(load_default="")


class _Leave(_Shape):
    from_on = FrenchDate(load_default=None, allow_none=True)
    until_on = FrenchDate(load_default=None, allow_none=True)
    backup_id = Chosen(load_default=None, allow_none=True)


class _Replacement(_Shape):
    backup_id = Chosen(load_default=None, allow_none=True)
    before = Chosen(load_default=None, allow_none=True)


def read_opening(data: Mapping[str, Any]) -> tuple[NewJourney, Faults]:
    """As `load_told`, like all of these that have dates; the others raise BadInput with a sentence per field."""
    d, faults = load_told(_Opening(), data)
    sheet = {
        name: d[name] for name in ("first_name", "last_name", "birth_date", "commune", "phone") if d[name]
    }
    pre = d["programme"] == "PRE"
    saisine = NewSaisine(
        d["structure_id"], d["source"] if pre else "", tuple(d["reasons"]) if pre else (), d["remark"]
    )
    relative = {
        name: d[f"relative_{name}"]
        for name in ("first_name", "last_name", "phone")
        if pre and d[f"relative_{name}"]
    }
    ref = normal_ref(d["ref"], d["programme"])
    new = NewJourney(d["programme"], ref, d["opened_on"], d["referent_id"], sheet, relative, saisine)
    return new, faults


def read_course(data: Mapping[str, Any]) -> tuple[Course, Faults]:
    values, faults = load_told(_Course(), data)
    return Course(**values), faults


def read_handover(data: Mapping[str, Any]) -> Handover:
    return Handover(**load(_Handover(), data))


def read_ending(data: Mapping[str, Any]) -> tuple[Ending, Faults]:
    values, faults = load_told(_Ending(), data)
    return Ending(**values), faults


def read_reopening(data: Mapping[str, Any]) -> tuple[Reopening, Faults]:
    values, faults = load_told(_Reopening(), data)
    return Reopening(**values), faults


def read_leave(data: Mapping[str, Any]) -> tuple[NewLeave, Faults]:
    values, faults = load_told(_Leave(), data)
    return NewLeave(**values), faults


def read_replacement(data: Mapping[str, Any]) -> Replacement:
    return Replacement(**load(_Replacement(), data))
