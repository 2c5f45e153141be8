"""The form that adds a document, and its field for the forms that take one beside other things."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField
from wtforms import HiddenField, RadioField

from coordination.cases.commands.documents import NewDocument
from coordination.cases.forms import choices
from coordination.cases.vocabulary import DOCUMENT_KINDS
from coordination.privacy.policy import Grant
from coordination.privacy.volets import LABELS, Volet
from coordination.web.forms import PageForm

# What the browser offers first; what is taken is told by the content.
ACCEPT = ".pdf,.jpg,.jpeg,.png,application/pdf,image/jpeg,image/png"


class DocumentField(FileField):
    """A file to choose. `as_document` reads what came, None where no file was chosen.

    Show it with the macro `file` of `cases/document_field.html`, in a form sent as multipart/form-data, on a
    route marked `takes_files(MOST_BYTES)`.
    """

    def as_document(self, kind: str, volet: str) -> NewDocument | None:
        came = self.data
        if came is None or not getattr(came, "filename", None):
            return None
        return NewDocument(kind, volet, came.filename, came.stream.read())


class DocumentForm(PageForm):
    """Attach a document to a journey."""

    kind = RadioField("Type de document", validate_choice=False)
    volet = RadioField("Volet où le ranger", validate_choice=False)
    file = DocumentField("Fichier")
    retour = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = choices(DOCUMENT_KINDS)

    def offer(self, grant: Grant) -> None:
        """The volets that the person writes in; where there is one, it is chosen."""
        mine = {volet.value: LABELS[volet] for volet in Volet if volet in grant.writable}
        self.volet.choices = choices(mine)
        if not self.volet.data and len(mine) == 1:
            self.volet.data = next(iter(mine))

    def typed(self) -> NewDocument:
        """What came; without a file, an empty document that its command refuses."""
        kind, volet = self.kind.data or "", self.volet.data or ""
        return self.file.as_document(kind, volet) or NewDocument(kind, volet, "", b"")
