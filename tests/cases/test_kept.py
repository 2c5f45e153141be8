"""What a list found stays in memory as long as nothing that it reads was written, and for its reader alone."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from coordination import clock
from coordination.alerts.standing import standing
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.db import act_as, db, narrowed
from coordination.kept import MOST, Findings
from coordination.worker import run_scan, sweep_marks, worker_engine
from tests.cases.pages_kit import COORDINATOR, NOW, REFERENT, account, browser, journeys_of, statements
from tests.conftest import TODAY
from tests.databases import superuser
from tests.support import person, rows, scalar

BOARD = "/parcours/tableau"
# Path -> words of the statement that is kept.
LISTS = {
    BOARD: "mine AS",
    "/parcours/bloques": "people AS",
    "/parcours/revue/bilan": "people AS",
    "/parcours/a-venir": "due AS",
    "/parcours/reaffecter": "mine AS",
}


@pytest.fixture
def kept(site: Flask) -> Flask:
    """With the memory that is served, not the one of tests, which reads each time."""
    site.extensions["findings"] = Findings()
    return site


def seen(client: FlaskClient, path: str = BOARD) -> str:
    """The page without the tokens of its forms, which tell the second."""
    return re.sub(r'value="[^"]*"', "", client.get(path).text)


def reads(client: FlaskClient, path: str = BOARD) -> bool:
    """Whether the page asks anew."""
    with statements() as sent:
        assert client.get(path).status_code == 200
    return any(LISTS[path] in statement for statement in sent)


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_read_once_until_something_is_written(kept: Flask, path: str) -> None:
    client = browser(kept, COORDINATOR)
    assert [reads(client, path) for _ in range(3)] == [True, False, False]
    before = seen(client, path)
    rows("UPDATE alert SET status = 'RESOLUE'")
    rows("UPDATE deadline SET due_on = due_on + 700")
    rows("UPDATE journey SET referent_id = NULL")
    assert [reads(client, path) for _ in range(2)] == [True, False]
    assert seen(client, path) != before


@pytest.mark.parametrize(
    "write",
    [
        "UPDATE journey SET stage = 'ATTENTE' WHERE ref = 'PRE-0002'",
        "DELETE FROM journey WHERE ref = 'PRE-0002'",
        "UPDATE alert SET status = 'RESOLUE'",
        "DELETE FROM alert",
        "DELETE FROM deadline",
        "TRUNCATE deadline",
        "UPDATE deadline SET due_on = due_on + 1",
        "INSERT INTO audit_entry SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(),"
        " 'sequence', a.sequence + 1000000, 'action', 'changement_etape',"
        " 'previous', '\\x' || md5('p'), 'hash', '\\x' || md5('h')))).* FROM audit_entry a LIMIT 1",
        "UPDATE access SET until_at = from_at WHERE journey_id = (SELECT id FROM journey WHERE ref = 'PRE-0002')",
    ],
)
def test_whatever_a_list_reads_asks_anew_once_changed(kept: Flask, write: str) -> None:
    client = browser(kept, COORDINATOR)
    reads(client)
    rows(write)
    assert [reads(client) for _ in range(2)] == [True, False]


def test_a_scan_and_an_exchange_ask_anew_a_page_that_is_read_does_not(kept: Flask) -> None:
    client = browser(kept, COORDINATOR)
    reads(client)
    journey = journeys_of(REFERENT)[0]
    for page in (f"/parcours/{journey}", "/parcours/", "/parcours/bloques"):
        client.get(page)
    assert not reads(client)
    log_contact(person(REFERENT), journey, NewContact(TODAY, "TELEPHONE", "ABOUTI", "Vu."), clock.now())
    assert reads(client)
    run_scan(kept.config["SETTINGS"], TODAY + timedelta(days=40))
    assert [reads(client) for _ in range(2)] == [True, False]


def test_a_right_that_ends_by_the_clock_alone_ends_there_too(
    kept: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(
        "UPDATE access SET until_at = %s WHERE actor_id = %s",
        NOW + timedelta(minutes=10),
        account(COORDINATOR),
    )
    client = browser(kept, COORDINATOR)
    assert "PRE-0" in client.get("/parcours/bloques").text and not reads(client, "/parcours/bloques")
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=20))
    assert reads(client, "/parcours/bloques")
    assert "PRE-0" not in client.get("/parcours/bloques").text


def test_nobody_is_told_what_another_found(kept: Flask) -> None:
    with kept.app_context():
        found = {}
        for email in (COORDINATOR, "coordination.cite@demo.example", REFERENT, "dpo@demo.example"):
            act_as(db.session, account(email))
            found[email] = {one.journey for one in standing()}
            assert {one.journey for one in standing()} == found[email]
    assert found[REFERENT] < found[COORDINATOR] and not found["dpo@demo.example"]
    assert not found[COORDINATOR] & found["coordination.cite@demo.example"]


def test_what_is_not_committed_yet_is_read_once_it_is(kept: Flask) -> None:
    client = browser(kept, COORDINATOR)
    assert reads(client)
    before = seen(client)
    with psycopg.connect(superuser(kept.config["SETTINGS"])) as connection:
        connection.execute("UPDATE alert SET status = 'RESOLUE'")
        assert not reads(client) and seen(client) == before
        connection.commit()
    assert reads(client) and seen(client) != before


def test_a_write_between_the_stamp_and_what_it_stands_for_is_not_missed(kept: Flask) -> None:
    """Read under the stamp of before, the new state is kept under it: the next page has another stamp."""
    client, writes = browser(kept, COORDINATOR), iter(["UPDATE alert SET status = 'RESOLUE'"])

    def meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "bit_xor" in statement:
            for write in writes:
                rows(write)

    event.listen(db.engine, "after_cursor_execute", meanwhile)
    try:
        found = seen(client)
    finally:
        event.remove(db.engine, "after_cursor_execute", meanwhile)
    assert reads(client) and seen(client) == found


def marks() -> int:
    return int(scalar("SELECT count(*) FROM written"))


@pytest.mark.parametrize(
    ("writes", "wanted"),
    [
        (("UPDATE alert SET status = status", "DELETE FROM deadline", "UPDATE journey SET ref = ref"), 1),
        (("SAVEPOINT s", "DELETE FROM deadline", "ROLLBACK TO s"), 0),
        (("SAVEPOINT s", "DELETE FROM deadline", "ROLLBACK TO s", "DELETE FROM alert"), 1),
        (("SAVEPOINT s", "DELETE FROM deadline", "RELEASE s", "DELETE FROM alert"), 1),
        (("UPDATE account SET display_name = display_name",), 0),
    ],
)
def test_a_transaction_leaves_one_mark_if_something_of_it_stays(
    site: Flask, writes: tuple[str, ...], wanted: int
) -> None:
    before = marks()
    with psycopg.connect(superuser(site.config["SETTINGS"])) as connection:
        for write in writes:
            connection.execute(write)  # type: ignore[arg-type]
    assert marks() - before == wanted


def test_a_setting_of_the_line_hides_no_write(site: Flask) -> None:
    before = marks()
    with psycopg.connect(superuser(site.config["SETTINGS"]), autocommit=True) as connection:
        connection.execute("SET app.marked = 'on'")
        connection.execute("DELETE FROM deadline")
        connection.execute("DELETE FROM alert")
    assert marks() - before == 2


def test_old_marks_are_swept_but_never_all(site: Flask) -> None:
    """Emptied, the marks would say what they said the last time that they were."""
    rows("DELETE FROM written")
    engine = worker_engine(site.config["SETTINGS"])
    try:
        assert sweep_marks(engine) == 0
        for hours in (60, 50, 26, 24, 23, 1):
            rows("INSERT INTO written (at) VALUES (now() - make_interval(hours => %s + 200))", hours)
        # The newest is 201 hours old, and stays.
        assert [sweep_marks(engine) for _ in range(2)] == [3, 0] and marks() == 3
    finally:
        engine.dispose()


def test_what_is_narrowed_or_writes_reads_for_itself(kept: Flask) -> None:
    with kept.app_context():
        act_as(db.session, account(COORDINATOR))
        every = standing()
        one = every[0].journey_id
        with narrowed([one]):
            assert {line.journey_id for line in standing()} == {one}
        assert standing() == every
        db.session.rollback()
        db.session.info["writing"] = True
        try:
            with statements() as sent:
                standing()
            assert any("people AS" in statement for statement in sent)
        finally:
            db.session.rollback()
            db.session.info["writing"] = False


def test_the_memory_is_bounded() -> None:
    findings = Findings()
    for number in range(MOST + 5):
        findings.put(number, number)
        findings.get(0)
    assert findings.get(0) == 0 and findings.get(1) is None
    assert sum(findings.get(number) is not None for number in range(MOST + 5)) == MOST
