"""What falls in an absence, and who will have it."""

from __future__ import annotations

import uuid

from flask.typing import ResponseReturnValue

from coordination.cases.queries.leave_plan import leave_plan
from coordination.cases.views.pages import blueprint, show
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/absences/<uuid:leave_id>")
@declares(Action.PLAN_LEAVE)
def leave(leave_id: uuid.UUID) -> ResponseReturnValue:
    with consult(current.actor(), Action.PLAN_LEAVE, current.now()) as r:
        grant = r.require()
        plan = leave_plan(grant, current.actor(), leave_id, current.today())
        r.audit(grant, plan.shown)
    return show("leave_plan.html", plan=plan)
