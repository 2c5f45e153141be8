"""People to sign in with, and the ways a browser does it."""

from __future__ import annotations

import re
import uuid
from datetime import date

from flask.testing import FlaskClient
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


def signed_in(client: FlaskClient, email: str) -> FlaskClient:
    """The same browser, signed in."""
    answer = send(client, email)
    assert answer.status_code == 303, answer.text
    return client
