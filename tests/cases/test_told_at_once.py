"""A refused form says at once all that is wrong: what cannot be read, and what its rules refuse of the rest."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.cases.life_kit import CITE, OPENING, course, send
from tests.cases.pages_kit import REFERENT, account, browser, post
from tests.cases.test_pages_outing import expect
from tests.cases.test_pages_outing import form as outing
from tests.cases.test_pages_records import TYPED, agreed
from tests.cases.test_sessions import running
from tests.conftest import TODAY
from tests.people import make_account
from tests.support import rows, scalar

NEVER = "31/02/2026"
NO_DATE = "Cette date n'existe pas."
CHOOSE = "Choisissez une des réponses proposées."
TOMORROW = (TODAY + timedelta(days=1)).isoformat()
FUTURE = "Cette date est dans le futur"
LONG_AGO = "1999-01-01"


def said(page: TestResponse) -> dict[str, str]:
    """Field -> what stands beside it."""
    assert page.status_code == 422, page.status_code
    found = re.findall(r'class="field-error" id="([^"]+)-error">([^<]*)', page.text)
    return {name: unescape(text) for name, text in found}


def assert_said(page: TestResponse, expected: dict[str, str]) -> None:
    found = said(page)
    assert found.keys() == expected.keys()
    for name, words in expected.items():
        assert words in found[name], name


@pytest.mark.parametrize(
    ("who", "typed", "expected"),
    [
        (
            REFERENT,
            {
                "birth_date": NEVER,
                "opened_on": TOMORROW,
                "commune": "62014",
                "ref": "dossier 7",
                "last_name": "",
                "source": "X",
                "reasons": [],
                "phone": "0612345678",
                "relative_phone": "abc",
                "structure_id": str(uuid.UUID(int=7)),
                "referent_id": str(uuid.UUID(int=7)),
            },
            {
                "birth_date": NO_DATE,
                "opened_on": FUTURE,
                "commune": "périmètre du PRE",
                "ref": "comme PRE-0110",
                "last_name": "Indiquez le nom",
                "source": CHOOSE,
                "reasons": "Cochez au moins un motif",
                "relative_first_name": "Indiquez le prénom",
                "relative_last_name": "Indiquez le nom",
                "relative_phone": "en chiffres",
                "structure_id": "Choisissez une structure",
                "referent_id": "Choisissez une personne",
            },
        ),
        (
            CITE,
            {
                "programme": "CITE_EMPLOI",
                "opened_on": NEVER,
                "birth_date": TOMORROW,
                "ref": "",
                "first_name": "",
                "referent_id": "",
            },
            {
                "opened_on": NO_DATE,
                "birth_date": FUTURE,
                "ref": "Indiquez une référence",
                "first_name": "Indiquez le prénom",
            },
        ),
    ],
)
def test_an_opening(site: Flask, who: str, typed: dict[str, Any], expected: dict[str, str]) -> None:
    before = scalar("SELECT count(*) FROM journey")
    given = OPENING | {"ref": "PRE-0900", "referent_id": str(account(who))} | typed
    assert_said(post(browser(site, who), "/parcours/nouveau", **given), expected)
    assert scalar("SELECT count(*) FROM journey") == before


def test_an_opening_of_somebody_known_already(site: Flask) -> None:
    client = browser(site, REFERENT)
    given = OPENING | {"ref": "PRE-0900", "referent_id": str(account(REFERENT))}
    assert post(client, "/parcours/nouveau", **given).status_code == 303
    again = post(client, "/parcours/nouveau", **given | {"ref": "PRE-0901", "opened_on": NEVER})
    assert_said(again, {"not_same": "peut-être déjà suivie", "opened_on": NO_DATE})


def test_a_stage(site: Flask, journey: uuid.UUID) -> None:
    given = course(journey) | {
        "stage": "SORTI",
        "entered_on": LONG_AGO,
        "validated_on": NEVER,
        "diagnosis_on": TOMORROW,
        "planned_rhythm_days": "181",
    }
    expected = {
        "stage": "se note sur sa propre page",
        "entered_on": "avant l'ouverture du parcours",
        "validated_on": NO_DATE,
        "diagnosis_on": FUTURE,
        "planned_rhythm_days": "de 1 à 180",
    }
    assert_said(send(browser(site, REFERENT), journey, "etape", **given), expected)


def test_a_date_that_cannot_be_read_is_not_taken_for_a_missing_one(site: Flask, journey: uuid.UUID) -> None:
    """The day of the change fills the empty dates that the stage stands for: nothing is held against that."""
    rows("UPDATE journey SET stage = 'DIAGNOSTIC', validated_on = NULL WHERE id = %s", journey)
    given = course(journey) | {
        "stage": "PARCOURS_VALIDE",
        "stage_on": TODAY.isoformat(),
        "validated_on": NEVER,
    }
    assert_said(send(browser(site, REFERENT), journey, "etape", **given), {"validated_on": NO_DATE})


@pytest.mark.parametrize(
    ("slug", "typed", "expected"),
    [
        ("rendez-vous", {"on_date": NEVER, "status": "X"}, {"on_date": NO_DATE, "status": CHOOSE}),
        (
            "rendez-vous",
            {"on_date": TOMORROW, "at_time": "25:99", "status": "HONORE", "structure_id": str(uuid.uuid4())},
            {
                "on_date": FUTURE,
                "at_time": "Cette heure n'existe pas",
                "structure_id": "Choisissez une structure",
            },
        ),
        (
            "absence",
            {"on_date": TOMORROW, "half_days": "deux"},
            {"on_date": FUTURE, "half_days": "en chiffres"},
        ),
        ("absence", {"on_date": NEVER, "half_days": "61"}, {"on_date": NO_DATE, "half_days": "de 1 à 60"}),
        (
            "action",
            TYPED["action"] | {"planned_start": NEVER, "status": "EN_COURS", "kind": ""},
            {"planned_start": NO_DATE, "started_on": "Indiquez ce jour", "kind": CHOOSE},
        ),
        ("action", TYPED["action"] | {"planned_start": "", "started_on": NEVER}, {"started_on": NO_DATE}),
        (
            "bilan",
            {"due_on": NEVER, "held_on": TOMORROW, "conclusions": "Va mieux."},
            {"due_on": NO_DATE, "held_on": FUTURE},
        ),
        # A right that goes to a volet which is not open to whoever types.
        (
            "droit",
            {"kind": "MESURE_ASE", "ends_on": NEVER},
            {"ends_on": NO_DATE, "kind": "qui ne vous est pas ouvert"},
        ),
    ],
)
def test_a_record(site: Flask, slug: str, typed: dict[str, str], expected: dict[str, str]) -> None:
    assert_said(post(browser(site, REFERENT), f"/parcours/{agreed()}/{slug}", **typed), expected)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (
            {"other": TOMORROW, "other_status": ""},
            {"other": "n'a pas encore eu lieu", "other_status": CHOOSE},
        ),
        ({"other": NEVER, "other_status": "PRESENT"}, {"other": NO_DATE}),
        ({"other": "", "other_status": "PRESENT"}, {"other": "Indiquez la date"}),
    ],
)
def test_who_came(site: Flask, typed: dict[str, str], expected: dict[str, str]) -> None:
    action = running(site)
    wrong = {f"seance-{TODAY + timedelta(days=2)}": "PRESENT"}
    answer = post(browser(site, REFERENT), f"/parcours/action/{action}/presences", **typed, **wrong)
    assert_said(answer, expected)
    assert f"La séance du {TODAY + timedelta(days=2):%d/%m/%Y} n'a pas encore eu lieu" in unescape(
        answer.text
    )
    assert not scalar("SELECT count(*) FROM attendance WHERE action_id = %s", action)


def test_an_outing(site: Flask, journey: uuid.UUID) -> None:
    expect(journey, "A_VENIR")
    appointment = scalar("SELECT id FROM appointment WHERE journey_id = %s AND on_date = %s", journey, TODAY)
    typed = {journey: {"note": "Sans résultat.", "status": "X", "appointment": str(appointment)}}
    answer = post(
        browser(site, REFERENT), "/parcours/tournee", **outing(typed, when="autre", on=NEVER, mode="")
    )
    own = f"j{journey.hex}"
    expected = {
        "on": NO_DATE,
        "mode": CHOOSE,
        f"{own}-outcome": "Choisissez le résultat",
        f"{own}-status": CHOOSE,
    }
    assert_said(answer, expected)


def test_an_exchange(site: Flask, journey: uuid.UUID) -> None:
    answer = post(
        browser(site, REFERENT), f"/parcours/{journey}/echange", when="autre", on=NEVER, outcome="X"
    )
    assert_said(answer, {"on": NO_DATE, "mode": CHOOSE, "outcome": CHOOSE})


def test_an_identity(site: Flask, journey: uuid.UUID) -> None:
    typed = {"first_name": "", "last_name": "B", "arrived_on": NEVER, "birth_date": TOMORROW, "sex": "X"}
    expected = {
        "first_name": "Indiquez le prénom",
        "arrived_on": NO_DATE,
        "birth_date": FUTURE,
        "sex": CHOOSE,
        "commune": "périmètre",
    }
    answer = send(browser(site, REFERENT), journey, "identite", commune="62014", **typed)
    assert_said(answer, expected)


def test_the_other_turns_of_a_journey(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    typed = {"on": NEVER, "reason": "X", "decided_on": TOMORROW}
    assert_said(
        send(client, journey, "sortie", **typed), {"on": NO_DATE, "reason": CHOOSE, "decided_on": FUTURE}
    )
    nobody = str(make_account("CCAS", email="ccas.seul@demo.example"))
    typed = {"from_on": NEVER, "until_on": LONG_AGO, "backup_id": nobody}
    expected = {"from_on": NO_DATE, "until_on": "déjà finie", "backup_id": "ne suit pas de parcours"}
    assert_said(post(client, "/parcours/absences", **typed), expected)
    assert_said(
        send(client, journey, "accord", status="SIGNE", on=NEVER, signer=str(uuid.uuid4())),
        {"on": NO_DATE, "volets": "Cochez au moins un volet", "signer": "une des personnes proposées"},
    )
    typed = {"diagnosis_on": NEVER, "diagnosis": "1 85 05 78 006 084 91"}
    assert_said(
        send(client, journey, "diagnostic", **typed),
        {"diagnosis_on": NO_DATE, "diagnosis": "numéro de sécurité sociale"},
    )
    rows("UPDATE journey SET exit_on = %s, stage = 'SORTI' WHERE id = %s", TODAY, journey)
    assert_said(
        send(client, journey, "reouverture", on=NEVER, stage="X", note=""),
        {"on": NO_DATE, "stage": "Choisissez une étape", "note": "en une phrase"},
    )
    assert_said(
        send(client, journey, "scolarite", year="abc", school="", school_level=""),
        {"year": "Choisissez une des années proposées.", "school": "l'établissement ou le niveau"},
    )
