from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import psycopg
import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from tests.databases import superuser


def finish_scan(settings: Settings, at: datetime) -> None:
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO scan_run (id, on_date, finished_at, opened) VALUES (%s, %s, %s, 0)",
            [uuid.uuid4(), at.date(), at],
        )


def test_before_any_scan(app: Flask) -> None:
    probe = app.test_client().get("/healthz")
    assert probe.status_code == 200
    assert probe.get_json() == {"database": "ok", "last_scan": None, "worker": "late"}
    assert "Set-Cookie" not in probe.headers


@pytest.mark.parametrize(("hours", "worker"), [(1, "ok"), (25.9, "ok"), (26.1, "late")])
def test_the_worker_is_late_after_26_hours(app: Flask, settings: Settings, hours: float, worker: str) -> None:
    at = clock.now() - timedelta(hours=hours)
    finish_scan(settings, at - timedelta(days=3))
    finish_scan(settings, at)
    probe = app.test_client().get("/healthz").get_json()
    assert probe["worker"] == worker
    assert datetime.fromisoformat(probe["last_scan"]) == at


def test_a_server_that_restarts_between_two_pages_shows_nothing_of_it(app: Flask, settings: Settings) -> None:
    """Connections kept in the pool are dead after it: found out before they are used, however fresh."""
    client = app.test_client()
    for _ in range(2):
        assert client.get("/healthz").status_code == 200
        with psycopg.connect(superuser(settings), autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE usename = 'coord_web' AND datname = current_database()"
            ).fetchall()
        assert ended and all(done for (done,) in ended)
