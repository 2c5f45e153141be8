"""People to sign in with, and the ways a browser does it."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import date

from flask import g, session
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from coordination import clock
from coordination.accounts.commands import Charter, NewMembership, create_account, operator_actor

PASSWORD = "sept girafes lisent dehors"
CHARTER = Charter("2026-1", date(2026, 1, 5), date(2126, 1, 5))


def make_account(*roles: str, email: str | None = None, programme: str | None = None) -> uuid.UUID:
    """Id of an account with these roles and PASSWORD; `ADMIN` alone is `admin@exemple.fr`."""
    return create_account(
        operator_actor(),
        email or f"{roles[0].lower().replace('_', '.')}@exemple.fr",
        "Camille Lemaire",
        clock.now(),
        password=PASSWORD,
        secrecy_basis="PROFESSION",
        charter=CHARTER,
        memberships=[NewMembership(role, None, programme) for role in roles],
    )


def csrf_token(page: TestResponse) -> str:
    """The token of the first form of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


def send(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    """Open the sign-in form and send it, as a browser does."""
    token = csrf_token(client.get("/"))
    return client.post("/", data={"email": email, "password": password, "csrf_token": token})


def token_of(client: FlaskClient) -> str:
    """What a form of the next page would carry, without that page: a third of what a sign-in costs here."""
    with client.session_transaction() as kept, client.application.test_request_context():
        # Kept there until the next request, whosever it was.
        g.pop("csrf_token", None)
        session["csrf_token"] = kept.setdefault("csrf_token", secrets.token_hex(20))
        token: str = generate_csrf()
        return token


def signed_in(client: FlaskClient, email: str) -> FlaskClient:
    """The same browser, signed in."""
    answer = client.post("/", data={"email": email, "password": PASSWORD, "csrf_token": token_of(client)})
    assert answer.status_code == 303, answer.text
    return client
