"""Documents of a journey: sealed in parts, limited, for those who see the volet, removed for good."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.documents import (
    MOST_BYTES,
    PART_BYTES,
    NewDocument,
    attach_document,
    plain_name,
    remove_document,
)
from coordination.cases.models_documents import Document
from coordination.cases.queries.documents import content, document, documents
from coordination.errors import BadInput, Conflict, Forbidden, NotFound, SealBroken
from coordination.privacy.policy import Action
from coordination.privacy.records import journey_of
from coordination.privacy.work import AlreadyDone, consult
from tests.support import import_rows, journey_id, person, rows, scalar, world

PDF = b"%PDF-1.7\n"
STARTS = {"application/pdf": PDF, "image/jpeg": b"\xff\xd8\xff\xe0", "image/png": b"\x89PNG\r\n\x1a\n"}


@pytest.fixture
def journey(app: Flask) -> uuid.UUID:
    import_rows(world())
    return journey_id("PRE-1")


def new(**more: Any) -> NewDocument:
    values: dict[str, Any] = {
        "kind": "COURRIER",
        "volet": "coordination",
        "name": "lettre.pdf",
        "content": PDF + b"texte",
    }
    return NewDocument(**values | more)


def attach(journey: uuid.UUID, name: str = "ref1", **more: Any) -> uuid.UUID:
    return attach_document(person(name), journey, new(**more), clock.now())


def read(name: str, document_id: uuid.UUID) -> bytes:
    with consult(person(name), Action.READ_DOCUMENT, clock.now()) as r:
        grant = r.require(journey_of(Document, document_id))
        found = b"".join(content(grant, document(grant, document_id)))
        r.audit(grant)
    return found


def listed(name: str, journey: uuid.UUID) -> list[tuple[str, str, bool]]:
    with consult(person(name), Action.READ_DOCUMENT, clock.now()) as r:
        grant = r.require(journey)
        found = [(d.kind, d.name, d.removed_at is not None) for d in documents(grant, journey)]
        r.audit(grant)
    return found


@pytest.mark.parametrize("size", [len(PDF), PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES])
def test_what_is_put_in_comes_out(journey: uuid.UUID, size: int) -> None:
    given = (PDF + bytes(range(256)) * (size // 256 + 1))[:size]
    document_id = attach(journey, content=given)
    assert read("ref1", document_id) == given
    parts = scalar("SELECT count(*) FROM document_part WHERE document_id = %s", document_id)
    assert parts == -(-size // PART_BYTES)


def test_nothing_of_it_stands_in_clear(journey: uuid.UUID) -> None:
    document_id = attach(journey, name="ref1", content=PDF + b"un secret de famille")
    stored = rows("SELECT d::text, encode(p.content, 'escape') FROM document d JOIN document_part p"
                  " ON p.document_id = d.id WHERE d.id = %s", document_id)  # fmt: skip
    told = str(stored)
    for secret in ("lettre", "secret", "PDF", "COURRIER", "coordination"):
        assert secret not in told
    assert listed("ref1", journey) == [("Courrier", "lettre.pdf", False)]


@pytest.mark.parametrize(("over", "taken"), [(-1, True), (0, True), (1, False)])
def test_ten_megabytes_are_the_limit(journey: uuid.UUID, over: int, taken: bool) -> None:
    given = PDF + bytes(MOST_BYTES + over - len(PDF))
    if taken:
        assert len(read("ref1", attach(journey, content=given))) == MOST_BYTES + over
        return
    with pytest.raises(BadInput) as refused:
        attach(journey, content=given)
    assert "10 Mo" in refused.value.fields["file"]
    assert rows("SELECT 1 FROM document") == []


@pytest.mark.parametrize("media", STARTS)
def test_the_content_tells_the_kind_whatever_the_name(journey: uuid.UUID, media: str) -> None:
    document_id = attach(journey, name="ref1", content=STARTS[media] + b"...")
    with consult(person("ref1"), Action.READ_DOCUMENT, clock.now()) as r:
        grant = r.require(journey)
        assert document(grant, document_id).media == media
        r.audit(grant)


@pytest.mark.parametrize(
    "content_",
    [b"MZ\x90", b"<html><script>", b"PK\x03\x04", b"GIF89a", b" %PDF-1.7", b"<svg xmlns", b"\xff\xd8", b""],
)
def test_what_is_neither_pdf_nor_jpeg_nor_png_is_refused(journey: uuid.UUID, content_: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        attach(journey, content=content_)
    assert "PDF, JPEG ou PNG" in refused.value.fields["file"] or "vide" in refused.value.fields["file"]
    assert rows("SELECT 1 FROM document") == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"kind": "SELFIE"}, "kind"),
        ({"volet": "cave"}, "volet"),
        ({"name": "carte 2 55 08 14 168 025 38.pdf"}, "file"),
        ({"name": "", "content": b""}, "file"),
    ],
)
def test_each_refusal_names_its_field(journey: uuid.UUID, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        attach_document(person("ref1"), journey, new(**wrong), clock.now())
    assert list(refused.value.fields) == [field]


def test_a_name_loses_its_folders_and_its_control_signs() -> None:
    assert plain_name("C:\\Users\\x\\accord.pdf") == "accord.pdf"
    assert plain_name("../../etc/mot\n de\x00 passe.pdf") == "mot de passe.pdf"
    assert len(plain_name("é" * 400 + ".pdf")) == 150 and plain_name("é" * 400 + ".pdf").endswith(".pdf")


def test_only_volets_that_the_person_writes_in(journey: uuid.UUID) -> None:
    """The coordinator reads santé and writes coordination; the référent writes both."""
    with pytest.raises(Forbidden):
        attach(journey, "coord.pre", volet="sante")
    mine = attach(journey, "ref1", volet="sante")
    attach(journey, "coord.pre")
    assert read("coord.pre", mine)
    with pytest.raises(Forbidden):
        remove_document(person("coord.pre"), mine, clock.now())
    with pytest.raises(BadInput, match="ne vous est pas ouvert"):
        attach(journey, volet="emploi")


def test_a_document_is_for_those_who_see_its_volet(journey: uuid.UUID) -> None:
    mine = attach(journey, volet="sante")
    rows("DELETE FROM access WHERE actor_id = (SELECT id FROM account WHERE display_name = 'coord.pre')"
         " AND folder_id IN (SELECT id FROM folder WHERE volet = 'sante')")  # fmt: skip
    assert listed("coord.pre", journey) == []
    for name in ("coord.pre", "ref2", "ml", "coord.cite"):
        with pytest.raises(NotFound):
            read(name, mine)
        with pytest.raises(NotFound):
            remove_document(person(name), mine, clock.now())
    with pytest.raises(NotFound):
        attach(journey_id("CITE-1"))
    with pytest.raises(NotFound):
        remove_document(person("ref1"), uuid.uuid4(), clock.now())
    assert read("ref1", mine)


def test_what_is_removed_leaves_who_when_and_its_kind_alone(journey: uuid.UUID) -> None:
    document_id = attach(journey)
    assert remove_document(person("ref1"), document_id, clock.now()) == journey
    assert rows("SELECT 1 FROM document_part") == []
    kept = rows("SELECT name, size, kind IS NOT NULL, removed_by_id, removed_at IS NOT NULL FROM document")
    assert kept == [(None, None, True, person("ref1").id, True)]
    assert listed("ref1", journey) == [("Courrier", "", True)]
    with pytest.raises(NotFound):
        read("ref1", document_id)
    with pytest.raises(Conflict, match="déjà été retiré"):
        remove_document(person("ref1"), document_id, clock.now())
    told = rows("SELECT action, detail FROM audit_entry WHERE detail LIKE 'document,%' ORDER BY sequence")
    assert [line[0] for line in told] == ["ajout_document", "retrait_document"]
    assert all(line[1] == f"document,{document_id}" for line in told)


def test_the_same_form_twice_is_one_document(journey: uuid.UUID) -> None:
    actor, key = person("ref1"), uuid.uuid4().hex
    attach_document(actor, journey, new(), clock.now(), key=key, answer="/ici")
    with pytest.raises(AlreadyDone) as again:
        attach_document(actor, journey, new(), clock.now(), key=key, answer="/ici")
    assert again.value.answer == "/ici"
    with pytest.raises(Conflict):
        attach_document(actor, journey, new(content=PDF + b"autre"), clock.now(), key=key)
    assert scalar("SELECT count(*) FROM document") == 1


def test_two_who_remove_at_once_leave_one_trace(app: Flask, journey: uuid.UUID) -> None:
    document_id, actor, ended = attach(journey), person("ref1"), []
    start = threading.Barrier(2)

    def run() -> None:
        with app.app_context():
            start.wait()
            try:
                remove_document(actor, document_id, clock.now())
                ended.append("removed")
            except Conflict:
                ended.append("too late")

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["removed", "too late"]
    assert (
        scalar("SELECT count(*) FROM audit_entry WHERE action = 'retrait_document' AND result = 'fait'") == 1
    )


TAMPERINGS = {
    "a part left out": "DELETE FROM document_part WHERE number = 1",
    "the last part left out": "DELETE FROM document_part WHERE number = 2",
    "two parts exchanged": "UPDATE document_part SET content = (SELECT content FROM document_part p WHERE"
    " p.document_id = document_part.document_id AND p.number = 1 - document_part.number) WHERE number < 2",
    "a part of another document": "UPDATE document_part SET content = (SELECT content FROM document_part p WHERE"
    " p.document_id <> document_part.document_id AND p.number = document_part.number)",
    "a byte altered": "UPDATE document_part SET content = set_byte(content, 20, get_byte(content, 20) # 1)",
}


@pytest.mark.parametrize("how", TAMPERINGS)
def test_a_document_opens_whole_and_in_order_or_not_at_all(journey: uuid.UUID, how: str) -> None:
    ids = [attach(journey, content=PDF + bytes(2 * PART_BYTES + n)) for n in range(2)]
    rows(TAMPERINGS[how])
    for document_id in ids:
        with pytest.raises(SealBroken):
            read("ref1", document_id)
