"""A stolen worker's password stops no page: what none could show is refused, what none knows is left out."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination.alerts.catalogue import rules
from coordination.worker import run_scan
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, post
from tests.conftest import TODAY
from tests.support import role, rows, scalar

ALERT = (
    "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
    " initial, status) VALUES (gen_random_uuid(), %(journey)s, %(folder)s, %(rule)s, %(kind)s, %(subject)s,"
    " %(since)s, %(due_on)s, %(because)s, %(opened_on)s, false, %(status)s)"
)
USUAL = {
    "rule": "A01",
    "kind": "overdue",
    "subject": "x",
    "since": "2026-01-01",
    "due_on": "2026-02-01",
    "because": "exchange",
    "opened_on": "2026-02-01",
    "status": "OUVERTE",
}
# A day that no page can read, one that no calendar has, a word for a day of PostgreSQL.
ABSURD = ("infinity", "-infinity", "10000-01-01", "0001-12-31 BC")
PAGES = {
    REFERENT: ("ma-journee", "mes-parcours", "a-venir", "tournee", "{j}", "{j}/image", "{j}/regles"),
    COORDINATOR: (
        "",
        "tableau",
        "bloques",
        "silences",
        "revue",
        "revue/{j}",
        "revue/bilan",
        "a-venir",
        "seuils",
        "{j}",
        "{j}/regles",
    ),
}


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    return journeys_of(REFERENT)[0]


@pytest.fixture
def worker(site: Flask) -> Iterator[psycopg.Connection]:
    with role(site.config["SETTINGS"], "worker") as connection:
        connection.autocommit = True
        yield connection


def lie(worker: psycopg.Connection, journey: uuid.UUID, **said: str) -> None:
    folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", journey)
    worker.execute(ALERT, {"journey": journey, "folder": folder, **USUAL, **said})


def every_page(client: FlaskClient, email: str, journey: uuid.UUID) -> list[tuple[str, int]]:
    paths = [f"/parcours/{page.format(j=journey)}" for page in PAGES[email]]
    if email == COORDINATOR:
        paths.append("/chiffres")
    return [(path, client.get(path).status_code) for path in paths]


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize("column", ["since", "due_on", "opened_on"])
def test_no_alert_has_a_day_that_no_page_could_read(
    worker: psycopg.Connection, journey: uuid.UUID, column: str, value: str
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        lie(worker, journey, **{column: value})


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize("column", ["due_on", "opened_on", "escalated_on", "postponed_until", "resolved_on"])
def test_no_alert_is_moved_to_such_a_day(worker: psycopg.Connection, column: str, value: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute(f"UPDATE alert SET {column} = %s", [value])


@pytest.mark.parametrize("said", [{"status": "FERMEE"}, {"kind": "later"}])
def test_an_alert_is_of_a_kind_and_in_a_state_that_exist(
    worker: psycopg.Connection, journey: uuid.UUID, said: dict[str, str]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        lie(worker, journey, **said)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO scan_run (id, on_date, finished_at, opened) VALUES (gen_random_uuid(), %(day)s, now(), 1)",
        "INSERT INTO scan_run (id, on_date, finished_at, opened)"
        " VALUES (gen_random_uuid(), '2026-01-01', %(day)s, 1)",
        "INSERT INTO digest_run (on_date, queued_at) VALUES (%(day)s, now())",
        "INSERT INTO digest_run (on_date, queued_at) VALUES ('2026-01-01', %(day)s)",
        "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at) SELECT"
        " gen_random_uuid(), id, 'RESUME', %(day)s, '', '', now(), now() FROM account LIMIT 1",
        "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at) SELECT"
        " gen_random_uuid(), id, 'RESUME', '2026-01-01', '', '', %(day)s, now() FROM account LIMIT 1",
        "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at) SELECT"
        " gen_random_uuid(), id, 'RESUME', '2026-01-01', '', '', now(), %(day)s FROM account LIMIT 1",
    ],
)
@pytest.mark.parametrize("value", ABSURD)
def test_no_run_and_no_mail_is_of_such_a_day(worker: psycopg.Connection, statement: str, value: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        worker.execute(statement, {"day": value})


def test_a_mail_was_not_sent_on_such_a_day(worker: psycopg.Connection) -> None:
    worker.execute(
        "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at) SELECT"
        " gen_random_uuid(), id, 'RESUME', '2026-01-01', '', '', now(), now() FROM account LIMIT 1"
    )
    for change in ("sent_at = 'infinity'", "next_at = '10000-01-01'"):
        with pytest.raises(psycopg.errors.CheckViolation):
            worker.execute(f"UPDATE mail SET {change}")


def test_what_an_import_was_is_not_the_worker_s_to_say(worker: psycopg.Connection) -> None:
    worker.execute("UPDATE import_run SET scanned = true")
    for column in ("committed_at", "as_of"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.execute(f"UPDATE import_run SET {column} = {column}")


def test_every_rule_on_every_day_that_may_stand_is_shown(
    site: Flask, worker: psycopg.Connection, journey: uuid.UUID
) -> None:
    """Whatever is let in opens: the first and the last day of the calendar, a kind that the rule never has."""
    for rule in rules():
        for kind in ("lead", "overdue"):
            for number, on in enumerate((date.min, date.max)):
                lie(
                    worker, journey, rule=rule, kind=kind, since=str(on), due_on=str(on), because=f"x{number}"
                )
    lie(worker, journey, opened_on=str(date.max), subject="y")
    lie(worker, journey, opened_on=str(date.min), subject="z")
    for email in PAGES:
        found = every_page(browser(site, email), email, journey)
        assert {status for _, status in found} == {200}, [one for one in found if one[1] != 200]
    client = browser(site, REFERENT)
    alerts = rows("SELECT id FROM alert WHERE journey_id = %s AND because IN ('x0', 'x1')", journey)
    answers = {client.get(f"/parcours/alerte/{alert}").status_code for (alert,) in alerts}
    assert answers == {200}


def test_a_rule_that_the_catalogue_no_longer_knows_is_left_out(
    site: Flask, worker: psycopg.Connection, journey: uuid.UUID
) -> None:
    for kind in ("lead", "overdue"):
        for status in ("OUVERTE", "REPORTEE", "SANS_OBJET", "RESOLUE"):
            lie(worker, journey, rule="Z99", kind=kind, status=status, subject=status)
    # Retired since: its deadlines stand until the next recount, some due, some to come.
    retired = (
        "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, due_on, since, because, alert_id)"
        " SELECT journey_id, folder_id, 'Z99', kind, subject_id, current_date + {later}, since, because, {alert}"
        " FROM alert WHERE rule = 'Z99' AND subject_id = '{subject}'"
    )
    rows(retired.format(later=-3, alert="id", subject="REPORTEE"))
    rows(retired.format(later=5, alert="NULL", subject="RESOLUE"))
    rows(retired.format(later=-5, alert="NULL", subject="OUVERTE"))
    for email in PAGES:
        client = browser(site, email)
        found = every_page(client, email, journey)
        assert {status for _, status in found} == {200}, [one for one in found if one[1] != 200]
        assert not any("Z99" in client.get(path).text for path, _ in found)
    alert = scalar("SELECT id FROM alert WHERE rule = 'Z99' AND subject_id = 'OUVERTE' AND kind = 'lead'")
    assert client.get(f"/parcours/alerte/{alert}").status_code == 404
    sent = {"decision": "REPORTER", "idempotency_key": uuid.uuid4().hex}
    assert post(client, f"/parcours/revue/{journey}", **sent).status_code == 303
    assert scalar("SELECT status FROM alert WHERE id = %s", alert) == "OUVERTE"
    opened = run_scan(site.config["SETTINGS"], TODAY).opened
    assert not [one for one in opened if one.rule == "Z99"]
