"""The one order of a page that writes: shown, or read, done and back; refused with everything that was typed."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from coordination.cases.queries.contact_page import Concerned, concerned
from coordination.cases.views.pages import first_page_of, refused, require_writer, show, way_back
from coordination.db import db
from coordination.errors import BadInput, Conflict, SentBefore
from coordination.privacy.drafts import Place
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict
from coordination.privacy.work import AlreadyDone, consult
from coordination.web import current, drafts
from coordination.web.forms import PageForm


def write_page(
    form: PageForm,
    page: Callable[[EditConflict | None], str],
    save: Callable[[], str],
    saved: str | Callable[[], str],
    drafted: Place | None = None,
) -> ResponseReturnValue:
    """Answer a GET with `page`, a POST with `save` (which gives the address to go to) and the sentence `saved`.

    A form that corrects a record has a `version` field; `page` shows the two texts of an EditConflict.
    `drafted`: the place of the form's draft, where it hangs on no journey.
    """
    if request.method == "GET":
        return page(None)
    try:
        with drafts.saving():
            place = save()
    except BadInput as error:
        form.refuse(error)
        return refused(page(None))
    except AlreadyDone as done:
        place = done.answer
    except Conflict as error:
        # What was typed comes back under a new key: sending it again is then a choice, not an accident.
        form.idempotency_key.data = uuid.uuid4().hex
        conflict = error if isinstance(error, EditConflict) else None
        if conflict:
            form["version"].data = conflict.version
        else:
            form.form_errors.append(str(error))
            form.sent_before = isinstance(error, SentBefore)
        return refused(page(conflict), 409)
    drafts.forget(drafted)
    flash(_said(saved) if callable(saved) else saved, "success")
    return redirect(place, 303)


def _said(saved: Callable[[], str]) -> str:
    """The sentence to say; it may read, and what is saved stands even where nothing answers any more."""
    try:
        return saved()
    except SQLAlchemyError:
        db.session.rollback()
        return "Enregistré."


def show_form(
    template: str,
    form: PageForm,
    journey_id: uuid.UUID | Callable[[], uuid.UUID],
    conflict: EditConflict | None = None,
    *,
    detail: Sequence[str] = ("name",),
    load: Callable[[Grant], dict[str, Any]] = lambda _grant: {},
    may: Callable[[Grant], None] = require_writer,
    alone: bool = True,
) -> str:
    """A form about a journey, read under a consult: `load` gives what else its template needs.

    `journey_id` may be looked up from a record. `detail`: names of the fields read, for the audit. `may` raises
    Forbidden where the grant does not allow what the form is for. Templates extend `cases/write.html`. `alone`:
    nothing of another journey is on the page, so that the wall need not look at all that the actor sees.
    """
    with consult(current.actor(), Action.OPEN_JOURNEY, current.now()) as r:
        # Found inside the consult, so that a foreign record leaves its refusal in the log.
        found = journey_id() if callable(journey_id) else journey_id
        grant = r.require_alone(found) if alone else r.require(found)
        may(grant)
        about: Concerned = concerned(grant, found)
        content = load(grant)
        draft = drafts.resume(grant, form, found)
        r.audit(grant, detail)
    return show(
        template,
        form=form,
        about=about,
        conflict=conflict,
        back=first_page_of(found),
        way_back=way_back(),
        draft=draft,
        draft_marks=[drafts.mark(drafts.here(found))],
        **content,
    )
