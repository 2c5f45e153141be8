"""The trace of what was removed, the saisine's line, and actions without a date: all from the journey's page."""

from __future__ import annotations

from html import unescape

from flask import Flask

from tests.cases.pages_kit import REFERENT, browser, last_audit, post
from tests.cases.test_pages_records import TYPED, agreed, latest
from tests.conftest import TODAY
from tests.support import rows, scalar


def test_what_was_removed_is_listed_without_what_it_said(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    path = f"/parcours/{journey}/retires"
    assert f'href="{path}"' in client.get(f"/parcours/{journey}").text
    assert "Rien n'a été retiré de ce parcours." in unescape(client.get(path).text)
    post(client, f"/parcours/{journey}/objectif", **TYPED["objectif"])
    objective, version = latest("objectif", journey)
    post(client, f"/parcours/{journey}/objectif/{objective}/retirer", version=version)
    text = unescape(client.get(path).text)
    assert "Objectif" in text and f"retiré le {TODAY.day} novembre 2026" in text
    who = scalar("SELECT display_name FROM account WHERE email = %s", REFERENT)
    assert f"par {who}" in text and TYPED["objectif"]["fact"] not in text
    assert last_audit("consultation_parcours")[0] == journey


def test_a_record_that_changed_volet_is_not_said_to_be_removed(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    post(client, f"/parcours/{journey}/action", **TYPED["action"])
    action, version = latest("action", journey)
    moved = post(
        client, f"/parcours/action/{action}", **TYPED["action"] | {"kind": "PSY", "version": version}
    )
    assert moved.status_code == 303
    text = unescape(client.get(f"/parcours/{journey}/retires").text)
    assert "rangé dans un autre volet le" in text and ">retiré le" not in text


def test_a_foreign_journey_shows_nothing_removed(site: Flask) -> None:
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    assert browser(site, REFERENT).get(f"/parcours/{foreign}/retires").status_code == 404


def test_an_action_without_dates_is_corrected_from_the_journey(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    assert "Sans date</h3>" not in client.get(f"/parcours/{journey}").text
    post(client, f"/parcours/{journey}/action", **TYPED["action"])
    action, version = latest("action", journey)
    rows("UPDATE action SET planned_start = NULL WHERE id = %s", action)
    page = client.get(f"/parcours/{journey}").text
    assert "Sans date</h3>" in page and f"/parcours/action/{action}" in page
    done = post(client, f"/parcours/action/{action}", **TYPED["action"] | {"version": version})
    assert done.status_code == 303
    assert "Sans date</h3>" not in client.get(f"/parcours/{journey}").text


def test_the_saisine_has_its_line(site: Flask) -> None:
    client = browser(site, REFERENT)
    structure, name = rows("SELECT id, name FROM structure ORDER BY name LIMIT 1")[0]
    me = scalar("SELECT id FROM account WHERE email = %s", REFERENT)
    page = client.get("/parcours/nouveau").text
    source = page.split('name="source"')[1].split('<option value="')[2].split('"')[0]
    reason = page.split('name="reasons"')[1].split('value="')[1].split('"')[0]
    opened = post(
        client,
        "/parcours/nouveau",
        programme="PRE",
        ref="PRE-9001",
        first_name="Lina",
        last_name="Roux",
        opened_on=TODAY.isoformat(),
        source=source,
        structure_id=structure,
        reasons=reason,
        remark="Arrive en cours d'année",
        referent_id=me,
    )
    assert opened.status_code == 303
    text = unescape(client.get(opened.headers["Location"]).text)
    assert "Saisine reçue : " in text and "Arrive en cours d'année" in text and name in text
