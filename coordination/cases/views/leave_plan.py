"""What falls in an absence, and who will have it; who replaces, chosen by who is away or by the coordination."""

from __future__ import annotations

import uuid

from flask import url_for
from flask.typing import ResponseReturnValue

from coordination.cases.commands.reassign import back_up
from coordination.cases.commands.team import choose_replacement
from coordination.cases.forms_life import ReplacementForm
from coordination.cases.forms_reassign import BackingForm
from coordination.cases.queries import leave_plan as queries
from coordination.cases.schemas_life import read_replacement
from coordination.cases.views.pages import blueprint, show
from coordination.cases.views.writing import write_page
from coordination.privacy.policy import Action
from coordination.privacy.records import EditConflict
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.filters import count
from coordination.web.routing import declares


@blueprint.route("/absences/<uuid:leave_id>", methods=["GET", "POST"])
@declares(Action.PLAN_LEAVE)
def leave(leave_id: uuid.UUID) -> ResponseReturnValue:
    """The plan; several people of it can be given to one backup at once."""
    form = BackingForm()

    def page(_conflict: EditConflict | None) -> str:
        with consult(current.actor(), Action.PLAN_LEAVE, current.now()) as r:
            grant = r.require()
            plan = queries.leave_plan(grant, current.actor(), leave_id, current.now())
            r.audit(grant, plan.shown)
        form.offer({id_: name for id_, name in plan.absence.people.items() if id_ != plan.absence.account_id})
        replacement = ReplacementForm(formdata=None)
        replacement.offer(plan.absence)
        return show("leave_plan.html", plan=plan, form=form, replacement=replacement, ticked=form.ticked())

    def save() -> str:
        answer = url_for("cases.leave", leave_id=leave_id, _anchor="tombe")
        back_up(current.actor(), leave_id, form.read(), current.now(), key=form.key, answer=answer)
        return answer

    def saved() -> str:
        number = len(form.ticked())
        return f"{count(number, 'parcours confié', 'parcours confiés')} en suppléance."

    return write_page(form, page, save, saved)


@blueprint.route("/absences/<uuid:leave_id>/remplacement", methods=["GET", "POST"])
@declares(Action.PLAN_LEAVE)
def leave_replacement(leave_id: uuid.UUID) -> ResponseReturnValue:
    form = ReplacementForm()

    def read() -> queries.Absence:
        with consult(current.actor(), Action.PLAN_LEAVE, current.now()) as r:
            grant = r.require()
            found = queries.absence(current.actor(), leave_id, current.now())
            r.audit(grant, ["leave"])
        return found

    def page(_conflict: EditConflict | None) -> str:
        absence = read()
        form.offer(absence)
        own = absence.account_id == current.actor().id
        return show(
            "leave_replacement.html",
            form=form,
            absence=absence,
            own=own,
            conflict=None,
            draft=None,
            draft_marks=[],
            way_back="",
            back=_back(absence, leave_id),
        )

    def save() -> str:
        typed = read_replacement({name: field.data for name, field in form._fields.items()})
        choose_replacement(current.actor(), leave_id, typed, current.now())
        return _back(read(), leave_id)["url"]

    return write_page(form, page, save, "Remplacement enregistré.")


def _back(absence: queries.Absence, leave_id: uuid.UUID) -> dict[str, str]:
    """Who is away comes back to the plan, the coordination to its board."""
    if absence.account_id == current.actor().id:
        return {"url": url_for("cases.leave", leave_id=leave_id), "label": "Pendant votre absence"}
    return {"url": url_for("cases.board"), "label": "Tableau"}
