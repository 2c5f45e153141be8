"""The state of the service: what the administrator reads, and the notice when nothing is analysed any more."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from config.settings import Settings
from coordination import clock
from tests.people import make_account, signed_in
from tests.support import rows
from tests.web.test_health import finish_scan


def test_it_says_what_waits_and_what_was_refused(app: Flask, settings: Settings) -> None:
    account = make_account("ADMIN", email="admin@exemple.fr")
    finish_scan(settings, clock.now())
    for kind, state in (("RESUME", "REFUSE"), ("PANNE", "A_ENVOYER")):
        rows(
            "INSERT INTO mail (id, account_id, kind, on_date, subject, body, state, queued_at, next_at, attempts)"
            " VALUES (gen_random_uuid(), %s, %s, '2026-06-03', 's', 'b', %s, now(), now(), 1) RETURNING id",
            *(account, kind, state),
        )
    client = app.test_client()
    signed_in(client, "admin@exemple.fr")
    page = client.get("/etat-du-service")
    assert page.status_code == 200
    for words in (
        "En attente : 1",
        "refusé pour de bon",
        "Aucun serveur de messagerie",
        "Vacances scolaires",
    ):
        assert words in page.text
    assert "ne tourne plus" not in page.text


def test_who_coordinates_is_told_that_nothing_was_ever_analysed(app: Flask, settings: Settings) -> None:
    for role, told in (("COORD_PRE", True), ("ADMIN", False), ("CCAS", False)):
        make_account(role, email=f"{role.lower()}@exemple.fr")
        client = app.test_client()
        signed_in(client, f"{role.lower()}@exemple.fr")
        assert ("jamais été analysées" in client.get("/mon-role").text) is told, role
    finish_scan(settings, clock.now() - timedelta(hours=1))
    app.extensions.pop("last_scan")
    client = app.test_client()
    signed_in(client, "coord_pre@exemple.fr")
    assert "jamais été analysées" not in client.get("/mon-role").text


def test_after_26_hours_pages_of_administrators_say_so(app: Flask, settings: Settings) -> None:
    finish_scan(settings, clock.now() - timedelta(hours=27))
    for role, told in (("ADMIN", True), ("PILOTAGE", False)):
        make_account(role, email=f"{role.lower()}@exemple.fr")
        client = app.test_client()
        signed_in(client, f"{role.lower()}@exemple.fr")
        assert ("ne tourne plus" in client.get("/mon-role").text) is told, role
