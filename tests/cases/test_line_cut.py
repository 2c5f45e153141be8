"""The line to a database is cut before each of its trips in turn: a clean page, nothing lost, nothing twice."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from coordination import clock
from coordination.accounts.commands import ensure_operator, operator_actor, set_password
from coordination.accounts.queries import account_id_of
from coordination.db import db
from coordination.privacy.vault import keystore
from tests.people import PASSWORD, signed_in, token_of
from tests.support import day, email, import_rows, journey_id, scalar, world


@contextmanager
def cut_before(engine: Engine, trip: int) -> Iterator[list[str]]:
    """As a server that dies; gives the trips made: statements, commits and rollbacks."""
    made: list[str] = []

    def count(what: str, connection: Any) -> None:
        made.append(what)
        if len(made) == trip:
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)

    def statement(_connection: Any, cursor: Any, text: str, *_given: Any) -> None:
        count(text, cursor.connection)

    def ends(what: str) -> Callable[[Any], None]:
        def heard(connection: Any) -> None:
            if not connection.invalidated:
                count(what, connection.connection.driver_connection)

        return heard

    listening = [
        ("before_cursor_execute", statement),
        ("commit", ends("COMMIT")),
        ("rollback", ends("ROLLBACK")),
    ]
    for name, heard in listening:
        event.listen(engine, name, heard)
    try:
        yield made
    finally:
        for name, heard in listening:
            event.remove(engine, name, heard)


@pytest.mark.parametrize("which", ["data", "keys"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_whenever_a_server_dies_the_page_says_so_and_the_form_can_be_sent_again(
    app: Flask, which: str, method: str
) -> None:
    import_rows(world())
    ensure_operator(clock.now())
    set_password(operator_actor(), account_id_of(email("ref1")), PASSWORD, clock.now(), demo=True)
    client = signed_in(app.test_client(), email("ref1"))
    path = f"/parcours/{journey_id('PRE-1')}/echange"
    engine = db.engine if which == "data" else keystore().engine
    trip, died = 0, 0
    while True:
        trip += 1
        before = scalar("SELECT count(*) FROM contact")
        said = {"mode": "TELEPHONE", "when": str(day()), "outcome": "ABOUTI", "note": f"note {trip}"}
        said |= {"idempotency_key": uuid.uuid4().hex, "csrf_token": token_of(client)}
        keystore().opened.clear()
        with cut_before(engine, trip) as made:
            answer = client.open(path, method=method, data=said if method == "POST" else None)
        assert answer.status_code in (200, 303, 503), made[trip - 1]
        died += answer.status_code == 503
        if made[trip - 1 : trip] == ["COMMIT"] and method == "POST":
            assert "on ne sait pas si votre envoi a été gardé" in answer.text and said["note"] in answer.text
        if len(made) < trip:
            break
        if method == "POST":
            assert client.post(path, data=said).status_code == 303
            assert scalar("SELECT count(*) FROM contact") == before + 1, made[trip - 1]
    assert died > (3 if which == "data" else 0), "the line was never cut where it is needed"
