"""Structures: added, renamed, retired; never deleted."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from coordination.accounts import structures
from coordination.accounts.structures import StructureValues
from coordination.errors import BadInput, Conflict
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.administration.forms import StructureForm
from coordination.web.administration.pages import blueprint, refuse, show
from coordination.web.routing import declares


@blueprint.route("/structures/nouvelle", methods=["GET", "POST"])
@declares(Action.MANAGE_ACCOUNTS)
def new_structure() -> ResponseReturnValue:
    form = StructureForm()
    form.offer()
    if request.method == "GET":
        return show("structure.html", form=form, structure=None)
    try:
        structures.add_structure(
            current.actor(), (form.code.data or "").strip(), _values(form), current.now()
        )
    except BadInput as error:
        return show("structure.html", refuse(form, error), form=form, structure=None)
    flash("Structure ajoutée.", "success")
    return redirect(url_for("oversight.accounts", _anchor="structures"), 303)


@blueprint.route("/structures/<uuid:structure_id>", methods=["GET", "POST"])
@declares(Action.MANAGE_ACCOUNTS)
def structure(structure_id: uuid.UUID) -> ResponseReturnValue:
    form = StructureForm()
    if request.method == "GET":
        return _structure(structure_id, form)
    try:
        structures.change_structure(
            current.actor(), structure_id, form.version.data or 0, _values(form), current.now()
        )
    except (BadInput, Conflict) as error:
        return _structure(structure_id, form, refuse(form, error))
    flash("Structure enregistrée.", "success")
    return redirect(url_for("oversight.accounts", _anchor="structures"), 303)


def _structure(structure_id: uuid.UUID, form: StructureForm, status: int = 200) -> Response:
    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        found = structures.structure_sheet(grant, structure_id)
        r.audit(grant, ("structure", str(structure_id)))
    form.offer(found.type or "", found.commune or "")
    if request.method == "GET":
        form.version.data, form.name.data = found.version, found.name
        form.type.data, form.commune.data = found.type or "", found.commune or ""
        form.retired_on.data = str(found.retired_on or "")
    elif status == 409:
        form.version.data = found.version
    return show("structure.html", status, form=form, structure=found)


def _values(form: StructureForm) -> StructureValues:
    return StructureValues(
        " ".join((form.name.data or "").split()),
        form.type.data or None,
        form.commune.data or None,
        form.retired_on.day(),
    )
