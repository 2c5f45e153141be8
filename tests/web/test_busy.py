"""A page that has to wait for a great change (an import, a role) gives its thread back, and the text typed."""

from __future__ import annotations

import threading
import time
from html import unescape

import psycopg
import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor, suspend
from coordination.privacy import work
from tests.cases.pages_kit import REFERENT, account, browser, journeys_of, post
from tests.conftest import TODAY
from tests.databases import superuser
from tests.support import role, scalar

# Every chain, the common one included.
AUDIT = (
    "SELECT pg_advisory_xact_lock(hashtextextended(id::text, 7))"
    " FROM (SELECT id FROM structure UNION SELECT '00000000-0000-0000-0000-000000000000') AS chain (id)"
)
HELD = "SELECT pg_advisory_xact_lock(hashtextextended('access', 7))"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_PATIENCE", "300ms")


def test_a_page_gives_up_and_gives_the_text_back(site: Flask, impatient: None) -> None:
    client, journey = browser(site, REFERENT), journeys_of(REFERENT)[0]
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    path = f"/parcours/{journey}/accord"
    sent = {"status": "REFUS", "on": TODAY, "version": version, "remark": "Ne pas prévenir <l'école>."}
    with psycopg.connect(superuser(site.config["SETTINGS"])) as holder:
        holder.execute(HELD)
        began = time.monotonic()
        answer = post(client, path, **sent)
        assert time.monotonic() - began < 8
    page = unescape(answer.text)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "Rien n'a été enregistré" in page and "Ne pas prévenir <l'école>." in page
    assert "base de données" not in page
    assert post(client, path, **sent).status_code == 303, "later it works"


@pytest.mark.parametrize("held", [AUDIT, HELD], ids=["audit", "access"])
def test_a_page_that_only_reads_gives_up_too(site: Flask, impatient: None, held: str) -> None:
    """Any role of the database can take the lock of a chain of the audit, without a right on any table."""
    client, journey = browser(site, REFERENT), journeys_of(REFERENT)[0]
    with role(site.config["SETTINGS"], "worker") as holder:
        holder.execute(held)
        began = time.monotonic()
        answers = [client.get(page) for page in ("/parcours/ma-journee", f"/parcours/{journey}")]
        assert time.monotonic() - began < 5
    if held is HELD:
        assert [answer.status_code for answer in answers] == [200, 200]
        return
    for answer in answers:
        page = unescape(answer.text)
        assert answer.status_code == 503 and answer.headers["Retry-After"]
        assert "rechargez la page" in page and "base de données" not in page
    assert client.get("/parcours/ma-journee").status_code == 200, "later it works"


def test_a_command_waits_for_its_turn(site: Flask, impatient: None) -> None:
    with psycopg.connect(superuser(site.config["SETTINGS"])) as holder:
        holder.execute(HELD)
        # Longer than a page would wait.
        threading.Timer(1.0, holder.rollback).start()
        suspend(operator_actor(), account(REFERENT), clock.now())
    assert scalar("SELECT suspended_at FROM account WHERE id = %s", account(REFERENT))
