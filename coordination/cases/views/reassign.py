"""Giving several journeys to another référent."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.cases.commands.reassign import reassign as give
from coordination.cases.forms_reassign import ReassignForm
from coordination.cases.queries.reassign_page import ReassignPage, reassign_page
from coordination.cases.views.pages import blueprint, refused, show
from coordination.errors import BadInput, Conflict
from coordination.privacy.policy import Action
from coordination.privacy.work import AlreadyDone, consult
from coordination.web import current
from coordination.web.filters import count
from coordination.web.routing import declares

DONE = "Fait : {} a changé de référent."
DONE_SEVERAL = "Fait : {} ont changé de référent."


@blueprint.route("/reaffecter", methods=["GET", "POST"], defaults={"who": None})
@blueprint.route("/reaffecter/<uuid:who>", methods=["GET", "POST"])
@declares(Action.ASSIGN_REFERENT)
def reassign(who: uuid.UUID | None) -> ResponseReturnValue:
    """The journeys of a référent; without one, those that nobody can follow any more."""
    form = ReassignForm()
    page = _read(who)
    form.offer(page.able, who)
    if request.method == "GET":
        return _page(form, page)
    answer = url_for("cases.board")
    try:
        wanted = form.read()
        give(current.actor(), wanted, current.now(), key=form.key, answer=answer)
    except BadInput as error:
        form.refuse(error)
        return refused(_page(form, page))
    except AlreadyDone as done:
        answer = done.answer
    except Conflict as error:
        form.idempotency_key.data = uuid.uuid4().hex
        form.form_errors.append(str(error))
        return refused(_page(form, _read(who)), 409)
    number = len(form.ticked())
    flash((DONE if number == 1 else DONE_SEVERAL).format(count(number, "parcours", "parcours")), "success")
    return redirect(answer, 303)


def _read(who: uuid.UUID | None) -> ReassignPage:
    actor = current.actor()
    # Who coordinates no programme has nobody to give: a refusal, noted as such.
    with consult(actor, Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        page = reassign_page(grant, actor, who, current.now())
        r.audit(grant, [str(line.person.journey_id) for line in page.lines])
    return page


def _page(form: ReassignForm, page: ReassignPage) -> str:
    return show("reassign.html", form=form, reassign=page, ticked=form.ticked())
