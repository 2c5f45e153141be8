"""The coordinator's board: where things stand, what is stalled, who has been silent."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from coordination.cases.picture.periods import Scale, ticks
from coordination.cases.picture.strip import first_day
from coordination.cases.queries import stalled as stalled_journeys
from coordination.cases.queries.board import DUE_WITHIN
from coordination.cases.queries.board import board as read_board
from coordination.cases.queries.followers import coordinated
from coordination.cases.queries.silence import silences as read_silences
from coordination.cases.queries.threshold_pages import left_to_recount
from coordination.cases.views.pages import blueprint, page_number, show
from coordination.cases.vocabulary import PROGRAMMES
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares


@blueprint.get("/tableau")
@declares(Action.LIST_STALLED)
def board() -> ResponseReturnValue:
    with consult(current.actor(), Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        recount = left_to_recount(coordinated(current.actor()))
        found = read_board(grant, current.actor(), current.now())
        r.audit(grant, found.shown)
    return show("board.html", board=found, recount=recount, due_within=DUE_WITHIN.days)


@blueprint.get("/bloques")
@declares(Action.LIST_STALLED)
def stalled() -> ResponseReturnValue:
    """`?type=&referent=&quartier=&ecole=&par=&page=`: codes, ids and opaque values."""
    programmes = coordinated(current.actor())
    cuts = stalled_journeys.cuts_of(programmes)
    filters = stalled_journeys.Filters.read(request.args, cuts)
    with consult(current.actor(), Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        recount = left_to_recount(programmes)
        found = stalled_journeys.stalled(grant, current.actor(), current.today(), filters, page_number())
        r.audit(grant, found.shown)
    return show(
        "stalled.html",
        stalled=found,
        recount=recount,
        filters=filters,
        cuts=cuts,
        names=stalled_journeys.NAMES,
    )


@blueprint.get("/silences")
@declares(Action.LIST_STALLED)
def silences() -> ResponseReturnValue:
    programme = request.args.get("dispositif")
    programme = programme if programme in PROGRAMMES else None
    today = current.today()
    with consult(current.actor(), Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        found = read_silences(grant, today, page_number(), programme)
        r.audit(grant, [str(line.person.journey_id) for line in found.lines])
    months = ticks(Scale(first_day(today), today, 420))
    return show("silences.html", silences=found, months=months, programme=programme)
