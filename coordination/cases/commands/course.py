"""Where the journey stands: its stage, the dates that go with it, the rhythm agreed on."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from coordination.alerts.running import TURNED_DOWN
from coordination.cases.checks import Faults, Problems, ended_since
from coordination.cases.commands.opening_day import KEPT, check_opening
from coordination.cases.commands.pauses import Standing
from coordination.cases.commands.turns import change_as_form, check_order, follow_journey, remember
from coordination.cases.models import Journey, Sheet
from coordination.cases.stages import DATED_BY, SUSPENDED, dated_too_soon, refusal
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.records import change_record
from coordination.privacy.vault import open_rows
from coordination.privacy.work import work

RHYTHMS = range(1, 181)
NEEDS_PAUSE = "Notez d'abord une pause : le parcours est suspendu tant qu'elle dure."
TURNS_DOWN = (
    "Le parcours sera clos sans avoir commencé : ses alertes et ses échéances s'arrêtent, et il rejoint les"
    " parcours terminés. Il pourra être rouvert."
)


@dataclass(frozen=True)
class Course:
    """As typed. `stage_on`: the day of a change of stage, which dates what the stage stands for.

    `opened_on`: as it is corrected, KEPT where it is not.

    `note`: what is said of that change; a journey that is turned down asks for it.
    """

    stage: str
    stage_on: date | None = None
    opened_on: date | None = KEPT
    entered_on: date | None = None
    validated_on: date | None = None
    diagnosis_on: date | None = None
    planned_rhythm_days: int | None = None
    rsa_opened_on: date | None = None
    oriented_on: date | None = None
    contract_signed_on: date | None = None
    scheme: str = ""
    orientation_path: str = ""
    note: str = field(default="", repr=False)


CITE_DATES = ("rsa_opened_on", "oriented_on", "contract_signed_on")
DATES = {
    "PRE": ("entered_on", "validated_on", "diagnosis_on"),
    "CITE_EMPLOI": ("entered_on", "diagnosis_on", *CITE_DATES),
}
CODES = {"scheme": "support_scheme", "orientation_path": "orientation_path"}


def change_course(
    actor: Actor,
    journey_id: uuid.UUID,
    course: Course,
    version: int,
    now: datetime,
    *,
    sure: Collection[str] = (),
    faults: Faults | None = None,
) -> None:
    """Write the stage, the dates and the rhythm; deadlines follow.

    A date that the new stage stands for and that is empty takes the day of the change. `sure`, `faults`: see
    `Problems`. Raises BadInput with a sentence per field, NotFound, Forbidden, EditConflict.
    """
    today = paris_date(now)
    with work(actor, Action.CHANGE_STAGE, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(select(Journey).where(Journey.id == journey_id)).scalar_one()
        problems = Problems(faults)
        moved = course.stage != (journey.stage or "")
        if moved:
            course = _dated(course, journey, problems, today)
        dates = {name: getattr(course, name) for name in DATES[journey.programme]}
        since = {**dates, "turn": course.stage_on} if moved else dates
        opened_on = check_opening(problems, grant, journey, course.opened_on, since, today)
        check_order(problems, {"opened_on": opened_on, **dates}, today)
        for name, day in dates.items():
            early = dated_too_soon(journey.programme, journey.agreement_status, day, getattr(journey, name))
            if early and "stage" not in problems:
                problems.setdefault(name, early)
        _check_end(problems, dates, journey.exit_on)
        _check_note(problems, course, moved)
        _check_rest(problems, course)
        values: dict[str, Any] = {**dates, "planned_rhythm_days": course.planned_rhythm_days}
        _ask_before_erasing(problems, journey, values)
        problems.stop_if_any(sure)
        if moved:
            values["stage"] = course.stage
            if course.stage in (SUSPENDED, TURNED_DOWN):
                values["suspended_from"] = journey.stage
        if opened_on and opened_on != journey.opened_on:
            values["opened_on"] = opened_on
        change_as_form(w, journey_id, version, {}, **values)
        if journey.programme == "CITE_EMPLOI":
            sheet = open_rows(grant, Sheet, (*CODES, "version"), Sheet.journey_id == journey_id)[0]
            codes = {name: getattr(course, name) for name in CODES}
            change_record(w, grant, Sheet, sheet["id"], sheet["version"], codes)
        if moved:
            said = {"on_date": course.stage_on, "note": course.note.strip()}
            remember(grant, journey_id, course.stage, actor.id, **said)
        follow_journey(grant, journey_id, today, f"étape et dates notées le {today:%d/%m/%Y}")
        w.audit(grant, dict.fromkeys(["stage", *values, *(["turn"] if moved else [])]))


def _dated(course: Course, journey: Journey, problems: Problems, today: date) -> Course:
    """The new stage may follow, and its day fills the dates that it stands for."""
    problem = refusal(journey.programme, journey.stage, course.stage, journey.agreement_status)
    if course.stage == "SORTI" or (not journey.runs and course.stage != "VEILLE"):
        problem = "Une sortie ou une réouverture se note sur sa propre page."
    elif course.stage == SUSPENDED and not problem and not Standing.of(journey.id).open_pauses:
        problem = NEEDS_PAUSE
    if problem:
        problems["stage"] = problem
        return course
    if course.stage == TURNED_DOWN:
        problems.ask("stage", TURNS_DOWN)
    problems.past_day("stage_on", course.stage_on, today, journey.opened_on)
    stood_for = DATED_BY[journey.programme].get(course.stage, ())
    empty: dict[str, Any] = {
        name: course.stage_on for name in stood_for if getattr(course, name) is None and name not in problems
    }
    return replace(course, **empty)


def _check_note(problems: Problems, course: Course, moved: bool) -> None:
    problems.free_text("note", course.note)
    if moved and course.stage == TURNED_DOWN and not course.note.strip():
        problems["note"] = "Dites en une phrase pourquoi le parcours n'est pas retenu."
    elif course.note.strip() and not moved:
        problems.setdefault(
            "note", "Cette précision accompagne un changement d'étape : l'étape n'a pas changé."
        )


def _check_end(problems: Problems, dates: dict[str, date | None], exit_on: date | None) -> None:
    for name, day in dates.items():
        if name not in CITE_DATES and exit_on and day and day > exit_on:
            problems[name] = ended_since(exit_on)


def _ask_before_erasing(problems: Problems, journey: Journey, given: Mapping[str, Any]) -> None:
    """An empty field may be a slip of the thumb, and alerts count from these."""
    for name, value in given.items():
        kept = getattr(journey, name)
        if value is None and kept is not None:
            said = f"le {kept:%d/%m/%Y}" if isinstance(kept, date) else f"{kept} jours"
            problems.ask(name, f"Ce qui était noté, {said}, sera effacé.")


def _check_rest(problems: Problems, course: Course) -> None:
    rhythm = course.planned_rhythm_days
    if rhythm is not None and rhythm not in RHYTHMS:
        problems["planned_rhythm_days"] = f"Indiquez un nombre de jours, de 1 à {RHYTHMS[-1]}."
    for name, coded_list in CODES.items():
        if getattr(course, name):
            problems.code(name, coded_list, getattr(course, name))
