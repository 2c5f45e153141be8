"""Noting, correcting and removing what is written about a journey: one pair of pages for every kind."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.accounts.followers import structures_offered
from coordination.cases.commands import records
from coordination.cases.forms_records import RecordForm, form_of
from coordination.cases.kinds import ATTENDANCE, EXCHANGE
from coordination.cases.kinds_facts import ALL_ADDED, ALL_KINDS
from coordination.cases.queries.noted import noted
from coordination.cases.queries.record_page import ended_on, last_structure, programme_of, record_page
from coordination.cases.schemas_records import read_record
from coordination.cases.views.pages import back_to, blueprint, way_back
from coordination.cases.views.writing import show_form, write_page
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict, journey_of
from coordination.privacy.work import AlreadyDone
from coordination.web import current, drafts
from coordination.web.forms import version_sent
from coordination.web.routing import declares

_ANY = f"<any({', '.join(repr(slug) for slug in ALL_KINDS)}):slug>"
_ADDED = f"<any({', '.join(repr(slug) for slug in ALL_ADDED)}):slug>"


@blueprint.app_template_global()
def change_of(slug: str) -> str:
    """What a line of the timeline calls changing its record."""
    return ALL_KINDS[slug].change


@blueprint.route(f"/<uuid:journey_id>/{_ADDED}", methods=["GET", "POST"])
@declares(Action.WRITE_RECORD)
@drafts.kept
def add_record(journey_id: uuid.UUID, slug: str) -> ResponseReturnValue:
    kind = ALL_KINDS[slug]
    form = form_of(kind)()

    def load(grant: Grant) -> dict[str, Any]:
        if request.method == "GET":
            form.begin(current.today(), last_structure(journey_id, current.today()))
        form.offer(programme_of(journey_id), partial(structures_offered, current.today()))
        told = {"record": None, "noted": noted(grant, kind, journey_id), "exit_on": ended_on(journey_id)}
        return {"kind": kind, **told}

    def page(_conflict: EditConflict | None) -> str:
        return show_form("record.html", form, journey_id, load=load)

    def save() -> str:
        answer = back_to(way_back(), journey_id)
        values, faults = read_record(kind, form.typed())
        records.add_fact(
            current.actor(),
            kind,
            journey_id,
            values,
            current.now(),
            key=form.key,
            answer=answer,
            sure=form.sure,
            faults=faults,
        )
        return answer

    return write_page(form, page, save, kind.saved)


@blueprint.route(f"/{_ANY}/<uuid:record_id>", methods=["GET", "POST"])
@declares(Action.WRITE_RECORD)
@drafts.kept
def change_record(slug: str, record_id: uuid.UUID) -> ResponseReturnValue:
    kind = ALL_KINDS[slug]
    form: RecordForm = form_of(kind)()

    def load(grant: Grant) -> dict[str, Any]:
        record = record_page(grant, kind, record_id)
        if request.method == "GET":
            form.show_stored(record.values)
        form.offer(programme_of(record.journey_id), partial(structures_offered, current.today()))
        return {"kind": kind, "record": record, "noted": ()}

    def page(conflict: EditConflict | None) -> str:
        detail = (kind.table, *(cell.name for cell in kind.cells))
        found = partial(journey_of, kind.model, record_id)
        return show_form("record.html", form, found, conflict, detail=detail, load=load)

    def save() -> str:
        values, faults = read_record(kind, form.typed())
        version, now = form.version.data or 0, current.now()
        journey_id = records.correct_fact(
            current.actor(), kind, record_id, version, values, now, sure=form.sure, faults=faults
        )
        anchor = f"echange-{record_id}" if kind is EXCHANGE else "fil"
        return url_for("cases.journey", journey_id=journey_id, _anchor=anchor)

    done = "correction" if kind.told else "mise à jour"
    return write_page(form, page, save, f"{kind.name} : {done} enregistrée.")


@blueprint.post(f"/<uuid:journey_id>/{_ANY}/<uuid:record_id>/retirer")
@declares(Action.WRITE_RECORD)
def remove_record(journey_id: uuid.UUID, slug: str, record_id: uuid.UUID) -> ResponseReturnValue:
    kind = ALL_KINDS[slug]
    answer = url_for("cases.journey", journey_id=journey_id, _anchor="fil")
    version = version_sent()
    key = request.form.get("idempotency_key", "")[:64]
    try:
        records.remove_fact(
            current.actor(), kind, journey_id, record_id, version, current.now(), key=key, answer=answer
        )
    except AlreadyDone as done:
        return redirect(done.answer, 303)
    except EditConflict as conflict:
        who = "vous, dans une autre fenêtre" if conflict.own else "quelqu'un d'autre"
        flash(f"Rien n'a été retiré : cela vient d'être modifié par {who}. Relisez d'abord.", "error")
        return redirect(url_for("cases.change_record", slug=slug, record_id=record_id), 303)
    flash("Séance retirée." if kind is ATTENDANCE else f"Retiré : {kind.name.lower()}.", "success")
    return redirect(answer, 303)
