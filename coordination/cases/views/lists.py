"""The coordinator's list, and the search by name."""

from __future__ import annotations

import uuid
from datetime import timedelta

from flask import current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.cases.queries import listing
from coordination.cases.queries.dated import strips
from coordination.cases.queries.doubles import doubles as find_doubles
from coordination.cases.queries.search import MOST_RESULTS
from coordination.cases.queries.search import search as search_people
from coordination.cases.views.pages import blueprint, page_number, refused, show
from coordination.cases.vocabulary import PROGRAMMES
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current, envelope
from coordination.web.routing import declares

LONGEST_NAME = 100
# Of the address of the results, and of the cookie that holds what was asked.
RESULTS = "resultats"
# Whoever comes back later searches anew.
BACK_WITHIN = timedelta(minutes=30)


@blueprint.get("/")
@declares(Action.LIST_JOURNEYS)
def journeys() -> ResponseReturnValue:
    wanted = _wanted()
    with consult(current.actor(), Action.LIST_JOURNEYS, current.now()) as r:
        grant = r.require()
        found = listing.journeys(grant, current.today(), page_number(), wanted)
        shown = [line.person.journey_id for line in found.lines]
        seen = strips(shown, current.today()) if not wanted.exited else {}
        r.audit(grant, map(str, shown))
    return show("journeys.html", listing=found, wanted=wanted, kept=_address(wanted), strips=seen)


def _wanted() -> listing.Wanted:
    """The cuts of the address: codes and ids; what cannot be read cuts nothing."""
    programme, referent = request.args.get("dispositif", ""), request.args.get("referent", "")
    try:
        referent = referent if referent == listing.NOBODY or not referent else str(uuid.UUID(referent))
    except ValueError:
        referent = ""
    return listing.Wanted(
        request.args.get("etat") == "termines",
        programme if programme in PROGRAMMES else "",
        request.args.get("etape", "")[:32],
        referent,
    )


def _address(wanted: listing.Wanted) -> dict[str, str]:
    """Arguments of the address that asks for the same."""
    asked = {
        "etat": "termines" if wanted.exited else "",
        "dispositif": wanted.programme,
        "etape": wanted.stage,
        "referent": wanted.referent,
    }
    return {name: value for name, value in asked.items() if value}


@blueprint.get("/doublons")
@declares(Action.LIST_JOURNEYS)
def doubles() -> ResponseReturnValue:
    with consult(current.actor(), Action.LIST_JOURNEYS, current.now()) as r:
        grant = r.require()
        found = find_doubles(grant)
        r.audit(grant, found.shown)
    return show("doubles.html", doubles=found)


@blueprint.route("/recherche", methods=["GET", "POST"])
@declares(Action.SEARCH)
def search() -> ResponseReturnValue:
    """The name comes in the body of a POST: addresses end in histories and in the logs of proxies.

    The results are a page of their own, so that the way back from a person leads to them; what was asked travels
    to it in a sealed cookie.
    """
    if request.method == "POST":
        return _ask(request.form.get("name", "").strip()[:LONGEST_NAME])
    name = _asked() if RESULTS in request.args else ""
    if not name:
        return show("search.html", name="", found=None, asked=False, most=MOST_RESULTS)
    with consult(current.actor(), Action.SEARCH, current.now()) as r:
        grant = r.require()
        ids = [one.journey_id for one in search_people(grant, name)]
        found = listing.lines(grant, current.today(), ids)
        r.audit(grant, [str(journey_id) for journey_id in ids])
    return show("search.html", name=name, found=found, asked=True, most=MOST_RESULTS)


def _ask(name: str) -> ResponseReturnValue:
    if not name:
        return refused(show("search.html", name="", found=None, asked=True, most=MOST_RESULTS))
    answer = redirect(url_for("cases.search") + f"?{RESULTS}=1", 303)
    answer.set_cookie(
        RESULTS,
        envelope.close(RESULTS, current.actor().id, name, current.now()),
        path=url_for("cases.search"),
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        httponly=True,
        samesite="Strict",
    )
    return answer


def _asked() -> str:
    """The name that this account last searched for in this browser; empty if it was too long ago."""
    sealed = request.cookies.get(RESULTS, "")
    return envelope.read(RESULTS, current.actor().id, sealed, current.now(), BACK_WITHIN) or ""
