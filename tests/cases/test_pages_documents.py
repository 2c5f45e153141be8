"""The pages of documents, as a browser sends and reads them."""

from __future__ import annotations

import re
import tempfile
import uuid
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from coordination.cases.commands.documents import MOST_BYTES
from coordination.web.uploads import LARGEST_UPLOAD
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, last_audit, post
from tests.people import token_of
from tests.support import rows, scalar

PDF = b"%PDF-1.7\n1 0 obj\n"
NAME = "Bulletin de Zoé Lemaire.pdf"


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    return journeys_of(REFERENT)[0]


def send(client: FlaskClient, path: str, content: bytes = PDF, name: str = NAME, **more: Any) -> TestResponse:
    """Send the form that adds a document, as a browser does."""
    data = {
        "csrf_token": more.get("csrf_token") or token_of(client),
        "idempotency_key": uuid.uuid4().hex,
        "kind": "SCOLARITE",
        "volet": "coordination",
        "file": FileStorage(BytesIO(content), name),
    }
    # The test client would spool a long body to a temporary file of its own.
    boundary, body = encode_multipart(data | more)
    return client.post(path, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')


def the_document() -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM document")))


def test_only_who_opened_a_document_is_said_to_have_read_it(site: Flask, journey: uuid.UUID) -> None:
    client, path = browser(site, REFERENT), f"/parcours/{journey}/documents"
    client.get(path)
    assert last_audit("liste_documents") == (journey, "fait", "documents")
    send(client, path)
    assert scalar("SELECT count(*) FROM audit_entry WHERE action = 'lecture_document'") == 0
    opened = client.get(f"/parcours/{journey}").text.split('id="ouvertures"')[1]
    assert "Liste des documents" in opened and "Lecture d&#39;un document" not in opened
    client.get(f"/parcours/document/{the_document()}")
    assert "Lecture d&#39;un document" in client.get(f"/parcours/{journey}").text.split('id="ouvertures"')[1]


def test_a_document_is_added_listed_read_and_removed(site: Flask, journey: uuid.UUID) -> None:
    client, path = browser(site, REFERENT), f"/parcours/{journey}/documents"
    assert f'href="{path}"' in client.get(f"/parcours/{journey}").text, "one tap from the journey"
    assert "Aucun document" in client.get(path).text
    answer = send(client, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    page = client.get(path).text
    assert "Document ajouté." in page and NAME in page and "Bulletin ou autre pièce scolaire" in page
    document = the_document()
    assert NAME in client.get(f"/parcours/document/{document}").text
    assert last_audit("lecture_document") == (journey, "fait", f"name,{document}")
    shown = client.get(f"/parcours/document/{document}/contenu")
    assert shown.data == PDF and last_audit("lecture_document")[2] == f"content,inline,{document}"
    asked = client.get(f"/parcours/document/{document}/retrait").text
    assert "personne ne pourra les retrouver" in asked and scalar("SELECT count(*) FROM document_part") == 1
    answer = post(client, f"/parcours/document/{document}/retrait")
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    page = client.get(path).text
    assert "son contenu est effacé" in page and NAME not in page and "1 document retiré" in page
    for way in ("", "/contenu", "/telecharger", "/retrait"):
        assert client.get(f"/parcours/document/{document}{way}").status_code == 404
    again = post(client, f"/parcours/document/{document}/retrait")
    assert again.status_code == 303 and "déjà été retiré" in client.get(path).text


@pytest.mark.parametrize(
    ("content", "mimetype"), [(PDF, "application/pdf"), (b"\x89PNG\r\n\x1a\n...", "image/png")]
)
def test_a_document_is_shown_and_can_do_nothing(
    site: Flask, journey: uuid.UUID, content: bytes, mimetype: str
) -> None:
    client = browser(site, REFERENT)
    send(client, f"/parcours/{journey}/documents", content)
    for way, disposition in (("contenu", "inline"), ("telecharger", "attachment")):
        answer = client.get(f"/parcours/document/{the_document()}/{way}")
        headers = answer.headers
        assert answer.mimetype == mimetype and int(headers["Content-Length"]) == len(content)
        named = rf"{disposition}; filename=document-PRE-\d+-\d{{8}}\.(pdf|png)"
        assert re.fullmatch(named, headers["Content-Disposition"])
        policy = headers["Content-Security-Policy"].split("; ")
        assert "default-src 'none'" in policy and "frame-ancestors 'self'" in policy
        assert "sandbox" in policy
        assert headers["X-Frame-Options"] == "SAMEORIGIN"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "X-Closed-Document" not in headers
    assert client.get(f"/parcours/document/{uuid.uuid4()}/contenu").headers["X-Frame-Options"] == "DENY"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"content": b"PK\x03\x04 archive", "name": "accord.pdf"}, "PDF, JPEG ou PNG"),
    ({"content": b""}, "vide"),
    ({"content": b"", "name": ""}, "Choisissez un fichier"),
    ({"content": PDF + bytes(MOST_BYTES)}, "10 Mo au plus"),
    ({"content": PDF + bytes(2 * MOST_BYTES)}, "10 Mo au plus"),
    ({"kind": ""}, "Choisissez une des réponses"),
    ({"volet": ""}, "Choisissez le volet"),
    ({"volet": "emploi"}, "ne vous est pas ouvert"),
    ({"name": "2 55 08 14 168 025 38.pdf"}, "numéro de sécurité sociale"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_refused_document_says_the_limit_and_keeps_the_rest(
    site: Flask, journey: uuid.UUID, number: int
) -> None:
    wrong, words = WRONG[number]
    client = browser(site, REFERENT)
    key = uuid.uuid4().hex
    answer = send(client, f"/parcours/{journey}/documents", **({"idempotency_key": key} | wrong))
    assert answer.status_code == 422 and words in answer.text
    assert key in answer.text and 'class="error-summary"' in answer.text
    if "kind" not in wrong:
        assert re.search(r'<input checked [^>]*value="SCOLARITE"', answer.text)
    if "volet" not in wrong:
        assert re.search(r'<input checked [^>]*value="coordination"', answer.text)
    if {"content", "name"} & set(wrong):
        assert 'id="file-error"' in answer.text
    assert rows("SELECT 1 FROM document") == []


def test_beyond_what_is_counted_the_page_says_so(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    answer = send(client, f"/parcours/{journey}/documents", bytes(LARGEST_UPLOAD))
    assert answer.status_code == 413 and "10 Mo" in answer.text
    # The browser is asked to keep nothing of the other fields.
    assert "y est encore" not in answer.text and "peut être à remplir de nouveau" in answer.text


def test_elsewhere_and_for_visitors_the_limit_stays(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    large = bytes(3 * 1024 * 1024)
    assert send(client, f"/parcours/{journey}/echange", large).status_code == 413
    visitor = site.test_client()
    assert send(visitor, f"/parcours/{journey}/documents", large, csrf_token="x").status_code == 413


def test_no_upload_touches_a_temporary_file(
    site: Flask, journey: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("a temporary file was opened")

    client = browser(site, REFERENT)
    data = (PDF + bytes(3 * 1024 * 1024), NAME)
    for name in ("SpooledTemporaryFile", "TemporaryFile", "NamedTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, never)
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", never)
    assert send(client, f"/parcours/{journey}/documents", *data).status_code == 303


def test_a_foreign_journey_or_document_does_not_exist(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    send(client, f"/parcours/{journey}/documents")
    document = the_document()
    other = (
        browser(site, "conseil.ml@demo.example")
        if rows("SELECT 1 FROM account WHERE email = 'conseil.ml@demo.example'")
        else browser(site, "coordination.cite@demo.example")
    )
    for way in ("", "/contenu", "/telecharger"):
        assert other.get(f"/parcours/document/{document}{way}").status_code == 404
        assert last_audit("lecture_document")[1] == "refus"
    assert post(other, f"/parcours/document/{document}/retrait").status_code == 404
    assert last_audit("retrait_document")[1] == "refus"
    assert other.get(f"/parcours/{journey}/documents").status_code == 404
    assert send(other, f"/parcours/{journey}/documents").status_code == 404
    assert last_audit("ajout_document")[:2] == (journey, "refus")
    assert scalar("SELECT count(*) FROM document_part") == 1


def test_who_reads_a_volet_reads_its_documents_and_removes_none(site: Flask) -> None:
    journey, volet = rows(
        "SELECT journey_id, volet FROM folder WHERE open AND volet IN ('scolarite', 'social', 'sante')"
        " AND journey_id = ANY(%s) ORDER BY journey_id, volet LIMIT 1",
        journeys_of(REFERENT),
    )[0]
    send(browser(site, REFERENT), f"/parcours/{journey}/documents", volet=volet)
    client, document = browser(site, COORDINATOR), the_document()
    page = client.get(f"/parcours/document/{document}")
    assert page.status_code == 200 and "Retirer ce document" not in page.text
    assert client.get(f"/parcours/document/{document}/retrait").status_code == 403
    assert post(client, f"/parcours/document/{document}/retrait").status_code == 403
    offered = re.findall(r'name="volet"[^>]*value="(\w+)"', client.get(f"/parcours/{journey}/documents").text)
    assert offered == ["coordination"]
