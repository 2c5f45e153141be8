"""What a reader may deduce of the volets that they do not have: nothing, but for what the clocks say (ADR 5)."""

from __future__ import annotations

import difflib
import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from coordination.cases.seen import ACROSS, BY_ACTIONS, BY_WRITING
from tests.cases.closed_kit import (
    COLLEAGUE,
    COORDINATORS,
    WRITERS,
    Reader,
    begin,
    everything,
    give,
    health,
    measure,
    social_apart,
)
from tests.cases.closed_pages import Extra, pages
from tests.cases.life_kit import send, state
from tests.cases.pages_kit import NOW, browser
from tests.conftest import FOLLOWED, TODAY, on_copy
from tests.support import rows, scalar

PARTNER = "centre.social@demo.example"
COORDINATOR = Reader(
    COORDINATORS["CITE_EMPLOI"],
    "CITE_EMPLOI",
    "coordinator",
    frozenset({"coordination", "social", "emploi"}),
)
COLLEAGUES = [Reader(COLLEAGUE, it, "backup", frozenset({"coordination"})) for it in ("CITE_EMPLOI", "PRE")]
PARTNERS = [
    Reader(PARTNER, it, "receiver", frozenset({"coordination", "social"})) for it in ("CITE_EMPLOI", "PRE")
]
REFERENT = Reader(
    WRITERS["PRE"], "PRE", "referent", frozenset({"coordination", "scolarite", "social", "sante"})
)
CASES = [
    (COORDINATOR, health),
    (COLLEAGUES[0], everything),
    (PARTNERS[0], social_apart),
    (COLLEAGUES[1], everything),
    (PARTNERS[1], health),
    (REFERENT, measure),
]


