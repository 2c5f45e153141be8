"""A form that comes when its journey is no longer one's own: refused, and what was typed is given back to copy."""

from __future__ import annotations

import logging
import uuid
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from coordination.accounts.commands import NewMembership, end_membership, operator_actor
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, post, silent_journey
from tests.conftest import TODAY
from tests.support import rows, scalar

TEXT = "Elle viendra <jeudi> avec sa mère."
ENDINGS = {
    "handed over": "DELETE FROM access WHERE actor_id = %s",
    "over by its date": "UPDATE access SET until_at = '2026-01-01' WHERE actor_id = %s",
}


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return browser(site, REFERENT)


def send(client: FlaskClient, path: str) -> tuple[int, str]:
    """The answer to a form with a free text, as a person reads it; nothing of the text is anywhere else."""
    lines = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
    fields = {"mode": "VAD", "when": str(TODAY), "outcome": "ABOUTI", "note": TEXT}
    answer = post(client, path, idempotency_key=uuid.uuid4().hex, **fields)
    assert TEXT not in answer.text and "Location" not in answer.headers
    assert "no-store" in answer.headers["Cache-Control"]
    assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == lines + 1
    assert rows("SELECT 1 FROM audit_entry WHERE detail LIKE '%%jeudi%%'") == []
    page = unescape(answer.text).replace("\N{NO-BREAK SPACE}", " ").partition("<main")[2]
    assert f'<blockquote class="typed">{TEXT}</blockquote>' in page and "Rien n'a été enregistré" in page
    assert "Copiez votre texte ci-dessous" in page
    return answer.status_code, page


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_typed_is_given_back(
    client: FlaskClient, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    journey = silent_journey(REFERENT)
    before = scalar("SELECT count(*) FROM contact")
    rows(ENDINGS[ending], account(REFERENT))
    with caplog.at_level(logging.DEBUG):
        answer = send(client, f"/parcours/{journey}/echange")
        # The same words whether the journey is there or not.
        assert answer == send(client, f"/parcours/{uuid.uuid4()}/echange") and answer[0] == 404
    assert "jeudi" not in caplog.text and scalar("SELECT count(*) FROM contact") == before


def test_so_it_is_where_the_role_itself_has_ended(site: Flask) -> None:
    client, journey = browser(site, COORDINATOR), silent_journey(REFERENT)
    role = NewMembership("COORD_PRE", *_held(COORDINATOR))
    end_membership(operator_actor(), account(COORDINATOR), role, clock.now())
    assert send(client, f"/parcours/{journey}/echange")[0] == 404
    assert send(client, "/parcours/nouveau")[0] == 403


def _held(email: str) -> tuple[str | None, str | None]:
    query = (
        "SELECT s.code, m.programme FROM membership m LEFT JOIN structure s ON s.id = m.structure_id"
        " WHERE account_id = %s"
    )
    structure, programme = rows(query, account(email))[0]
    return structure, programme


def test_a_page_that_is_only_opened_says_what_it_said(client: FlaskClient) -> None:
    page = unescape(client.get(f"/parcours/{uuid.uuid4()}/echange?note=Elle+viendra+jeudi").text)
    assert "ce qu'elle montre ne vous est pas accessible" in page and "viendra" not in page


def test_nobody_signed_in_is_given_nothing_back_but_at_the_end_of_a_session(site: Flask) -> None:
    page = unescape(post(site.test_client(), f"/parcours/{uuid.uuid4()}/rien", note=TEXT).text)
    assert TEXT not in page
