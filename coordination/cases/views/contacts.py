"""Logging an exchange."""

from __future__ import annotations

import uuid
from typing import Any

from flask.typing import ResponseReturnValue

from coordination.alerts.queries import closed_by
from coordination.cases.commands import contacts
from coordination.cases.forms import ContactForm
from coordination.cases.queries.outing import latest_modes
from coordination.cases.schemas import read_contact
from coordination.cases.views.pages import back_to, blueprint, way_back
from coordination.cases.views.writing import show_form, write_page
from coordination.console import count
from coordination.db import act_as, db
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict
from coordination.web import current, drafts
from coordination.web.routing import declares


@blueprint.route("/<uuid:journey_id>/echange", methods=["GET", "POST"])
@declares(Action.LOG_CONTACT)
@drafts.kept
def log_contact(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = ContactForm()
    form.offer(current.today())
    before = 0

    def load(_grant: Grant) -> dict[str, Any]:
        return {"first_modes": form.order_modes(latest_modes(current.actor()))}

    def page(_conflict: EditConflict | None) -> str:
        return show_form("log_contact.html", form, journey_id, load=load)

    def ended_today() -> int:
        return closed_by(journey_id, contacts.fact_of(current.today()), current.today())

    def save() -> str:
        nonlocal before
        answer = back_to(way_back(), journey_id)
        act_as(db.session, current.actor().id)
        before = ended_today()
        db.session.rollback()
        new, faults = read_contact(form.typed())
        actor, now = current.actor(), current.now()
        contacts.log_contact(actor, journey_id, new, now, key=form.key, answer=answer, faults=faults)
        return answer

    def saved() -> str:
        closed = ended_today() - before
        # A count only: what is flashed travels in a cookie.
        ended = count(closed, "alerte est close", "alertes sont closes")
        return f"Échange enregistré : {ended}." if closed else "Échange enregistré."

    return write_page(form, page, save, saved)
