"""The documents of a journey: listing, adding, reading in the browser, removing."""

from __future__ import annotations

import uuid

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from coordination.cases.commands.documents import MOST_BYTES, attach_document, remove_document
from coordination.cases.forms_documents import DocumentForm
from coordination.cases.models_documents import Document
from coordination.cases.queries import documents as queries
from coordination.cases.queries.people import people
from coordination.cases.views.pages import blueprint, show
from coordination.cases.views.writing import write_page
from coordination.errors import Conflict, Forbidden
from coordination.privacy.policy import Action
from coordination.privacy.records import EditConflict, journey_of
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.forms import PageForm
from coordination.web.headers import close_document
from coordination.web.routing import declares
from coordination.web.uploads import takes_files


@blueprint.get("/<uuid:journey_id>/documents")
@declares(Action.LIST_DOCUMENTS)
def documents(journey_id: uuid.UUID) -> ResponseReturnValue:
    return _list(journey_id, DocumentForm())


@blueprint.post("/<uuid:journey_id>/documents")
@declares(Action.ADD_DOCUMENT)
@takes_files(MOST_BYTES)
def add_document(journey_id: uuid.UUID) -> ResponseReturnValue:
    form = DocumentForm()

    def page(_conflict: EditConflict | None) -> str:
        return _list(journey_id, form)

    def save() -> str:
        answer = url_for("cases.documents", journey_id=journey_id)
        attach_document(current.actor(), journey_id, form.typed(), current.now(), key=form.key, answer=answer)
        return answer

    return write_page(form, page, save, "Document ajouté.")


def _list(journey_id: uuid.UUID, form: DocumentForm) -> str:
    # Whoever adds one sees the list and opens none: the journal tells the two apart.
    with consult(current.actor(), Action.LIST_DOCUMENTS, current.now()) as r:
        grant = r.require(journey_id)
        found = queries.documents(grant, journey_id)
        person = people(grant, [journey_id])[journey_id]
        r.audit(grant, ["documents"])
    form.offer(grant)
    return show(
        "documents.html",
        form=form,
        person=person,
        kept=[d for d in found if not d.removed_at],
        removed=[d for d in found if d.removed_at],
        may_add=bool(grant.writable),
    )


@blueprint.get("/document/<uuid:document_id>")
@declares(Action.READ_DOCUMENT)
def document(document_id: uuid.UUID) -> ResponseReturnValue:
    """A document among its facts, shown in the page where the browser can."""
    return _about(document_id, "document.html")


def _about(document_id: uuid.UUID, template: str, form: PageForm | None = None) -> str:
    with consult(current.actor(), Action.READ_DOCUMENT, current.now()) as r:
        journey_id = journey_of(Document, document_id)
        grant = r.require(journey_id)
        found = queries.document(grant, document_id)
        person = people(grant, [journey_id])[journey_id]
        if form is not None and not found.may_remove:
            raise Forbidden("Vous pouvez lire ce volet, pas y retirer de document.")
        r.audit(grant, ["name", str(document_id)])
    return show(template, document=found, person=person, form=form)


@blueprint.get("/document/<uuid:document_id>/contenu")
@declares(Action.READ_DOCUMENT)
def document_content(document_id: uuid.UUID) -> ResponseReturnValue:
    """The bytes, to be shown by the browser itself."""
    return _content(document_id, "inline")


@blueprint.get("/document/<uuid:document_id>/telecharger")
@declares(Action.READ_DOCUMENT)
def download_document(document_id: uuid.UUID) -> ResponseReturnValue:
    return _content(document_id, "attachment")


def _content(document_id: uuid.UUID, disposition: str) -> Response:
    with consult(current.actor(), Action.READ_DOCUMENT, current.now()) as r:
        journey_id = journey_of(Document, document_id)
        grant = r.require(journey_id)
        found = queries.document(grant, document_id)
        parts = queries.content(grant, found)
        ref = people(grant, [journey_id])[journey_id].ref
        r.audit(grant, ["content", disposition, str(document_id)])
    answer = Response(parts, mimetype=found.media)
    answer.content_length = sum(map(len, parts))
    # The name that the file came with may be somebody's: the browser's list of downloads must not tell.
    answer.headers.set("Content-Disposition", disposition, filename=found.neutral_name(ref))
    return close_document(answer)


@blueprint.route("/document/<uuid:document_id>/retrait", methods=["GET", "POST"])
@declares(Action.REMOVE_DOCUMENT)
def remove(document_id: uuid.UUID) -> ResponseReturnValue:
    if request.method == "GET":
        return _about(document_id, "remove_document.html", PageForm())
    try:
        journey_id = remove_document(current.actor(), document_id, current.now())
        flash("Document retiré : son contenu est effacé.", "success")
    except Conflict as error:
        # Somebody was quicker, or the button was pressed twice: what was wanted is done.
        journey_id = journey_of(Document, document_id)
        flash(str(error), "info")
    return redirect(url_for("cases.documents", journey_id=journey_id), 303)
