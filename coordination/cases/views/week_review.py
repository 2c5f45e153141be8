"""The coordination's weekly review: one file after the other, then the sum."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.alerts.life import false_alerts
from coordination.cases.commands import week_review as commands
from coordination.cases.queries import week_review as queries
from coordination.cases.queries.week_queue import queue, queues
from coordination.cases.views.pages import blueprint, refused, show
from coordination.errors import BadInput, NotFound
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.routing import declares

ALREADY = "Une décision avait déjà été prise cette semaine pour ce parcours : elle est gardée."


def _asked() -> dict[str, Any]:
    """Whether all that is stalled was asked for, to go on asking it."""
    return {"tous": "1"} if request.values.get("tous") == "1" else {}


@blueprint.get("/revue")
@declares(Action.LIST_STALLED)
def review() -> ResponseReturnValue:
    """Where the review stands, and the next file."""
    with consult(current.actor(), Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        mine, every = queues(current.today())
        mine = every if _asked() else mine
        r.audit(grant, [])
    next_week = commands.monday(current.today()) + timedelta(days=7)
    return show(
        "review.html",
        queue=mine,
        every=every,
        asked=_asked(),
        first=mine.next_after(None),
        next_week=next_week,
    )


@blueprint.route("/revue/<uuid:journey_id>", methods=["GET", "POST"])
@declares(Action.REVIEW_WEEK)
def review_file(journey_id: uuid.UUID) -> ResponseReturnValue:
    if request.method == "GET":
        return _page(journey_id)
    try:
        kept = commands.decide(current.actor(), journey_id, request.form.get("decision", ""), current.now())
    except BadInput as error:
        page = _page(journey_id, str(error))
        return refused(page) if isinstance(page, str) else page
    if not kept:
        flash(ALREADY, "info")
    return redirect(_next(request.form.get("suivant", "")), 303)


def _next(after: str) -> str:
    """The page of the file that was to come next, else of the first one left, else the sum."""
    with consult(current.actor(), Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        left = queue(current.today(), everybody=bool(_asked()))
        r.audit(grant, [])
    ids = [one.journey for one in left.order]
    wanted = after if after in ids else ids[0] if ids else None
    if wanted is None:
        return url_for("cases.review_sum")
    return url_for("cases.review_file", journey_id=wanted, **_asked())


def _page(journey_id: uuid.UUID, error: str = "") -> ResponseReturnValue:
    today = current.today()
    with consult(current.actor(), Action.REVIEW_WEEK, current.now()) as r:
        grant = r.require(journey_id)
        waiting = queue(today, everybody=bool(_asked()))
        mine = any(one.journey == str(journey_id) for one in waiting.order)
        found = queries.file(grant, journey_id, today) if mine else None
        r.audit(grant, ["name", "contact"])
    if found is None:
        # Decided, or resolved, since the page before: there is nothing to decide any more.
        return redirect(url_for("cases.review", **_asked()), 303)
    return show(
        "review_file.html",
        file=found,
        queue=waiting,
        place=waiting.place(journey_id),
        following=waiting.next_after(journey_id),
        asked=_asked(),
        error=error,
    )


@blueprint.get("/revue/bilan")
@declares(Action.LIST_STALLED)
def review_sum() -> ResponseReturnValue:
    with consult(current.actor(), Action.LIST_STALLED, current.now()) as r:
        grant = r.require()
        left = queue(current.today())
        found = queries.sum_of(grant, current.today(), len(left.order))
        records = false_alerts(current.today())
        r.audit(grant, sorted(map(str, found.people)))
    return show("review_sum.html", sum=found, labels=queries.LABELS, records=records)


@blueprint.post("/revue/<uuid:journey_id>/revenir")
@declares(Action.REVIEW_WEEK)
def review_take_back(journey_id: uuid.UUID) -> ResponseReturnValue:
    """The decision of this week is taken back. A second press finds it gone already."""
    try:
        commands.take_back(current.actor(), journey_id, current.now())
    except NotFound:
        _only_if_seen(journey_id)
        return redirect(url_for("cases.review_sum"), 303)
    return redirect(url_for("cases.review_file", journey_id=journey_id, tous="1"), 303)


@blueprint.post("/revue/<uuid:journey_id>/eps")
@declares(Action.REVIEW_WEEK)
def review_settle(journey_id: uuid.UUID) -> ResponseReturnValue:
    """The journey leaves the agenda of the next EPS."""
    try:
        commands.settle_wish(current.actor(), journey_id, current.now())
        flash("Retiré de l'ordre du jour.", "success")
    except NotFound:
        _only_if_seen(journey_id)
    return redirect(url_for("cases.review_sum"), 303)


def _only_if_seen(journey_id: uuid.UUID) -> None:
    """Raises NotFound for a journey that is not the actor's, so that it is told from a second press."""
    with consult(current.actor(), Action.REVIEW_WEEK, current.now()) as r:
        r.audit(r.require(journey_id), [])
