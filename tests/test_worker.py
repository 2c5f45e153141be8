"""The worker: no key, no sealed column, a scan a day and one at once to catch up."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock, embedded
from coordination.embedded import passwords
from coordination.worker import SCAN_AT, run_scan, standing_deadlines
from tests.support import ROOT, day, environment, import_rows, rows, run, scalar, world


def test_it_works_where_no_key_is(app: Flask, tmp_path: Path) -> None:
    """Its folder holds its own password and nothing else: scanning and listing still work."""
    import_rows(world())
    settings = app.config["SETTINGS"]
    bare = tmp_path / "home"
    (bare / "keys").mkdir(parents=True)
    only = {"worker": passwords(settings)["worker"]} | dict.fromkeys(
        ("superuser", "owner", "maintenance", "web", "keystore"), "unknown"
    )
    (bare / "keys" / "database.json").write_text(json.dumps(only))
    keyless = replace(settings, home=bare)
    assert len(run_scan(keyless, day(90)).opened) == scalar("SELECT count(*) FROM alert") > 0
    assert standing_deadlines(keyless, "PRE-1")
    done = run(keyless, "scan", "--on", str(day(90)), "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["opened"] == []
    assert {path.name for path in (bare / "keys").iterdir()} <= {"database.json", ".lock"}
    # And there is nothing more that it could do: whoever holds a key is needed for that.
    refused = run(keyless, "export-bundle", str(tmp_path / "out"))
    assert refused.returncode == 1 and not (tmp_path / "out").exists()


def test_it_never_runs_in_the_hour_that_happens_twice_or_not_at_all() -> None:
    moment = datetime(2026, 1, 1, tzinfo=clock.PARIS)
    for _ in range(500):
        found = SCAN_AT.get_next_fire_time(None, moment)
        assert found is not None and (found.hour, found.minute) == (5, 15)
        assert found - moment <= timedelta(hours=30)
        moment = found + timedelta(minutes=1)


def test_one_scan_now(app: Flask) -> None:
    import_rows(world())
    done = run(app.config["SETTINGS"], "worker", "--once", "--json")
    assert done.returncode == 0 and json.loads(done.stdout)["on"] == str(day())
    assert scalar("SELECT count(*) FROM scan_run") == 1
    # For a person, in the words of the other command that scans.
    said = [run(app.config["SETTINGS"], *command).stdout for command in (("worker", "--once"), ("scan",))]
    assert said[0] == said[1] and "0 alerte ouverte, " in said[0]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_it_catches_up_at_start_and_stops_cleanly(app: Flask, ending: signal.Signals) -> None:
    import_rows(world())
    rows("UPDATE deadline SET due_on = %s", day(-3))
    worker = subprocess.Popen(
        [sys.executable, "-m", "coordination.cli", "worker"],
        env=environment(app.config["SETTINGS"]),
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    try:
        for _ in range(300):
            if scalar("SELECT count(*) FROM scan_run"):
                break
            time.sleep(0.1)
        assert scalar("SELECT count(*) FROM alert") > 0
        time.sleep(0.5)
        worker.send_signal(ending)
        _, told = worker.communicate(timeout=20)
    finally:
        worker.kill()
        worker.wait()
    if ending is signal.SIGINT:
        assert worker.returncode == 0 and "Traceback" not in told, told
    before = scalar("SELECT count(*) FROM alert")
    assert run_scan(app.config["SETTINGS"], day()).opened == []
    assert scalar("SELECT count(*) FROM alert") == before


@pytest.mark.parametrize(
    "command", [("scan",), ("deadlines",), ("worker", "--once"), ("audit", "checkpoint")]
)
def test_before_init_it_says_what_to_do(cluster: Settings, tmp_path: Path, command: tuple[str, ...]) -> None:
    """On a server that holds nothing of ours: no such database, or none of the passwords that were just drawn."""
    address = embedded.start(cluster)
    for home, database in (
        (cluster.home, "not_made_yet"),
        (tmp_path / "home", address.database or "postgres"),
    ):
        url = embedded.dsn(address.set(database=database))
        told = run(replace(cluster, home=home, database_url=url), *command)
        assert told.returncode == 1 and told.stdout == "", told
        assert "lancez « coordination init »" in told.stderr and "ne répond pas" not in told.stderr
        assert database not in told.stderr


def test_without_a_worker_s_password_it_stops_with_a_sentence(app: Flask, tmp_path: Path) -> None:
    settings = app.config["SETTINGS"]
    bare = tmp_path / "home"
    shutil.copytree(settings.keys_dir, bare / "keys", ignore=shutil.ignore_patterns(".*"))
    known = json.loads((bare / "keys" / "database.json").read_text()) | {"worker": "wrong"}
    (bare / "keys" / "database.json").write_text(json.dumps(known))
    done = run(replace(settings, home=bare), "scan")
    assert done.returncode == 1 and "wrong" not in done.stderr and done.stdout == ""
