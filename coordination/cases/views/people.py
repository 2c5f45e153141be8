"""Identity, people to call, school: shown, corrected, kept."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from coordination import reference
from coordination.cases.commands import people
from coordination.cases.forms_people import (
    IdentityForm,
    RelativeForm,
    RemovalForm,
    SchoolForm,
    school_year_of,
)
from coordination.cases.models import Representative
from coordination.cases.queries.people_page import (
    RELATIVE,
    SHEET,
    programme_of,
    school_lines,
    schooling_now,
    stored_relative,
    stored_sheet,
)
from coordination.cases.schemas_people import read_identity, read_relative, read_school_year
from coordination.cases.views.pages import blueprint
from coordination.cases.views.writing import show_form, write_page
from coordination.console import alphabetical
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict, journey_of
from coordination.web import current, drafts
from coordination.web.routing import declares


@blueprint.route("/<uuid:journey_id>/identite", methods=["GET", "POST"])
@declares(Action.CHANGE_PEOPLE)
@drafts.kept
def identity(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = IdentityForm()

    def load(grant: Grant) -> dict[str, Any]:
        programme = programme_of(journey_id)
        if request.method == "GET":
            form.show_stored(stored_sheet(grant, journey_id))
        form.offer(programme, current.today())
        return {"programme": programme}

    def page(conflict: EditConflict | None) -> str:
        return show_form("identity.html", form, journey_id, conflict, detail=("sheet", *SHEET), load=load)

    def save() -> str:
        given, faults = read_identity(form.typed())
        version, now = form.version.data or 0, current.now()
        people.change_identity(
            current.actor(), journey_id, given, version, now, sure=form.sure, faults=faults
        )
        return _journey(journey_id, "identite")

    return write_page(form, page, save, "Identité enregistrée.")


@blueprint.route("/<uuid:journey_id>/proche", methods=["GET", "POST"])
@declares(Action.CHANGE_PEOPLE)
@drafts.kept
def add_relative(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = RelativeForm()

    def page(_conflict: EditConflict | None) -> str:
        return show_form("relative.html", form, journey_id, load=lambda _grant: {"relative_id": None})

    def save() -> str:
        answer = _journey(journey_id, "appeler")
        given = read_relative(form.typed())
        people.add_relative(
            current.actor(), journey_id, given, current.now(), key=form.key, answer=answer, sure=form.sure
        )
        return answer

    return write_page(form, page, save, "Personne à appeler ajoutée.")


@blueprint.route("/proche/<uuid:relative_id>", methods=["GET", "POST"])
@declares(Action.CHANGE_PEOPLE)
@drafts.kept
def change_relative(relative_id: uuid.UUID) -> ResponseReturnValue:
    form = RelativeForm()

    def load(grant: Grant) -> dict[str, Any]:
        if request.method == "GET":
            form.show_stored(stored_relative(grant, relative_id))
        return {"relative_id": relative_id}

    def page(conflict: EditConflict | None) -> str:
        found = partial(journey_of, Representative, relative_id)
        return show_form(
            "relative.html", form, found, conflict, detail=("representative", *RELATIVE), load=load
        )

    def save() -> str:
        given = read_relative(form.typed())
        journey_id = people.change_relative(
            current.actor(), relative_id, given, form.version.data or 0, current.now(), sure=form.sure
        )
        return _journey(journey_id, "appeler")

    return write_page(form, page, save, "Personne à appeler corrigée.")


@blueprint.route("/proche/<uuid:relative_id>/retirer", methods=["GET", "POST"])
@declares(Action.CHANGE_PEOPLE)
@drafts.kept
def remove_relative(relative_id: uuid.UUID) -> ResponseReturnValue:
    form = RemovalForm()

    def load(grant: Grant) -> dict[str, Any]:
        stored = stored_relative(grant, relative_id)
        if request.method == "GET":
            form.version.data = stored["version"]
        return {"name": f"{stored['first_name'] or ''} {stored['last_name'] or ''}".strip()}

    def page(conflict: EditConflict | None) -> str:
        found = partial(journey_of, Representative, relative_id)
        return show_form("remove_relative.html", form, found, conflict, load=load)

    def save() -> str:
        journey_id = people.remove_relative(
            current.actor(), relative_id, form.version.data or 0, current.now(), sure=form.sure
        )
        return _journey(journey_id, "appeler")

    return write_page(
        form, page, save, "Personne retirée de la liste. Ce qui était noté reste dans l'historique."
    )


@blueprint.route("/<uuid:journey_id>/scolarite", methods=["GET", "POST"])
@declares(Action.CHANGE_PEOPLE)
@drafts.kept
def schooling(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = SchoolForm()
    this_year = school_year_of(current.today())
    form.offer(this_year)

    def load(grant: Grant) -> dict[str, Any]:
        lines = school_lines(grant, journey_id)
        if request.method == "GET":
            asked = request.args.get("annee", this_year, type=int)
            known = next((line for line in lines if line.year == asked), None)
            form.year.data = str(asked)
            if known:
                form.school.data, form.school_level.data = known.school, known.level
                form.version.data = known.version
            elif asked == this_year:
                # What is said of today, so that writing the school alone does not take the level away.
                form.school.data, form.school_level.data = schooling_now(grant, journey_id)
        return {
            "lines": lines,
            "levels": reference.labels("school_level"),
            "schools": sorted(
                {school["name"] for school in reference.territory()["schools"]}, key=alphabetical
            ),
        }

    def page(conflict: EditConflict | None) -> str:
        detail = ("schooling", "school", "school_level")
        return show_form("schooling.html", form, journey_id, conflict, detail=detail, load=load)

    def save() -> str:
        given, faults = read_school_year(form.typed())
        people.record_schooling(
            current.actor(),
            journey_id,
            given,
            this_year,
            form.version.data or 0,
            current.now(),
            sure=form.sure,
            faults=faults,
        )
        if given.year == this_year:
            return _journey(journey_id, "identite")
        # The page of the journey tells this year's alone: what was written is seen where it stands.
        return url_for("cases.schooling", journey_id=journey_id, annee=given.year, _anchor="annees")

    return write_page(form, page, save, "Scolarité enregistrée.")


def _journey(journey_id: uuid.UUID, anchor: str) -> str:
    return url_for("cases.journey", journey_id=journey_id, _anchor=anchor)
