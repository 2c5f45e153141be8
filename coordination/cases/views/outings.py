"""« Tournée »: several people met in one outing, noted on one page; each saved or refused apart."""

from __future__ import annotations

import uuid

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.cases.commands.outings import log_visit
from coordination.cases.forms_outing import OutingForm, VisitForm
from coordination.cases.queries.outing import latest_modes, visited
from coordination.cases.queries.outing import outing as whom
from coordination.cases.queries.people import people
from coordination.cases.views.pages import blueprint, refused, show
from coordination.errors import BadInput, Conflict, CoordinationError, Forbidden, NotFound
from coordination.privacy.drafts import Place, Resumed, find_draft
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict
from coordination.privacy.work import AlreadyDone, Work, consult
from coordination.web import current, drafts
from coordination.web.filters import count
from coordination.web.routing import declares

MOST_PEOPLE = 30
ENDPOINT = "cases.outing"
NOBODY_TICKED = "Cochez au moins une personne."
NOTHING_SAID = "Rien n'est noté : choisissez un résultat pour une personne au moins."
SAID_MEANWHILE = (
    "Quelqu'un d'autre a renseigné ce rendez-vous entre-temps. Relisez, puis enregistrez le reste."
)
SENT_BEFORE = (
    "Un autre contenu a déjà été enregistré pour cette personne depuis cette page. Enregistrez de nouveau"
    " s'il s'agit d'autre chose, sinon videz ce qui est ci-dessous."
)


@blueprint.route("/tournee", methods=["GET", "POST"])
@declares(Action.VIEW_DAY)
@drafts.kept
def outing() -> ResponseReturnValue:
    ids = _chosen()
    if not ids:
        return _choose(NOBODY_TICKED if request.method == "POST" or "suite" in request.args else "")
    form = OutingForm(ids)
    form.offer(current.today())
    return _page(form) if request.method == "GET" else _save(form)


def _chosen() -> list[uuid.UUID]:
    """The journeys named by `p`; what is no id is left out."""
    found = []
    for text in request.values.getlist("p")[: 2 * MOST_PEOPLE]:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return list(dict.fromkeys(found))[:MOST_PEOPLE]


def _choose(refusal: str) -> ResponseReturnValue:
    with consult(current.actor(), Action.VIEW_DAY, current.now()) as r:
        grant = r.require()
        found = whom(grant, current.actor(), current.today())
        r.audit(grant, [str(line.person.journey_id) for line in (*found.today, *found.others)])
    html = show("outing_choice.html", outing=found, refusal=refusal)
    return refused(html) if refusal else html


def _save(form: OutingForm) -> ResponseReturnValue:
    saved: list[uuid.UUID] = []
    wrong = False
    for visit in form.visits:
        if visit.is_empty:
            continue
        try:
            _log(form, visit)
            saved.append(visit.journey_id)
            drafts.forget(Place(visit.journey_id, ENDPOINT, visit.journey_id))
        except (BadInput, Conflict, NotFound, Forbidden) as error:
            wrong = True
            form.refuse_shared(visit.refuse(_said(error)))
            if isinstance(error, Conflict):
                # Sending it again is then a choice, not an accident.
                form.idempotency_key.data = uuid.uuid4().hex
    if saved and not wrong:
        flash(f"{count(len(saved), 'personne notée', 'personnes notées')}.", "success")
        return redirect(url_for("cases.day"), 303)
    if not saved and not wrong:
        form.form_errors.append(NOTHING_SAID)
    form.visits = [visit for visit in form.visits if visit.journey_id not in saved]
    return refused(_page(form, saved))


def _log(form: OutingForm, visit: VisitForm) -> None:
    key = drafts.piece_key(form.key, visit.journey_id)
    try:
        log_visit(
            current.actor(),
            visit.journey_id,
            form.visit(visit),
            current.now(),
            key=key,
            answer=url_for("cases.day"),
        )
    except AlreadyDone:
        # The same person with the same words: it stands already.
        return


def _said(error: CoordinationError) -> CoordinationError:
    if isinstance(error, EditConflict):
        return Conflict(SAID_MEANWHILE)
    return Conflict(SENT_BEFORE) if isinstance(error, Conflict) else error


def _page(form: OutingForm, saved: list[uuid.UUID] | None = None) -> str:
    actor, resumed = current.actor(), []
    ids = [visit.journey_id for visit in form.visits]
    with consult(actor, Action.VIEW_DAY, current.now()) as r:
        grant = r.require()
        found = {person.person.journey_id: person for person in visited(grant, ids, current.today())}
        if request.method == "GET":
            _require_all(r, ids, set(found))
            resumed = _resume(grant, form)
        done = people(grant, saved) if saved else {}
        first_modes = form.order_modes(latest_modes(actor))
        r.audit(grant, [str(id_) for id_ in (*found, *done)])
    for visit in form.visits:
        if visit.journey_id in found:
            visit.about(found[visit.journey_id], current.today())
    return show(
        "outing.html",
        form=form,
        found=found,
        faults=form.faults({id_: person.person.name for id_, person in found.items()}),
        first_modes=first_modes,
        done=[done[id_].name for id_ in saved or () if id_ in done],
        draft=max(resumed, key=lambda d: d.saved_at, default=None),
        draft_marks=[
            drafts.mark(Place(id_, ENDPOINT, id_), drafts.prefix_of(id_)) for id_ in ids if id_ in found
        ],
    )


def _require_all(r: Work, ids: list[uuid.UUID], seen: set[uuid.UUID]) -> None:
    """A journey of somebody else does not exist, and the wish for it is noted."""
    for id_ in ids:
        if id_ not in seen:
            r.require(id_)
            raise NotFound("Ce parcours n'existe pas, ou vous n'y avez pas accès.")


def _resume(grant: Grant, form: OutingForm) -> list[Resumed]:
    resumed = []
    for visit in form.visits:
        place = Place(visit.journey_id, ENDPOINT, visit.journey_id)
        draft = find_draft(grant, place, current.now())
        if draft:
            form.resume_visit(visit, draft.fields)
            resumed.append(draft)
    return resumed
