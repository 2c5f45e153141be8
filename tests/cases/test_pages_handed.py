"""A journey that changes hands: told to who receives it on their day, kept by its timeline and its picture."""

from __future__ import annotations

import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.reassign import Reassignment, reassign
from tests.cases.life_kit import COLLEAGUE, OPENING, colleague, send
from tests.cases.pages_kit import (
    COORDINATOR,
    NOW,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    post,
    statements,
)
from tests.conftest import TODAY
from tests.support import rows, scalar

WORD = "Bilan à préparer, la mère attend un appel."


def day(site: Flask, email: str = COLLEAGUE) -> str:
    page = browser(site, email).get("/parcours/ma-journee")
    assert page.status_code == 200
    return unescape(page.text)


def received(site: Flask, email: str = COLLEAGUE) -> str:
    """The part of the day that tells what was just received; empty if there is none."""
    _, found, rest = day(site, email).partition('aria-labelledby="confies"')
    return rest.split("</section>")[0] if found else ""


def given(site: Flask, journey: uuid.UUID, **values: Any) -> uuid.UUID:
    other = colleague()
    done = send(browser(site, COORDINATOR), journey, "referent", referent_id=str(other), **values)
    assert done.status_code == 303, done.text
    return other


def named(email: str) -> str:
    return str(scalar("SELECT display_name FROM account WHERE email = %s", email))


def test_who_receives_a_journey_reads_from_whom_since_when_and_the_word(
    site: Flask, journey: uuid.UUID
) -> None:
    given(site, journey, note=WORD)
    told = received(site)
    assert f'href="/parcours/{journey}"' in told and WORD in told
    assert f"Par {named(COORDINATOR)}" in told and f"suivi jusque-là par {named(REFERENT)}" in told
    assert f"{TODAY.day} novembre" in told
    assert str(journey) in last_audit("ma_journee")[2]
    # Neither who gave it, nor who had it before.
    assert not received(site, COORDINATOR) and not received(site, REFERENT)


def test_it_is_told_for_two_weeks_or_until_they_noted_an_exchange(
    site: Flask, journey: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(site, journey)
    for days, told in ((13, True), (14, True), (15, False)):
        monkeypatch.setattr(clock, "now", lambda days=days: NOW + timedelta(days=days))
        assert bool(received(site)) is told, days
    monkeypatch.setattr(clock, "now", lambda: NOW)
    boss = load_actor(account(COORDINATOR), NOW)
    log_contact(boss, journey, NewContact(TODAY, "VAD", "SANS_REPONSE", ""), NOW)
    assert received(site), "somebody else's attempt is no news of who received it"
    log_contact(
        load_actor(account(COLLEAGUE), NOW), journey, NewContact(TODAY, "VAD", "SANS_REPONSE", ""), NOW
    )
    assert not received(site)


def test_what_went_on_to_somebody_else_is_told_to_them_alone(site: Flask, journey: uuid.UUID) -> None:
    given(site, journey, note=WORD)
    back = send(browser(site, COORDINATOR), journey, "referent", referent_id=str(account(REFERENT)))
    assert back.status_code == 303
    assert not received(site)
    told = received(site, REFERENT)
    assert f"suivi jusque-là par {named(COLLEAGUE)}" in told and WORD not in told


def test_several_given_at_once_are_told_each(site: Flask) -> None:
    other, ids = colleague(), journeys_of(REFERENT)[:3]
    versions = [(id_, scalar("SELECT version FROM journey WHERE id = %s", id_)) for id_ in ids]
    reassign(load_actor(account(COORDINATOR), NOW), Reassignment(versions, other), NOW)
    told = received(site)
    running = [id_ for id_ in ids if scalar("SELECT exit_on IS NULL FROM journey WHERE id = %s", id_)]
    assert running and all(f'href="/parcours/{id_}"' in told for id_ in running)
    page = unescape(browser(site, COLLEAGUE).get(f"/parcours/{ids[0]}").text)
    assert f"Parcours confié à {named(COLLEAGUE)}" in page
    # The same person once more is no handover.
    versions = [(id_, scalar("SELECT version FROM journey WHERE id = %s", id_)) for id_ in ids]
    reassign(load_actor(account(COORDINATOR), NOW), Reassignment(versions, other), NOW)
    assert rows("SELECT count(*) FROM turn WHERE kind = 'RELAIS'") == [(3,)]


def test_a_journey_opened_for_a_colleague_is_told_to_them(site: Flask) -> None:
    other = colleague()
    opening = OPENING | {"ref": "PRE-0500", "referent_id": str(other)}
    assert post(browser(site, COORDINATOR), "/parcours/nouveau", **opening).status_code == 303
    told = received(site)
    assert "Zoé" in told and f"Par {named(COORDINATOR)}" in told and "jusque-là" not in told
    opening |= {"ref": "PRE-0501", "first_name": "Léa", "birth_date": "2015-05-04"}
    assert post(browser(site, COLLEAGUE), "/parcours/nouveau", **opening).status_code == 303
    assert "Léa" not in received(site), "one does not receive what one opened oneself"


def test_the_timeline_and_the_picture_have_a_dated_line(site: Flask, journey: uuid.UUID) -> None:
    given(site, journey, note=WORD)
    client = browser(site, COORDINATOR)
    page = unescape(client.get(f"/parcours/{journey}").text)
    thread = page.split('id="fil"')[1]
    line = thread.split(f"Parcours confié à {named(COLLEAGUE)}")[1].split("</li>")[0]
    assert f"Suivi jusque-là par {named(REFERENT)}" in line and WORD in line and named(COORDINATOR) in line
    image = unescape(client.get(f"/parcours/{journey}/image").text)
    words = f"Parcours confié à {named(COLLEAGUE)}, suivi jusque-là par {named(REFERENT)}"
    assert image.count(words) == 2 and WORD not in image
    assert 'href="#m-relay"' in image.split("<table")[0]


def test_a_backup_changed_with_a_word_is_no_handover(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    same = {"referent_id": str(account(REFERENT)), "backup_id": str(other), "note": WORD}
    assert send(browser(site, COORDINATOR), journey, "referent", **same).status_code == 303
    client = browser(site, REFERENT)
    page = unescape(client.get(f"/parcours/{journey}").text)
    assert WORD in page and "Parcours confié" not in page
    assert 'href="#m-relay"' not in client.get(f"/parcours/{journey}/image").text.split("Comment lire")[0]
    assert not received(site, REFERENT)


def test_the_day_costs_one_statement_more_at_most_whatever_was_received(
    site: Flask, journey: uuid.UUID
) -> None:
    client = browser(site, REFERENT)
    cost = []
    for _ in range(2):
        with statements() as sent:
            assert client.get("/parcours/ma-journee").status_code == 200
        cost.append(len(sent))
        rows(
            "INSERT INTO turn (id, journey_id, folder_id, kind, on_date, by_id, to_id) SELECT gen_random_uuid(),"
            " j.id, f.id, 'RELAIS', %s, %s, j.referent_id FROM journey j JOIN folder f ON f.journey_id = j.id"
            " AND f.volet = 'coordination' WHERE j.referent_id = %s",
            *(TODAY, account(COORDINATOR), account(REFERENT)),
        )
    assert cost[0] == cost[1] and "confies" in client.get("/parcours/ma-journee").text
    assert sum("FROM turn" in one for one in sent) == 1
