"""The coordinator's list: the gauge counts everybody, whatever the page shows."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from coordination.accounts.queries import account_id_of, load_actor
from coordination.cases.queries import listing
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.reference import labels
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser
from tests.conftest import TODAY
from tests.support import rows


def test_a_page_of_two_does_not_shrink_the_gauge(territory: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines narrow their transaction: what counts everybody comes before."""
    monkeypatch.setattr(listing, "PAGE", 2)
    coordinator = load_actor(account_id_of("coordination.pre@demo.example"), clock.now())
    with consult(coordinator, Action.LIST_JOURNEYS, clock.now()) as r:
        grant = r.require()
        found = listing.journeys(grant, TODAY)
        r.audit(grant)
    assert len(found.lines) == 2
    assert (found.total, found.pages) == (14, 7)
    assert [(g.programme, g.capacity) for g in found.gauges] == [("PRE", 130)]
    assert 10 < found.gauges[0].active <= 14


def shown(client: FlaskClient, path: str) -> set[str]:
    """References of the lines of a list."""
    return set(re.findall(r'<span class="ref">((?:PRE|CITE)-\d+)</span>', client.get(path).text))


def test_the_list_is_cut_by_referent_and_stage(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    every = shown(client, "/parcours/")
    who = account(REFERENT)
    mine = {
        ref
        for (ref,) in rows(
            "SELECT ref FROM journey WHERE referent_id = %s AND exit_on IS NULL ORDER BY 1", who
        )
    }
    assert shown(client, f"/parcours/?referent={who}") == mine < every
    rows("UPDATE journey SET referent_id = NULL WHERE ref = 'PRE-0001'")
    lost = rows("SELECT ref FROM journey WHERE programme = 'PRE' AND exit_on IS NULL AND referent_id IS NULL")
    assert shown(client, "/parcours/?referent=sans") == {ref for (ref,) in lost} >= {"PRE-0001"}
    stages = rows(
        "SELECT stage FROM journey WHERE programme = 'PRE' AND exit_on IS NULL GROUP BY 1 ORDER BY count(*)"
    )
    stage = stages[-1][0]
    there = {
        ref
        for (ref,) in rows(
            "SELECT ref FROM journey WHERE programme = 'PRE' AND exit_on IS NULL AND stage = %s", stage
        )
    }
    assert shown(client, f"/parcours/?etape={stage}") == there
    page = client.get(f"/parcours/?etape={stage}&referent={who}").text
    assert f'value="{stage}" selected' in page and f'value="{who}" selected' in page
    # What cannot be read cuts nothing; a stage that nobody has finds nobody.
    assert shown(client, "/parcours/?referent=x%00") == every
    assert "Aucun parcours ne correspond" in client.get("/parcours/?etape=INCONNUE").text


def test_stages_are_offered_in_the_order_of_the_journey(site: Flask) -> None:
    """Some codes are of both programmes, and stand elsewhere in each."""
    stages = ["REPERE", "PREMIER_RDV", "DIAGNOSTIC", "ORIENTE", "SUSPENDU"]
    for stage, (ref,) in zip(
        stages,
        rows("SELECT ref FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL"),
        strict=False,
    ):
        rows("UPDATE journey SET stage = %s WHERE ref = %s", stage, ref)
    page = browser(site, "coordination.cite@demo.example").get("/parcours/").text
    offered = re.findall(
        r'<option value="([A-Z_]+)"', page[page.index('name="etape"') :].partition("</select>")[0]
    )
    order = [code for code in labels("employment_stage") if code in offered]
    assert len(offered) > 3 and "DIAGNOSTIC" in offered and offered == order
