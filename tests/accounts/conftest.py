"""People to sign in with, and the ways a browser does it; shared with `tests/web`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coordination import clock
from coordination.accounts.commands import Charter, NewMembership, create_account, operator_actor

PASSWORD = "sept girafes lisent dehors"
CHARTER = Charter("2026-1", date(2026, 1, 5), date(2027, 1, 5))
MakeAccount = Callable[..., uuid.UUID]


@pytest.fixture
def make_account(app: Flask) -> MakeAccount:
    """`make_account("ADMIN")` -> id of an account `admin@exemple.fr` with that role and PASSWORD."""

    def make(role: str, email: str | None = None, *, programme: str | None = None) -> uuid.UUID:
        return create_account(
            operator_actor(),
            email or f"{role.lower().replace('_', '.')}@exemple.fr",
            "Camille Lemaire",
            clock.now(),
            password=PASSWORD,
            secrecy_basis="PROFESSION",
            charter=CHARTER,
            memberships=[NewMembership(role, None, programme)],
        )

    return make


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def csrf_token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found, page.text
    return found.group(1)


def send(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    """Open the sign-in form and send it, as a browser does."""
    token = csrf_token(client.get("/"))
    return client.post("/", data={"email": email, "password": password, "csrf_token": token})


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """`moment(timedelta(minutes=5))`: from now on the clock is so much ahead."""
    real = clock.now

    def move(ahead: timedelta) -> None:
        monkeypatch.setattr(clock, "now", lambda: real() + ahead)

    return move
