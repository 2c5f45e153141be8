"""Opening a journey on its page: from a saisine, from a spotting, for a colleague."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cases.life_kit import CITE, COLLEAGUE, OPENING, colleague
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    last_audit,
    post,
)
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import rows, scalar


def reference(client: FlaskClient, path: str = "/parcours/nouveau") -> str:
    found = re.search(r'name="ref"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="ref"', client.get(path).text)
    assert found
    return found.group(1) or found.group(2)


def test_a_saisine_opens_a_journey_under_the_next_reference(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert reference(client) == "PRE-0015"
    sent = post(client, "/parcours/nouveau", ref="PRE-0015", referent_id=str(account(REFERENT)), **OPENING)
    assert sent.status_code == 303, sent.text
    page = client.get(sent.location)
    assert "Zoé Quénehen" in page.text and "Saisine reçue" in page.text
    journey = scalar("SELECT id FROM journey WHERE ref = 'PRE-0015'")
    assert rows("SELECT on_date, structure_id FROM saisine WHERE journey_id = %s", journey) == [(TODAY, None)]
    sealed = bytes(scalar("SELECT reasons FROM saisine WHERE journey_id = %s", journey))
    assert b"ABSENTEISME" not in sealed
    assert last_audit("ouverture_parcours") == (
        journey,
        "fait",
        "birth_date,first_name,last_name,saisine",
    )
    assert reference(client) == "PRE-0016"
    assert stored() == from_scratch()


def test_one_far_reference_decides_for_nobody(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert post(client, "/parcours/nouveau", ref="PRE-999999", **OPENING).status_code == 303
    for number in (15, 16):
        assert reference(client) == f"PRE-{number:04}"
        other = OPENING | {"first_name": f"Zoé{number}", "ref": reference(client)}
        assert post(client, "/parcours/nouveau", **other).status_code == 303


def test_opened_for_a_colleague_it_is_theirs_alone(site: Flask) -> None:
    other = colleague()
    sent = post(
        browser(site, REFERENT), "/parcours/nouveau", ref="PRE-0900", referent_id=str(other), **OPENING
    )
    assert sent.location == "/parcours/mes-parcours"
    assert "Zoé Quénehen" in browser(site, COLLEAGUE).get("/parcours/mes-parcours").text


def test_a_spotting_opens_a_journey_of_the_cite_whose_clock_runs(site: Flask) -> None:
    client = browser(site, CITE)
    assert reference(client) == "CITE-0017"
    given = OPENING | {"programme": "PRE", "first_name": "Noémie", "birth_date": "", "commune": "62014"}
    sent = post(client, "/parcours/nouveau", ref="cite-0017", **given)
    assert sent.status_code == 303
    programme, stage = rows("SELECT programme, stage FROM journey WHERE ref = 'CITE-0017'")[0]
    assert (programme, stage) == ("CITE_EMPLOI", "REPERE")
    assert stored() == from_scratch()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_name": ""}, "Indiquez le prénom."),
        ({"reasons": []}, "Cochez au moins un motif."),
        ({"reasons": ["INVENTE"]}, "Choisissez une des réponses proposées."),
        ({"source": ""}, "Choisissez une des réponses proposées."),
        ({"opened_on": "31/02/2026"}, "Cette date n&#39;existe pas."),
        ({"ref": "PRE-0001"}, "Cette référence est déjà prise."),
        ({"ref": "1 85 05 78 006 084 91"}, "Une référence s&#39;écrit comme PRE-0110"),
        ({"structure_id": str(uuid.uuid4())}, "Choisissez une structure de la liste."),
        ({"referent_id": "x"}, "Choisissez une personne de la liste."),
        ({"commune": "62014"}, "Cette commune n&#39;est pas dans le périmètre du PRE."),
    ],
)
def test_an_opening_is_refused_beside_its_field_and_kept(
    site: Flask, changes: dict[str, Any], sentence: str
) -> None:
    before = scalar("SELECT count(*) FROM journey")
    sent = post(browser(site, REFERENT), "/parcours/nouveau", **({"ref": "PRE-0077"} | OPENING | changes))
    assert sent.status_code == 422
    assert sentence in sent.text and "Quénehen" in sent.text and "Ne vient plus le lundi." in sent.text
    assert scalar("SELECT count(*) FROM journey") == before


def test_the_same_opening_sent_twice_is_one(site: Flask) -> None:
    client = browser(site, REFERENT)
    given = OPENING | {"ref": "PRE-0300", "referent_id": str(account(REFERENT)), "idempotency_key": "k" * 32}
    first, again = (post(client, "/parcours/nouveau", **given) for _ in range(2))
    assert (first.status_code, again.status_code, again.location) == (303, 303, first.location)
    assert scalar("SELECT count(*) FROM journey WHERE ref = 'PRE-0300'") == 1


def test_perhaps_already_followed_is_said_to_the_coordinator_alone(site: Flask) -> None:
    assert post(browser(site, REFERENT), "/parcours/nouveau", ref="PRE-0700", **OPENING).status_code == 303
    twin = OPENING | {"ref": "PRE-0701", "first_name": "Zoe", "last_name": "Quenehen"}
    client = browser(site, COORDINATOR)
    asked = post(client, "/parcours/nouveau", **twin)
    assert asked.status_code == 422 and "Cet enfant est peut-être déjà suivi" in asked.text
    assert "PRE-0700" in asked.text
    seen = scalar("SELECT id FROM journey WHERE ref = 'PRE-0700'")
    assert str(seen) in last_audit("recherche")[2]
    assert post(client, "/parcours/nouveau", not_same="y", **twin).status_code == 303
    quiet = post(browser(site, REFERENT), "/parcours/nouveau", **(twin | {"ref": "PRE-0702"}))
    assert quiet.status_code == 303
