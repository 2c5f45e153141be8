"""What breaks in the weeks to come if nothing happens."""

from __future__ import annotations

import uuid
from datetime import date
from itertools import groupby

from flask import request
from flask.typing import ResponseReturnValue

from coordination.alerts.sentences import BREAKS
from coordination.cases.commands.week_review import monday
from coordination.cases.queries.forecast import Scope
from coordination.cases.queries.forecast import forecast as read_forecast
from coordination.cases.queries.forecast_counts import HORIZONS, NOBODY
from coordination.cases.views.pages import blueprint, show
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/a-venir")
@declares(Action.VIEW_FORECAST)
def forecast() -> ResponseReturnValue:
    """`?jours=14|30|90&referent=<id>|sans&semaine=<day>`; what is none of these counts as not asked."""
    actor, today = current.actor(), current.today()
    days = request.args.get("jours", 30, type=int)
    days = days if days in HORIZONS else 30
    scope = Scope.of(actor, _referent(request.args.get("referent", "")))
    week = _day(request.args.get("semaine", ""))
    with consult(actor, Action.VIEW_FORECAST, current.now()) as r:
        grant = r.require()
        found = read_forecast(grant, actor, today, days, scope, monday(week) if week else None)
        r.audit(grant, found.shown)
    asked = {"referent": scope.referent} if scope.referent else {}
    due = [(on, list(lines)) for on, lines in groupby(found.breaks, key=lambda line: line.due_on)]
    who = next((load.name for load in found.loads if load.code == scope.referent), "")
    return show(
        "forecast.html",
        forecast=found,
        due=due,
        own=scope.own,
        who=who,
        asked=asked,
        horizons=HORIZONS,
        break_labels=BREAKS,
    )


def _referent(asked: str) -> str:
    if asked == NOBODY:
        return asked
    try:
        return str(uuid.UUID(asked))
    except ValueError:
        return ""


def _day(asked: str) -> date | None:
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return None
