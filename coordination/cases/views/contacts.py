"""Logging an exchange, correcting its note."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from coordination.alerts.queries import closed_by
from coordination.cases.commands import contacts
from coordination.cases.forms import ContactForm, NoteForm
from coordination.cases.models import Contact
from coordination.cases.queries.contact_page import contact_page
from coordination.cases.queries.outing import latest_modes
from coordination.cases.schemas import read_contact
from coordination.cases.views.pages import back_to, blueprint, way_back
from coordination.cases.views.writing import show_form, write_page
from coordination.console import count
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict, journey_of
from coordination.web import current
from coordination.web.routing import declares


@blueprint.route("/<uuid:journey_id>/echange", methods=["GET", "POST"])
@declares(Action.LOG_CONTACT)
def log_contact(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = ContactForm()
    form.offer(current.today())

    def load(_grant: Grant) -> dict[str, Any]:
        return {"first_modes": form.order_modes(latest_modes(current.actor()))}

    def page(_conflict: EditConflict | None) -> str:
        return show_form("log_contact.html", form, journey_id, load=load)

    def save() -> str:
        answer = back_to(way_back(), journey_id)
        new = read_contact(form.typed())
        contacts.log_contact(current.actor(), journey_id, new, current.now(), key=form.key, answer=answer)
        return answer

    def saved() -> str:
        closed = closed_by(journey_id, contacts.fact_of(current.today()), current.today())
        # A count only: what is flashed travels in a cookie.
        ended = count(closed, "alerte est close", "alertes sont closes")
        return f"Échange enregistré : {ended}." if closed else "Échange enregistré."

    return write_page(form, page, save, saved)


@blueprint.route("/echange/<uuid:contact_id>", methods=["GET", "POST"])
@declares(Action.LOG_CONTACT)
def correct_note(contact_id: uuid.UUID) -> ResponseReturnValue:
    form = NoteForm()

    def load(grant: Grant) -> dict[str, Any]:
        assert grant.journey_id
        contact = contact_page(grant, grant.journey_id, contact_id)
        if request.method == "GET":
            form.note.data, form.version.data = contact.note, contact.version
        return {"contact": contact}

    def page(conflict: EditConflict | None) -> str:
        return show_form(
            "correct_note.html",
            form,
            partial(journey_of, Contact, contact_id),
            conflict,
            detail=("contact", "note"),
            load=load,
        )

    def save() -> str:
        # The shape of a note is that of a new exchange's.
        note = read_contact({"note": form.note.data or ""}).note
        journey_id = contacts.correct_note(
            current.actor(), contact_id, note, form.version.data or 0, current.now()
        )
        return url_for("cases.journey", journey_id=journey_id, _anchor=f"echange-{contact_id}")

    return write_page(form, page, save, "Note corrigée.")
