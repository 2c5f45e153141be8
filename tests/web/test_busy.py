"""A page that has to wait for a great change (an import, a role) gives its thread back, and the text typed."""

from __future__ import annotations

import threading
import time
from html import unescape

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from coordination import clock
from coordination.accounts.commands import operator_actor, suspend
from coordination.privacy import work
from tests.cases.pages_kit import REFERENT, account, browser, journeys_of, post
from tests.conftest import TODAY
from tests.databases import superuser
from tests.support import scalar

HELD = "SELECT pg_advisory_xact_lock(hashtextextended('access', 7))"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_PATIENCE", text(str(work._PATIENCE).replace("8s", "300ms")))


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


def test_a_command_waits_for_its_turn(site: Flask, impatient: None) -> None:
    with psycopg.connect(superuser(site.config["SETTINGS"])) as holder:
        holder.execute(HELD)
        # Longer than a page would wait.
        threading.Timer(1.0, holder.rollback).start()
        suspend(operator_actor(), account(REFERENT), clock.now())
    assert scalar("SELECT suspended_at FROM account WHERE id = %s", account(REFERENT))
