"""What was removed from a journey."""

from __future__ import annotations

import uuid

from flask.typing import ResponseReturnValue

from coordination.cases.queries.contact_page import concerned
from coordination.cases.queries.removed_page import removed_records
from coordination.cases.views.pages import blueprint, first_page_of, show
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/<uuid:journey_id>/retires")
@declares(Action.OPEN_JOURNEY)
def removed(journey_id: uuid.UUID) -> ResponseReturnValue:
    with consult(current.actor(), Action.OPEN_JOURNEY, current.now()) as r:
        grant = r.require(journey_id)
        about = concerned(grant, journey_id)
        found = removed_records(grant, journey_id)
        r.audit(grant, ["name", "removed"])
    return show("removed.html", about=about, removed=found, back=first_page_of(journey_id))
