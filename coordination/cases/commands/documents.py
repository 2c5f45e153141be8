"""Attaching a document to a journey, removing it."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from coordination.cases.checks import NIR_REFUSED, Problems
from coordination.cases.commands.deadlines import follow
from coordination.cases.models_documents import Document, DocumentPart
from coordination.cases.rules.media import KINDS, media_of
from coordination.cases.vocabulary import DOCUMENT_KINDS
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import Conflict, Forbidden, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.nir import holds_nir
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import add_record, still_open
from coordination.privacy.sealing import seal_part
from coordination.privacy.vault import keystore
from coordination.privacy.volets import LABELS, Volet
from coordination.privacy.work import Work, work

MOST_BYTES = 10 * 1024 * 1024
MOST_WORDS = "10 Mo"
PART_BYTES = 256 * 1024
LONGEST_NAME = 150
TOO_LARGE = f"Ce fichier est trop volumineux : {MOST_WORDS} au plus. Numérisez-le moins finement."
WRONG_KIND = f"Ce fichier n'est pas d'un type accepté : {KINDS}. Son nom ne compte pas, son contenu si."
NO_FILE = f"Choisissez un fichier ({KINDS}, {MOST_WORDS} au plus)."


@dataclass(frozen=True)
class NewDocument:
    """A file as it came. `content`: at most one byte more than is taken is needed to tell that it is too large."""

    kind: str
    volet: str
    name: str = field(repr=False)
    content: bytes = field(repr=False)

    def body(self) -> bytes:
        """What makes two sendings of a form the same."""
        told = "\x1f".join((self.kind, self.volet, self.name)).encode()
        return told + b"\x1f" + hashlib.sha256(self.content).digest()


def attach_document(
    actor: Actor, journey_id: uuid.UUID, new: NewDocument, now: datetime, *, key: str = "", answer: str = ""
) -> uuid.UUID:
    """Put a document in a volet that the actor writes in; its id.

    `key`: idempotency key of the form, answered by `answer` when it comes again (AlreadyDone). Raises BadInput
    with a sentence per field, NotFound, Forbidden.
    """
    with work(actor, Action.ADD_DOCUMENT, now) as w:
        grant = w.require(journey_id)
        if key:
            w.once(key, new.body(), answer)
        document_id = add_document(w, grant, journey_id, new)
        _follow(grant, journey_id, now)
        w.audit(grant, ["document", str(document_id)])
        return document_id


def _follow(grant: Grant, journey_id: uuid.UUID, now: datetime) -> None:
    today = paris_date(now)
    follow(grant, journey_id, "written_on", today, f"document : saisie du {today:%d/%m/%Y}")


def add_document(w: Work, grant: Grant, journey_id: uuid.UUID, new: NewDocument) -> uuid.UUID:
    """The same within a work of another action (an agreement with its signed paper), which audits it."""
    check_document(new)
    volet = Volet(new.volet)
    values = {
        "added_at": w.now,
        "author_id": w.actor.id,
        "kind": new.kind,
        "name": plain_name(new.name),
        "media": media_of(new.content),
        "size": str(len(new.content)),
    }
    document_id = add_record(grant, Document, journey_id, volet, values)
    folder_id = db.session.scalars(select(Document.folder_id).where(Document.id == document_id)).one()
    key = keystore().get([folder_id])[folder_id]
    total = -(-len(new.content) // PART_BYTES)
    for number in range(total):
        part = new.content[number * PART_BYTES : (number + 1) * PART_BYTES]
        cell = seal_part(key, DocumentPart.__tablename__, "content", document_id, number, total, part)
        db.session.execute(
            insert(DocumentPart).values(
                id=uuid.uuid4(),
                journey_id=journey_id,
                folder_id=folder_id,
                document_id=document_id,
                number=number,
                content=cell,
            )
        )
    return document_id


def check_document(new: NewDocument) -> None:
    """Raises BadInput with a sentence per field."""
    problems = Problems()
    if new.kind not in DOCUMENT_KINDS:
        problems["kind"] = "Choisissez une des réponses proposées."
    if new.volet not in LABELS:
        problems["volet"] = "Choisissez le volet où ranger ce document."
    if not new.content:
        problems["file"] = "Ce fichier est vide." if new.name else NO_FILE
    elif len(new.content) > MOST_BYTES:
        problems["file"] = TOO_LARGE
    elif media_of(new.content) is None:
        problems["file"] = WRONG_KIND
    elif holds_nir(new.name):
        problems["file"] = f"Le nom du fichier est à changer. {NIR_REFUSED}"
    problems.stop_if_any()


def plain_name(name: str) -> str:
    """A file's name as people read it: no folder, no control sign, 150 characters at most (its end, kept)."""
    last = re.split(r"[/\\]", name)[-1]
    return "".join(sign for sign in last if sign.isprintable()).strip()[-LONGEST_NAME:]


def remove_document(actor: Actor, document_id: uuid.UUID, now: datetime) -> uuid.UUID:
    """Erase the content and the name of a document; who, when and its type stay. The journey's id.

    Raises NotFound, Forbidden (a volet that the actor only reads), Conflict if it was removed meanwhile.
    """
    with work(actor, Action.REMOVE_DOCUMENT, now) as w:
        found = db.session.execute(
            select(Document.journey_id, Document.folder_id).where(Document.id == document_id)
        ).first()
        if found is None:
            raise NotFound("Ce document n'existe pas, ou vous n'y avez pas accès.")
        grant = w.require(found.journey_id)
        _require_writable(grant, found.folder_id)
        gone = db.session.execute(
            update(Document)
            .where(Document.id == document_id, Document.removed_at.is_(None))
            .values(
                removed_at=now, removed_by_id=actor.id, name=None, size=None, version=Document.version + 1
            )
            .returning(Document.id)
        ).first()
        if gone is None:
            raise Conflict("Ce document a déjà été retiré.")
        db.session.execute(delete(DocumentPart).where(DocumentPart.document_id == document_id))
        _follow(grant, uuid.UUID(str(found.journey_id)), now)
        w.audit(grant, ["document", str(document_id)])
        return uuid.UUID(str(found.journey_id))


def _require_writable(grant: Grant, folder_id: uuid.UUID) -> None:
    volet = still_open(db.session.scalar(select(Folder.volet).where(Folder.id == folder_id)))
    if volet not in grant.writable:
        raise Forbidden("Vous pouvez lire ce volet, pas y retirer de document.")
