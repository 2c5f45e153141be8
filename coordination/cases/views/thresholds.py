"""Thresholds: what stands, a trial on the past, the decision, the recount that follows."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.alerts.catalogue import rules
from coordination.alerts.in_force import Place
from coordination.alerts.settings import bounds, catalogue_values, settable
from coordination.cases.commands import thresholds as commands
from coordination.cases.commands.recount import recount_some
from coordination.cases.forms_thresholds import DecisionForm, TrialForm
from coordination.cases.queries import threshold_pages as pages
from coordination.cases.queries.followers import coordinated
from coordination.cases.views.pages import blueprint, refused, show
from coordination.cases.vocabulary import PROGRAMMES
from coordination.errors import BadInput, Conflict
from coordination.privacy.policy import Action
from coordination.privacy.work import AlreadyDone, consult
from coordination.web import current
from coordination.web.filters import count
from coordination.web.routing import declares


@blueprint.get("/seuils")
@declares(Action.SET_THRESHOLDS)
def thresholds() -> ResponseReturnValue:
    actor, today = current.actor(), current.today()
    with consult(actor, Action.SET_THRESHOLDS, current.now()) as r:
        grant = r.require()
        mine = sorted(coordinated(actor), reverse=True)
        programmes = [(code, pages.rule_lines(grant, code, today)) for code in mine]
        waiting = pages.waiting(mine)
        r.audit(grant, ("seuils",))
    # A script goes on by itself as long as each turn brings it forward.
    moves = "arret" not in request.args
    return show("thresholds.html", programmes=programmes, waiting=waiting, moves=moves)


@blueprint.route("/seuils/<programme>/<rule>", methods=["GET", "POST"])
@declares(Action.SET_THRESHOLDS)
def threshold(programme: str, rule: str) -> ResponseReturnValue:
    """`?structure=`: id of a structure; `?catalogue=1`: the catalogue's values to begin with."""
    form = TrialForm()
    actor, today = current.actor(), current.today()
    with consult(actor, Action.SET_THRESHOLDS, current.now()) as r:
        grant = r.require()
        commands.require_place(actor, Place(rule, programme))
        structures = pages.structures_of(programme)
        asked = request.args.get("structure", "")
        structure_id = uuid.UUID(asked) if asked in structures else None
        present = pages.present_values(Place(rule, programme, structure_id), today)
        r.audit(grant, ("seuil", rule, programme))
    form.offer(rule, structures, PROGRAMMES[programme])
    usual = catalogue_values(rule)
    if request.method == "GET":
        form.structure.data = str(structure_id or "")
        form.show(usual if request.args.get("catalogue") else present)
    limits = {name: (getattr(usual, name), *bounds(rule, name)) for name in settable(rule)}

    def page() -> str:
        return show(
            "threshold.html",
            form=form,
            rule=rules()[rule],
            programme=programme,
            present=present.words(rule),
            usual=usual.words(rule),
            limits=limits,
        )

    if request.method == "GET":
        return page()
    trial_id = uuid.uuid4()
    answer = url_for("cases.threshold_trial", trial_id=trial_id)
    try:
        new = form.read(rule, programme)
        commands.make_trial(actor, trial_id, new, current.now(), key=form.key, answer=answer)
    except BadInput as error:
        form.refuse(error)
        return refused(page())
    except AlreadyDone as done:
        answer = done.answer
    except Conflict as error:
        form.idempotency_key.data = uuid.uuid4().hex
        form.form_errors.append(str(error))
        return refused(page(), 409)
    return redirect(answer, 303)


@blueprint.route("/seuils/essai/<uuid:trial_id>", methods=["GET", "POST"])
@declares(Action.SET_THRESHOLDS)
def threshold_trial(trial_id: uuid.UUID) -> ResponseReturnValue:
    form = DecisionForm()
    actor = current.actor()
    if request.method == "GET":
        form.valid_from.data = current.today().isoformat()
        return _trial(trial_id, form)
    answer = url_for("cases.thresholds")
    try:
        queued = commands.decide(actor, form.read(trial_id), current.now(), key=form.key, answer=answer)
    except BadInput as error:
        form.refuse(error)
        return refused(_trial(trial_id, form))
    except AlreadyDone as done:
        return redirect(done.answer, 303)
    except Conflict as error:
        form.idempotency_key.data = uuid.uuid4().hex
        form.form_errors.append(str(error))
        return refused(_trial(trial_id, form), 409)
    counted = recount_some(actor, current.now())
    flash(_said(queued, counted), "success")
    return redirect(answer, 303)


def _said(queued: int, counted: int) -> str:
    done = count(counted, "parcours recalculé", "parcours recalculés")
    return (
        f"Réglage enregistré, {done}." if counted >= queued else f"Réglage enregistré, {done} pour commencer."
    )


def _trial(trial_id: uuid.UUID, form: DecisionForm) -> str:
    with consult(current.actor(), Action.SET_THRESHOLDS, current.now()) as r:
        grant = r.require()
        found = pages.trial_page(grant, trial_id)
        r.audit(grant, ("essai", found.rule.id))
    fresh = current.now() - found.trial.made_at <= commands.FRESH
    return show("threshold_trial.html", form=form, trial=found, fresh=fresh)


@blueprint.post("/seuils/recalcul")
@declares(Action.SET_THRESHOLDS)
def recount() -> ResponseReturnValue:
    """One more turn of the recount."""
    counted = recount_some(current.actor(), current.now())
    if counted:
        flash(f"{count(counted, 'parcours recalculé', 'parcours recalculés')}.", "success")
    return redirect(url_for("cases.thresholds", arret=None if counted else 1), 303)


@blueprint.post("/seuils/reglage/<uuid:threshold_id>/retirer")
@declares(Action.SET_THRESHOLDS)
def withdraw_threshold(threshold_id: uuid.UUID) -> ResponseReturnValue:
    try:
        commands.withdraw(current.actor(), threshold_id, current.now())
    except BadInput as error:
        flash(str(error), "warning")
        return redirect(url_for("cases.thresholds"), 303)
    recount_some(current.actor(), current.now())
    flash("Réglage retiré : il ne commencera pas.", "success")
    return redirect(url_for("cases.thresholds"), 303)
