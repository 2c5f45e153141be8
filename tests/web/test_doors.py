"""Every endpoint declares who may come; the door holds before any view runs."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from config.settings import Settings
from coordination import clock
from coordination.privacy.policy import Action
from coordination.web import factory, filters
from coordination.web.routing import UndeclaredEndpoint, declares, declares_public, policy_of
from tests.databases import superuser
from tests.people import csrf_token, make_account, signed_in

PAGES = {
    "/mon-role": {"CCAS", "DPO", "ADMIN", "PILOTAGE", "COORD_PRE"},
    "/chiffres": {"PILOTAGE", "COORD_PRE"},
    "/journal": {"DPO"},
    "/comptes": {"ADMIN"},
}


def refusals(settings: Settings) -> list[tuple[uuid.UUID, str]]:
    with psycopg.connect(superuser(settings)) as connection:
        return connection.execute(
            "SELECT actor_id, action FROM audit_entry WHERE result = 'refus' ORDER BY at_us"
        ).fetchall()


def closed(application: Flask) -> None:
    from coordination.db import db

    with application.app_context():
        db.engine.dispose()
    application.extensions["keystore"].engine.dispose()


def test_every_endpoint_declares_its_policy(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        declared = policy_of(app, rule.endpoint)
        assert declared, rule.endpoint
        assert declared.action or declared.reason, "a public endpoint says why"


def test_an_undeclared_endpoint_stops_the_start(settings: Settings) -> None:
    pages = Blueprint("open", __name__)
    pages.add_url_rule("/ouvert", "page", lambda: "open to all")
    with pytest.raises(UndeclaredEndpoint, match=r"open\.page"):
        factory.build(settings, (pages,))


def test_a_static_folder_that_nobody_declared_stops_the_start(settings: Settings) -> None:
    pages = Blueprint("files", __name__, static_folder=".")
    with pytest.raises(UndeclaredEndpoint, match=r"files\.static"):
        factory.build(settings, (pages,))


def test_what_no_relation_could_allow_is_refused_at_the_door(settings: Settings) -> None:
    """A view that forgot its own check is still closed to the roles that never do this."""
    pages = Blueprint("careless", __name__)

    @pages.get("/saisie")
    @declares(Action.SEARCH)
    def page() -> str:
        return "no check of its own"

    @pages.get("/public")
    @declares_public("for the test")
    def public() -> str:
        return "anybody"

    application = factory.build(settings, (pages,))
    try:
        with application.app_context():
            from coordination import clock
            from coordination.accounts.commands import ensure_operator

            ensure_operator(clock.now())
            account = make_account("CCAS")
            client = application.test_client()
            assert client.get("/public").text == "anybody"
            assert client.get("/saisie").location == "/"
            signed_in(client, "ccas@exemple.fr")
            assert client.get("/saisie").status_code == 403
            assert refusals(settings) == [(account, "recherche")]
    finally:
        closed(application)


@pytest.mark.parametrize("role", ["CCAS", "DPO", "ADMIN", "PILOTAGE", "COORD_PRE"])
def test_each_role_reaches_its_pages_only(app: Flask, settings: Settings, role: str) -> None:
    account = make_account(role)
    client = signed_in(app.test_client(), f"{role.lower().replace('_', '.')}@exemple.fr")
    refused = [path for path in PAGES if role not in PAGES[path]]
    for path in PAGES:
        assert client.get(path).status_code == (403 if path in refused else 200), path
    assert [line[0] for line in refusals(settings)] == [account] * len(refused)


def test_a_visitor_reaches_nothing_but_the_form_and_the_probe(app: Flask) -> None:
    client = app.test_client()
    for path in PAGES:
        assert client.get(path).location == "/"
    assert client.get("/healthz").status_code == 200


def test_several_roles_reach_each_page_from_the_menu(app: Flask) -> None:
    make_account("DPO", "ADMIN", "PILOTAGE", email="tout@exemple.fr")
    client = signed_in(app.test_client(), "tout@exemple.fr")
    page = client.get("/mon-role").text
    for path in PAGES:
        assert f'href="{path}"' in page
    assert page.count("<h2") == 4


def test_a_consult_is_logged_before_its_page(app: Flask, settings: Settings) -> None:
    account = make_account("ADMIN")
    client = signed_in(app.test_client(), "admin@exemple.fr")
    client.get("/comptes")
    with psycopg.connect(superuser(settings)) as connection:
        found = connection.execute(
            "SELECT action, result FROM audit_entry WHERE actor_id = %s ORDER BY at_us", [account]
        ).fetchall()
    assert found == [("connexion", "fait"), ("gestion_comptes", "fait")]


def test_dpo_sees_counts_and_refusals_without_content(app: Flask, client: FlaskClient) -> None:
    make_account("DPO")
    make_account("CCAS")
    signed_in(app.test_client(), "ccas@exemple.fr").get("/comptes")
    page = signed_in(client, "dpo@exemple.fr").get("/journal").text
    refused = page[page.index("Derniers refus") :]
    assert "Gestion des comptes" in refused
    assert "Camille Lemaire" in refused
    assert filters.long_date(clock.now()) in refused


def test_a_form_without_its_token_is_refused(app: Flask, client: FlaskClient) -> None:
    make_account("CCAS")
    signed_in(client, "ccas@exemple.fr")
    assert client.post("/deconnexion").status_code == 400
    assert client.post("/deconnexion", data={"csrf_token": "invented"}).status_code == 400
    assert client.get("/mon-role").status_code == 200
    other = csrf_token(app.test_client().get("/"))
    assert client.post("/deconnexion", data={"csrf_token": other}).status_code == 400


@pytest.mark.parametrize(("site", "status"), [("cross-site", 400), ("same-site", 400), ("same-origin", 303)])
def test_a_form_of_another_site_is_refused(client: FlaskClient, app: Flask, site: str, status: int) -> None:
    make_account("CCAS")
    signed_in(client, "ccas@exemple.fr")
    token = csrf_token(client.get("/mon-role"))
    sent = client.post("/deconnexion", data={"csrf_token": token}, headers={"Sec-Fetch-Site": site})
    assert sent.status_code == status


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
