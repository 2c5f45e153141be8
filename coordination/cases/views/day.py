"""What awaits a person who follows journeys: their day, and all their files."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from flask import request
from flask.typing import ResponseReturnValue

from coordination.cases.kinds_facts import ALL_KINDS
from coordination.cases.queries.dated import strips
from coordination.cases.queries.day import my_day
from coordination.cases.queries.followed import my_journeys
from coordination.cases.queries.people import Person
from coordination.cases.queries.reach import reach_among
from coordination.cases.views.outings import ENDPOINT as OUTING
from coordination.cases.views.pages import blueprint, page_number, show
from coordination.console import count
from coordination.privacy.drafts import Place
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.drafts import SLASH, address_of
from coordination.web.routing import declares

# What one had begun to write, by the form that it was typed in.
FORMS = {
    "cases.log_contact": "Échange",
    "cases.answer_alert": "Réponse à une alerte",
    "cases.agreement": "Accord",
    "cases.course": "Étape du parcours",
    "cases.ending": "Sortie",
    "cases.reopening": "Réouverture",
    "cases.identity": "Identité",
    "cases.add_relative": "Personne à appeler",
    "cases.change_relative": "Personne à appeler",
    "cases.remove_relative": "Personne à appeler",
    "cases.schooling": "Scolarité",
    "cases.sessions": "Présences",
    "cases.write_diagnosis": "Diagnostic",
    "cases.team": "Référent et suppléant",
    "cases.family": "Famille",
    "cases.open_new/PRE": "Parcours à ouvrir au PRE",
    "cases.open_new/CITE_EMPLOI": "Parcours à ouvrir à la Cité de l'emploi",
    "cases.leaves": "Absence",
}


@dataclass(frozen=True)
class Begun:
    """An entry to finish: where, of what and of whom (of nobody yet: ""), last touched when."""

    url: str
    what: str
    who: str
    at: datetime


@blueprint.get("/ma-journee")
@declares(Action.VIEW_DAY)
def day() -> ResponseReturnValue:
    with consult(current.actor(), Action.VIEW_DAY, current.now()) as r:
        grant = r.require()
        mine = my_day(grant, current.actor(), current.now())
        reach = reach_among(current.actor(), mine.answered_here)
        r.audit(grant, sorted(map(str, mine.shown)))
    due = [(on, list(found)) for on, found in groupby(mine.due, key=lambda deadline: deadline.due_on)]
    return show("day.html", reach=reach, day=mine, due=due, begun=_begun(mine.unfinished, mine.people))


def _begun(drafts: Iterable[tuple[Place, datetime]], people: Mapping[uuid.UUID, Person]) -> list[Begun]:
    """One line per entry; an outing is one, whoever was met."""
    entries: dict[object, list[tuple[Place, datetime]]] = {}
    for place, at in drafts:
        if place.journey_id is None or place.journey_id in people:
            entries.setdefault(OUTING if place.form == OUTING else place, []).append((place, at))
    found = []
    for parts in entries.values():
        first, at = parts[0]
        endpoint, _, slug = first.form.partition(SLASH)
        url = address_of(*(place for place, _ in parts))
        if url:
            what = "Tournée" if endpoint == OUTING else FORMS.get(first.form, FORMS.get(endpoint, "Saisie"))
            if slug in ALL_KINDS:
                what = ALL_KINDS[slug].name
            named = people[first.journey_id].name if first.journey_id else ""
            found.append(Begun(url, what, named if len(parts) == 1 else count(len(parts), "personne"), at))
    return found


@blueprint.get("/mes-parcours")
@declares(Action.VIEW_DAY)
def mine() -> ResponseReturnValue:
    exited = request.args.get("etat") == "termines"
    with consult(current.actor(), Action.VIEW_DAY, current.now()) as r:
        grant = r.require()
        followed = my_journeys(grant, current.actor(), current.today(), page_number(), exited=exited)
        shown = [line.person.journey_id for line in followed.lines]
        seen = strips(shown, current.today())
        r.audit(grant, map(str, shown))
    return show("mine.html", followed=followed, strips=seen, exited=exited)
