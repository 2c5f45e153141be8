"""What `serve` puts right before the first page."""

from __future__ import annotations

import subprocess
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from coordination import clock
from coordination import serve as server
from coordination.privacy.keystore import Keystore
from coordination.privacy.reconcile import Reconciled, reconcile_keys
from coordination.privacy.vault import keystore
from tests.support import import_rows, journey_id, rows, run, scalar, world

OLD = timedelta(hours=2)


@pytest.fixture
def served(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Serving ends at once, and notes that it began."""
    began: list[str] = []
    monkeypatch.setattr(server._Server, "run", lambda self: began.append("served"))
    monkeypatch.setattr(server, "start_recounts", lambda _settings: subprocess.Popen(["true"]))
    import_rows(world(pre=["ref1"], cite=[]))
    yield began


def orphan(age: timedelta) -> uuid.UUID:
    """A key whose folder never came: its work was killed `age` ago."""
    folder = uuid.uuid4()
    keystore().create([folder])
    rows("UPDATE dek SET created_at = %s WHERE folder_id = %s", clock.now() - age, folder, keys=True)
    return folder


def left(folder: uuid.UUID) -> bool:
    return bool(scalar("SELECT count(*) FROM dek WHERE folder_id = %s", folder, keys=True))


def start(app: Flask) -> None:
    server.serve(app.config["SETTINGS"], "127.0.0.1", 0, 1, 1)


def test_keys_are_put_right_before_the_first_page(app: Flask, served: list[str]) -> None:
    abandoned, young = orphan(OLD), orphan(timedelta(minutes=59))
    before = scalar("SELECT count(*) FROM dek", keys=True)
    start(app)
    assert served == ["served"] and not left(abandoned) and left(young)
    assert scalar("SELECT count(*) FROM dek", keys=True) == before - 1


def test_two_that_start_at_once_delete_each_key_once(app: Flask, served: list[str]) -> None:
    for _ in range(50):
        orphan(OLD)
    found: list[Reconciled] = []
    settings = app.config["SETTINGS"]
    starts = [
        threading.Thread(target=lambda: found.append(reconcile_keys(settings, clock.now()))) for _ in range(2)
    ]
    for one in starts:
        one.start()
    for one in starts:
        one.join()
    assert sum(one.removed for one in found) == 50
    assert [one.folders_without_key for one in found] == [[], []]
    assert scalar("SELECT count(*) FROM folder") == scalar("SELECT count(*) FROM dek", keys=True)


def test_a_folder_without_its_key_is_told_and_the_rest_is_served(
    app: Flask, served: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'social'", journey_id("PRE-1"))
    rows("DELETE FROM dek WHERE folder_id = %s", folder, keys=True)
    start(app)
    said = capsys.readouterr().err
    assert served == ["served"] and "1 volet sans clé" in said and str(folder) in said
    done = run(app.config["SETTINGS"], "keys", "reconcile", "--json")
    assert done.returncode == 1 and str(folder) in done.stdout


def test_a_key_database_that_does_not_answer_does_not_stop_the_start(
    app: Flask, served: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = replace(app.config["SETTINGS"], keystore_url="postgresql://nobody@127.0.0.1:1/keys")
    monkeypatch.setattr(Keystore, "folder_ids", lambda self: pytest.fail("not reached"))
    server.serve(closed, "127.0.0.1", 0, 1, 1)
    assert served == ["served"] and "OperationalError" in capsys.readouterr().err
