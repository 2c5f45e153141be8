"""The picture of a journey, on a page of its own."""

from __future__ import annotations

import uuid
from datetime import date

from flask import request
from flask.typing import ResponseReturnValue

from coordination.alerts.calendar import Calendar
from coordination.cases.picture.draw import SMALL, draw
from coordination.cases.picture.drawing import Drawing
from coordination.cases.picture.facts import PictureFacts
from coordination.cases.picture.periods import DEFAULT, PERIODS
from coordination.cases.queries.people import person_of
from coordination.cases.queries.picture import picture_facts
from coordination.cases.views.pages import blueprint, show
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/<uuid:journey_id>/image")
@declares(Action.OPEN_JOURNEY)
def picture(journey_id: uuid.UUID) -> ResponseReturnValue:
    """`?periode=`: a key of PERIODS; anything else shows the default."""
    asked = request.args.get("periode", DEFAULT)
    period = asked if asked in PERIODS else DEFAULT
    with consult(current.actor(), Action.OPEN_JOURNEY, current.now()) as r:
        grant = r.require_alone(journey_id)
        person = person_of(grant, journey_id)
        facts = picture_facts(grant, journey_id, current.today())
        r.audit(grant, ["picture", *sorted(grant.readable)])
    drawing = draw(facts, period, current.today(), Calendar.load().periods)
    return show("picture.html", person=person, drawing=drawing, period=period, periods=PERIODS)


def small_picture(facts: PictureFacts, today: date) -> Drawing:
    """The last six months on the page of a journey: exchanges, appointments, milestones."""
    return draw(facts, DEFAULT, today, Calendar.load().periods, SMALL)
