"""What a review by an attacker found: by SQL in the name of the pages or of the scan, by forms."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from coordination.accounts.queries import token_hash
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, journeys_of, post
from tests.conftest import TODAY
from tests.support import account_of, import_rows, role, rows, scalar, seen_by, world

AGREED = (
    "SELECT id FROM journey WHERE referent_id = %s AND stage = 'EN_COURS' AND exit_on IS NULL"
    " AND agreement_status = 'SIGNE' ORDER BY ref LIMIT 1"
)


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    import_rows(world())
    yield app


def write_link(settings: Settings, kept: bytes) -> None:
    """A link to choose somebody's password, as whoever holds the pages' role may write it past our code."""
    with role(settings, "web") as connection:
        connection.execute("SELECT set_config('app.actor', %s, true)", (str(account_of("admin")),))
        connection.execute(
            "INSERT INTO password_link (token_hash, account_id, expires_at) VALUES (%s, %s, now() + '1 day')",
            (kept, account_of("coord.cite")),
        )
        connection.commit()


def test_a_link_written_by_sql_opens_nothing(house: Flask, settings: Settings) -> None:
    token = "a-token-that-nobody-gave"
    for kept in (hashlib.sha256(token.encode()).digest(), token.encode()):
        write_link(settings, kept)
    assert scalar("SELECT count(*) FROM password_link") == 2
    assert house.test_client().get(f"/mot-de-passe/{token}").status_code == 410


@pytest.mark.parametrize("column", ["charter_expires_on", "charter_signed_on"])
def test_nobody_dates_their_own_charter(house: Flask, settings: Settings, column: str) -> None:
    with (
        seen_by(settings, account_of("ref1"), clock.now()) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"UPDATE account SET {column} = '2099-01-01' WHERE id = app_actor()")  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["due_on", "since"])
def test_the_scan_moves_no_deadline(house: Flask, settings: Settings, column: str) -> None:
    with role(settings, "worker") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"UPDATE deadline SET {column} = '2099-01-01'")  # type: ignore[arg-type]


def test_without_a_charter_no_threshold_is_set_and_no_journey_opened(site: Flask) -> None:
    rows("UPDATE account SET charter_expires_on = %s WHERE email = %s", TODAY, COORDINATOR)
    client = browser(site, COORDINATOR)
    assert client.get("/parcours/seuils/PRE/A01").status_code == 403
    assert post(client, "/parcours/seuils/PRE/A01", threshold_days="40", months="6").status_code == 403
    assert client.get("/parcours/nouveau").status_code == 403
    assert rows("SELECT 1 FROM threshold_trial") == []


def test_a_draft_of_one_kind_is_not_offered_in_another_and_can_be_dropped(site: Flask) -> None:
    journey = scalar(AGREED, account(REFERENT))
    client = browser(site, REFERENT)
    place = f"{journey} cases.add_record/action {journey}"
    fields = {"draft": place, "idempotency_key": uuid.uuid4().hex, "comment": "Mon texte"}
    assert post(client, "/brouillons", **fields).status_code == 204
    assert "Un brouillon" in client.get(f"/parcours/{journey}/action").text
    assert "Un brouillon" not in client.get(f"/parcours/{journey}/objectif").text
    gone = post(client, "/brouillons/effacer", draft=place)
    assert gone.status_code == 303 and gone.location == f"/parcours/{journey}/action"
    assert "Un brouillon" not in client.get(f"/parcours/{journey}/action").text


@pytest.mark.parametrize(
    "form",
    [
        "cases.log_contact/madame-quenehen",
        "cases.add_record/madame-quenehen",
        "cases.add_record",
        "nothing.known",
    ],
)
def test_the_name_of_a_form_carries_no_word(site: Flask, form: str) -> None:
    journey = journeys_of(REFERENT)[0]
    client = browser(site, REFERENT)
    kept = post(client, "/brouillons", draft=f"{journey} {form} {journey}", note="Mon texte")
    assert kept.status_code == 204 and rows("SELECT 1 FROM draft") == []


def test_no_draft_holds_a_nir(site: Flask) -> None:
    journey = journeys_of(REFERENT)[0]
    client = browser(site, REFERENT)
    place = f"{journey} cases.log_contact {journey}"
    refused = post(client, "/brouillons", draft=place, note="Carte : 2 55 08 14 168 025 38")
    assert refused.status_code == 400 and rows("SELECT 1 FROM draft") == []
    assert post(client, "/brouillons", draft=place, note="Carte perdue").status_code == 204
    assert len(rows("SELECT 1 FROM draft")) == 1


def test_an_idempotency_key_of_somebody_s_own_is_not_kept_as_typed(site: Flask) -> None:
    journey = scalar(AGREED, account(REFERENT))
    client = browser(site, REFERENT)
    sent = {
        "idempotency_key": "Madame\0Quenehen",
        "when": TODAY.isoformat(),
        "mode": "TELEPHONE",
        "outcome": "ABOUTI",
        "note": "Un mot.",
    }
    path = f"/parcours/{journey}/echange"
    before = scalar("SELECT count(*) FROM contact")
    assert [post(client, path, **sent).status_code for _ in range(2)] == [303, 303]
    assert scalar("SELECT count(*) FROM contact") == before + 1
    assert rows("SELECT 1 FROM idempotency WHERE key !~ '^([0-9a-f]{32}){1,2}$'") == []
    assert rows("SELECT 1 FROM idempotency") != []


@pytest.mark.parametrize("form", ["cases.add_record", "oversight.accounts", "cases.change_record/x"])
def test_a_form_that_is_none_is_no_fault(site: Flask, form: str) -> None:
    journey = journeys_of(REFERENT)[0]
    client = browser(site, REFERENT)
    assert post(client, "/brouillons/effacer", draft=f"{journey} {form} {journey}").status_code in (303, 404)


def test_the_token_of_a_session_opens_nothing_as_a_link(house: Flask, settings: Settings) -> None:
    """Whoever knows the token of their own session finds its hash in the database, and copies it into a link."""
    token = "a-token-that-a-cookie-carries"
    with house.app_context():
        kept = token_hash(token, "session")
    write_link(settings, kept)
    assert house.test_client().get(f"/mot-de-passe/{token}").status_code == 410


def test_a_refusal_keeps_no_word_of_an_address(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    assert client.get("/parcours/seuils/PRE/Dupont%20Jean").status_code == 404
    kept = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
    assert kept and not scalar("SELECT count(*) FROM audit_entry WHERE detail LIKE '%Dupont%'")
