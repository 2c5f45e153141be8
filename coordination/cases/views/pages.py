"""What the pages of journeys share: their blueprint, their words, the way back."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from coordination import reference
from coordination.alerts.catalogue import rules
from coordination.alerts.sentences import SEVERITY_LABELS
from coordination.alerts.typography import sources_of
from coordination.cases.models import Journey
from coordination.cases.queries.reach import NOTHING, Reach
from coordination.cases.views.ways import Ways
from coordination.cases.vocabulary import PROGRAMMES, outcome_labels
from coordination.db import act_as, db
from coordination.errors import Forbidden
from coordination.privacy.policy import Grant
from coordination.privacy.volets import Volet
from coordination.web import current

blueprint = Blueprint("cases", __name__, url_prefix="/parcours", template_folder="../templates")
blueprint.add_app_template_global(outcome_labels)

# The only places a form may lead back to: never an address that came with the request.
WAYS_BACK = {"journee": "cases.day", "revue": "cases.review_sum"}
WAYS_BACK_LABELS = {"journee": "Ma journée", "revue": "Revue de la semaine"}


def show(template: str, *, reach: Reach = NOTHING, **content: Any) -> str:
    """Render a page of this feature with the words that all of them use.

    `reach`: what its reader may write of the alerts that it shows with their buttons.
    """
    ways = Ways(reach)
    return render_template(
        f"cases/{template}",
        severity_labels=SEVERITY_LABELS,
        programme_labels=PROGRAMMES,
        alert_statuses=alert_statuses(),
        rules=rules(),
        way_of=ways.way_of,
        page_of=ways.page_of,
        sources_of=sources_of,
        also_of=ways.also_of,
        **content,
    )


@cache
def alert_statuses() -> dict[str, str]:
    """French labels; what the list says in brackets is for those who fill it in, not for those who read."""
    return {code: label.split(" (")[0] for code, label in reference.labels("alert_status").items()}


def refused(html: str, status: int = 422) -> ResponseReturnValue:
    return html, status


def page_number() -> int:
    """`?page=`; 1 for whatever is not a number of a page."""
    asked = request.args.get("page", 1, type=int) or 1
    return min(max(asked, 1), 100_000)


def way_back() -> str:
    """The known name of where a form was opened from; empty: the journey itself."""
    name = request.form.get("retour", "") or request.args.get("retour", "")
    return name if name in WAYS_BACK else ""


def back_to(name: str, journey_id: uuid.UUID, *, place: bool = False) -> str:
    """Address of the page to come back to; with `place`, at the lines of that journey."""
    if name not in WAYS_BACK:
        return url_for("cases.journey", journey_id=journey_id)
    return url_for(WAYS_BACK[name], _anchor=f"parcours-{journey_id}" if place else None)


def require_writer(grant: Grant) -> None:
    """An exchange is written in the coordination volet. Raises Forbidden, inside the consult that notes it."""
    if Volet.COORDINATION not in grant.writable:
        raise Forbidden("Votre rôle ne permet pas cette action.")


def first_page_of(journey_id: uuid.UUID) -> dict[str, str]:
    """Where « Annuler » leads from a form."""
    name = way_back()
    return {"url": back_to(name, journey_id), "label": WAYS_BACK_LABELS.get(name, "Le parcours")}


def still_sees(journey_id: uuid.UUID) -> bool:
    """Whether a journey just given to somebody else is still the actor's to read."""
    act_as(db.session, current.actor().id)
    seen = db.session.scalar(select(Journey.id).where(Journey.id == journey_id)) is not None
    db.session.rollback()
    return seen
