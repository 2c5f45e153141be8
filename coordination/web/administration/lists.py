"""Coded lists, fragile neighbourhoods, school years."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug import Response

from coordination import reference
from coordination.accounts import lists, territory
from coordination.errors import BadInput, Conflict
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.administration.forms import AreaForm, LabelForm, SchoolYearForm
from coordination.web.administration.pages import blueprint, refuse, show
from coordination.web.routing import declares


@blueprint.get("/listes")
@declares(Action.MANAGE_LISTS)
def lists_index() -> ResponseReturnValue:
    with consult(current.actor(), Action.MANAGE_LISTS, current.now()) as r:
        grant = r.require()
        lines = [(name, label, lists.list_lines(grant, name)) for name, label in lists.EDITABLE.items()]
        r.audit(grant, ("listes",))
    return show("lists.html", lines=lines)


@blueprint.get("/listes/<name>")
@declares(Action.MANAGE_LISTS)
def coded_list(name: str) -> ResponseReturnValue:
    return _list(name)


def _list(name: str, status: int = 200, refused: LabelForm | None = None, code: str = "") -> Response:
    with consult(current.actor(), Action.MANAGE_LISTS, current.now()) as r:
        grant = r.require()
        lines = lists.list_lines(grant, name)
        r.audit(grant, ("liste", name))
    forms = []
    for line in lines:
        if refused is not None and line.code == code:
            refused.version.data = line.version
            forms.append((line, refused))
            continue
        form = LabelForm(formdata=None, prefix=f"{line.code}-")
        form.version.data, form.label.data = line.version, line.label
        form.retired.data = line.retired_on is not None
        forms.append((line, form))
    return show("list.html", status, name=name, title=lists.EDITABLE[name], forms=forms, refused=refused)


@blueprint.post("/listes/<name>/<code>")
@declares(Action.MANAGE_LISTS)
def change_label(name: str, code: str) -> ResponseReturnValue:
    form = LabelForm(prefix=f"{code}-")
    move = {"up": -1, "down": 1}.get(request.form.get("move", ""), 0)
    try:
        lists.change_label(
            current.actor(),
            name,
            code,
            form.version.data or 0,
            current.now(),
            label=form.label.data or "",
            retired_on=current.today() if form.retired.data else None,
            move=move,
        )
    except (BadInput, Conflict) as error:
        return _list(name, refuse(form, error), form, code)
    flash("Liste enregistrée. Tout le monde la voit d'ici quelques secondes.", "success")
    return redirect(url_for("administration.coded_list", name=name, _anchor=f"code-{code}"), 303)


@blueprint.route("/quartiers", methods=["GET", "POST"])
@declares(Action.MANAGE_LISTS)
def areas() -> ResponseReturnValue:
    form = AreaForm()
    if request.method == "GET":
        return _areas(form)
    try:
        territory.save_area(
            current.actor(), (form.code.data or "").strip(), None, current.now(), _area_values(form)
        )
    except BadInput as error:
        return _areas(form, refuse(form, error))
    flash("Quartier ajouté.", "success")
    return redirect(url_for("administration.areas"), 303)


def _areas(form: AreaForm, status: int = 200) -> Response:
    form.offer()
    with consult(current.actor(), Action.MANAGE_LISTS, current.now()) as r:
        grant = r.require()
        found = territory.list_areas(grant)
        r.audit(grant, ("quartiers",))
    return show("areas.html", status, form=form, areas=found, communes=reference.communes())


@blueprint.route("/quartiers/<code>", methods=["GET", "POST"])
@declares(Action.MANAGE_LISTS)
def area(code: str) -> ResponseReturnValue:
    form = AreaForm()
    if request.method == "GET":
        return _area(code, form)
    try:
        territory.save_area(current.actor(), code, form.version.data or 0, current.now(), _area_values(form))
    except (BadInput, Conflict) as error:
        return _area(code, form, refuse(form, error))
    flash("Quartier enregistré.", "success")
    return redirect(url_for("administration.areas"), 303)


def _area(code: str, form: AreaForm, status: int = 200) -> Response:
    form.offer()
    with consult(current.actor(), Action.MANAGE_LISTS, current.now()) as r:
        grant = r.require()
        found = territory.area_sheet(grant, code)
        r.audit(grant, ("quartier", code))
    if request.method == "GET":
        form.version.data, form.label.data, form.commune.data = found.version, found.label, found.commune
        form.valid_from.data = str(found.valid_from or "")
        form.valid_until.data = str(found.valid_until or "")
    elif status == 409:
        form.version.data = found.version
    return show("area.html", status, form=form, area=found)


def _area_values(form: AreaForm) -> territory.AreaValues:
    return territory.AreaValues(
        " ".join((form.label.data or "").split()),
        form.commune.data or "",
        form.valid_from.day(),
        form.valid_until.day(),
    )


@blueprint.route("/annees-scolaires", methods=["GET", "POST"])
@declares(Action.MANAGE_LISTS)
def school_years() -> ResponseReturnValue:
    return _years(None) if request.method == "GET" else _save_year(SchoolYearForm(), None)


@blueprint.post("/annees-scolaires/<uuid:year_id>")
@declares(Action.MANAGE_LISTS)
def change_school_year(year_id: uuid.UUID) -> ResponseReturnValue:
    return _save_year(SchoolYearForm(prefix=f"y{year_id.hex[:8]}-"), year_id)


def _save_year(form: SchoolYearForm, year_id: uuid.UUID | None) -> ResponseReturnValue:
    try:
        territory.save_school_year(
            current.actor(),
            year_id,
            form.version.data,
            current.now(),
            form.starts_on.day(),
            form.ends_on.day(),
        )
    except (BadInput, Conflict) as error:
        return _years(form, refuse(form, error), year_id)
    flash("Année scolaire enregistrée.", "success")
    return redirect(url_for("administration.school_years"), 303)


def _years(form: SchoolYearForm | None, status: int = 200, year_id: uuid.UUID | None = None) -> Response:
    """`form`: the one that was refused, of the year `year_id` or of a new one."""
    with consult(current.actor(), Action.MANAGE_LISTS, current.now()) as r:
        grant = r.require()
        found = territory.list_school_years(grant)
        r.audit(grant, ("annees_scolaires",))
    forms = []
    for year in found:
        if form and year.id == year_id:
            form.version.data = year.version
            forms.append((year, form))
            continue
        own = SchoolYearForm(formdata=None, prefix=f"y{year.id.hex[:8]}-")
        own.version.data = year.version
        own.starts_on.data, own.ends_on.data = year.starts_on.isoformat(), year.ends_on.isoformat()
        forms.append((year, own))
    if form is None or year_id:
        form = SchoolYearForm(formdata=None)
        starts_on, ends_on = territory.next_year(current.today(), found)
        form.starts_on.data, form.ends_on.data = starts_on.isoformat(), ends_on.isoformat()
    return show("school_years.html", status, forms=forms, form=form)
