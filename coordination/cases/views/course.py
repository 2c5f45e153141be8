"""Stage, dates and rhythm of a journey; its end and its reopening."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from coordination.alerts.running import TURNED_DOWN
from coordination.cases.commands.course import DATES, change_course
from coordination.cases.commands.endings import LOST_CONTACT, REASONS, end_journey, reopen_journey
from coordination.cases.forms_life import CourseForm, EndingForm, ReopeningForm
from coordination.cases.queries.life_page import course_page, ending_page
from coordination.cases.schemas_life import read_course, read_ending, read_reopening
from coordination.cases.views.pages import blueprint
from coordination.cases.views.writing import show_form, write_page
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict
from coordination.web import current, drafts
from coordination.web.routing import declares

CLEAR = ("stage", "opened_on", "planned_rhythm_days", *dict.fromkeys((*DATES["PRE"], *DATES["CITE_EMPLOI"])))


@blueprint.route("/<uuid:journey_id>/etape", methods=["GET", "POST"])
@declares(Action.CHANGE_STAGE)
@drafts.kept
def course(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = CourseForm()

    def load(grant: Grant) -> dict[str, Any]:
        stands = course_page(grant, journey_id)
        journey = stands.journey
        if request.method == "GET":
            form.show_stored({name: _text(getattr(journey, name)) for name in CLEAR} | _own(stands))
            form.stage_on.data = current.today().isoformat()
        form.offer(journey.programme, journey.stage, stands.stages)
        # The reason of an end is asked for where the stage that ends is offered.
        asks_why = TURNED_DOWN in stands.stages
        return {"stands": stands, "programme": journey.programme, "asks_why": asks_why}

    def page(conflict: EditConflict | None) -> str:
        detail = ("stage", "scheme", "orientation_path")
        return show_form("course.html", form, journey_id, conflict, detail=detail, load=load)

    def save() -> str:
        given, faults = read_course(form.typed())
        version, now = form.version.data or 0, current.now()
        change_course(current.actor(), journey_id, given, version, now, sure=form.sure, faults=faults)
        return _journey(journey_id)

    return write_page(form, page, save, "Étape et dates enregistrées.")


@blueprint.route("/<uuid:journey_id>/sortie", methods=["GET", "POST"])
@declares(Action.END_JOURNEY)
@drafts.kept
def ending(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = EndingForm()

    def load(grant: Grant) -> dict[str, Any]:
        stands = ending_page(grant, journey_id, current.today())
        form.offer(REASONS[stands.programme])
        if request.method == "GET":
            form.version.data = stands.version
            form.on.data = current.today().isoformat()
        # Opened from an old page. What was typed meanwhile is shown again, with what stands against it.
        read = request.method == "GET"
        already = read and not stands.runs
        too_soon = read and not already and not stands.may_end
        return {"stands": stands, "lost_contact": LOST_CONTACT, "already": already, "too_soon": too_soon}

    def page(conflict: EditConflict | None) -> str:
        return show_form("ending.html", form, journey_id, conflict, detail=("contacts", "actions"), load=load)

    def save() -> str:
        given, faults = read_ending(form.typed())
        version, now = form.version.data or 0, current.now()
        end_journey(current.actor(), journey_id, given, version, now, faults=faults)
        return _journey(journey_id)

    return write_page(form, page, save, "Sortie enregistrée : le parcours est terminé.")


@blueprint.route("/<uuid:journey_id>/reouverture", methods=["GET", "POST"])
@declares(Action.REOPEN_JOURNEY)
@drafts.kept
def reopening(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = ReopeningForm()

    def load(grant: Grant) -> dict[str, Any]:
        stands = ending_page(grant, journey_id, current.today())
        form.offer(stands.programme, stands.stages_after)
        if request.method == "GET":
            form.version.data = stands.version
            form.on.data = current.today().isoformat()
            form.stage.data = stands.before if stands.before in stands.stages_after else None
        return {"stands": stands, "already": request.method == "GET" and stands.runs}

    def page(conflict: EditConflict | None) -> str:
        return show_form("reopening.html", form, journey_id, conflict, detail=("stage", "exit_on"), load=load)

    def save() -> str:
        given, faults = read_reopening(form.typed())
        version, now = form.version.data or 0, current.now()
        reopen_journey(current.actor(), journey_id, given, version, now, faults=faults)
        return _journey(journey_id)

    return write_page(form, page, save, "Parcours rouvert.")


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _own(stands: Any) -> dict[str, Any]:
    return {
        "scheme": stands.sheet["scheme"],
        "orientation_path": stands.sheet["orientation_path"],
        "version": stands.journey.version,
    }


def _journey(journey_id: uuid.UUID) -> str:
    return url_for("cases.journey", journey_id=journey_id, _anchor="gerer")
