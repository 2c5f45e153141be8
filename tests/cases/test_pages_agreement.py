"""The page of the agreement: signing opens what it covers, withdrawing closes at once, all of it kept."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, last_audit, post
from tests.conftest import TODAY
from tests.support import rows, scalar

VOLETS = ["scolarite", "social", "sante"]


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    return journeys_of(REFERENT)[0]


def record(client: FlaskClient, journey: uuid.UUID, **values: Any) -> Any:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    signed = {"status": "SIGNE", "on": TODAY.isoformat(), "volets": VOLETS, "signer": parent(journey)}
    given = signed | {"version": version} | values
    return post(client, f"/parcours/{journey}/accord", **given)


def parent(journey: uuid.UUID) -> str:
    query = "SELECT id FROM representative WHERE journey_id = %s ORDER BY position LIMIT 1"
    return str(scalar(query, journey) or "")


def open_volets(journey: uuid.UUID) -> set[str]:
    return {v for (v,) in rows("SELECT volet FROM folder WHERE journey_id = %s AND open", journey)}


def readable(journey: uuid.UUID) -> set[str]:
    """Volets that the référent has access to."""
    query = (
        "SELECT f.volet FROM access a JOIN folder f ON f.id = a.folder_id WHERE a.journey_id = %s"
        " AND a.actor_id = (SELECT id FROM account WHERE email = %s)"
    )
    return {volet for (volet,) in rows(query, journey, REFERENT)}


def test_a_signature_opens_what_it_covers_and_no_more(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    assert record(client, journey, volets=["scolarite", "social"]).status_code == 303
    assert (
        open_volets(journey) & set(VOLETS) == {"scolarite", "social"} == readable(journey) - {"coordination"}
    )
    page = client.get(f"/parcours/{journey}/accord").text
    assert "Accord signé" in page and "scolarite" in page
    assert record(client, journey).status_code == 303
    assert set(VOLETS) <= open_volets(journey) and set(VOLETS) <= readable(journey)


def test_a_withdrawal_closes_at_once_and_a_new_signature_opens_again(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    record(client, journey, volets=["social"])
    assert record(client, journey, status="RETIRE").status_code == 303
    assert readable(journey) == {"coordination"}
    assert record(client, journey, volets=["social"]).status_code == 303
    assert readable(journey) == {"coordination", "social"}
    statuses = rows("SELECT status FROM agreement WHERE journey_id = %s ORDER BY position", journey)
    assert statuses == [("SIGNE",), ("RETIRE",), ("SIGNE",)]
    assert last_audit("saisie_accord")[2] == "agreement_status,agreement_on"


def test_who_signed_is_kept_and_shown(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    parent = rows("SELECT id FROM representative WHERE journey_id = %s ORDER BY position", journey)[0][0]
    assert record(client, journey, signer=str(parent), remark="Pas de courrier.").status_code == 303
    page = client.get(f"/parcours/{journey}/accord").text
    assert "Pas de courrier." in page and ", par " in page
    assert "A signé l&#39;accord" in client.get(f"/parcours/{journey}").text
    other = rows("SELECT id FROM representative WHERE journey_id <> %s LIMIT 1", journey)[0][0]
    for stranger in (str(other), "x"):
        refused = record(client, journey, signer=stranger)
        assert refused.status_code == 422 and "une des personnes" in refused.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": ""}, "Choisissez une des réponses"),
        ({"status": "PEUT_ETRE"}, "Choisissez une des réponses"),
        ({"on": ""}, "Indiquez une date"),
        ({"on": "2026-13-40"}, "Cette date n&#39;existe pas"),
        ({"on": f"{TODAY.year + 1}-01-01"}, "dans le futur"),
        ({"volets": []}, "Cochez au moins un volet"),
        ({"volets": ["protection"]}, "Cochez au moins un volet"),
    ],
)
def test_what_cannot_be_is_refused(
    site: Flask, journey: uuid.UUID, values: dict[str, Any], sentence: str
) -> None:
    refused = record(browser(site, REFERENT), journey, **{"remark": "gardée", **values})
    assert refused.status_code == 422 and sentence in refused.text and "gardée" in refused.text
    assert rows("SELECT 1 FROM agreement WHERE journey_id = %s", journey) == []


def test_two_people_note_the_agreement_at_once(site: Flask, journey: uuid.UUID) -> None:
    read = scalar("SELECT version FROM journey WHERE id = %s", journey)
    assert record(browser(site, COORDINATOR), journey, status="RETIRE").status_code == 303
    conflict = record(browser(site, REFERENT), journey, version=read)
    assert conflict.status_code == 409 and ">Retiré</dd>" in conflict.text
    assert scalar("SELECT agreement_status FROM journey WHERE id = %s", journey) == "RETIRE"


def test_a_foreign_journey_is_not_found(site: Flask) -> None:
    foreign = journeys_of("mipe.ml@demo.example")[0]
    client = browser(site, REFERENT)
    assert client.get(f"/parcours/{foreign}/accord").status_code == 404
    assert record(client, foreign).status_code == 404
