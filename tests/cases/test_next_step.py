"""« Prochaine étape »: what the agreement and the end of a journey ask for comes before what was planned."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination.cases.stages import PRE, awaited
from tests.cases.life_kit import CITE
from tests.cases.pages_kit import COORDINATOR, browser, post
from tests.conftest import TODAY
from tests.support import rows, scalar

TOMORROW = TODAY + timedelta(days=1)
ASK = "Recueillir l'accord des parents"


@pytest.fixture
def planned(site: Flask, journey: uuid.UUID) -> uuid.UUID:
    """Its one plan: an action that begins tomorrow."""
    return only_an_action(browser(site, COORDINATOR), journey)


def only_an_action(client: FlaskClient, journey: uuid.UUID) -> uuid.UUID:
    empty(journey)
    given = {
        "kind": "SOUTIEN_SCO",
        "axis_or_barrier": "SCOLARITE",
        "droit_commun": "SOLLICITE",
        "status": "PREVUE",
        "planned_start": str(TOMORROW),
    }
    assert post(client, f"/parcours/{journey}/action", **given).status_code == 303
    return journey


def empty(journey: uuid.UUID) -> None:
    for table in ("review", "appointment", "action", "pause"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey)


def state(journey: uuid.UUID, **values: str | date | None) -> None:
    sets = ", ".join(f"{name} = %s" for name in values)
    rows(f"UPDATE journey SET {sets} WHERE id = %s", *values.values(), journey)


def on_page(client: FlaskClient, journey: uuid.UUID) -> str:
    page = unescape(client.get(f"/parcours/{journey}").text)
    return page.split('id="etape"')[1].split("</section>")[0]


def on_list(client: FlaskClient, journey: uuid.UUID, *, ended: bool = False) -> str:
    ref = scalar("SELECT ref FROM journey WHERE id = %s", journey)
    page = unescape(client.get(f"/parcours/?{'etat=termines' if ended else ''}").text)
    line = next(row for row in page.split("<tr ") if ref in row)
    found = re.search(r'data-label="Prochaine étape"><div>(.*?)</div>', line, re.S)
    assert found
    return found.group(1)


@pytest.mark.parametrize("stage", ["ACCORD_PARENTAL", "EN_COURS"])
def test_the_agreement_comes_before_what_is_planned(site: Flask, planned: uuid.UUID, stage: str) -> None:
    client = browser(site, COORDINATOR)
    assert "Début d'une action" in on_page(client, planned) and "Début d'une action" in on_list(
        client, planned
    )
    state(planned, agreement_status="A_DEMANDER", agreement_on=None, stage=stage)
    for shown in (on_page(client, planned), on_list(client, planned)):
        assert ASK in shown and "Début d'une action" not in shown
    assert f"/parcours/{planned}/accord" in on_page(client, planned)


def test_an_appointment_to_come_is_said_and_the_agreement_with_it(site: Flask, planned: uuid.UUID) -> None:
    client = browser(site, COORDINATOR)
    state(planned, agreement_status="A_DEMANDER", agreement_on=None)
    day = TODAY + timedelta(days=3)
    assert (
        post(client, f"/parcours/{planned}/rendez-vous", on_date=str(day), status="A_VENIR").status_code
        == 303
    )
    for shown in (on_page(client, planned), on_list(client, planned)):
        assert ASK in shown and "Rendez-vous" in shown and "Début d'une action" not in shown


def cite_journey() -> uuid.UUID:
    found = rows(
        "SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL ORDER BY ref LIMIT 1"
    )
    journey = uuid.UUID(str(found[0][0]))
    empty(journey)
    rows("DELETE FROM contact WHERE journey_id = %s", journey)
    state(journey, stage="REPERE")
    return journey


def test_after_a_first_exchange_no_first_appointment_is_proposed(site: Flask) -> None:
    client, journey = browser(site, CITE), cite_journey()
    first = "Proposer un premier rendez-vous"
    assert first in on_page(client, journey) and first in on_list(client, journey)
    missed = TODAY - timedelta(days=3)
    sent = post(client, f"/parcours/{journey}/rendez-vous", on_date=str(missed), status="ABS_EXCUSEE")
    assert sent.status_code == 303 and first in on_page(client, journey)
    kept = TODAY - timedelta(days=1)
    sent = post(client, f"/parcours/{journey}/rendez-vous", on_date=str(kept), status="HONORE")
    assert sent.status_code == 303
    for shown in (on_page(client, journey), on_list(client, journey)):
        assert first not in shown and "Passer à l'étape suivante" in shown
    assert f"/parcours/{journey}/etape" in on_page(client, journey)


def test_lists_say_no_next_step_of_an_ended_journey(site: Flask, planned: uuid.UUID) -> None:
    client = browser(site, COORDINATOR)
    state(planned, exit_on=TODAY, stage="SORTI")
    assert "Parcours terminé" in on_page(client, planned)
    shown = on_list(client, planned, ended=True)
    assert "Début d'une action" not in shown and "Parcours terminé" in shown


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
def test_nothing_planned_stands_once_the_agreement_is_refused(
    site: Flask, planned: uuid.UUID, status: str
) -> None:
    client = browser(site, COORDINATOR)
    state(planned, agreement_status=status, agreement_on=TODAY)
    for shown in (on_page(client, planned), on_list(client, planned)):
        assert "Début d'une action" not in shown and "Terminer le parcours" in shown
    assert f"/parcours/{planned}/sortie" in on_page(client, planned)
    state(planned, stage="SAISINE")
    for shown in (on_page(client, planned), on_list(client, planned)):
        assert "Non retenu" in shown and "Terminer le parcours" not in shown
    assert f"/parcours/{planned}/etape" in on_page(client, planned)


@pytest.mark.parametrize("agreement", [None, "A_DEMANDER", "SIGNE", "REFUS", "RETIRE"])
def test_what_is_awaited_can_be_done(agreement: str | None) -> None:
    """No running journey of the PRE without its agreement is left without a next step."""
    for stage in sorted(PRE):
        found = awaited("PRE", stage, agreement)
        if stage in ("NON_RETENU", "SORTI"):
            assert found is None
        elif agreement != "SIGNE":
            assert found is not None


def test_of_two_things_on_one_day_the_appointment_is_said(site: Flask, planned: uuid.UUID) -> None:
    rows(
        "INSERT INTO appointment (id, journey_id, folder_id, on_date, status) SELECT gen_random_uuid(), journey_id,"
        " id, %s, 'A_VENIR' FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        TOMORROW,
        planned,
    )
    client = browser(site, COORDINATOR)
    assert "Rendez-vous" in on_list(client, planned) and "Rendez-vous" in on_page(client, planned)
