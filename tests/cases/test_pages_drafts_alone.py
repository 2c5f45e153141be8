"""Unfinished entries of forms that hang on no journey: one being opened, an absence."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import reference
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, journeys_of, post
from tests.cases.test_pages_drafts import end_sessions, marks, sign_in_again
from tests.conftest import TODAY
from tests.people import csrf_token
from tests.support import rows, scalar

NEW, AWAY = "/parcours/nouveau", "/parcours/absences"
NAME, TEXT = "Zéphyrine", "La directrice a vu la mère deux fois, elle est d'accord"


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return browser(site, REFERENT)


def opening(client: FlaskClient, **more: Any) -> dict[str, Any]:
    """What the page sends once something is typed in it."""
    page = client.get(NEW)
    key = re.search(r'name="idempotency_key" value="(\w+)"', page.text)
    assert key and 'data-drafts="/brouillons"' in page.text and "Un brouillon" not in page.text
    return {
        "draft": marks(page),
        "idempotency_key": key.group(1),
        "programme": "PRE",
        "ref": f"PRE-{100_000 + uuid.uuid4().int % 900_000}",
        "first_name": NAME,
        "last_name": "Roux",
        "relative_first_name": "Odile",
        "relative_last_name": "Roux",
        "relative_phone": "06 39 98 00 00",
        "opened_on": str(TODAY - timedelta(days=2)),
        "source": list(reference.labels("pre_referral_source"))[1],
        "reasons": list(reference.labels("pre_referral_reason"))[:2],
        "remark": TEXT,
        "referent_id": str(account(REFERENT)),
        **more,
    }


def test_an_opening_comes_back_and_can_be_thrown_away(client: FlaskClient) -> None:
    sent = opening(client)
    assert sent["draft"] == [f"- cases.open_new/PRE {uuid.UUID(int=0)}"]
    assert post(client, "/brouillons", **sent).status_code == 204
    again = client.get(NEW).text
    assert "Un brouillon du 22 novembre 2026 à 11 h 00 a été repris. Il n'est pas encore enregistré." in again
    assert all(
        f'value="{sent[name]}"' in again for name in ("first_name", "ref", "opened_on", "idempotency_key")
    )
    assert "La directrice a vu la mère" in again and f'selected value="{sent["source"]}"' in again
    assert len(re.findall(r'<input checked [^>]*name="reasons"', again)) == 2
    answer = post(client, "/brouillons/effacer", draft=sent["draft"])
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{NEW}?dispositif=PRE")
    empty = client.get(NEW).text
    assert NAME not in empty and "Un brouillon" not in empty and f'value="{TODAY}"' in empty
    assert rows("SELECT 1 FROM draft") == []


def test_an_opening_that_was_saved_leaves_no_draft(client: FlaskClient) -> None:
    sent = opening(client)
    post(client, "/brouillons", **sent)
    before = scalar("SELECT count(*) FROM dek", keys=True)
    assert post(client, NEW, **sent).status_code == 303
    assert rows("SELECT 1 FROM draft") == []
    # The draft's key is gone, that of the new volet is there.
    assert scalar("SELECT count(*) FROM dek", keys=True) == before
    # A draft that was still on its way.
    assert post(client, "/brouillons", **sent).status_code == 204
    assert rows("SELECT 1 FROM draft") == [] and NAME not in client.get(NEW).text


def test_what_was_refused_and_then_left_comes_back(client: FlaskClient) -> None:
    sent = opening(client, ref="Roux")
    refused = post(client, NEW, **sent)
    assert refused.status_code == 422 and marks(refused) == sent["draft"]
    post(client, "/brouillons", **sent)
    assert TEXT[:20] in client.get(NEW).text


def test_each_programme_has_its_own(site: Flask) -> None:
    rows(
        "INSERT INTO membership (id, account_id, role, structure_id, programme, started_at)"
        " SELECT gen_random_uuid(), m.account_id, 'COORD_CITE', m.structure_id, 'CITE_EMPLOI', m.started_at"
        " FROM membership m WHERE m.account_id = %s LIMIT 1",
        account(COORDINATOR),
    )
    client = browser(site, COORDINATOR)
    here, there = f"{NEW}?dispositif=PRE", f"{NEW}?dispositif=CITE_EMPLOI"
    post(client, "/brouillons", **opening(client))
    assert NAME in client.get(here).text and NAME not in client.get(there).text
    spotting = {"draft": marks(client.get(there)), "programme": "CITE_EMPLOI", "first_name": "Armand"}
    post(client, "/brouillons", **spotting)
    assert "Armand" in client.get(there).text and "Armand" not in client.get(here).text
    answer = post(client, "/brouillons/effacer", draft=spotting["draft"])
    assert answer.headers["Location"] == there and NAME in client.get(here).text


def test_it_is_nobody_else_s(site: Flask, client: FlaskClient) -> None:
    sent = opening(client)
    post(client, "/brouillons", **sent)
    other = browser(site, COORDINATOR)
    assert NAME not in other.get(NEW).text
    assert post(other, "/brouillons/effacer", draft=sent["draft"]).status_code == 303
    assert NAME in client.get(NEW).text


def test_an_opening_after_the_end_of_the_session_comes_back_in_it(client: FlaskClient) -> None:
    sent = opening(client) | {"csrf_token": csrf_token(client.get(NEW))}
    end_sessions()
    page = client.post(NEW, data=sent)
    assert page.status_code == 401 and "La directrice a vu" in page.text
    assert rows("SELECT 1 FROM draft") == [], "nobody is signed in: nothing is written"
    answer = sign_in_again(client, page, REFERENT)
    assert (answer.status_code, answer.headers["Location"]) == (303, NEW)
    again = client.get(NEW).text
    assert NAME in again and "Un brouillon" in again and sent["idempotency_key"] in again
    del sent["csrf_token"]
    assert post(client, NEW, **sent).status_code == 303 and rows("SELECT 1 FROM draft") == []


def test_somebody_else_who_signs_in_there_gets_nothing(client: FlaskClient) -> None:
    sent = opening(client) | {"csrf_token": csrf_token(client.get(NEW))}
    end_sessions()
    sign_in_again(client, client.post(NEW, data=sent), COORDINATOR)
    assert rows("SELECT 1 FROM draft") == [] and NAME not in client.get(NEW).text


def test_my_day_lists_them(client: FlaskClient) -> None:
    post(client, "/brouillons", **opening(client))
    page = client.get("/parcours/ma-journee").text
    begun = page.split('id="brouillons"')[1].split("</section>")[0]
    assert f'<a href="{NEW}?dispositif=PRE">Parcours à ouvrir au PRE</a>' in begun and NAME not in page


def test_an_absence_comes_back_until_it_is_noted_once(client: FlaskClient) -> None:
    page = client.get(AWAY)
    key = re.search(r'name="idempotency_key" value="(\w+)"', page.text)
    first, last = (str(TODAY + timedelta(days=days)) for days in (10, 17))
    sent = {
        "draft": marks(page),
        "idempotency_key": key.group(1) if key else "",
        "from_on": first,
        "until_on": last,
        "backup_id": "",
    }
    assert post(client, "/brouillons", **sent).status_code == 204
    again = client.get(AWAY).text
    assert "a été repris" in again and f'value="{first}"' in again and f'value="{last}"' in again
    assert "Absence</a>" in client.get("/parcours/ma-journee").text
    noted = post(client, AWAY, **sent)
    assert noted.status_code == 303 and rows("SELECT 1 FROM draft") == []
    # Sent twice, noted once; and a draft on its way comes back for nobody.
    assert post(client, AWAY, **sent).headers["Location"] == noted.headers["Location"]
    assert (
        scalar("SELECT count(*) FROM leave WHERE account_id = %s AND from_on = %s", account(REFERENT), first)
        == 1
    )
    assert post(client, "/brouillons", **sent).status_code == 204
    assert rows("SELECT 1 FROM draft") == [] and "a été repris" not in client.get(AWAY).text


@pytest.mark.parametrize(
    "mark",
    [
        "- cases.open_new {none}",
        "- cases.open_new/ {none}",
        "- cases.open_new/madame-quenehen {none}",
        "- cases.open_new/PRE {journey}",
        "- cases.leaves/madame-quenehen {none}",
        "- cases.log_contact {journey}",
        "- cases.add_record/action {journey}",
        "- cases.outing {none}",
        "- administration.new_account {none}",
        "- nothing.known {none}",
        "{journey} cases.open_new/PRE {none}",
        "{journey} cases.leaves {journey}",
    ],
)
def test_only_such_a_form_is_kept_without_a_journey_and_its_name_carries_no_word(
    client: FlaskClient, mark: str
) -> None:
    named = mark.format(none=uuid.UUID(int=0), journey=journeys_of(REFERENT)[0])
    assert post(client, "/brouillons", draft=named, note=TEXT).status_code == 204
    assert rows("SELECT 1 FROM draft") == []


@pytest.mark.parametrize("email", ["admin@demo.example", "pilotage@demo.example"])
def test_a_role_that_opens_no_journey_keeps_none(site: Flask, email: str) -> None:
    client = browser(site, email)
    mark = f"- cases.open_new/PRE {uuid.UUID(int=0)}"
    assert post(client, "/brouillons", draft=mark, note=TEXT).status_code == 403
    assert rows("SELECT 1 FROM draft") == []
    assert rows("SELECT result FROM audit_entry WHERE action = 'brouillon_sans_parcours'") == [("refus",)]
