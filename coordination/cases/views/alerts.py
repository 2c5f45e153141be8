"""The ways out of an alert."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from coordination.alerts import commands
from coordination.cases.forms import AlertForm
from coordination.cases.queries.alert_page import AlertPage, alert_page, journey_of_alert
from coordination.cases.queries.reach import Reach, reach_on
from coordination.cases.schemas import read_answer
from coordination.cases.views.pages import back_to, blueprint, first_page_of, refused, show, way_back
from coordination.errors import BadInput, Conflict
from coordination.privacy.drafts import Resumed
from coordination.privacy.policy import Action, require
from coordination.privacy.work import consult
from coordination.web import current, drafts
from coordination.web.routing import declares

SAID = {
    "VUE": "Alerte notée comme vue.",
    "PRISE_EN_CHARGE": "Alerte prise en charge.",
    "REPORTEE": "Alerte reportée.",
    "SANS_OBJET": "Alerte classée sans objet.",
}
IN_PLACE = ("VUE", "PRISE_EN_CHARGE")


@blueprint.route("/alerte/<uuid:alert_id>", methods=["GET", "POST"])
@declares(Action.ANSWER_ALERT)
@drafts.kept
def answer_alert(alert_id: uuid.UUID) -> ResponseReturnValue:
    form = AlertForm()
    form.offer(current.today())
    if request.method == "GET":
        return _page(form, alert_id)
    try:
        answer = read_answer(form.typed())
        version, now = form.version.data or 0, current.now()
        with drafts.saving():
            journey_id = commands.answer_alert(current.actor(), alert_id, answer, version, now)
    except BadInput as error:
        form.refuse(error)
        return refused(_page(form, alert_id))
    except Conflict as error:
        alert, _, _ = _read(alert_id)
        # An impatient thumb sent the same answer twice: it was heard the first time.
        if alert.status != form.status.data or alert.acted_by != current.actor().id:
            form.version.data = alert.version
            form.idempotency_key.data = uuid.uuid4().hex
            form.form_errors.append(str(error))
            return refused(_page(form, alert_id), 409)
        journey_id = alert.person.journey_id
    drafts.forget()
    flash(SAID[form.status.data], "success")
    return redirect(back_to(way_back(), journey_id, place=form.status.data in IN_PLACE), 303)


def _read(alert_id: uuid.UUID, form: AlertForm | None = None) -> tuple[AlertPage, Reach, Resumed | None]:
    """The alert, what its reader may write, and what a draft put back into `form`, one about the version shown."""
    actor = current.actor()
    with consult(actor, Action.OPEN_JOURNEY, current.now()) as r:
        journey_id = journey_of_alert(alert_id)
        grant = r.require(journey_id)
        require(actor, Action.ANSWER_ALERT, r.subject)
        alert = alert_page(grant, journey_id, alert_id, current.today())
        reach, draft = reach_on(grant, actor, r.subject), None
        if form and request.method == "GET":
            form.version.data = alert.version
            draft = drafts.resume(grant, form, journey_id) if alert.is_open else None
            # A delay that was counted from an earlier day stays chosen, as a date.
            form.offer(current.today())
        r.audit(grant, ["alert"])
    return alert, reach, draft


def _page(form: AlertForm, alert_id: uuid.UUID) -> str:
    alert, reach, draft = _read(alert_id, form)
    journey_id = alert.person.journey_id
    return show(
        "alert.html",
        reach=reach,
        form=form,
        alert=alert,
        back=first_page_of(journey_id),
        way_back=way_back(),
        explained="pourquoi" in request.args,
        draft=draft,
        draft_marks=[drafts.mark(drafts.here(journey_id))],
    )
