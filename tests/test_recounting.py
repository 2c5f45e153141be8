"""What waits to be counted again is taken up beside the pages, by nobody's click."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from coordination import recounting
from tests.exchange.test_recompute import spoil
from tests.support import ROOT, environment, import_rows, rows, run, scalar, world


def make_wait() -> None:
    rows("UPDATE deadline SET due_on = due_on + 400")
    rows("INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey")


def waiting() -> int:
    return int(scalar("SELECT count(*) FROM recompute_queue"))


def deadlines() -> list[tuple[object, ...]]:
    return rows("SELECT journey_id, rule, kind, subject_id, due_on FROM deadline ORDER BY 1, 2, 3, 4")


def test_what_waits_is_counted_again_once(app: Flask) -> None:
    import_rows(world())
    before, journeys = deadlines(), scalar("SELECT count(*) FROM journey")
    make_wait()
    assert recounting.recount_once(app) == journeys
    assert waiting() == 0 and deadlines() == before
    lines = scalar("SELECT count(*) FROM audit_entry")
    assert recounting.recount_once(app) == 0
    assert scalar("SELECT count(*) FROM audit_entry") == lines, "where nothing waits, nothing is written"


def test_one_that_does_not_open_goes_on_waiting_and_holds_up_nobody(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    import_rows(world())
    journeys = scalar("SELECT count(*) FROM journey")
    make_wait()
    spoil("the key is gone", "PRE-1")
    assert recounting.recount_once(app) == journeys - 1
    assert rows("SELECT ref FROM recompute_queue q JOIN journey j ON j.id = q.journey_id") == [("PRE-1",)]
    assert "PRE-1" in caplog.text and "PRE-2" not in caplog.text
    # Alone, it is told and tried again.
    assert recounting.recount_once(app) == 0 and waiting() == 1
    assert "KeyUnavailable" in caplog.text


def test_a_database_that_is_away_is_asked_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(_actor: object) -> int:
        raise OperationalError("SELECT 'Dupont'", {}, Exception("gone"))

    monkeypatch.setattr(recounting, "keep_up", away)
    assert recounting.recount_once(app) == 0
    assert "OperationalError" in caplog.text and "Dupont" not in caplog.text


def test_the_command_goes_on_until_it_is_interrupted(app: Flask) -> None:
    import_rows(world())
    before = deadlines()
    beside = subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "recompute", "--pending", "--every", "1"],
        env=environment(app.config["SETTINGS"]),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for _ in range(2):
            make_wait()
            for _ in range(300):
                if not waiting():
                    break
                time.sleep(0.1)
            assert not waiting() and deadlines() == before
        # Between two rounds, as far as one can tell.
        time.sleep(0.3)
        beside.send_signal(signal.SIGINT)
        _, told = beside.communicate(timeout=20)
    finally:
        beside.kill()
        beside.wait()
    assert beside.returncode == 0 and "Traceback" not in told, told


def test_it_needs_to_know_what_it_waits_for(app: Flask) -> None:
    refused = run(app.config["SETTINGS"], "recompute", "--every", "5")
    assert refused.returncode == 2 and "--pending" in refused.stderr
