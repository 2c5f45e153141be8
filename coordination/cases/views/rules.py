"""The rules of a journey, each with where it stands."""

from __future__ import annotations

import uuid

from flask.typing import ResponseReturnValue

from coordination.cases.queries.rules_page import rules_page
from coordination.cases.views.pages import blueprint, show
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/<uuid:journey_id>/regles")
@declares(Action.OPEN_JOURNEY)
def journey_rules(journey_id: uuid.UUID) -> ResponseReturnValue:
    with consult(current.actor(), Action.OPEN_JOURNEY, current.now()) as r:
        grant = r.require_alone(journey_id)
        page = rules_page(grant, journey_id, current.today())
        r.audit(grant, ["rules", *sorted(grant.readable)])
    return show("rules.html", page=page)
