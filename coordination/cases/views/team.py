"""Who follows a journey, who takes over, who is away; and the family it belongs to."""

from __future__ import annotations

import uuid
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.accounts.followers import followers
from coordination.cases.commands.families import leave_family, link_sibling
from coordination.cases.commands.team import cancel_leave, hand_over, plan_leave
from coordination.cases.forms_life import FamilyForm, LeaveForm, TeamForm
from coordination.cases.queries.family_page import seen_siblings, siblings, suggestions
from coordination.cases.queries.life_page import leaves_of, leaves_replaced_by, team_page
from coordination.cases.schemas_life import read_handover, read_leave
from coordination.cases.views.pages import blueprint, show, still_sees
from coordination.cases.views.writing import show_form, write_page
from coordination.cases.vocabulary import PROGRAMMES
from coordination.db import act_as, db
from coordination.errors import Forbidden
from coordination.privacy.access import subject_of
from coordination.privacy.policy import FOLLOWING_ROLES, Action, Grant, can
from coordination.privacy.records import EditConflict
from coordination.web import current, drafts
from coordination.web.forms import options
from coordination.web.routing import declares


@blueprint.route("/<uuid:journey_id>/referent", methods=["GET", "POST"])
@declares(Action.HAND_OVER)
@drafts.kept
def team(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = TeamForm()

    def may(grant: Grant) -> None:
        if not can(current.actor(), Action.HAND_OVER, subject_of(current.actor(), journey_id)):
            raise Forbidden("Seuls le référent et la coordination changent qui suit ce parcours.")

    def load(grant: Grant) -> dict[str, Any]:
        stands = team_page(grant, journey_id, current.now())
        form.offer(stands.people)
        if request.method == "GET":
            form.version.data = stands.version
            form.referent_id.data = str(stands.referent_id or "")
            form.backup_id.data = str(stands.backup_id or "")
        return {"own": stands.referent_id == current.actor().id}

    def page(conflict: EditConflict | None) -> str:
        detail = ("referent_id", "backup_id")
        return show_form("team.html", form, journey_id, conflict, detail=detail, load=load, may=may)

    def save() -> str:
        given = read_handover(form.typed())
        hand_over(current.actor(), journey_id, given, form.version.data or 0, current.now())
        if not still_sees(journey_id):
            return url_for("cases.mine")
        return url_for("cases.journey", journey_id=journey_id, _anchor="gerer")

    return write_page(form, page, save, "Qui suit ce parcours est enregistré.")


@blueprint.route("/<uuid:journey_id>/famille", methods=["GET", "POST"])
@declares(Action.LINK_FAMILY)
@drafts.kept
def family(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = FamilyForm()
    read = ["name", "address", "household"]

    def load(grant: Grant) -> dict[str, Any]:
        family = siblings(grant, journey_id)
        near = suggestions(grant, journey_id, family, asked=request.args.get("chercher") == "1")
        # Whoever is shown here is in the log too.
        read.extend(seen_siblings(family))
        read.extend(str(person.journey_id) for person in near or ())
        form.chosen.choices = options({person.ref: f"{person.name}, {person.ref}" for person in near or ()})
        return {"siblings": family, "near": near or (), "unasked": near is None, "journey_id": journey_id}

    def page(_conflict: EditConflict | None) -> str:
        return show_form("family.html", form, journey_id, detail=read, load=load, alone=False)

    def save() -> str:
        ref = (form.ref.data or "").strip() or form.chosen.data or ""
        link_sibling(current.actor(), journey_id, ref, current.now())
        return url_for("cases.journey", journey_id=journey_id, _anchor="gerer")

    return write_page(form, page, save, "Lien de famille enregistré.")


@blueprint.post("/<uuid:journey_id>/famille/retirer")
@declares(Action.LINK_FAMILY)
def unlink_family(journey_id: uuid.UUID) -> ResponseReturnValue:
    leave_family(current.actor(), journey_id, current.now())
    flash("Ce parcours n'est plus relié à une famille.", "success")
    return redirect(url_for("cases.journey", journey_id=journey_id, _anchor="gerer"), 303)


@blueprint.route("/absences", methods=["GET", "POST"])
@declares(Action.PLAN_LEAVE)
@drafts.alone()
def leaves() -> ResponseReturnValue:
    form = LeaveForm()
    actor, place = current.actor(), drafts.here_alone()

    def page(_conflict: EditConflict | None) -> str:
        act_as(db.session, actor.id)
        own = {role.programme for role in actor.roles if role.programme} or set(PROGRAMMES)
        people = followers(own, current.now())
        form.offer({id_: name for id_, name in people.items() if id_ != actor.id})
        mine, others = leaves_of(actor.id, current.today()), leaves_replaced_by(actor.id, current.today())
        db.session.rollback()
        draft = drafts.resume_alone(form, place)
        home = (
            ("cases.mine", "Mes parcours")
            if actor.has(*FOLLOWING_ROLES)
            else ("cases.journeys", "Les parcours")
        )
        return show(
            "leaves.html",
            form=form,
            mine=mine,
            others=others,
            conflict=None,
            draft=draft,
            draft_marks=[drafts.mark(place)],
            way_back="",
            back={"url": url_for(home[0]), "label": home[1]},
        )

    def save() -> str:
        leave_id = uuid.uuid4()
        answer = url_for("cases.leave", leave_id=leave_id)
        new, faults = read_leave({n: f.data for n, f in form._fields.items()})
        plan_leave(actor, new, current.now(), leave_id=leave_id, key=form.key, answer=answer, faults=faults)
        return answer

    return write_page(form, page, save, "Absence enregistrée.", place)


@blueprint.post("/absences/<uuid:leave_id>/retirer")
@declares(Action.PLAN_LEAVE)
def remove_leave(leave_id: uuid.UUID) -> ResponseReturnValue:
    cancel_leave(current.actor(), leave_id, current.now())
    flash("Absence retirée.", "success")
    return redirect(url_for("cases.leaves"), 303)
