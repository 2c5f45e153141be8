"""The form of each kind of record, put together from its cells."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from wtforms import Field, HiddenField, IntegerField, RadioField, SelectField, StringField, TextAreaField
from wtforms.widgets import HiddenInput

from coordination.cases.forms import DayField
from coordination.cases.kinds import Cell, RecordKind, Shape
from coordination.cases.vocabulary import ATTENDANCE_LABELS, coded, hour_label, month_label, offered
from coordination.web.forms import HourField, PageForm, options

# The list of kinds was made for children: what an adult does is mostly said in words.
_SHOWN = {("action", "CITE_EMPLOI"): frozenset({"detail"})}
_WORDS = {Shape.MONTH: month_label, Shape.HOUR: hour_label}


class RecordForm(PageForm):
    """What all of them share; its fields bear the names of the cells."""

    kind_of: RecordKind
    folded: frozenset[str] = frozenset()

    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()

    def offer(self, programme: str, structures: Callable[[str], Mapping[uuid.UUID, str]]) -> None:
        """The answers of each list, once the fields are filled: `structures` gives those beside a chosen one."""
        self.folded = self.kind_of.rare - _SHOWN.get((self.kind_of.slug, programme), frozenset())
        for cell in self.kind_of.cells:
            if cell.shape is Shape.CODE:
                chosen = self[cell.name].data
                labels = offered(cell.codes, programme)
                every = coded(cell.codes, programme, every=True)
                if chosen in every and chosen not in labels:
                    # Retired since (it says so), or not for an adult: shown where it was chosen.
                    labels = labels | {chosen: every[chosen]}
                labels = {code: _capital(label) for code, label in labels.items()}
                if isinstance(self[cell.name], SelectField) and not isinstance(self[cell.name], RadioField):
                    self[cell.name].choices = options(labels, "Aucun")
                else:
                    none = {} if cell.required else {"": "Non précisé"}
                    self[cell.name].choices = options(labels | none)
            elif cell.shape is Shape.STRUCTURE:
                places = structures(str(self[cell.name].data or ""))
                self[cell.name].choices = options({str(k): v for k, v in places.items()}, "Aucune")

    def begin(self, today: date, last_structure: uuid.UUID | None) -> None:
        """What a new record begins with."""
        for cell in self.kind_of.cells:
            if cell.start == "today":
                self[cell.name].data = today.isoformat()
            elif cell.start == "last":
                self[cell.name].data = str(last_structure or "")
            elif cell.start:
                self[cell.name].data = cell.start

    def show_stored(self, stored: Mapping[str, Any]) -> None:
        """Fill the fields from an opened row."""
        for cell in self.kind_of.cells:
            value = stored[cell.name]
            if cell.shape is Shape.MONTH and value:
                # As people write it.
                value = f"{value[5:]}/{value[:4]}"
            self[cell.name].data = value.isoformat() if isinstance(value, date) else str(value or "")
        self.version.data = stored["version"]

    def typed(self) -> dict[str, Any]:
        """For `schemas_records.read_record`."""
        return {cell.name: self[cell.name].data for cell in self.kind_of.cells}

    def said(self, name: str, value: Any) -> str:
        """As every form says it, a month and an hour in words."""
        words = {cell.name: _WORDS[cell.shape] for cell in self.kind_of.cells if cell.shape in _WORDS}
        return words[name](value) if name in words and value else super().said(name, value)

    def touched(self, names: frozenset[str]) -> bool:
        """Whether something was typed or refused in these cells: they are then shown at once."""
        return any(
            self[cell.name].errors or (self[cell.name].data or "") not in ("", cell.start)
            for cell in self.kind_of.cells
            if cell.name in names
        )


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]


def _field(cell: Cell) -> Field:
    if cell.shape is Shape.DAY:
        return DayField(cell.label)
    if cell.shape in (Shape.LINE, Shape.NUMBER, Shape.MONTH):
        return StringField(cell.label)
    if cell.shape is Shape.HOUR:
        return HourField(cell.label)
    if cell.shape is Shape.TEXT:
        return TextAreaField(cell.label)
    if cell.shape is Shape.STRUCTURE or cell.codes == "contract_objective":
        return SelectField(cell.label, validate_choice=False)
    return RadioField(cell.label, validate_choice=False)


@cache
def form_of(kind: RecordKind) -> type[RecordForm]:
    """The form of a kind."""
    cells = {cell.name: _field(cell) for cell in kind.cells}
    return type(f"{kind.model.__name__}Form", (RecordForm,), {"kind_of": kind, **cells})


class DiagnosisForm(PageForm):
    """The diagnosis; `version` is the journey's."""

    diagnosis_on = DayField("Fait le")
    diagnosis = TextAreaField("Diagnostic")
    version = IntegerField(widget=HiddenInput(), default=0)
    retour = HiddenField()


class SessionsForm(PageForm):
    """Who came; the sessions themselves are fields named by their day, read by `marked`."""

    other = DayField("Une autre séance")
    other_status = RadioField("Présence à cette autre séance", validate_choice=False)
    retour = HiddenField()

    def offer(self) -> None:
        self.other_status.choices = options(ATTENDANCE_LABELS)
