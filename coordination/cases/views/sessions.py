"""The sessions of an action, the diagnosis, what became of an appointment."""

from __future__ import annotations

import uuid
from datetime import date
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

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
        days = _days(form, marked)
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
            )
        except BadInput as error:
            other = (form.other.data or "").strip()
            fields = {"other" if _same(other, name) else name: text for name, text in error.fields.items()}
            raise BadInput(" ".join(fields.values()) or str(error), fields) from None
        return answer

    return write_page(form, page, save, "Présences enregistrées.")


def _days(form: SessionsForm, marked: dict[str, str]) -> dict[date, str]:
    """Day -> code, of the sessions that were marked. Raises BadInput."""
    days = {}
    try:
        for text, status in marked.items():
            day = read_day(text)
            if day:
                days[day] = status
        other = read_day(form.other.data or "")
    except ValidationError as error:
        raise BadInput("Date à corriger.", {"other": " ".join(map(str, error.messages))}) from None
    if other and not form.other_status.data:
        raise BadInput("Présence à préciser.", {"other_status": "Choisissez une des réponses proposées."})
    if form.other_status.data and not other:
        raise BadInput("Date à préciser.", {"other": "Indiquez la date de cette séance."})
    if other:
        days[other] = form.other_status.data
    return days


def _same(typed: str, day: str) -> bool:
    try:
        return bool(typed) and str(read_day(typed)) == day
    except ValidationError:
        return False


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
        on, text = read_diagnosis(
            {"diagnosis_on": form.diagnosis_on.data or "", "diagnosis": form.diagnosis.data or ""}
        )
        version = form.version.data or 0
        diagnosis.write_diagnosis(current.actor(), journey_id, on, text, version, current.now())
        return url_for("cases.journey", journey_id=journey_id)

    return write_page(form, page, save, "Diagnostic enregistré.")


@blueprint.post("/rendez-vous/<uuid:appointment_id>/issue")
@declares(Action.LOG_CONTACT)
def set_outcome(appointment_id: uuid.UUID) -> ResponseReturnValue:
    status = request.form.get("status", "")
    version = request.form.get("version", 0, type=int) or 0
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
