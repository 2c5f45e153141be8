from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.settings import Settings
from coordination.web import factory
from tests.people import make_account, signed_in


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.mark.parametrize("path", ["/", "/mon-role", "/nowhere", "/healthz"])
def test_every_answer_carries_the_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("role", ["CCAS", "DPO", "ADMIN", "PILOTAGE"])
def test_pages_hold_nothing_that_the_policy_forbids(app: Flask, role: str) -> None:
    make_account(role)
    client = signed_in(app.test_client(), f"{role.lower()}@exemple.fr")
    page = client.get(client.get("/").location)
    assert page.status_code == 200
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", page.text)
    for script in re.findall(r"<script[^>]*>([^<]*)</script>", page.text):
        assert script == ""
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', page.text):
        assert address.startswith(("/", "#")), address
        assert not address.startswith("//")


def test_style_sheets_and_script_are_served_from_here(client: FlaskClient) -> None:
    page = client.get("/").text
    found = re.findall(r'(?:src|href)="(/(?:static|bootstrap)[^"]*)"', page)
    assert len(found) >= 4
    for address in set(found):
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert "no-store" not in answer.headers["Cache-Control"]
        answer.close()


def test_the_cookie_on_loopback(client: FlaskClient) -> None:
    cookie = client.get("/").headers["Set-Cookie"]
    assert cookie.startswith("coordination=")
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Secure" not in cookie


def test_elsewhere_https_alone_and_a_cookie_of_this_host(settings: Settings) -> None:
    application = factory.build(replace(settings, secure_cookies=True))
    try:
        client = application.test_client()
        assert client.get("/").location == "https://localhost/"
        page = client.get("/", base_url="https://localhost")
        assert page.headers["Set-Cookie"].startswith("__Host-coordination=")
        assert "Secure" in page.headers["Set-Cookie"]
        assert "max-age=" in page.headers["Strict-Transport-Security"]
        assert client.get("/healthz").status_code == 200, "a probe on this machine speaks plain HTTP"
    finally:
        application.extensions["keystore"].engine.dispose()
        with application.app_context():
            from coordination.db import db

            db.engine.dispose()


def test_an_undefined_name_in_a_template_is_fatal(app: Flask) -> None:
    from flask import render_template_string
    from jinja2 import UndefinedError

    with app.test_request_context("/"), pytest.raises(UndefinedError):
        render_template_string("{{ nobody_defined_this }}")
