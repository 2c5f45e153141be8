"""The database goes away, or its disk fills up, while somebody writes: the text stays, and can be sent again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import encode_multipart

from config.settings import Settings
from coordination import create_app, embedded
from coordination.db import db
from tests.cases.pages_kit import REFERENT, browser, journeys_of
from tests.cases.test_pages_documents import send
from tests.people import csrf_token, signed_in
from tests.support import close, day, email, rows
from tests.test_crash import ask, journey, kill_server, own

__all__ = ["journey", "own"]
TEXT = "Un texte qu'on ne tape pas deux fois."


@pytest.fixture
def alone(own: Settings, journey: str) -> Iterator[Flask]:
    """The application on a server that may be killed."""
    placed = embedded.start(own).set(database=embedded.DATABASE)
    application = create_app(replace(own, database_url=embedded.dsn(placed)))
    try:
        with application.app_context():
            yield application
    finally:
        close(application)


def forms(journey_id: str, client: FlaskClient) -> dict[str, dict[str, Any]]:
    """The forms of this page and of the others, filled; by address."""
    common = {"csrf_token": csrf_token(client.get("/mon-role")), "idempotency_key": uuid.uuid4().hex}
    contact = {"mode": "VAD", "when": str(day()), "outcome": "ABOUTI", "note": TEXT}
    prefix = f"j{uuid.UUID(journey_id).hex}-"
    visit = {"p": journey_id, "mode": "VAD", "when": str(day())}
    visit |= {f"{prefix}outcome": "ABOUTI", f"{prefix}note": TEXT}
    return {
        f"/parcours/{journey_id}/echange": common | contact,
        "/parcours/tournee": common | visit,
        "/brouillons": common | {"draft": f"{journey_id} cases.log_contact {journey_id}", "note": TEXT},
    }


def test_the_database_goes_away_and_comes_back(alone: Flask, own: Settings, journey: str) -> None:
    client = signed_in(alone.test_client(), email("ref1"))
    count = f"SELECT count(*) FROM contact WHERE journey_id = '{journey}' AND mode = 'VAD'"
    before, sent = ask(own, count), forms(journey, client)
    key = {"csrf_token": csrf_token(client.get("/mon-role")), "note": TEXT, "kind": "AUTRE"}
    boundary, upload = encode_multipart(key)
    db.session.remove()
    kill_server(own)
    for path, data in sent.items():
        page = client.post(path, data=data)
        assert page.status_code == 503, path
        assert TEXT.replace("'", "&#39;") in page.text and page.headers["Retry-After"]
        assert "Patientez une minute" in page.text
    content_type = f'multipart/form-data; boundary="{boundary}"'
    page = client.post(f"/parcours/{journey}/documents", data=upload, content_type=content_type)
    assert page.status_code == 503 and TEXT.replace("'", "&#39;") in page.text
    embedded.start(own)
    for _ in range(2):
        for path, data in sent.items():
            assert client.post(path, data=data).status_code in (204, 303), path
    after = ask(own, count)
    assert isinstance(before, int) and isinstance(after, int) and after - before == 2


def test_a_full_disk_says_so_and_keeps_the_text(site: Flask) -> None:
    client = browser(site, REFERENT)
    journey_id = journeys_of(REFERENT)[0]
    rows("CREATE FUNCTION fill_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
         " 'could not extend file' USING ERRCODE = '53100'; END $$")  # fmt: skip
    for table in ("contact", "document_part"):
        rows(f"CREATE TRIGGER full_disk BEFORE INSERT ON {table} EXECUTE FUNCTION fill_up()")
    sent = forms(str(journey_id), client)
    for path in [path for path in sent if path != "/brouillons"]:
        page = client.post(path, data=sent[path])
        assert page.status_code == 503 and TEXT.replace("'", "&#39;") in page.text, path
        assert "Le disque du serveur est plein" in page.text and "réessayez dans dix minutes" in page.text
    page = send(client, f"/parcours/{journey_id}/documents")
    assert page.status_code == 503 and "fichier joint sera à choisir de nouveau" in page.text
    assert rows("SELECT 1 FROM document") == [], "all of a document or nothing"
    for table in ("contact", "document_part"):
        rows(f"DROP TRIGGER full_disk ON {table}")
    assert client.post("/parcours/tournee", data=sent["/parcours/tournee"]).status_code == 303
    assert not re.search("fill_up|53100", page.text)
    assert issubclass(psycopg.errors.DiskFull, psycopg.OperationalError)
