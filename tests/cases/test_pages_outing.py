"""« Tournée »: several people on one page, each saved or refused apart, nothing typed lost."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cases.pages_kit import REFERENT, browser, journeys_of, last_audit, post
from tests.conftest import TODAY
from tests.support import rows, scalar

PATH = "/parcours/tournee"


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return browser(site, REFERENT)


@pytest.fixture
def two(site: Flask) -> list[uuid.UUID]:
    found = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND exit_on IS NULL AND stage <> 'NON_RETENU'"
        " ORDER BY ref LIMIT 2",
        journeys_of(REFERENT),
    )
    return [row[0] for row in found]


def form(people: dict[uuid.UUID, dict[str, str]], **shared: Any) -> dict[str, Any]:
    """The fields of the page: for each journey what is typed of it."""
    own = {f"j{id_.hex}-{name}": value for id_, typed in people.items() for name, value in typed.items()}
    common = {"idempotency_key": uuid.uuid4().hex, "mode": "VAD", "when": TODAY.isoformat()}
    return common | {"p": [str(id_) for id_ in people]} | own | shared


def expect(journey_id: uuid.UUID, status: str | None, on: date = TODAY) -> None:
    """An appointment, today if nothing else is said."""
    rows(
        "INSERT INTO appointment (id, journey_id, folder_id, on_date, status) SELECT gen_random_uuid(),"
        " journey_id, id, %s, %s FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        on,
        status,
        journey_id,
    )


def noted(journey_id: uuid.UUID, on: date = TODAY) -> int:
    query = "SELECT count(*) FROM contact WHERE journey_id = %s AND on_date = %s AND mode = 'VAD'"
    return int(scalar(query, journey_id, on))


def test_those_of_today_come_first_and_are_ticked(client: FlaskClient, two: list[uuid.UUID]) -> None:
    rows("UPDATE appointment SET status = 'HONORE'")
    rows("DELETE FROM alert")
    expect(two[1], "A_VENIR")
    page = client.get(PATH).text
    assert re.findall(r'value="([0-9a-f-]{36})"[^>]* checked', page) == [str(two[1])]
    assert page.index(str(two[1])) < page.index(str(two[0])) and "Rendez-vous aujourd" in page
    assert str(two[0]) in last_audit("ma_journee")[2]


def test_several_people_are_saved_at_once_and_those_left_empty_are_not(
    client: FlaskClient, two: list[uuid.UUID]
) -> None:
    page = client.get(PATH, query_string={"p": two}).text
    assert page.count('class="panel visit"') == 2
    answer = post(client, PATH, **form({two[0]: {"outcome": "ABOUTI", "note": "Vue chez elle."}, two[1]: {}}))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/ma-journee")
    assert "1 personne notée." in client.get("/parcours/ma-journee").text
    assert [noted(id_) for id_ in two] == [1, 0]
    assert "Vue chez elle." in client.get(f"/parcours/{two[0]}").text


def test_one_is_saved_the_other_refused_with_its_sentence(client: FlaskClient, two: list[uuid.UUID]) -> None:
    typed = {two[0]: {"outcome": "ABOUTI"}, two[1]: {"note": "Une note sans résultat."}}
    sent = form(typed)
    answer = post(client, PATH, **sent)
    assert answer.status_code == 422 and [noted(id_) for id_ in two] == [1, 0]
    assert "Une note sans résultat." in answer.text and "Choisissez le résultat" in answer.text
    assert "Déjà enregistré pour" in answer.text and answer.text.count('class="panel visit"') == 1
    assert sent["idempotency_key"] in answer.text
    # All of it again, completed, as a browser that went back would: nobody is written twice.
    sent[f"j{two[1].hex}-outcome"] = "MESSAGE"
    assert post(client, PATH, **sent).status_code == 303
    assert [noted(id_) for id_ in two] == [1, 1]
    assert post(client, PATH, **sent).status_code == 303 and [noted(id_) for id_ in two] == [1, 1]


def test_another_text_under_the_same_key_is_kept_and_can_be_sent_again(
    client: FlaskClient, two: list[uuid.UUID]
) -> None:
    sent = form({two[0]: {"outcome": "ABOUTI", "note": "Un"}})
    post(client, PATH, **sent)
    answer = post(client, PATH, **(sent | {f"j{two[0].hex}-note": "Un autre texte"}))
    assert answer.status_code == 422 and "Un autre texte" in answer.text and "Un autre contenu" in answer.text
    assert sent["idempotency_key"] not in answer.text and noted(two[0]) == 1


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        ({"mode": ""}, "Moyen\N{NO-BREAK SPACE}: Choisissez une des réponses"),
        ({"when": "autre", "on": "31/02/2026"}, "existe pas"),
        ({"when": "autre", "on": "01/01/2099"}, "dans le futur"),
    ],
)
def test_what_all_share_is_refused_once(
    client: FlaskClient, two: list[uuid.UUID], shared: dict[str, str], words: str
) -> None:
    typed = {id_: {"outcome": "ABOUTI", "note": f"Note {n}, gardée."} for n, id_ in enumerate(two)}
    answer = post(client, PATH, **form(typed, **shared))
    assert answer.status_code == 422 and words in answer.text
    assert "Note 0, gardée." in answer.text and "Note 1, gardée." in answer.text
    assert [noted(id_) for id_ in two] == [0, 0]


def test_nobody_ticked_and_nothing_noted(client: FlaskClient, two: list[uuid.UUID]) -> None:
    assert client.get(PATH).status_code == 200
    page = client.get(PATH, query_string={"suite": "1"})
    assert page.status_code == 422 and "Cochez au moins une personne." in page.text
    assert client.get(PATH, query_string={"suite": "1", "p": "x"}).status_code == 422
    answer = post(client, PATH, **form({two[0]: {}}))
    assert answer.status_code == 422 and "Rien n&#39;est noté" in answer.text


def test_a_foreign_journey_is_neither_shown_nor_written(client: FlaskClient, two: list[uuid.UUID]) -> None:
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    for id_ in (foreign, uuid.uuid4()):
        assert client.get(PATH, query_string={"p": [two[0], id_]}).status_code == 404
        assert last_audit("ma_journee")[1] == "refus"
        typed = {two[0]: {"outcome": "ABOUTI"}, id_: {"outcome": "ABOUTI", "note": "Texte à ne pas perdre."}}
        answer = post(client, PATH, **form(typed))
        assert answer.status_code == 422 and "Texte à ne pas perdre." in answer.text
        assert last_audit("saisie_echange")[1] == "refus"
        ref = rows("SELECT ref FROM journey WHERE id = %s", id_)
        assert not ref or ref[0][0] not in answer.text
    assert noted(foreign) == 0


def test_an_appointment_said_meanwhile_is_not_overwritten(client: FlaskClient, two: list[uuid.UUID]) -> None:
    expect(two[0], "A_PRECISER")
    page = client.get(PATH, query_string={"p": two[0]}).text
    appointment = re.search(rf'name="j{two[0].hex}-appointment" value="([^"]+)"', page)
    assert appointment and "Rendez-vous d&#39;aujourd&#39;hui" in page
    rows("UPDATE appointment SET status = 'HONORE', version = 2 WHERE id = %s", appointment.group(1))
    typed = {"appointment": appointment.group(1), "version": "1", "status": "ABS_EXCUSEE", "note": ""}
    answer = post(client, PATH, **form({two[0]: typed}))
    assert answer.status_code == 422 and "entre-temps" in answer.text
    assert scalar("SELECT status FROM appointment WHERE id = %s", appointment.group(1)) == "HONORE"


def test_where_the_note_is_typed_its_day_is_said(client: FlaskClient, two: list[uuid.UUID]) -> None:
    rows("UPDATE appointment SET status = 'HONORE'")
    expect(two[0], "A_PRECISER", TODAY - timedelta(days=17))
    expect(two[1], "A_PRECISER")
    page = client.get(PATH, query_string={"p": two}).text
    parts = page.split('class="panel visit"')[1:]
    assert "datée du 5 novembre 2026, jour de ce rendez-vous" in parts[0].replace("\N{NO-BREAK SPACE}", " ")
    assert "Échange de cette tournée" in parts[0]
    assert "jour de ce rendez-vous. Avec" not in parts[1] and "Échange de cette tournée" not in parts[1]
    typed = {"status": "HONORE", "note": "Vue à la mairie.", "version": "1"}
    found = re.search(rf'name="j{two[0].hex}-appointment" value="([^"]+)"', page)
    assert found
    assert post(client, PATH, **form({two[0]: typed | {"appointment": found[1]}})).status_code == 303
    assert noted(two[0]) == 0 and noted(two[0], TODAY - timedelta(days=17)) == 1


def test_an_older_appointment_of_my_day_is_asked_about_here_too(
    client: FlaskClient, two: list[uuid.UUID]
) -> None:
    rows("UPDATE appointment SET status = 'HONORE'")
    rows("DELETE FROM alert")
    expect(two[0], None, TODAY - timedelta(days=52))
    expect(two[1], "A_VENIR", TODAY - timedelta(days=61))
    day, choice = client.get("/parcours/ma-journee").text, client.get(PATH).text
    assert "1 rendez-vous à renseigner" in day.replace("\N{NO-BREAK SPACE}", " ")
    others = choice.index("Les autres personnes suivies")
    assert choice.index(str(two[0])) < others < choice.index(str(two[1]))
    assert "Rendez-vous du 01/10 à renseigner" in choice.replace("\N{NO-BREAK SPACE}", " ")
    page = client.get(PATH, query_string={"p": two}).text
    assert f'name="j{two[0].hex}-status"' in page and f'name="j{two[1].hex}-status"' not in page
    assert "plus ancien" not in page
    expect(two[0], "A_PRECISER", TODAY - timedelta(days=3))
    page = client.get(PATH, query_string={"p": two[0]}).text
    assert "1 rendez-vous plus ancien à renseigner" in page.replace("\N{NO-BREAK SPACE}", " ")


def test_the_ways_used_last_come_first(client: FlaskClient, two: list[uuid.UUID]) -> None:
    post(client, PATH, **form({two[0]: {"outcome": "ABOUTI"}}, mode="ATELIER"))
    for path in (f"{PATH}?p={two[0]}", f"/parcours/{two[0]}/echange"):
        page = client.get(path).text
        assert re.findall(r'name="mode"[^>]*value="(\w+)"', page)[0] == "ATELIER"
        note = re.search(r"<textarea[^>]*note[^>]*>", page)
        assert note and "maxlength" not in note.group(0) and 'autocapitalize="sentences"' in note.group(0)
