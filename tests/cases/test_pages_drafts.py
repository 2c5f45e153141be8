"""Unfinished entries: kept while one types, back when the form is opened again, back after a session that ended."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.privacy.drafts import Place, find_draft
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from tests.cases.pages_kit import (
    COORDINATOR,
    NOW,
    REFERENT,
    account,
    browser,
    journeys_of,
    post,
    silent_journey,
)
from tests.conftest import TODAY
from tests.people import PASSWORD, csrf_token
from tests.support import rows, scalar

TEXT = "La mère rappellera jeudi, elle cherche"


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    found = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND exit_on IS NULL ORDER BY ref", journeys_of(REFERENT)
    )
    return uuid.UUID(str(found[0][0]))


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return browser(site, REFERENT)


def marks(page: TestResponse) -> list[str]:
    return list(dict.fromkeys(re.findall(r'name="draft" value="([^"]+)"', page.text)))


def typed(page: TestResponse, **more: Any) -> dict[str, Any]:
    key = re.search(r'name="idempotency_key" value="(\w+)"', page.text)
    assert key
    return {"draft": marks(page), "idempotency_key": key.group(1), "mode": "VAD", "note": TEXT} | more


def test_what_was_typed_comes_back_and_can_be_thrown_away(client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    page = client.get(path)
    assert 'data-drafts="/brouillons"' in page.text and "Un brouillon" not in page.text
    sent = typed(page, when=str(TODAY - timedelta(days=1)))
    assert post(client, "/brouillons", **sent).status_code == 204
    again = client.get(path)
    assert "Un brouillon du 22 novembre 2026 à 11 h 00 a été repris." in again.text
    assert TEXT in again.text and sent["idempotency_key"] in again.text
    assert re.search(r'<input checked [^>]*value="VAD"', again.text)
    answer = post(client, "/brouillons/effacer", draft=marks(again))
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    empty = client.get(path)
    assert TEXT not in empty.text and "Un brouillon" not in empty.text


def test_my_day_lists_what_one_began_to_write(client: FlaskClient, journey: uuid.UUID) -> None:
    other = next(id_ for id_ in journeys_of(REFERENT) if id_ != journey)
    assert "à terminer" not in client.get("/parcours/ma-journee").text
    note, action = f"/parcours/{journey}/echange", f"/parcours/{journey}/action"
    outing = f"/parcours/tournee?p={journey}&p={other}"
    sent = typed(client.get(note), when=str(TODAY))
    post(client, "/brouillons", **sent)
    post(client, "/brouillons", draft=marks(client.get(action)), detail="Inscrire au club de lecture")
    several = marks(client.get(outing))
    words = {f"{mark.split(' ')[3]}note": TEXT for mark in several}
    assert len(words) == 2
    post(client, "/brouillons", draft=several, idempotency_key=uuid.uuid4().hex, **words)
    page = client.get("/parcours/ma-journee").text
    begun = page.split('id="brouillons"')[1].split("</section>")[0]
    assert "3 saisies à terminer" in begun and "22 novembre 2026" in begun and TEXT not in page
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', begun)
    assert {(url.replace("&amp;", "&").split("?")[0], what.split(" :")[0]) for url, what in links} == {
        (note, "Échange"),
        (action, "Action"),
        ("/parcours/tournee", "Tournée"),
    }
    taken_up = next(
        url.replace("&amp;", "&") for url, what in links if what.startswith("Tournée : 2 personnes")
    )
    assert client.get(taken_up).text.count(TEXT) == 2
    assert TEXT not in browser(client.application, COORDINATOR).get("/parcours/ma-journee").text
    post(client, note, **(sent | {"outcome": "ABOUTI"}))
    assert "2 saisies à terminer" in client.get("/parcours/ma-journee").text


def test_a_saved_form_leaves_no_draft(client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path), when=str(TODAY))
    post(client, "/brouillons", **sent)
    assert post(client, path, **(sent | {"outcome": "ABOUTI"})).status_code == 303
    assert rows("SELECT 1 FROM draft") == []
    # A draft that was still on its way.
    assert post(client, "/brouillons", **sent).status_code == 204
    assert rows("SELECT 1 FROM draft") == [] and "Un brouillon" not in client.get(path).text


def test_the_draft_of_a_correction_knows_which_version_it_corrects(
    client: FlaskClient, journey: uuid.UUID
) -> None:
    contact, version = rows("SELECT id, version FROM contact WHERE journey_id = %s LIMIT 1", journey)[0]
    path = f"/parcours/echange/{contact}"
    post(client, "/brouillons", **typed(client.get(path), version=version))
    rows("UPDATE contact SET version = version + 1 WHERE id = %s", contact)
    page = client.get(path)
    assert TEXT in page.text and f'name="version" value="{version}"' in page.text
    said = {"mode": "VAD", "outcome": "ABOUTI", "on_date": str(TODAY), "note": TEXT}
    assert post(client, path, **said, version=version).status_code == 409


def test_a_draft_day_that_passed_stays_the_day_it_was(
    client: FlaskClient, journey: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/parcours/{journey}/echange"
    post(client, "/brouillons", **typed(client.get(path), when=str(TODAY)))
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=3))
    page = browser(client.application, REFERENT).get(path)
    assert TEXT in page.text and f'value="{TODAY}"' in page.text
    assert re.search(r'<input checked [^>]*value="autre"', page.text)


def test_a_draft_is_nobody_else_s(site: Flask, client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    page = client.get(path)
    post(client, "/brouillons", **typed(page))
    other = browser(site, COORDINATOR)
    assert TEXT not in other.get(path).text
    assert post(other, "/brouillons/effacer", draft=marks(page)).status_code == 303
    assert TEXT in client.get(path).text


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "x",
        "{j} nowhere {j}",
        "{j} cases.log_contact",
        "a b c d e",
        "{j} static {j}",
        "{j} health.healthz {j}",
        "{j} cases.journey {j}",
        "{j} cases.remove_record/action {j}",
        "{j} administration.account {j}",
        "{j} cases.outing {j} note",
    ],
)
def test_a_mark_that_names_nothing_keeps_nothing(client: FlaskClient, journey: uuid.UUID, mark: str) -> None:
    sent = {"draft": mark.format(j=journey), "note": TEXT}
    assert post(client, "/brouillons", **sent).status_code == 204
    assert rows("SELECT 1 FROM draft") == []
    assert post(client, "/brouillons/effacer", **sent).status_code == 303


def test_a_foreign_journey_takes_no_draft(client: FlaskClient, journey: uuid.UUID) -> None:
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    for wanted in (foreign, uuid.uuid4()):
        sent = {"draft": f"{wanted} cases.log_contact {wanted}", "note": TEXT}
        assert post(client, "/brouillons", **sent).status_code == 404
    assert rows("SELECT 1 FROM draft") == []


def test_each_person_of_an_outing_has_their_own_draft(site: Flask, client: FlaskClient) -> None:
    people = [id_ for id_ in journeys_of(REFERENT)][:2]
    page = client.get("/parcours/tournee", query_string={"p": people})
    assert len(marks(page)) == 2
    first, second = (f"j{id_.hex}-note" for id_ in people)
    sent = typed(page, note="") | {first: "Pour la première.", second: "Pour la seconde.", "mode": "VAD"}
    post(client, "/brouillons", **sent)
    places = rows("SELECT journey_id FROM draft ORDER BY journey_id")
    assert [row[0] for row in places] == sorted(people)
    one = client.get("/parcours/tournee", query_string={"p": people[1]})
    assert (
        "Pour la seconde." in one.text and "Pour la première." not in one.text and "Un brouillon" in one.text
    )
    assert re.search(r'<input checked [^>]*value="VAD"', one.text)
    # Emptied on the page, it is dropped.
    post(client, "/brouillons", **(sent | {second: ""}))
    assert [row[0] for row in rows("SELECT journey_id FROM draft")] == [people[0]]


def lose_sight_of(journey: uuid.UUID) -> None:
    rows("DELETE FROM access WHERE journey_id = %s", journey)


def test_what_was_written_of_one_person_never_goes_into_the_draft_of_another(client: FlaskClient) -> None:
    """A journey that one saw when the page was opened has no mark on it any more; its fields are still there."""
    one, lost = journeys_of(REFERENT)[:2]
    lost_note, lost_result = f"j{lost.hex}-note", f"j{lost.hex}-outcome"
    sent = typed(client.get("/parcours/tournee", query_string={"p": [one, lost]}), note="")
    sent |= {
        f"j{one.hex}-note": "Pour la première.",
        lost_note: TEXT,
        lost_result: "ABOUTI",
        "p": [one, lost],
    }
    lose_sight_of(lost)
    refused = post(client, "/parcours/tournee", **sent)
    assert refused.status_code == 422 and TEXT in refused.text and len(marks(refused)) == 1
    post(client, "/brouillons", **(sent | {"draft": marks(refused)}))
    place = Place(one, "cases.outing", one)
    with consult(load_actor(account(REFERENT), NOW), Action.OPEN_JOURNEY, NOW) as r:
        grant = r.require(one)
        kept = find_draft(grant, place, NOW)
        r.audit(grant)
    assert (
        kept and kept.fields[f"j{one.hex}-note"] == ["Pour la première."] and kept.fields["mode"] == ["VAD"]
    )
    assert not {lost_note, lost_result} & set(kept.fields)


def test_one_person_out_of_sight_does_not_lose_the_drafts_of_the_others(client: FlaskClient) -> None:
    people = journeys_of(REFERENT)[:3]
    page = client.get("/parcours/tournee", query_string={"p": people})
    words = {f"j{id_.hex}-note": TEXT for id_ in people}
    lose_sight_of(people[1])
    assert post(client, "/brouillons", **(typed(page, note="") | words)).status_code == 404
    assert {row[0] for row in rows("SELECT journey_id FROM draft")} == {people[0], people[2]}


def end_sessions() -> None:
    rows("UPDATE sign_in_session SET revoked_at = %s", NOW)


def sign_in_again(
    client: FlaskClient, page: TestResponse, email: str, password: str = PASSWORD
) -> TestResponse:
    kept = re.search(r'name="kept" value="([^"]+)"', page.text)
    data = {"csrf_token": csrf_token(page), "email": email, "password": password}
    return client.post("/", data=data | ({"kept": kept.group(1)} if kept else {}))


def test_a_form_after_the_end_of_the_session_comes_back_in_it(
    client: FlaskClient, journey: uuid.UUID
) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path), when=str(TODAY), outcome="ABOUTI", retour="journee")
    sent["csrf_token"] = csrf_token(client.get(path))
    end_sessions()
    page = client.post(path, data=sent)
    assert page.status_code == 401 and TEXT in page.text and "Se reconnecter" in page.text
    assert rows("SELECT 1 FROM draft") == [], "nobody is signed in: nothing is written"
    wrong = sign_in_again(client, page, REFERENT, "not the password at all")
    assert wrong.status_code == 422
    answer = sign_in_again(client, wrong, REFERENT)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    form = client.get(path)
    assert TEXT in form.text and "Un brouillon" in form.text and sent["idempotency_key"] in form.text
    del sent["csrf_token"]
    assert post(client, path, **sent).status_code == 303 and rows("SELECT 1 FROM draft") == []


def test_a_form_after_signing_out_in_another_tab_comes_back_in_it(
    client: FlaskClient, journey: uuid.UUID
) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path), when=str(TODAY), outcome="ABOUTI")
    sent["csrf_token"] = csrf_token(client.get(path))
    assert post(client, "/deconnexion").status_code == 303
    assert client.get(path).status_code == 303, "what stays of the session opens nothing"
    page = client.post(path, data=sent)
    assert page.status_code == 401 and TEXT in page.text and "Se reconnecter" in page.text
    assert rows("SELECT 1 FROM draft") == [], "nobody is signed in: nothing is written"
    before = sent["csrf_token"]
    answer = sign_in_again(client, page, REFERENT)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    form = client.get(path)
    assert TEXT in form.text and "Un brouillon" in form.text
    # Signed in again, the browser has another token.
    assert client.post(path, data=sent | {"csrf_token": before}).status_code == 400


def test_a_form_of_somebody_who_left_is_not_for_the_next_one(client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path)) | {"csrf_token": csrf_token(client.get(path))}
    post(client, "/deconnexion")
    answer = sign_in_again(client, client.post(path, data=sent), COORDINATOR)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/")
    assert rows("SELECT 1 FROM draft") == [] and TEXT not in client.get(path).text
    stale = client.post(path, data=sent)
    assert (
        stale.status_code == 400
        and TEXT in stale.text
        and "n'est plus que ci-dessous" in unescape(stale.text)
    )


def test_somebody_else_who_signs_in_there_gets_nothing(client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path)) | {"csrf_token": csrf_token(client.get(path))}
    end_sessions()
    answer = sign_in_again(client, client.post(path, data=sent), COORDINATOR)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/")
    assert rows("SELECT 1 FROM draft") == [] and TEXT not in client.get(path).text


def test_who_may_no_longer_write_there_gets_the_text_alone(client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path)) | {"csrf_token": csrf_token(client.get(path))}
    end_sessions()
    page = client.post(path, data=sent)
    rows("DELETE FROM access WHERE journey_id = %s", journey)
    answer = sign_in_again(client, page, REFERENT)
    assert answer.status_code == 403 and TEXT in answer.text
    assert rows("SELECT 1 FROM draft") == []


@pytest.mark.parametrize("ending", ["suspended", "gone", "old"])
def test_a_session_that_names_nobody_gives_the_text_as_before(
    client: FlaskClient, journey: uuid.UUID, ending: str
) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path)) | {"csrf_token": csrf_token(client.get(path))}
    rows(
        {
            "suspended": "UPDATE account SET suspended_at = now() WHERE kind = 'person'",
            "gone": "DELETE FROM sign_in_session",
            "old": "UPDATE sign_in_session SET last_seen_at = last_seen_at - interval '2 days'",
        }[ending]
    )
    page = client.post(path, data=sent)
    assert page.status_code == 401 and TEXT in page.text and 'name="kept"' not in page.text


def test_who_is_suspended_while_writing_is_told_what_is_true(client: FlaskClient, journey: uuid.UUID) -> None:
    """Nothing of the account: whoever holds a dead cookie reads the same words."""
    path = f"/parcours/{journey}/echange"
    page = client.get(path)
    sent = typed(page) | {"csrf_token": csrf_token(page)}
    assert post(client, "/brouillons", **typed(page)).status_code == 204
    answers = []
    for ending in (
        "UPDATE account SET suspended_at = now() WHERE kind = 'person'",
        "DELETE FROM sign_in_session",
    ):
        rows(ending)
        answer = client.post(path, data=sent)
        assert answer.status_code == 401 and TEXT in answer.text and rows("SELECT 1 FROM draft")
        answers.append(unescape(answer.text).replace("\N{NO-BREAK SPACE}", " ").partition("<main")[2])
    assert answers[0] == answers[1]
    assert "si la connexion est refusée, prévenez l'administrateur" in answers[0]
    assert (
        "peut-être gardé nulle part ailleurs" in answers[0]
        and "n'a pas enregistré ce texte" not in answers[0]
    )
    assert "suspendu" not in answers[0]


def test_a_sealed_form_that_is_old_or_altered_opens_nothing(client: FlaskClient, journey: uuid.UUID) -> None:
    path = f"/parcours/{journey}/echange"
    sent = typed(client.get(path)) | {"csrf_token": csrf_token(client.get(path))}
    end_sessions()
    page = client.post(path, data=sent)
    kept = re.search(r'name="kept" value="([^"]+)"', page.text)
    assert kept and TEXT.encode() not in kept.group(1).encode()
    for wrong in (kept.group(1)[:-8] + "AAAAAAA=", "é", "xx", ""):
        data = {"csrf_token": csrf_token(page), "email": REFERENT, "password": PASSWORD, "kept": wrong}
        answer = client.post("/", data=data)
        assert answer.headers["Location"] == "/parcours/ma-journee", wrong
        end_sessions()
        page = client.get("/")
    assert rows("SELECT 1 FROM draft") == []


def test_an_answer_to_an_alert_that_was_begun_comes_back_until_it_is_given(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    alert = scalar(
        "SELECT id FROM alert WHERE journey_id = %s AND status = 'OUVERTE' LIMIT 1", silent_journey(REFERENT)
    )
    path = f"/parcours/alerte/{alert}"
    page = client.get(path)
    assert 'data-drafts="/brouillons"' in page.text
    week = str(TODAY + timedelta(days=7))
    sent = {"draft": marks(page), "status": "REPORTEE", "when": week, "comment": TEXT, "version": 1}
    assert post(client, "/brouillons", **sent).status_code == 204
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(days=1))
    client = browser(client.application, REFERENT)
    again = client.get(path)
    assert "a été repris" in again.text and TEXT in again.text
    # A week from yesterday is no choice of today: it stays, as a date.
    assert re.search(r'<input checked [^>]*value="autre"', again.text) and f'value="{week}"' in again.text
    version = scalar("SELECT version FROM alert WHERE id = %s", alert)
    answer = {
        "status": "REPORTEE",
        "when": "autre",
        "until": week,
        "comment": TEXT,
        "version": version,
        "reason": "CONTACT_NON_SAISI",
    }
    assert post(client, path, **answer).status_code == 303
    assert rows("SELECT 1 FROM draft") == []
