"""Opening a journey, from a saisine or a spotting."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from coordination.accounts.followers import followers, structures_offered
from coordination.accounts.queries import may_follow
from coordination.cases.commands.journeys import NewJourney, open_journey
from coordination.cases.forms_life import OpeningForm
from coordination.cases.queries.family_page import perhaps_the_same
from coordination.cases.queries.people import Person
from coordination.cases.schemas_life import read_opening
from coordination.cases.views.pages import blueprint, show, still_sees
from coordination.cases.views.writing import write_page
from coordination.cases.vocabulary import PROGRAMMES
from coordination.db import act_as, db
from coordination.errors import Forbidden
from coordination.privacy.access import call
from coordination.privacy.policy import COORDINATING_ROLES, Action
from coordination.privacy.records import EditConflict
from coordination.privacy.work import consult, sent_before
from coordination.web import current, drafts
from coordination.web.routing import declares

PERHAPS_THE_SAME = "Cette personne est peut-être déjà suivie : vérifiez, puis confirmez."
NOT_YOURS = (
    " Il n'apparaît pas dans vos parcours : seules la personne qui le suit et la coordination l'ouvrent."
)


@blueprint.route("/nouveau", methods=["GET", "POST"])
@declares(Action.NEW_JOURNEY)
@drafts.alone("dispositif", PROGRAMMES)
def open_new() -> ResponseReturnValue:
    form = OpeningForm()
    actor = current.actor()
    alike: tuple[Person, ...] = ()
    own = [code for code in PROGRAMMES if may_follow(actor.id, code, current.now(), coordinating=True)]
    if not own:
        raise Forbidden("Votre rôle n'ouvre pas de parcours.")
    holder = current.signed_in()
    if holder is None or not holder.may_see_journeys(current.today()):
        raise Forbidden(
            "Votre charte ou votre base de secret n'est plus en règle : elle n'ouvre pas de parcours."
        )
    programme = form.programme.data or request.args.get("dispositif", "")
    programme = programme if programme in own else own[0]
    place = drafts.here_alone(programme)

    def page(_conflict: EditConflict | None) -> str:
        act_as(db.session, actor.id)
        people = followers([programme], current.now())
        form.offer(programme, structures_offered(current.today(), form.structure_id.data or ""), people)
        if request.method == "GET":
            form.ref.data = call("next_ref", programme)
            form.opened_on.data = current.today().isoformat()
            if not actor.has(*COORDINATING_ROLES):
                form.referent_id.data = str(actor.id)
        db.session.rollback()
        draft = drafts.resume_alone(form, place)
        return show(
            "open_journey.html",
            form=form,
            own=own,
            programme=programme,
            alike=alike,
            conflict=None,
            draft=draft,
            draft_marks=[drafts.mark(place)],
            way_back="",
            back={"url": url_for(_home()), "label": "Les parcours"},
        )

    def save() -> str:
        nonlocal alike
        new, faults = read_opening({**_typed(form), "programme": programme})
        if not form.not_same.data and not sent_before(actor, form.key):
            alike = _alike(new)
            if alike:
                faults = {**faults, "not_same": PERHAPS_THE_SAME}
        journey_id = uuid.uuid4()
        answer = url_for("cases.journey", journey_id=journey_id)
        open_journey(
            actor,
            new,
            current.now(),
            journey_id=journey_id,
            key=form.key,
            answer=answer,
            sure=form.sure,
            faults=faults,
        )
        return answer if still_sees(journey_id) else url_for(_home())

    def saved() -> str:
        """Who follows it; and to who opened it for a colleague, why it is not among theirs."""
        chosen = form.referent_id.data or ""
        if chosen == str(actor.id):
            return "Parcours ouvert."
        coordinates = actor.has(*COORDINATING_ROLES)
        if not chosen:
            return "Parcours ouvert, sans référent pour l'instant." + ("" if coordinates else NOT_YOURS)
        act_as(db.session, actor.id)
        name = followers([programme], current.now()).get(uuid.UUID(chosen), "un collègue")
        db.session.rollback()
        return f"Parcours ouvert et confié à {name}." + ("" if coordinates else NOT_YOURS)

    return write_page(form, page, save, saved, place)


def _typed(form: OpeningForm) -> dict[str, Any]:
    return {name: field.data for name, field in form._fields.items() if field.data is not None}


def _home() -> str:
    return "cases.journeys" if current.actor().has(*COORDINATING_ROLES) else "cases.mine"


def _alike(new: NewJourney) -> tuple[Person, ...]:
    """« Peut-être déjà suivi », among what the actor sees; the ids shown are in the log."""
    birth = new.sheet.get("birth_date")
    with consult(current.actor(), Action.SEARCH, current.now()) as r:
        grant = r.require()
        found = perhaps_the_same(
            grant,
            new.programme,
            new.sheet.get("first_name", ""),
            new.sheet.get("last_name", ""),
            birth.isoformat() if birth else "",
        )
        r.audit(grant, [str(person.journey_id) for person in found])
    return found
