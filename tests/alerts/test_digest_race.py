"""Two workers on the same morning: the one that finds the rows taken must not close the day's mails too early."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask import Flask

from config.settings import Mail
from coordination.alerts import scan as scans
from coordination.alerts.outbox import queue_digests
from coordination.worker import run_day
from tests.alerts.mail_kit import BASE, MONDAY, WEDNESDAY, at, charters, engine, mails
from tests.support import import_rows, rows, scalar, world

MAIL = Mail("127.0.0.1", 1, "coordination@parcours.example", BASE, tls="none")


class Killed(BaseException):
    """Stands for a worker that dies in its scan: its transaction rolls back."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("dies", [False, True])
def test_a_second_worker_waits_for_what_the_first_opens(
    app: Flask, monkeypatch: pytest.MonkeyPatch, dies: bool
) -> None:
    import_rows(world())
    rows("DELETE FROM alert")
    rows("DELETE FROM deadline")
    rows("UPDATE import_run SET scanned = true")
    charters()
    with engine() as connected:
        queue_digests(connected, BASE, MONDAY, at(MONDAY))
    rows("DELETE FROM mail")
    rows(
        "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, since, due_on, because)"
        " SELECT j.id, f.id, 'A01', 'overdue', '', %s, %s, 'test' FROM journey j JOIN folder f"
        " ON f.journey_id = j.id AND f.volet = 'coordination' WHERE j.ref = 'PRE-1' RETURNING journey_id",
        *(WEDNESDAY, WEDNESDAY),
    )
    held, go = threading.Event(), threading.Event()
    real = scans._escalate

    def slow(connection: Any, on: Any) -> int:
        if threading.current_thread().name == "first":
            held.set()
            assert go.wait(20)
            if dies:
                raise Killed
        return real(connection, on)

    monkeypatch.setattr(scans, "_escalate", slow)

    def one() -> None:
        with app.app_context(), engine() as connected:
            run_day(connected, MAIL, WEDNESDAY, at(WEDNESDAY, 5))

    first, second = threading.Thread(target=one, name="first"), threading.Thread(target=one)
    first.start()
    assert held.wait(20)
    second.start()
    second.join(2)
    go.set()
    first.join()
    second.join()
    assert scalar("SELECT count(*) FROM alert") == 1
    assert mails() == {"ref1": "Coordination : du nouveau sur 1 parcours"}
