"""A record as typed, to the values of its command. Shapes only: commands check the sense."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from coordination.cases.checks import Faults
from coordination.cases.kinds import RecordKind, Shape
from coordination.cases.schemas import FrenchDate, Typed, load_told
from coordination.cases.schemas_people import Line


class Code(Line):
    """A code, None where nothing was chosen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs) or None


class Text(Typed):
    """A text without the blank lines around it, None where nothing was written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, attr, data, **kwargs).strip() or None


class ChosenStructure(fields.Field[uuid.UUID | None]):
    """The id of a structure; None where nothing was chosen."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> uuid.UUID | None:
        if value in (None, ""):
            return None
        try:
            return uuid.UUID(str(value))
        except ValueError:
            raise ValidationError("Choisissez une structure de la liste.") from None


NOT_A_MONTH = "Ce mois n'existe pas. Écrivez-le ainsi : 03/2021."
_MONTH = re.compile(r"(?:(?P<y>\d{4})-(?P<m>\d{1,2})|(?P<m2>\d{1,2})[/. -](?P<y2>\d{4}))", re.ASCII)


class Month(Typed):
    """A month as people write it (03/2021) or as a browser sends it (2021-03), to "2021-03"; empty is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs).strip()
        if not typed:
            return None
        found = _MONTH.fullmatch(typed)
        year, month = (found["y"] or found["y2"], found["m"] or found["m2"]) if found else ("", "0")
        if not 1 <= int(month) <= 12:
            raise ValidationError(NOT_A_MONTH)
        return f"{year}-{int(month):02}"


NOT_AN_HOUR = "Cette heure n'existe pas. Écrivez-la ainsi : 14 h 30."
_HOUR = re.compile(r"(\d{1,2})\s*(?:[:hH.]\s*(\d{2})?)?", re.ASCII)


class Hour(Typed):
    """An hour as people write it (14 h 30, 9h) or as a browser sends it (14:30), to "14:30"; empty is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs).strip()
        if not typed:
            return None
        found = _HOUR.fullmatch(typed)
        hour, minute = (int(found[1]), int(found[2] or 0)) if found else (24, 0)
        if hour > 23 or minute > 59:
            raise ValidationError(NOT_AN_HOUR)
        return f"{hour:02}:{minute:02}"


class Number(Typed):
    """A whole number; empty is None."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs).strip()
        if typed and not (typed.isascii() and typed.isdigit() and len(typed) < 10):
            raise ValidationError("Écrivez un nombre entier en chiffres, par exemple 2.")
        return int(typed) if typed else None


_FIELDS: dict[Shape, type[fields.Field[Any]]] = {
    Shape.DAY: FrenchDate,
    Shape.CODE: Code,
    Shape.LINE: Code,
    Shape.TEXT: Text,
    Shape.STRUCTURE: ChosenStructure,
    Shape.NUMBER: Number,
    Shape.MONTH: Month,
    Shape.HOUR: Hour,
}


@cache
def schema_of(kind: RecordKind) -> Schema:
    """One field per cell; what was not sent is None."""
    cells = {cell.name: _FIELDS[cell.shape](load_default=None, allow_none=True) for cell in kind.cells}
    return Schema.from_dict(dict(cells), name=f"{kind.table}Record")(unknown=EXCLUDE)


def read_record(kind: RecordKind, data: Mapping[str, Any]) -> tuple[dict[str, Any], Faults]:
    """Cell -> value, as `load_told`."""
    values, faults = load_told(schema_of(kind), data)
    assert isinstance(values, dict)
    return values, faults


class DiagnosisSchema(Schema):
    """When and what."""

    class Meta:
        unknown = EXCLUDE

    diagnosis_on = FrenchDate(load_default=None, allow_none=True)
    diagnosis = Typed(load_default="")


def read_diagnosis(data: Mapping[str, Any]) -> tuple[date | None, str, Faults]:
    """Day and text, as `load_told`."""
    values, faults = load_told(DiagnosisSchema(), data)
    return values["diagnosis_on"], values["diagnosis"], faults


def read_day(text: str) -> date | None:
    """A day as typed. Raises ValidationError."""
    return FrenchDate().deserialize(text)