@pytest.mark.parametrize(("reader", "extra"), CASES, ids=lambda one: getattr(one, "__name__", str(one)))
def test_a_page_says_nothing_of_a_volet_that_its_reader_does_not_have(
    cluster: Settings, _followed_template: str, monkeypatch: pytest.MonkeyPatch, reader: Reader, extra: Extra
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with on_copy(cluster, FOLLOWED) as app:
        there, moved, written = pages(app, reader, extra, 0)
    with on_copy(cluster, FOLLOWED) as app:
        without, still, _none = pages(app, reader, None, written)
    assert not still and moved <= ACROSS
    assert there.keys() == without.keys() and len(there) > 30
    told = [
        "\n".join([place, *_lines(without[place], there[place])])
        for place in there
        if there[place] != without[place]
    ]
    assert not told, "\n\n".join(told)


def _lines(one: str, other: str) -> list[str]:
    found = difflib.unified_diff(one.splitlines(), other.splitlines(), "without", "with", "", "", 1, "")
    return [line.strip() for line in found][:40]


def test_only_these_clocks_speak_of_other_volets() -> None:
    """The exceptions of ADR 5, one by one."""
    # An action of any volet quiets them; anything written moves them.
    assert {"A12", "I10", "T06", "T19", "T24", "T25"} == BY_ACTIONS
    assert {"A06", "A07", "A15", "A16", "I07"} == BY_WRITING
    assert BY_ACTIONS | BY_WRITING == ACROSS


def rule(page: str, name: str) -> str:
    found = re.search(rf'<li class="rule" id="{name}">.*?</li>', page, re.S)
    assert found, name
    return unescape(found[0])


def test_a_rule_that_an_action_of_health_quiets_does_not_say_that_there_is_nothing_to_count(
    site: Flask,
) -> None:
    world = begin(COORDINATOR)
    address = f"/parcours/{world.journey}/regles"
    assert "pas d'étape suivante" in rule(browser(site, COORDINATOR.email).get(address).text, "T19")
    running = world.note("action", kind="PSY", axis_or_barrier="SANTE", status="EN_COURS", started_on=-10)
    seen = browser(site, COORDINATOR.email).get(address).text
    for name in ("T19", "A12"):
        assert "compte aussi des volets qui ne vous sont pas ouverts" in rule(seen, name)
        assert "rien à compter" not in rule(seen, name)
    assert "rien à compter" in rule(browser(site, world.writer).get(address).text, "T19")
    # Nor that a day is missing of an action which is not seen.
    rows("UPDATE action SET status = 'SUSPENDUE', started_on = NULL WHERE id = %s", running)
    assert "non calculable" in rule(browser(site, world.writer).get(address).text, "I06")
    assert "rien à compter" in rule(browser(site, COORDINATOR.email).get(address).text, "I06")


def test_an_end_before_a_fact_that_is_not_seen_is_refused_without_its_day(site: Flask) -> None:
    world = begin(COORDINATOR)
    journey, on = world.journey, TODAY - timedelta(days=5)
    for table in ("contact", "appointment", "review", "life_event"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey)
    world.note("action", kind="PSY", axis_or_barrier="SANTE", status="EN_COURS", started_on=-2)
    client = browser(site, COORDINATOR.email)
    given = {"on": on.isoformat(), "reason": "DEMENAGEMENT"}
    assert given["reason"] in client.get(f"/parcours/{journey}/sortie").text
    closed = "Un fait d'un volet qui ne vous est pas ouvert"
    # Nothing is said to who cannot mean it: no reason, or a page that has grown old.
    mute = send(client, journey, "sortie", **(given | {"reason": ""}))
    assert mute.status_code == 422 and "volet" not in unescape(mute.text).split("<form", 1)[1]
    stale = send(client, journey, "sortie", **given, version=1)
    assert stale.status_code == 409 and closed not in unescape(stale.text)
    refused = send(client, journey, "sortie", **given)
    told = unescape(refused.text)
    assert refused.status_code == 422 and closed in told and state(journey) == ("EN_ACTION", None)
    assert f"{TODAY - timedelta(days=2):%d/%m/%Y}" not in told and "action est notée" not in told
    # Who sees it is told its day.
    named = unescape(send(browser(site, world.writer), journey, "sortie", **given).text)
    assert f"Une action est notée le {TODAY - timedelta(days=2):%d/%m/%Y}" in named
    # And so is the coordinator of what they see.
    world.note("candidature", employer="Un chantier", applied_on=-3)
    seen = unescape(send(client, journey, "sortie", **given).text)
    assert f"Une candidature est notée le {TODAY - timedelta(days=3):%d/%m/%Y}" in seen
    assert send(client, journey, "sortie", **(given | {"on": TODAY.isoformat()})).status_code == 303


def test_an_alert_that_another_volet_ended_does_not_name_what_was_written_there(site: Flask) -> None:
    world = begin(COORDINATOR)
    alert = scalar(
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " initial, status) SELECT gen_random_uuid(), journey_id, id, 'A15', 'overdue', '', %s, %s, 'writing', %s,"
        " false, 'OUVERTE' FROM folder WHERE journey_id = %s AND volet = 'coordination' RETURNING id",
        *(TODAY - timedelta(days=n) for n in (70, 10, 10)),
        world.journey,
    )
    rows(
        "UPDATE alert SET status = 'RESOLUE', resolved_on = %s, resolved_because = %s WHERE id = %s",
        TODAY,
        f"droit : saisie du {TODAY:%d/%m/%Y}",
        alert,
    )
    address = f"/parcours/alerte/{alert}"
    assert "Résolue : droit : saisie du" in browser(site, world.writer).get(address).text
    seen = browser(site, COORDINATOR.email).get(address).text
    assert f"Résolue : saisie du {TODAY:%d/%m/%Y}" in seen and "droit : saisie" not in seen


def test_who_has_every_volet_still_reads_what_colleagues_did(site: Flask) -> None:
    world = begin(COORDINATOR)
    give(world, COORDINATOR)
    world.attach("sante")
    journey = f"/parcours/{world.journey}"
    seen = browser(site, COORDINATOR.email).get(journey).text.split('id="ouvertures"')[1]
    assert "Consultation ou saisie" in seen and "document" not in seen and "Saisie d&#39;un accord" in seen
    rows("UPDATE audit_entry SET actor_id = gen_random_uuid() WHERE action = 'ajout_document'")
    seen = browser(site, world.writer).get(journey).text.split('id="ouvertures"')[1]
    assert "Ajout d&#39;un document" in seen and "Consultation ou saisie" not in seen
