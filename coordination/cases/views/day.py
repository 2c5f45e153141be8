"""What awaits a person who follows journeys: their day, and all their files."""

from __future__ import annotations

from itertools import groupby

from flask.typing import ResponseReturnValue

from coordination.cases.queries.dated import strips
from coordination.cases.queries.day import my_day
from coordination.cases.queries.followed import my_journeys
from coordination.cases.views.pages import blueprint, page_number, show
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/ma-journee")
@declares(Action.VIEW_DAY)
def day() -> ResponseReturnValue:
    with consult(current.actor(), Action.VIEW_DAY, current.now()) as r:
        grant = r.require()
        mine = my_day(grant, current.actor(), current.today())
        r.audit(grant, sorted(map(str, mine.shown)))
    due = [(on, list(found)) for on, found in groupby(mine.due, key=lambda deadline: deadline.due_on)]
    return show("day.html", day=mine, due=due)


@blueprint.get("/mes-parcours")
@declares(Action.VIEW_DAY)
def mine() -> ResponseReturnValue:
    with consult(current.actor(), Action.VIEW_DAY, current.now()) as r:
        grant = r.require()
        followed = my_journeys(grant, current.actor(), current.today(), page_number())
        shown = [line.person.journey_id for line in followed.lines]
        seen = strips(shown, current.today())
        r.audit(grant, map(str, shown))
    return show("mine.html", followed=followed, strips=seen)
