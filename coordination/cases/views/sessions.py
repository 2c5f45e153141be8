"""The sessions of an action, the diagnosis, what became of an appointment."""

from __future__ import annotations

import uuid
from datetime import date
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from coordination.cases.checks import Faults
from coordination.cases.commands import appointments, attendance, diagnosis
from coordination.cases.forms_records import DiagnosisForm, SessionsForm
from coordination.cases.models import Action as ActionRow
from coordination.cases.queries.record_page import diagnosis_of, sessions_of
from coordination.cases.schemas_records import read_day, read_diagnosis
from coordination.cases.views.pages import back_to, blueprint, way_back
from coordination.cases.views.writing import show_form, write_page
from coordination.cases.vocabulary import ATTENDANCE_LABELS
from coordination.errors import BadInput
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict, journey_of
from coordination.web import current, drafts
from coordination.web.forms import version_sent
from coordination.web.routing import declares

MARK = "seance-"


@blueprint.route("/action/<uuid:action_id>/presences", methods=["GET", "POST"])
@declares(Action.WRITE_RECORD)
@drafts.kept
def sessions(action_id: uuid.UUID) -> ResponseReturnValue:
    form = SessionsForm()
    form.offer()
    marked = {name.removeprefix(MARK): s for name, s in request.form.items() if name.startswith(MARK) and s}

    def load(grant: Grant) -> dict[str, Any]:
        return {
            "sessions": sessions_of(grant, action_id, current.today()),
            "labels": ATTENDANCE_LABELS,
            "marked": marked,
            "mark": MARK,
        }

    def page(_conflict: EditConflict | None) -> str:
        found = partial(journey_of, ActionRow, action_id)
        return show_form("sessions.html", form, found, detail=("action", "attendance"), load=load)

    def save() -> str:
        answer = url_for("cases.change_record", slug="action", record_id=action_id, _anchor="seances")
        days, faults = _days(form, marked)
        actor, now = current.actor(), current.now()
        try:
            attendance.note_sessions(
                actor,
                action_id,
                days,
                now,
                unnoted=[day for day in days if day.isoformat() in marked],
                key=form.key,
                answer=answer,
                faults=faults,
            )
        except BadInput as error:
            raise BadInput(str(error), _beside(form, error.fields)) from None
        return answer

    return write_page(form, page, save, "Présences enregistrées.")


def _days(form: SessionsForm, marked: dict[str, str]) -> tuple[dict[date, str], Faults]:
    """Day -> code, of the sessions that were marked, and what is wrong already with the form."""
    days: dict[date, str] = {}
    for text, status in marked.items():
        try:
            day = read_day(text)
        except ValidationError as error:
            raise BadInput(" ".join(map(str, error.messages))) from None
        if day:
            days[day] = status
    other, faults = form.other.read()
    if other:
        days[other] = form.other_status.data or ""
    elif form.other_status.data and not faults:
        faults = {"other": "Indiquez la date de cette séance."}
    return days, faults


def _beside(form: SessionsForm, problems: Faults) -> dict[str, str]:
    """What is said of the session typed by hand, by the names of its fields."""
    other, _ = form.other.read()
    names = {other.isoformat(): "other", attendance.answer_of(other): "other_status"} if other else {}
    return {names.get(name, name): text for name, text in problems.items()}


@blueprint.route("/<uuid:journey_id>/diagnostic", methods=["GET", "POST"])
@declares(Action.WRITE_RECORD)
@drafts.kept
def write_diagnosis(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = DiagnosisForm()

    def load(grant: Grant) -> dict[str, Any]:
        if request.method == "GET":
            on, form.diagnosis.data, form.version.data = diagnosis_of(grant, journey_id)
            form.diagnosis_on.data = (on or current.today()).isoformat()
        return {}

    def page(conflict: EditConflict | None) -> str:
        return show_form("diagnosis.html", form, journey_id, conflict, detail=("diagnosis",), load=load)

    def save() -> str:
        on, text, faults = read_diagnosis(
            {"diagnosis_on": form.diagnosis_on.data or "", "diagnosis": form.diagnosis.data or ""}
        )
        version, now = form.version.data or 0, current.now()
        diagnosis.write_diagnosis(current.actor(), journey_id, on, text, version, now, faults=faults)
        return url_for("cases.journey", journey_id=journey_id)

    return write_page(form, page, save, "Diagnostic enregistré.")


@blueprint.post("/rendez-vous/<uuid:appointment_id>/issue")
@declares(Action.LOG_CONTACT)
def set_outcome(appointment_id: uuid.UUID) -> ResponseReturnValue:
    status = request.form.get("status", "")
    version = version_sent()
    try:
        journey_id = appointments.set_outcome(current.actor(), appointment_id, status, version, current.now())
    except (BadInput, EditConflict) as error:
        said = error.fields.get("status") if isinstance(error, BadInput) else None
        flash(
            said or "Quelqu'un d'autre vient de renseigner ce rendez-vous : relisez ce qui est noté.", "error"
        )
        return redirect(url_for("cases.change_record", slug="rendez-vous", record_id=appointment_id), 303)
    flash("Rendez-vous renseigné.", "success")
    return redirect(back_to(way_back(), journey_id), 303)
