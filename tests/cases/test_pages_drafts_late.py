"""A draft that was on its way when its form was saved comes back for nobody, whatever the form saves by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coordination.cases.commands.people import LAST_TO_CALL
from tests.cases.pages_kit import REFERENT, browser, post, silent_journey
from tests.conftest import TODAY
from tests.support import rows, scalar

SHORTLY = str(TODAY - timedelta(days=1))


class Sent(HTMLParser):
    """What a browser sends of the form of a page that keeps drafts."""

    def __init__(self, page: TestResponse) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.inside = False
        self.open = ""
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = "data-drafts" in told
        elif not self.inside:
            return
        elif tag == "input" and told.get("name"):
            if told.get("type") not in ("radio", "checkbox", "submit") or "checked" in told:
                self._add(told["name"], told.get("value", "on"))
        elif tag in ("select", "textarea"):
            self.open = told["name"]
            if tag == "textarea":
                self._add(self.open, "")
        elif tag == "option" and ("selected" in told or self.open not in self.fields):
            self.fields[self.open] = [told.get("value", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag in ("select", "textarea"):
            self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open and self.lasttag == "textarea":
            self.fields[self.open] = [data.strip()]

    def _add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return browser(site, REFERENT)


def one_of(table: str) -> Callable[[uuid.UUID], object]:
    return lambda journey: scalar(f"SELECT id FROM {table} WHERE journey_id = %s LIMIT 1", journey)


def open_alert(journey: uuid.UUID) -> object:
    return scalar("SELECT id FROM alert WHERE journey_id = %s AND status = 'OUVERTE' LIMIT 1", journey)


# Name -> address, the id that stands in it, what is typed.
FORMS: dict[str, tuple[str, Callable[[uuid.UUID], object], dict[str, Any]]] = {
    "identity": ("/parcours/{}/identite", str, {"phone": "06 39 98 11 22"}),
    "handover": ("/parcours/{}/referent", str, {}),
    "course": ("/parcours/{}/etape", str, {}),
    "exit": ("/parcours/{}/sortie", str, {"reason": "DEMENAGEMENT"}),
    "diagnosis": ("/parcours/{}/diagnostic", str, {"diagnosis": "Il dort mal depuis la rentrée."}),
    "schooling": ("/parcours/{}/scolarite", str, {"school_level": "CE2"}),
    "agreement": ("/parcours/{}/accord", str, {"status": "RETIRE"}),
    "relative": ("/parcours/proche/{}", one_of("representative"), {"phone": "06 39 98 11 22"}),
    "removal of a relative": (
        "/parcours/proche/{}/retirer",
        one_of("representative"),
        {"sure": LAST_TO_CALL},
    ),
    "correction": ("/parcours/echange/{}", one_of("contact"), {"note": "Elle rappellera jeudi."}),
    "alert": (
        "/parcours/alerte/{}",
        open_alert,
        {"status": "SANS_OBJET", "reason": "CONTACT_NON_SAISI", "comment": "Vue au marché."},
    ),
    "new exchange": ("/parcours/{}/echange", str, {"when": SHORTLY, "mode": "VAD", "outcome": "ABOUTI"}),
}


@pytest.mark.parametrize("name", FORMS)
def test_it_is_neither_kept_nor_shown(client: FlaskClient, name: str) -> None:
    address, about, typed = FORMS[name]
    path = address.format(about(silent_journey(REFERENT)))
    page = client.get(path)
    assert page.status_code == 200, page.text
    sent = Sent(page).fields | typed
    del sent["csrf_token"]
    saved = post(client, path, **sent)
    assert saved.status_code == 303, saved.text
    assert post(client, "/brouillons", **sent).status_code in (204, 404)
    assert rows("SELECT 1 FROM draft") == [] and "a été repris" not in client.get(path).text


@pytest.mark.parametrize("path", ["/parcours/{}/diagnostic", "/parcours/nouveau"])
def test_nor_is_one_that_was_on_its_way_when_the_draft_was_erased(client: FlaskClient, path: str) -> None:
    path = path.format(silent_journey(REFERENT))
    sent = Sent(client.get(path)).fields | {"diagnosis": "texte A", "context": "texte A", "last_name": "Roux"}
    del sent["csrf_token"]
    opening, other = uuid.uuid4().hex, uuid.uuid4().hex
    post(client, "/brouillons", **sent, draft_opening=opening)
    assert "a été repris" in client.get(path).text
    assert scalar("SELECT count(*) FROM draft") == 1
    post(client, "/brouillons/effacer", draft=sent["draft"], draft_opening=opening)
    assert post(client, "/brouillons", **sent, draft_opening=opening).status_code == 204
    assert rows("SELECT 1 FROM draft") == [] and "a été repris" not in client.get(path).text
    # Another window goes on with the same form: what is typed there is somebody's work.
    assert post(client, "/brouillons", **sent, draft_opening=other).status_code == 204
    page = client.get(path).text
    assert "a été repris" in page and opening not in page and other not in page


@pytest.mark.parametrize("path", ["/parcours/{}/diagnostic", "/parcours/nouveau"])
def test_nor_is_the_first_that_was_on_its_way_when_the_form_was_erased(
    client: FlaskClient, path: str
) -> None:
    """No draft was there yet, or another window had erased it."""
    path = path.format(silent_journey(REFERENT))
    sent = Sent(client.get(path)).fields | {"diagnosis": "texte A", "context": "texte A", "last_name": "Roux"}
    del sent["csrf_token"]
    opening, other = uuid.uuid4().hex, uuid.uuid4().hex
    assert post(client, "/brouillons/effacer", draft=sent["draft"], draft_opening=opening).status_code == 303
    assert post(client, "/brouillons", **sent, draft_opening=opening).status_code == 204
    assert rows("SELECT 1 FROM draft") == [] and "a été repris" not in client.get(path).text
    assert post(client, "/brouillons", **sent, draft_opening=other).status_code == 204
    assert "a été repris" in client.get(path).text


def test_erasing_where_one_is_not_at_home_writes_nothing_and_tells_nothing(client: FlaskClient) -> None:
    def erase(journey: object, **more: str) -> tuple[int, str]:
        mark = f"{journey} cases.write_diagnosis {journey}"
        answer = post(client, "/brouillons/effacer", draft=mark, **more)
        return answer.status_code, answer.text.replace(str(journey), "")

    def written() -> tuple[Any, ...]:
        return rows(
            "SELECT (SELECT count(*) FROM idempotency), count(*) FROM audit_entry WHERE result = 'fait'"
        )

    foreign = scalar("SELECT id FROM journey WHERE programme <> 'PRE' LIMIT 1")
    mine, before = silent_journey(REFERENT), written()
    answers = {erase(one, draft_opening=uuid.uuid4().hex) for one in (foreign, uuid.uuid4(), mine)}
    assert len(answers) == 1 and answers.pop()[0] == 303
    # Where one is at home: one line and one identifier, swept after a day.
    assert scalar("SELECT count(*) FROM idempotency") == 1
    assert rows(
        "SELECT journey_id, detail FROM audit_entry WHERE action = 'brouillon' AND result = 'fait'"
    ) == [(mine, "draft,dropped")]
    refusals = scalar("SELECT count(*) FROM audit_entry WHERE action = 'brouillon' AND result = 'refus'")
    assert before != (once := written()) and refusals == 2
    # Without an opening, or of no form of ours: nothing at all.
    erase(mine)
    post(client, "/brouillons/effacer", draft="des mots", draft_opening=uuid.uuid4().hex)
    assert written() == once


@pytest.mark.parametrize("name", ["identity", "alert"])
def test_what_is_typed_into_a_conflict_with_oneself_is_kept(client: FlaskClient, name: str) -> None:
    """The key of the page is used up by the first window: the page that tells the second one has a new one."""
    address, about, typed = FORMS[name]
    path = address.format(about(silent_journey(REFERENT)))
    sent = Sent(client.get(path)).fields | typed
    del sent["csrf_token"]
    if name == "alert":
        sent |= {"status": "REPORTEE", "when": "autre", "until": str(TODAY + timedelta(days=7))}
    assert post(client, path, **sent).status_code == 303
    other = {"phone": "06 39 98 33 44", "status": "SANS_OBJET"}
    conflict = post(client, path, **sent | {n: v for n, v in other.items() if n in sent})
    assert conflict.status_code == 409
    again = Sent(conflict).fields
    assert again["idempotency_key"] != sent["idempotency_key"]
    del again["csrf_token"]
    assert post(client, "/brouillons", **again).status_code == 204
    assert "a été repris" in client.get(path).text
