"""Once the agreement is refused or withdrawn: one way out that works, said alike wherever one looks for it."""

from __future__ import annotations

import re
import uuid
from html import unescape

import pytest
from flask import Flask

from coordination.cases.commands.course import TURNS_DOWN
from coordination.cases.commands.week_review import DECISIONS, SAME_AS
from tests.cases.life_kit import course, send, state
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, post, silent_journey
from tests.conftest import TODAY
from tests.support import rows, scalar

REVIEW, SUM = "/parcours/revue", "/parcours/revue/bilan"
STAGES = [("SAISINE", "etape", "Non retenu"), ("EN_COURS", "sortie", "erminer le parcours")]


def refuse(journey: uuid.UUID, stage: str, status: str = "REFUS") -> None:
    rows(
        "UPDATE journey SET stage = %s, agreement_status = %s, agreement_on = %s WHERE id = %s",
        stage,
        status,
        TODAY,
        journey,
    )


@pytest.mark.parametrize(("stage", "page", "words"), STAGES)
def test_the_banner_leads_where_it_can_be_done(
    site: Flask, journey: uuid.UUID, stage: str, page: str, words: str
) -> None:
    client = browser(site, REFERENT)
    refuse(journey, stage)
    shown = unescape(client.get(f"/parcours/{journey}").text)
    banner = re.search(r'<p class="note note-warning">Accord refusé.*?</p>', shown, re.S)
    assert banner and words in banner.group()
    (link,) = re.findall(r'href="([^"]+)"', banner.group())
    assert link == f"/parcours/{journey}/{page}"
    if page == "etape":
        out = unescape(client.get(f"/parcours/{journey}/sortie").text)
        assert "Non retenu" in out and f"/parcours/{journey}/etape" in out
        given = course(journey) | {"stage": "NON_RETENU", "stage_on": TODAY.isoformat(), "note": "Refus."}
        assert send(client, journey, "etape", **given, sure=TURNS_DOWN).status_code == 303
        assert state(journey)[0] == "NON_RETENU"
    else:
        done = send(client, journey, "sortie", reason="RELAIS_DC", on=TODAY.isoformat())
        assert done.status_code == 303 and state(journey)[0] == "SORTI"
    after = unescape(client.get(f"/parcours/{journey}").text)
    assert "Accord refusé" in after and "Il reste à prévenir" not in after


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
@pytest.mark.parametrize(("stage", "page", "words"), STAGES)
def test_the_review_says_the_same(site: Flask, status: str, stage: str, page: str, words: str) -> None:
    client, journey = browser(site, COORDINATOR), silent_journey(REFERENT)
    assert 'value="APPELER"' in client.get(f"{REVIEW}/{journey}").text
    refuse(journey, stage, status)
    shown = unescape(client.get(f"{REVIEW}/{journey}").text)
    assert 'value="APPELER"' not in shown
    code = "CLORE" if page == "etape" else "TERMINER"
    button = re.search(rf'<button[^>]*value="{code}"[^>]*>(.*?)</button>', shown, re.S)
    assert button and words in button.group(1)
    # A decision keeps its key, whatever its words.
    assert f'value="{code}" data-key="{DECISIONS.index(SAME_AS[code]) + 1}"' in shown
    called = post(client, f"{REVIEW}/{journey}", decision="APPELER")
    assert called.status_code == 422 and scalar("SELECT count(*) FROM week_decision") == 0
    assert post(client, f"{REVIEW}/{journey}", decision=code).status_code == 303
    told = unescape(client.get(SUM).text)
    assert f'href="/parcours/{journey}/{page}?retour=revue"' in told and words in told


def test_a_journey_not_begun_is_turned_down_in_the_review_whatever_the_agreement(site: Flask) -> None:
    client, journey = browser(site, COORDINATOR), silent_journey(REFERENT)
    assert "Préparer la sortie" in client.get(f"{REVIEW}/{journey}").text
    rows("UPDATE journey SET stage = 'DIAGNOSTIC' WHERE id = %s", journey)
    shown = client.get(f"{REVIEW}/{journey}").text
    assert "Préparer la sortie" not in shown and "Non retenu" in shown
