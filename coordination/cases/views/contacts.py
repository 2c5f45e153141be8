"""Logging an exchange, correcting its note."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.cases.commands import contacts
from coordination.cases.forms import USUAL_MODES, ContactForm, NoteForm
from coordination.cases.queries.contact_page import concerned, contact_page, journey_of_contact
from coordination.cases.schemas import read_contact
from coordination.cases.views.pages import (
    back_to,
    blueprint,
    first_page_of,
    refused,
    require_writer,
    show,
    way_back,
)
from coordination.errors import BadInput, Conflict
from coordination.privacy.policy import Action
from coordination.privacy.work import AlreadyDone, consult
from coordination.web import current
from coordination.web.routing import declares

SAVED = "Échange enregistré."
SENT_BEFORE = (
    "Un échange a déjà été enregistré depuis ce formulaire, avec un autre contenu. Votre texte est gardé"
    " ci-dessous : enregistrez-le s'il s'agit d'un autre échange, sinon corrigez la note depuis le parcours."
)


@blueprint.route("/<uuid:journey_id>/echange", methods=["GET", "POST"])
@declares(Action.LOG_CONTACT)
def log_contact(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = ContactForm()
    form.offer(current.today())
    if request.method == "GET":
        return _contact_form(journey_id, form)
    answer = back_to(way_back(), journey_id)
    try:
        contacts.log_contact(
            current.actor(),
            journey_id,
            read_contact(form.typed()),
            current.now(),
            key=form.key,
            answer=answer,
        )
    except BadInput as error:
        form.refuse(error)
        return refused(_contact_form(journey_id, form))
    except AlreadyDone as done:
        answer = done.answer
    except Conflict:
        # The text comes back under a new key: sending it again is then a choice, not an accident.
        form.idempotency_key.data = uuid.uuid4().hex
        form.form_errors.append(SENT_BEFORE)
        return refused(_contact_form(journey_id, form), 409)
    flash(SAVED, "success")
    return redirect(answer, 303)


def _contact_form(journey_id: uuid.UUID, form: ContactForm) -> str:
    with consult(current.actor(), Action.OPEN_JOURNEY, current.now()) as r:
        grant = r.require(journey_id)
        require_writer(grant)
        about = concerned(grant, journey_id)
        r.audit(grant, ["name"])
    return show(
        "log_contact.html",
        form=form,
        about=about,
        back=first_page_of(journey_id),
        way_back=way_back(),
        usual=USUAL_MODES,
    )


@blueprint.route("/echange/<uuid:contact_id>", methods=["GET", "POST"])
@declares(Action.LOG_CONTACT)
def correct_note(contact_id: uuid.UUID) -> ResponseReturnValue:
    form = NoteForm()
    if request.method == "GET":
        return _note_form(contact_id, form)
    try:
        # The shape of a note is that of a new exchange's.
        note = read_contact({"note": form.note.data or ""}).note
        journey_id = contacts.correct_note(
            current.actor(), contact_id, note, form.version.data or 0, current.now()
        )
    except BadInput as error:
        form.refuse(error)
        return refused(_note_form(contact_id, form))
    except contacts.EditConflict as conflict:
        form.version.data = conflict.version
        return refused(_note_form(contact_id, form, conflict), 409)
    flash("Note corrigée.", "success")
    return redirect(url_for("cases.journey", journey_id=journey_id, _anchor=f"echange-{contact_id}"), 303)


def _note_form(contact_id: uuid.UUID, form: NoteForm, conflict: contacts.EditConflict | None = None) -> str:
    with consult(current.actor(), Action.OPEN_JOURNEY, current.now()) as r:
        r.seek("contact", contact_id)
        journey_id = journey_of_contact(contact_id)
        grant = r.require(journey_id)
        require_writer(grant)
        contact = contact_page(grant, journey_id, contact_id)
        r.audit(grant, ["contact", "note"])
    if request.method == "GET":
        form.note.data, form.version.data = contact.note, contact.version
    return show("correct_note.html", form=form, contact=contact, conflict=conflict)
