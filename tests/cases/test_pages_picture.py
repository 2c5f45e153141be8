"""The picture's page and the strips of lists: what they show and hide, log and cost."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.cases.commands.contacts import NewContact, log_contact
from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    post,
    silent_journey,
    statements,
)
from tests.conftest import TODAY
from tests.support import rows, scalar


def image(client: FlaskClient, journey_id: uuid.UUID, period: str = "") -> str:
    page = client.get(f"/parcours/{journey_id}/image" + (f"?periode={period}" if period else ""))
    assert page.status_code == 200, page.text
    return page.text


def test_the_picture_says_the_silence_and_gives_the_same_in_a_table(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    page = image(client, journey_id, "1a")
    assert "jours sans échange" in page.split("<table")[0]
    assert "jours sans échange" in page.split("<table")[1]
    for words in (
        'role="img"',
        "Comment lire l'image",
        "Vacances scolaires",
        "Aujourd'hui",
        "Alertes ouvertes",
    ):
        assert words in page
    assert last_audit("consultation_parcours")[:2] == (journey_id, "fait")
    assert last_audit("consultation_parcours")[2].startswith("picture,coordination")


def test_the_agreement_shortens_no_silence_that_is_told(site: Flask) -> None:
    """It starts the clock of the alerts; the family has been without an exchange since the opening."""
    journey_id = silent_journey(REFERENT)
    for table in ("contact", "appointment", "pause"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey_id)
    rows(
        "UPDATE journey SET opened_on = %s, agreement_on = %s WHERE id = %s",
        TODAY - timedelta(days=90),
        TODAY - timedelta(days=79),
        journey_id,
    )
    client = browser(site, REFERENT)
    assert "90 jours sans échange" in image(client, journey_id, "1a").replace("\N{NO-BREAK SPACE}", " ")
    page = browser(site, COORDINATOR).get("/parcours/silences").text
    line = (
        page[page.index(f'href="/parcours/{journey_id}"') :]
        .split("</tr>")[0]
        .replace("\N{NO-BREAK SPACE}", " ")
    )
    assert "90 jours</strong>" in line and "sans aucun échange noté" in line
    rows("UPDATE journey SET agreement_on = NULL WHERE id = %s", journey_id)
    assert "jours sans échange" not in image(client, journey_id, "1a"), (
        "nobody is awaited before the agreement"
    )


def test_each_period_is_a_link_and_the_rest_is_the_default(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    for period, label in (("3m", "3 mois"), ("6m", "6 mois"), ("1a", "1 an"), ("tout", "Tout")):
        page = image(client, journey_id, period)
        assert re.search(rf'periode={period}" aria-current="true">{label}<', page)
    assert 'periode=6m" aria-current="true"' in image(client, journey_id, "toujours")


def test_nothing_in_the_page_needs_a_style_of_its_own(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    for page in (image(client, journey_id, "tout"), client.get(f"/parcours/{journey_id}").text):
        assert not re.search(r"\sstyle=|<style|<script>", page)


def test_what_lies_in_a_hidden_volet_never_comes(site: Flask) -> None:
    """An action of the health volet is in the picture as long as its volet is open to who looks."""
    action_id, journey_id, health = rows(
        "SELECT a.id, a.journey_id, f.id FROM action a JOIN journey j ON j.id = a.journey_id"
        " JOIN folder f ON f.journey_id = j.id AND f.volet = 'sante' AND f.open"
        " WHERE j.referent_id = %s AND j.exit_on IS NULL ORDER BY j.ref, a.key LIMIT 1",
        account(REFERENT),
    )[0]
    rows(
        "UPDATE action SET folder_id = %s, kind = NULL, axis_or_barrier = NULL, status = 'EN_COURS',"
        " started_on = %s, ended_on = NULL WHERE id = %s",
        *(health, TODAY - timedelta(days=20), action_id),
    )
    client = browser(site, REFERENT)
    assert "Actions : santé" in image(client, journey_id)
    rows("DELETE FROM access WHERE folder_id = %s AND actor_id = %s", health, account(REFERENT))
    assert "Actions : santé" not in image(client, journey_id)


def test_a_foreign_picture_does_not_exist_and_the_attempt_is_logged(site: Flask) -> None:
    client = browser(site, REFERENT)
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    for wanted in (foreign, uuid.uuid4()):
        before = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
        assert client.get(f"/parcours/{wanted}/image").status_code == 404
        assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == before + 1


def test_an_exchange_shows_at_once(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    before = image(client, journey_id).count('href="#m-exchange"')
    me = load_actor(account(REFERENT), clock.now())
    log_contact(me, journey_id, NewContact(TODAY, "VAD", "ABOUTI", "note qui reste dans le fil"), clock.now())
    page = image(client, journey_id)
    assert page.count('href="#m-exchange"') == before + 1
    assert "note qui reste dans le fil" not in page
    assert "Échange abouti (visite à domicile)" in page


def test_each_open_alert_is_one_line_of_the_table_with_how_serious_it_is(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    page = unescape(image(client, journey_id, "tout"))
    counted = re.search(r"(\d+) alertes? ouvertes?", page)
    table = page.split("<tbody")[1].split("</tbody>")[0]
    open_ones = [row for row in table.split("</tr>") if ">Alertes ouvertes<" in row]
    assert counted and len(open_ones) == int(counted[1]) > 0
    assert all("(alerte " in row or "(vigilance)" in row or "(information)" in row for row in open_ones)
    assert all("Depuis le " in row for row in open_ones)


def outline(page: str, shape: str) -> list[float]:
    """Where the first path of a shape goes, whatever its size: one tells shapes apart without their colours."""
    path = re.search(rf'id="m-{shape}"><path[^>]* d="([^"]+)"', page)
    assert path, shape
    numbers = [float(number) for number in re.findall(r"-?\d*\.?\d+", path[1])]
    return [round(number / max(map(abs, numbers)), 1) for number in numbers]


def test_the_key_has_every_mark_and_bar_of_the_picture(site: Flask) -> None:
    client = browser(site, REFERENT)
    page = image(client, silent_journey(REFERENT))
    with client.get("/static/picture.css") as answer:
        css = answer.text
    legend = page.split('class="legend"')[1].split("</ul>")[0]
    # An alert that is closed keeps its outline, empty: one stands for all.
    alike = {"past-critique", "past-vigilance", "past-info"}
    shapes = set(re.findall(r'<g id="m-([a-z-]+)"', page))
    assert shapes and shapes - alike == set(re.findall(r'href="#m-([a-z-]+)"', legend))
    assert set(re.findall(r"\.bar-([a-z]+)", css)) == set(re.findall(r"bar-([a-z]+)", legend))
    assert "accord refusé ou retiré" in legend and "fin du parcours" in legend and 'class="gap"' in legend


def test_a_life_event_is_told_from_a_high_alert_without_colours(site: Flask) -> None:
    page = image(browser(site, REFERENT), silent_journey(REFERENT))
    others = ("alert-haute", "alert-critique", "third", "right", "due", "sent")
    assert outline(page, "alert-haute") == outline(page, "third"), "full and empty"
    assert outline(page, "event") not in [outline(page, shape) for shape in others]


def test_the_journey_shows_a_glance_and_leads_to_the_picture(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    page = client.get(f"/parcours/{journey_id}").text
    assert "Les six derniers mois" in page and f"/parcours/{journey_id}/image" in page


def test_a_journey_of_yesterday_has_a_picture_too(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), journeys_of(REFERENT)[0]
    for name in ("contact", "appointment", "pause", "review", "action", "referral", "alert", "deadline"):
        rows(f"DELETE FROM {name} WHERE journey_id = %s", journey_id)
    rows(
        "UPDATE journey SET opened_on = NULL, agreement_on = NULL, entered_on = NULL, validated_on = NULL,"
        " diagnosis_on = NULL WHERE id = %s",
        journey_id,
    )
    for period in ("3m", "tout"):
        assert "Le parcours en image" in image(client, journey_id, period)
    rows("UPDATE journey SET exit_on = %s WHERE id = %s", date(2026, 3, 1), journey_id)
    assert "Le parcours en image" in image(client, journey_id)


def test_the_picture_costs_the_same_for_a_short_and_a_long_past(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    path = f"/parcours/{journey_id}/image"
    client.get(path)
    with statements() as few:
        client.get(path)
    me = load_actor(account(REFERENT), clock.now())
    for number in range(12):
        log_contact(me, journey_id, NewContact(TODAY, "VAD", "SANS_REPONSE", f"note {number}"), clock.now())
    with statements() as many:
        client.get(path)
    assert len(many) == len(few) <= 27


def test_strips_stand_on_the_lists_for_one_statement_more(site: Flask) -> None:
    for email, path in ((COORDINATOR, "/parcours/"), (REFERENT, "/parcours/mes-parcours")):
        client = browser(site, email)
        with statements() as sent:
            page = client.get(path).text
        assert page.count('class="strip"') == page.count('class="person-name"') > 0
        assert "Six derniers mois : " in page
        assert sum("FROM contact" in one and "UNION ALL" in one and "FROM pause" in one for one in sent) == 1


def test_a_strip_tells_what_the_database_holds(site: Flask) -> None:
    journey_id = silent_journey(REFERENT)
    for table in ("contact", "appointment", "pause"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey_id)
    folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", journey_id)
    for days, mode, outcome in (
        (0, "TIERS", "ABOUTI"),
        (10, "VAD", "ABOUTI"),
        (20, "SMS", "MESSAGE"),
        (182, "VAD", "ABOUTI"),
        (-3, "VAD", "ABOUTI"),
    ):
        rows(
            "INSERT INTO contact (id, journey_id, folder_id, on_date, mode, outcome)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s)",
            journey_id,
            folder,
            TODAY - timedelta(days=days),
            mode,
            outcome,
        )
    for days, status in ((30, "HONORE"), (40, "ABS_NON_EXCUSEE"), (50, "ABS_EXCUSEE"), (-5, "A_VENIR")):
        rows(
            "INSERT INTO appointment (id, journey_id, folder_id, on_date, status)"
            " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
            journey_id,
            folder,
            TODAY - timedelta(days=days),
            status,
        )
    rows(
        "INSERT INTO pause (id, journey_id, folder_id, from_on, returned_on)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
        journey_id,
        folder,
        TODAY - timedelta(days=80),
        TODAY - timedelta(days=60),
    )
    page = browser(site, REFERENT).get("/parcours/mes-parcours").text
    line = page[page.index(f"/parcours/{journey_id}") :]
    path = re.search(r'<path d="([^"]+)"/></svg></div>', line)
    assert path and path.group(1) == (
        "M151 3V17M171 3V17M161 13V17M181 13V17M139 13L143 18M143 13L139 18M171 10H182M101 4V1H122V4"
    )


def test_without_the_coordination_volet_the_picture_has_a_reference_and_no_name(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    name = re.search(r'page-sub">([^<]+) <', image(client, journey_id))
    assert name and " " in name.group(1).strip()
    rows(
        "DELETE FROM access a USING folder f WHERE f.id = a.folder_id AND a.actor_id = %s AND a.journey_id = %s"
        " AND f.volet = 'coordination'",
        account(REFERENT),
        journey_id,
    )
    page = image(client, journey_id)
    assert name.group(1) not in page and scalar("SELECT ref FROM journey WHERE id = %s", journey_id) in page
    assert 'href="#m-exchange"' not in page.split("Comment lire")[0]


def test_an_event_not_seen_to_yet_is_said_whatever_its_gender(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    told = {"kind": "SANCTION_REVENU", "on_date": TODAY.isoformat()}
    assert post(client, f"/parcours/{journey_id}/evenement", **told).status_code == 303
    assert "Suspension de revenu annoncée ou décidée (reste à prendre en compte)" in image(client, journey_id)
