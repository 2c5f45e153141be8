"""What the tests of the pages of journeys begin with."""

from __future__ import annotations

import threading
import uuid

import pytest
from flask import Flask

from coordination.privacy import work
from tests.cases.pages_kit import (
    REFERENT,
    account,
)
from tests.cases.records_kit import Act, AtOnce
from tests.support import import_rows, rows, world


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    """One under way, its agreement signed."""
    found = rows(
        "SELECT id FROM journey WHERE referent_id = %s AND stage = 'EN_COURS' AND exit_on IS NULL"
        " AND agreement_status = 'SIGNE' AND backup_id IS NULL ORDER BY ref LIMIT 1",
        account(REFERENT),
    )
    return uuid.UUID(str(found[0][0]))


@pytest.fixture
def at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> AtOnce:
    """Runs two acts: the second begins when the first has written everything and committed nothing.

    Gives the errors that stopped one.
    """
    mine, written, go_on = threading.local(), threading.Event(), threading.Event()
    append, failed = work._append, list[BaseException]()

    def appended(done: work.Work, result: str) -> work.Heads:
        if getattr(mine, "waits", False):
            written.set()
            assert go_on.wait(20)
        return append(done, result)

    def run(act: Act, waits: bool) -> None:
        mine.waits = waits
        with app.app_context():
            try:
                act()
            except BaseException as error:
                failed.append(error)

    def both(first: Act, second: Act, before: Act = lambda: None) -> list[BaseException]:
        import_rows(world())
        before()
        monkeypatch.setattr(work, "_append", appended)
        earlier = threading.Thread(target=run, args=(first, True))
        later = threading.Thread(target=run, args=(second, False))
        earlier.start()
        assert written.wait(20), failed
        later.start()
        # Long enough to end, were it not to wait for the first one.
        later.join(1.5)
        go_on.set()
        earlier.join(20)
        later.join(20)
        return failed

    return both
