"""The course of a journey on its page: stages, dates, and two who change them at once."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from html import unescape

import pytest
from flask import Flask

from tests.cases.life_kit import CITE, OPENING, course, send, version
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    post,
)
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import rows, scalar


def test_a_stage_passes_to_the_next_and_dates_what_it_stands_for(site: Flask) -> None:
    client = browser(site, REFERENT)
    post(client, "/parcours/nouveau", ref="PRE-0500", referent_id=str(account(REFERENT)), **OPENING)
    journey = scalar("SELECT id FROM journey WHERE ref = 'PRE-0500'")
    page = client.get(f"/parcours/{journey}/etape").text
    assert 'value="ACCORD_PARENTAL"' in page and 'value="DIAGNOSTIC"' not in page
    refused = send(client, journey, "etape", stage="DIAGNOSTIC", stage_on=TODAY.isoformat())
    assert refused.status_code == 422 and "ne suit pas celle où en est le parcours" in refused.text
    rows("UPDATE journey SET agreement_status = 'SIGNE', agreement_on = %s WHERE id = %s", TODAY, journey)
    for stage in ("EPS_INSCRIT", "DIAGNOSTIC", "PARCOURS_VALIDE"):
        done = send(
            client,
            journey,
            "etape",
            stage=stage,
            stage_on=TODAY.isoformat(),
            entered_on=str(scalar("SELECT entered_on FROM journey WHERE id = %s", journey) or ""),
            diagnosis_on=str(scalar("SELECT diagnosis_on FROM journey WHERE id = %s", journey) or ""),
            planned_rhythm_days="21",
        )
        assert done.status_code == 303, done.text
        assert scalar("SELECT stage FROM journey WHERE id = %s", journey) == stage
    query = "SELECT entered_on, diagnosis_on, validated_on, planned_rhythm_days FROM journey WHERE id = %s"
    assert rows(query, journey) == [(TODAY, TODAY, TODAY, 21)]
    assert stored() == from_scratch()
    assert "(PRE) Étape" not in client.get(f"/parcours/{journey}").text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"entered_on": "1999-01-01"}, "Cette date est avant l&#39;ouverture du parcours"),
        ({"validated_on": (TODAY + timedelta(days=1)).isoformat()}, "Cette date est dans le futur"),
        ({"planned_rhythm_days": "souvent"}, "Écrivez un nombre de jours"),
        ({"planned_rhythm_days": "0"}, "de 1 à 180"),
        ({"planned_rhythm_days": "181"}, "de 1 à 180"),
        ({"stage": "SORTI"}, "se note sur sa propre page"),
        ({"stage": "DIAGNOSTIC"}, "ne suit pas celle"),
        ({"stage": "REPERE"}, "Choisissez une étape de la liste."),
    ],
)
def test_a_course_that_cannot_be_is_refused(
    site: Flask, journey: uuid.UUID, values: dict[str, str], sentence: str
) -> None:
    given = {"stage": "EN_COURS", "stage_on": TODAY.isoformat()} | values
    sent = send(browser(site, REFERENT), journey, "etape", **given)
    assert sent.status_code == 422 and sentence in sent.text


def test_the_cite_has_its_dates_and_its_scheme_sealed(site: Flask) -> None:
    journey = uuid.UUID(
        str(
            rows(
                "SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL AND stage <> 'REPERE'"
                " AND opened_on < %s ORDER BY ref LIMIT 1",
                TODAY - timedelta(days=30),
            )[0][0]
        )
    )
    stage = scalar("SELECT stage FROM journey WHERE id = %s", journey)
    client = browser(site, CITE)
    given = course(journey) | {
        "stage": stage,
        "scheme": "CEJ",
        "orientation_path": "EMPLOI",
        "rsa_opened_on": "2020-01-01",
        "oriented_on": "2019-12-31",
    }
    refused = send(client, journey, "etape", **given)
    assert refused.status_code == 422 and "avant l&#39;ouverture du RSA" in refused.text
    assert send(client, journey, "etape", **(given | {"oriented_on": "2020-02-01"})).status_code == 303
    query = "SELECT rsa_opened_on, oriented_on FROM journey WHERE id = %s"
    assert rows(query, journey) == [(date(2020, 1, 1), date(2020, 2, 1))]
    page = client.get(f"/parcours/{journey}/etape").text
    assert re.search(r'<option selected value="CEJ"', page)
    assert stored() == from_scratch()


def opened_long_ago(site: Flask) -> uuid.UUID:
    """A journey of the day, whose opening was confirmed with the wrong year."""
    given = OPENING | {"ref": "PRE-0520", "referent_id": str(account(REFERENT)), "birth_date": ""}
    old = TODAY.replace(year=TODAY.year - 20)
    said = f"Le {old:%d/%m/%Y}, c'était il y a plus d'un an. Vérifiez l'année."
    sent = post(browser(site, REFERENT), "/parcours/nouveau", **given | {"opened_on": old, "sure": said})
    assert sent.status_code == 303, sent.text
    return uuid.UUID(str(scalar("SELECT id FROM journey WHERE ref = 'PRE-0520'")))


def opened(journey: uuid.UUID) -> date:
    return scalar("SELECT opened_on FROM journey WHERE id = %s", journey)


def test_an_opening_typed_wrong_is_corrected(site: Flask) -> None:
    journey, client = opened_long_ago(site), browser(site, REFERENT)
    page = client.get(f"/parcours/{journey}/etape").text
    old = TODAY.replace(year=TODAY.year - 20)
    assert re.search(rf'name="opened_on"[^>]*value="{old}"', page)
    assert send(client, journey, "etape", stage="SAISINE", opened_on=TODAY).status_code == 303
    assert opened(journey) == TODAY
    # What it said before stays; the saisine is read on the day on which it came.
    assert scalar("SELECT count(*) FROM revision WHERE journey_id = %s", journey) == 1
    page = unescape(client.get(f"/parcours/{journey}").text)
    assert str(old.year) not in page and "Saisine reçue" in page
    detail = (
        "SELECT detail FROM audit_entry WHERE journey_id = %s AND detail LIKE '%%entered_on%%'"
        " ORDER BY sequence DESC LIMIT 1"
    )
    assert "opened_on" in scalar(detail, journey).split(",")
    assert stored() == from_scratch()
    # A form without it, or that says the same, corrects nothing.
    for same in ({}, {"opened_on": TODAY}):
        assert send(client, journey, "etape", stage="SAISINE", **same).status_code == 303
        assert "opened_on" not in scalar(detail, journey).split(",")
    assert opened(journey) == TODAY


def test_an_opening_cannot_be_corrected_past_what_followed(site: Flask) -> None:
    journey, client = opened_long_ago(site), browser(site, REFERENT)
    on = TODAY - timedelta(days=40)
    exchange = {"on": on, "mode": "TELEPHONE", "outcome": "ABOUTI", "note": ""}
    assert post(client, f"/parcours/{journey}/echange", **exchange).status_code == 303
    tried = {
        on + timedelta(days=1): f"Un échange est noté le {on:%d/%m/%Y}",
        TODAY + timedelta(days=2): "dans le futur",
        "": "Indiquez une date",
    }
    for day, sentence in tried.items():
        refused = send(client, journey, "etape", stage="SAISINE", opened_on=day)
        assert refused.status_code == 422
        assert sentence in unescape(refused.text[refused.text.index('id="opened_on-error"') :])
    older = on - timedelta(days=400)
    asked = send(client, journey, "etape", stage="SAISINE", opened_on=older)
    assert asked.status_code == 422 and "il y a plus d&#39;un an" in asked.text
    assert send(client, journey, "etape", stage="SAISINE", opened_on=on).status_code == 303
    assert opened(journey) == on


def test_an_opening_is_not_corrected_past_the_dates_of_the_journey(site: Flask, journey: uuid.UUID) -> None:
    given = course(journey)
    entered = date.fromisoformat(given["entered_on"])
    after = entered + timedelta(days=1)
    sent = send(browser(site, REFERENT), journey, "etape", stage="EN_COURS", opened_on=after, **given)
    assert sent.status_code == 422 and "le parcours a commencé ce jour-là au plus tard" in sent.text
    assert 'id="opened_on-error"' in sent.text and 'id="entered_on-error"' not in sent.text


def rhythm(journey: uuid.UUID, days: str) -> dict[str, str]:
    return course(journey) | {"planned_rhythm_days": days}


@pytest.mark.parametrize("name", ["entered_on", "planned_rhythm_days"])
def test_what_would_be_erased_is_asked_once(site: Flask, journey: uuid.UUID, name: str) -> None:
    dates = "validated_on = NULL, entered_on = %s, planned_rhythm_days = 14"
    rows(f"UPDATE journey SET {dates} WHERE id = %s", TODAY, journey)
    client = browser(site, REFERENT)
    given = {"stage": "EN_COURS", **course(journey), name: ""}
    asked = send(client, journey, "etape", **given)
    kept = f"le {TODAY:%d/%m/%Y}" if name == "entered_on" else "14 jours"
    said = f"Ce qui était noté, {kept}, sera effacé."
    assert asked.status_code == 422 and said in asked.text
    assert scalar(f"SELECT {name} FROM journey WHERE id = %s", journey) is not None
    assert send(client, journey, "etape", **given, sure=said).status_code == 303
    assert scalar(f"SELECT {name} FROM journey WHERE id = %s", journey) is None


def test_two_editors_of_a_course_lose_nothing(site: Flask, journey: uuid.UUID) -> None:
    before = version(journey)
    first = browser(site, REFERENT)
    assert send(first, journey, "etape", stage="EN_COURS", **rhythm(journey, "10")).status_code == 303
    late = send(
        browser(site, COORDINATOR),
        journey,
        "etape",
        stage="EN_COURS",
        version=before,
        **rhythm(journey, "40"),
    )
    assert late.status_code == 409
    assert 'value="40"' in late.text and "10" in late.text
    assert scalar("SELECT planned_rhythm_days FROM journey WHERE id = %s", journey) == 10
