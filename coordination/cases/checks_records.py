"""What a record of a journey cannot say: the same tables of dates and codes as an import."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from coordination import reference
from coordination.alerts.running import runs
from coordination.cases.checks import RETIRED, Problems, before_opening, ended_since
from coordination.cases.checks_doubles import Known, check_doubles
from coordination.cases.checks_facts import check_fact
from coordination.cases.dates import COMING, FAR_AHEAD, GOES_ON, PLANS, SINCE_OPENING, is_far, out_of_order
from coordination.cases.kinds import ACTION, APPOINTMENT, REVIEW, Cell, RecordKind, Shape
from coordination.cases.stages import FROZEN
from coordination.cases.vocabulary import OTHER_ACTION, coded
from coordination.clock import FIRST_YEAR, LAST_YEAR

LONGEST = {Shape.LINE: 200, Shape.TEXT: 10_000}
# Status of an action -> the day that goes with it.
DAY_OF_STATUS = {
    "EN_COURS": "started_on",
    "SUSPENDUE": "suspended_on",
    **dict.fromkeys(
        ("TERMINEE_ATTEINTE", "TERMINEE_PARTIELLE", "TERMINEE_NON_ATTEINTE", "ABANDONNEE"), "ended_on"
    ),
}
# Cell of a fact -> where what is still to come is said, or when.
_TO_COME = {
    ("pause", "from_on"): "une pause se note le jour où elle commence.",
    ("pause", "returned_on"): "une reprise attendue se note sous « Reprise prévue le ».",
    ("action", "started_on"): "ce qui est prévu se note sous « Début prévu ».",
    ("action", "ended_on"): "ce qui est prévu se note sous « Fin prévue ».",
    ("bilan", "held_on"): "ce qui est prévu se note sous « Prévu le ».",
}
PLANNED, BEGUN = "PREVUE", "EN_COURS"
CHOOSE = "Choisissez une des réponses proposées."


@dataclass(frozen=True)
class Place:
    """The journey that a record is about."""

    journey_id: uuid.UUID
    programme: str
    opened_on: date | None
    exit_on: date | None
    stage: str | None
    entered_on: date | None
    agreement_status: str | None = None
    agreement_on: date | None = None

    @property
    def ended(self) -> bool:
        """As the gate of the rules has it."""
        return not runs(self.exit_on, self.stage)


def check_record(
    problems: Problems, kind: RecordKind, values: Mapping[str, Any], place: Place, today: date, known: Known
) -> None:
    """Add a sentence beside each cell that cannot be kept, or not before a confirmation.

    Of a corrected record a code that was retired since may stay, none may be chosen anew; so may a day that an
    import brought from before the journey.
    """
    for cell in kind.cells:
        value = values.get(cell.name)
        if value in (None, ""):
            if cell.required:
                problems[cell.name] = missing(cell)
        elif cell.shape is Shape.CODE:
            if value not in coded(cell.codes, place.programme) and value != (known.kept or {}).get(cell.name):
                listed = value in coded(cell.codes, place.programme, every=True)
                problems[cell.name] = RETIRED if listed else CHOOSE
        elif cell.shape in LONGEST:
            problems.free_text(cell.name, str(value), LONGEST[cell.shape])
        elif cell.shape is Shape.DAY:
            _check_day(problems, kind, cell, values, place, today)
            opened, kept = place.opened_on, (known.kept or {}).get(cell.name)
            since_opening = cell.name in SINCE_OPENING.get(kind.table, ())
            if since_opening and opened and value < opened and value != kept:
                problems[cell.name] = before_opening(opened)
    _check_order(problems, kind, values)
    begins = ("planned_start", "started_on")
    if kind is ACTION and not problems.keys() & {*begins} and not any(values.get(name) for name in begins):
        # Without a day it would stand nowhere on the journey.
        problems.setdefault("planned_start", "Indiquez quand l'action commence, ou est prévue.")
    if kind is ACTION and known.changed(values, "status", *DAY_OF_STATUS.values()):
        name = DAY_OF_STATUS.get(str(values.get("status")))
        if name and not values.get(name):
            problems.setdefault(name, "Indiquez ce jour : c'est de lui que partent les alertes.")
    if kind is ACTION:
        _check_begun(problems, values, known)
        _check_called(problems, values, known)
    if kind is REVIEW and values.get("conclusions") and not values.get("held_on"):
        problems.setdefault("held_on", "Indiquez le jour où le bilan s'est tenu.")
    _check_plan(problems, kind, values, place, today, known)
    _ask_far_ahead(problems, kind, values, today, known)
    if known.kept is None:
        _ask_against_refusal(problems, kind, values, place)
    check_fact(problems, kind, values, place.entered_on or place.opened_on, place.exit_on, today)
    check_doubles(problems, kind, values, known, today)


def begun(kind: RecordKind, values: Mapping[str, Any], known: Known) -> bool:
    """Whether an action is called planned beside the day on which it began: once confirmed it is under way."""
    return (
        kind is ACTION
        and values.get("status") == PLANNED
        and values.get("started_on") is not None
        and known.changed(values, "status", "started_on")
    )


def _check_begun(problems: Problems, values: Mapping[str, Any], known: Known) -> None:
    """Of an action called planned, its days say otherwise."""
    over = next((name for name in ("ended_on", "suspended_on") if values.get(name)), "")
    if problems.keys() & {over, "started_on"}:
        return
    if values.get("status") == PLANNED and over and known.changed(values, "status", over):
        label = ACTION.cell(over).label
        problems.setdefault("status", f"« {label} » est rempli : choisissez où en est l'action.")
    elif begun(ACTION, values, known):
        labels = reference.every_label("action_status")
        said = f"elle sera notée « {labels[BEGUN]} », et non « {labels[PLANNED]} »"
        problems.ask("status", f"L'action a commencé le {values['started_on']:%d/%m/%Y} : {said}.")


def _check_called(problems: Problems, values: Mapping[str, Any], known: Known) -> None:
    """« Autre » alone would say nothing to whoever reads it later."""
    said = values.get("detail") or values.get("axis_or_barrier")
    if values.get("kind") == OTHER_ACTION and not said and known.changed(values, "kind"):
        problems.setdefault(
            "detail", "Dites en quelques mots ce qui est fait : « Autre » seul ne le dit pas."
        )


def _ask_far_ahead(
    problems: Problems, kind: RecordKind, values: Mapping[str, Any], today: date, known: Known
) -> None:
    """A year typed wrong is likelier than such a plan."""
    name, years = FAR_AHEAD.get(kind.table, ("", 0))
    day = values.get(name)
    if isinstance(day, date) and is_far(day, today, years) and known.changed(values, name):
        span = f"de {years} ans" if years > 1 else "d'un an"
        problems.ask(name, f"Le {day:%d/%m/%Y}, c'est dans plus {span}. Vérifiez l'année.")


def missing(cell: Cell) -> str:
    """What is said beside a cell that is needed and empty."""
    if cell.shape is Shape.DAY:
        return "Indiquez une date, par exemple 12/10/2026."
    if cell.shape is Shape.MONTH:
        return "Indiquez un mois, par exemple 03/2021."
    if cell.shape is Shape.NUMBER:
        return "Indiquez un nombre."
    return CHOOSE if cell.shape is Shape.CODE else "Écrivez quelques mots ici."


def _check_day(
    problems: Problems, kind: RecordKind, cell: Cell, values: Mapping[str, Any], place: Place, today: date
) -> None:
    day = values[cell.name]
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        problems[cell.name] = f"Vérifiez l'année : elle doit être entre {FIRST_YEAR} et {LAST_YEAR}."
    elif cell.name not in kind.facts or _planned(kind, values, day > today):
        return
    elif day > today:
        said = _TO_COME.get((kind.slug, cell.name), "n'indiquez ici que ce qui a eu lieu.")
        problems[cell.name] = f"Cette date est dans le futur : {said}"
    elif place.exit_on and day > place.exit_on:
        problems[cell.name] = ended_since(place.exit_on)


def _check_plan(
    problems: Problems, kind: RecordKind, values: Mapping[str, Any], place: Place, today: date, known: Known
) -> None:
    """Nothing new is planned on an ended journey; what was planned before its end may stay as it is."""
    if kind is APPOINTMENT:
        name = "on_date" if values.get("status") == COMING else ""
    else:
        name, done = PLANS.get(kind.table, ("", ""))
        name = "" if done and values.get(done) else name
    day = values.get(name)
    if not isinstance(day, date) or not place.ended or day == (known.kept or {}).get(name):
        return
    if place.exit_on and day > place.exit_on:
        problems.setdefault(name, ended_since(place.exit_on))
    elif not place.exit_on and day > today:
        problems.setdefault(name, "Ce parcours n'a pas été retenu : rien de nouveau ne s'y prévoit.")


def _ask_against_refusal(
    problems: Problems, kind: RecordKind, values: Mapping[str, Any], place: Place
) -> None:
    """A PRE journey goes on with the parents' agreement: what would begin after they refused is doubted."""
    names = GOES_ON.get(kind.table, ())
    begun = next((name for name in names if isinstance(values.get(name), date)), None)
    since = place.agreement_on
    if place.programme != "PRE" or place.agreement_status not in FROZEN or place.ended or begun is None:
        return
    if since is None or values[begun] >= since:
        status = "refusé" if place.agreement_status == "REFUS" else "retiré"
        on = f" depuis le {since:%d/%m/%Y}" if since else ""
        problems.ask(begun, f"L'accord est {status}{on} : rien ne commence sans l'accord des parents.")


def _planned(kind: RecordKind, values: Mapping[str, Any], ahead: bool) -> bool:
    """An appointment to come is a plan; so was one that the service cancelled beforehand."""
    status = values.get("status")
    return kind is APPOINTMENT and (status == COMING or (ahead and status == "ANNULE_SERVICE"))


def _check_order(problems: Problems, kind: RecordKind, values: Mapping[str, Any]) -> None:
    def day_of(name: str) -> date | None:
        value = values.get(name)
        return value if isinstance(value, date) else None

    for before, after, first in out_of_order(kind.chains, day_of):
        label = kind.cell(before).label
        # « Le » alone names nothing.
        said = f"« {label.lower()} » ({first:%d/%m/%Y})" if label != "Le" else f"le {first:%d/%m/%Y}"
        problems.setdefault(after, f"Cette date ne peut pas être avant {said}.")
