"""What people read when something goes wrong: calm, in French, nothing given away, nothing typed lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from config.settings import Settings
from coordination.db import db
from coordination.errors import (
    BadInput,
    Conflict,
    Forbidden,
    KeyUnavailable,
    NotFound,
    SealBroken,
    SentBefore,
)
from coordination.privacy.work import AlreadyDone
from coordination.web import factory
from coordination.web.routing import declares_public
from tests.people import csrf_token, make_account, signed_in

NOTE = "Rencontre au domicile, tout va mieux."
SECRET = "ciphertext and Lemaire"
FAULTS: dict[str, Exception] = {
    "absent": NotFound("Ce parcours n'existe pas."),
    "interdit": Forbidden("Votre rôle ne permet pas cette action."),
    "conflit": Conflict("Quelqu'un a modifié ce texte."),
    "renvoi": SentBefore("Un autre contenu."),
    "mauvais": BadInput("La date est dans le futur."),
    "cle": KeyUnavailable("La clé de chiffrement version 3 est absente : les données restent fermées."),
    "sceau": SealBroken("Un champ scellé (clé version 2) a été altéré."),
    "base": OperationalError(SECRET, {}, Exception(SECRET)),
    "croise": OperationalError(SECRET, {}, psycopg.errors.DeadlockDetected(SECRET)),
    "depasse": OperationalError(SECRET, {}, psycopg.errors.SerializationFailure(SECRET)),
    "bogue": ValueError(SECRET),
}


@pytest.fixture
def faulty(settings: Settings) -> Iterator[Flask]:
    """The application, as in production, with views that fail."""
    from dataclasses import replace

    pages = Blueprint("faults", __name__)

    @pages.route("/faute/<kind>", methods=["GET", "POST"])
    @declares_public("for the test")
    def fault(kind: str) -> str:
        if kind == "deja":
            raise AlreadyDone("/mon-role")
        if kind == "sql":
            db.session.execute(text("SELECT CAST(:value AS date) FROM nowhere"), {"value": SECRET})
        if kind == "nul":
            db.session.execute(text("SELECT CAST(:value AS text)"), {"value": SECRET + "\0"})
        if kind == "nombre":
            db.session.execute(text("SELECT CAST(:value AS integer)"), {"value": 2**31})
        raise FAULTS[kind]

    application = factory.build(replace(settings, testing=False), (pages,))
    with application.app_context():
        yield application
        db.session.remove()
        db.engine.dispose()
    application.extensions["keystore"].engine.dispose()


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("absent", 404, "ne vous est pas accessible"),
        ("interdit", 403, "ne permet pas cette action"),
        ("conflit", 409, "Quelqu&#39;un a modifié ce texte."),
        ("renvoi", 409, "ouvrez de nouveau le formulaire"),
        ("mauvais", 400, "La date est dans le futur."),
        ("cle", 503, "version 3"),
        ("sceau", 500, "clé version 2"),
        ("base", 503, "copiez-le d&#39;abord"),
        ("croise", 503, "au même moment"),
        ("depasse", 503, "rechargez la page"),
        ("bogue", 500, "n&#39;a pas été enregistrée"),
        ("sql", 500, "n&#39;a pas été enregistrée"),
        ("nul", 400, "Rien n&#39;a été enregistré"),
        ("nombre", 400, "Rien n&#39;a été enregistré"),
    ],
)
def test_each_fault_has_its_page(
    faulty: Flask, kind: str, status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        page = faulty.test_client().get(f"/faute/{kind}")
    assert page.status_code == status
    assert words in page.text
    assert kind == "base" or "base de données" not in page.text
    assert "<h1>" in page.text and 'lang="fr"' in page.text
    for place in (page.text, caplog.text):
        assert SECRET not in place
        assert "Traceback" not in place
    if kind in ("bogue", "sql"):
        assert "test_faults.py" in caplog.text, "the log says where"


@pytest.mark.parametrize("kind", ["conflit", "renvoi", "mauvais", "base", "croise", "nul", "nombre"])
def test_what_was_typed_is_given_back(faulty: Flask, kind: str) -> None:
    client = faulty.test_client()
    fields = {"note": NOTE, "password": "never shown again", "csrf_token": csrf_token(client.get("/"))}
    page = client.post(f"/faute/{kind}", data=fields)
    assert NOTE in page.text
    assert "never shown again" not in page.text
    # A browser keeps nothing of these fields: no page may promise that it did.
    assert "navigateur" not in page.text


def test_what_was_typed_is_escaped(faulty: Flask) -> None:
    page = faulty.test_client().post("/faute/mauvais", data={"note": "<script>alert(1)</script> et la suite"})
    assert page.status_code == 400
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_a_form_that_came_twice_gets_the_first_answer(faulty: Flask) -> None:
    again = faulty.test_client().get("/faute/deja")
    assert (again.status_code, again.location) == (303, "/mon-role")


def test_an_address_that_does_not_exist(app: Flask) -> None:
    page = app.test_client().get("/parcours-inconnu/<b>x</b>")
    assert page.status_code == 404
    assert "Cette page n&#39;existe pas" in page.text
    assert "<b>" not in page.text


def test_too_much_at_once(app: Flask) -> None:
    page = app.test_client().post("/", data={"email": "x" * (3 * 1024 * 1024)})
    assert page.status_code == 413
    assert "2 Mo" in page.text and "si le texte y est encore" in page.text


def test_a_form_sent_after_the_session_gives_the_text_back(app: Flask) -> None:
    make_account("CCAS")
    client: FlaskClient = signed_in(app.test_client(), "ccas@exemple.fr")
    token = csrf_token(client.get("/mon-role"))
    with client.session_transaction() as session:
        del session["_user_id"]
    page = client.post("/deconnexion", data={"csrf_token": token, "note": NOTE})
    assert page.status_code == 401
    assert NOTE in page.text
    client.delete_cookie("coordination")
    page = client.post("/deconnexion", data={"csrf_token": token, "note": NOTE})
    assert page.status_code == 400
    assert NOTE in page.text


def test_database_away(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    make_account("CCAS")
    client = signed_in(app.test_client(), "ccas@exemple.fr")

    def away(*args: Any, **kwargs: Any) -> Any:
        raise OperationalError("connect", {}, Exception(SECRET))

    monkeypatch.setattr(type(db.engine), "connect", away)
    page = client.get("/mon-role")
    assert page.status_code == 503
    assert page.headers["Retry-After"]
    assert "base de données" in page.text
    probe = client.get("/healthz")
    assert (probe.status_code, probe.get_json()["database"]) == (503, "absent")
    assert SECRET not in page.text + probe.text
