"""The small territory with its demo passwords and two scans behind it, at one instant; shared by page tests."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from werkzeug.test import TestResponse

from coordination import clock
from coordination.alerts.catalogue import rules
from coordination.db import db
from coordination.exchange.demo import sign_all_charters
from coordination.worker import run_scan
from tests.conftest import TODAY
from tests.people import PASSWORD, signed_in, token_of
from tests.support import rows, scalar, sign_charters

NOW = datetime(TODAY.year, TODAY.month, TODAY.day, 10, tzinfo=UTC)
REFERENT = "referent.pre@demo.example"
COORDINATOR = "coordination.pre@demo.example"


def prepare(territory: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands at NOW; a first scan gave the starting situation, a second one something new."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
    sign_all_charters(TODAY, NOW, PASSWORD)
    # The database has its own clock, which goes on.
    sign_charters(charter_expires_on=date(2126, 1, 1))
    for days in (6, 0):
        run_scan(territory.config["SETTINGS"], TODAY - timedelta(days=days))


def browser(territory: Flask, email: str) -> FlaskClient:
    return signed_in(territory.test_client(), email)


def post(client: FlaskClient, path: str, **data: Any) -> TestResponse:
    """Send a form with the token of the session, as the page at `path` would."""
    return client.post(path, data={"csrf_token": token_of(client), **data})


def search(client: FlaskClient, name: str) -> TestResponse:
    """The page of results, as a browser comes to it."""
    data = {"csrf_token": token_of(client), "name": name}
    return client.post("/parcours/recherche", data=data, follow_redirects=True)


def account(email: str) -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM account WHERE email = %s", email)))


def journeys_of(email: str) -> list[uuid.UUID]:
    """Those an account is référent of, by reference."""
    found = rows("SELECT id FROM journey WHERE referent_id = %s ORDER BY ref", account(email))
    return [row[0] for row in found]


def silent_journey(email: str) -> uuid.UUID:
    """A journey of the account on which an alert about silence stands."""
    found = rows(
        "SELECT j.id FROM journey j JOIN alert a ON a.journey_id = j.id WHERE j.referent_id = %s"
        " AND a.rule IN ('A01', 'A02') AND a.status = 'OUVERTE' ORDER BY j.ref LIMIT 1",
        account(email),
    )
    assert found, "the small territory has nobody silent"
    return uuid.UUID(str(found[0][0]))


def without_break(journey_id: uuid.UUID, break_type: str) -> None:
    """No alert of the type stands on the journey any more."""
    mine = [rule.id for rule in rules().values() if rule.break_type == break_type]
    rows("UPDATE alert SET status = 'RESOLUE' WHERE journey_id = %s AND rule = ANY(%s)", journey_id, mine)


def last_audit(action: str) -> tuple[Any, ...]:
    """(journey, result, detail) of the latest line of an action."""
    return rows(
        "SELECT journey_id, result, detail FROM audit_entry WHERE action = %s"
        " ORDER BY at_us DESC, sequence DESC LIMIT 1",
        action,
    )[0]


def names(page: TestResponse) -> list[str]:
    return re.findall(r'class="person-name"[^>]*>([^<]+)<', page.text)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The SQL statements sent to the main database meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        # Asked once every few seconds by the whole process, not by a page.
        if "lists_version" not in statement and "FROM scan_run" not in statement:
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
