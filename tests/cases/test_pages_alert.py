"""The ways out of an alert, as a browser sends them."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, last_audit, post
from tests.conftest import TODAY
from tests.support import rows, scalar


def one_alert() -> tuple[str, dict[str, Any]]:
    """Address of an open alert of the référent, and the start of its form."""
    found = rows(
        "SELECT id, version FROM alert WHERE journey_id = ANY(%s) AND status = 'OUVERTE' ORDER BY id",
        journeys_of(REFERENT),
    )[0]
    return f"/parcours/alerte/{found[0]}", {"version": found[1]}


def status_of(path: str) -> str:
    return str(scalar("SELECT status FROM alert WHERE id = %s", path.rsplit("/", 1)[1]))


def said_of_silence(client: FlaskClient, journey: uuid.UUID) -> bool:
    """Whether an alert that is not put aside says it on the journey's page."""
    said = re.findall(r'class="alert-words">.*?</p>', client.get(f"/parcours/{journey}").text, re.DOTALL)
    return any("Aucun échange enregistré depuis" in one for one in said)


@pytest.mark.parametrize("status", ["VUE", "PRISE_EN_CHARGE"])
def test_one_tap_answers_and_leads_back_to_the_person(site: Flask, status: str) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    answer = post(client, path, **form, status=status, retour="journee")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/parcours/ma-journee#parcours-")
    assert status_of(path) == status
    assert last_audit("reponse_alerte")[1:] == ("fait", "alert,status")


def test_a_postponed_alert_leaves_the_day(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    assert "Une semaine" in client.get(f"{path}?retour=journee").text
    until = TODAY + timedelta(days=7)
    answer = post(client, path, **form, status="REPORTEE", when=str(until), reason="PAUSE", retour="journee")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/ma-journee")
    assert scalar("SELECT postponed_until FROM alert WHERE id = %s", path.rsplit("/", 1)[1]) == until
    assert path not in client.get("/parcours/ma-journee").text
    assert "29 novembre 2026" in client.get(path).text


@pytest.mark.parametrize("status", ["REPORTEE", "SANS_OBJET"])
def test_an_answered_alert_does_not_bring_back_the_one_it_replaces(site: Flask, status: str) -> None:
    """A02 speaks for A01 as long as its deadline stands, not only while it shows."""
    journey = rows(
        "SELECT a.journey_id FROM alert a JOIN alert b ON b.journey_id = a.journey_id AND b.rule = 'A02'"
        " AND b.status = 'OUVERTE' WHERE a.rule = 'A01' AND a.status = 'OUVERTE' AND a.journey_id = ANY(%s)",
        journeys_of(REFERENT),
    )[0][0]
    client = browser(site, REFERENT)
    assert said_of_silence(client, journey)
    rows("UPDATE alert SET status = %s WHERE journey_id = %s AND rule = 'A02'", status, journey)
    assert not said_of_silence(client, journey)
    # Once its deadline is gone it says nothing any more.
    rows("UPDATE deadline SET alert_id = NULL WHERE journey_id = %s AND rule = 'A02'", journey)
    assert said_of_silence(client, journey)


def test_an_alert_set_aside_is_closed(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    answer = post(client, path, **form, status="SANS_OBJET", reason="DOUBLON", comment="Déjà suivie ailleurs")
    assert answer.status_code == 303 and answer.headers["Location"].startswith("/parcours/")
    page = client.get(path).text
    assert "classée sans objet" in page and "Déjà suivie ailleurs" in page


def test_what_was_set_aside_by_mistake_is_taken_up_again(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    post(client, path, **form, status="SANS_OBJET", reason="DOUBLON")
    again = {"version": form["version"] + 1}
    assert "La remettre à traiter" in client.get(path).text
    assert post(client, path, **again, status="REPORTEE", reason="PAUSE", when="7").status_code in (409, 422)
    assert post(client, path, **again, status="VUE").status_code == 303
    assert status_of(path) == "VUE"
    assert "Remise à traiter" in client.get(path).text


def test_what_is_no_longer_so_is_not_taken_up_again(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    post(client, path, **form, status="SANS_OBJET", reason="DOUBLON")
    rows("UPDATE deadline SET alert_id = NULL WHERE alert_id = %s", path.rsplit("/", 1)[1])
    assert "La remettre à traiter" not in client.get(path).text
    assert "Cette alerte est close" in client.get(path).text
    assert post(client, path, version=form["version"] + 1, status="VUE").status_code == 409
    assert status_of(path) == "SANS_OBJET"


WRONG: list[tuple[dict[str, str], str]] = [
    ({"status": ""}, "Choisissez une des réponses proposées"),
    ({"status": "OUBLIEE"}, "Choisissez une des réponses proposées"),
    ({"status": "SANS_OBJET"}, "Choisissez un motif"),
    ({"status": "REPORTEE", "reason": "PAUSE"}, "Indiquez une date à venir"),
    ({"status": "REPORTEE", "reason": "PAUSE", "when": "autre", "until": "2026-11-01"}, "date à venir"),
    (
        {"status": "REPORTEE", "reason": "PAUSE", "when": "autre", "until": "2027-11-01"},
        "Au plus six mois",
    ),
    ({"status": "REPORTEE", "reason": "PAUSE", "when": "autre", "until": "32/13/2026"}, "existe pas"),
]


def test_a_refused_answer_says_where_and_keeps_the_text(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    for wrong, words in WRONG:
        answer = post(client, path, **form, **wrong, comment="Ce que j'en pense")
        assert answer.status_code == 422
        assert words in answer.text and "Ce que j&#39;en pense" in answer.text
        assert status_of(path) == "OUVERTE"


def test_the_same_tap_twice_is_heard_once(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, form = one_alert()
    answers = [post(client, path, **form, status="VUE", retour="journee") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]


def test_an_answer_that_crosses_a_colleague_s_keeps_the_text(site: Flask) -> None:
    path, form = one_alert()
    assert post(browser(site, COORDINATOR), path, **form, status="PRISE_EN_CHARGE").status_code == 303
    answer = post(
        browser(site, REFERENT),
        path,
        **form,
        status="SANS_OBJET",
        reason="DOUBLON",
        comment="Vu avec l'école",
    )
    assert answer.status_code == 409
    assert "Vu avec l&#39;école" in answer.text
    assert f'name="version" value="{form["version"] + 1}"' in answer.text
    assert status_of(path) == "PRISE_EN_CHARGE"


def test_the_alert_of_somebody_else_does_not_exist(site: Flask) -> None:
    client = browser(site, REFERENT)
    foreign = scalar(
        "SELECT a.id FROM alert a JOIN journey j ON j.id = a.journey_id"
        " WHERE programme = 'CITE_EMPLOI' ORDER BY a.id LIMIT 1"
    )
    for wanted in (foreign, uuid.uuid4()):
        assert client.get(f"/parcours/alerte/{wanted}").status_code == 404
        assert post(client, f"/parcours/alerte/{wanted}", status="VUE", version=1).status_code == 404


def test_the_day_asks_why_and_the_answer_is_open(site: Flask) -> None:
    client = browser(site, REFERENT)
    page = client.get("/parcours/ma-journee").text
    answers, whys = (
        set(re.findall(pattern, page))
        for pattern in (r"alerte/([-\w]+)\?retour", r"alerte/([-\w]+)\?pourquoi")
    )
    assert whys and whys == answers
    (address, *_) = re.findall(r'href="(/parcours/alerte/[-\w]+\?pourquoi=1[^"]*)"', page)
    assert address.endswith("&amp;retour=journee#en-savoir-plus")
    opened = client.get(address.replace("&amp;", "&").split("#")[0]).text
    assert '<details class="why" id="en-savoir-plus" open>' in opened and "Ma journée" in opened
    path, _ = one_alert()
    assert '<details class="why" id="en-savoir-plus">' in client.get(path).text


def test_why_on_the_journey_leads_to_the_delay_and_its_origin(site: Flask) -> None:
    path, _ = one_alert()
    journey = scalar("SELECT journey_id FROM alert WHERE id = %s", path.rsplit("/", 1)[1])
    page = browser(site, REFERENT).get(f"/parcours/{journey}").text
    found = re.findall(r"<summary>Pourquoi \?.*?</details>", page, re.S)
    assert found
    for why in found:
        assert re.search(r'href="/parcours/alerte/[-\w]+\?pourquoi=1#en-savoir-plus"', why)


def as_rule(path: str, rule: str, kind: str, due_on: str, since: str, because: str) -> str:
    """The alert made one of another rule; its id."""
    id_ = path.rsplit("/", 1)[1]
    rows(
        "UPDATE alert SET rule = %s, kind = %s, due_on = %s, since = %s, because = %s WHERE id = %s",
        *(rule, kind, due_on, since, because, id_),
    )
    return id_


def test_an_announcement_is_not_said_due(site: Flask) -> None:
    client = browser(site, REFERENT)
    path, _ = one_alert()
    id_ = as_rule(path, "S03", "lead", "2026-04-04", "2026-09-01", "school_year")
    text = html.unescape(" ".join(client.get(path).text.split()))
    assert "<dt>Alerte dès le</dt><dd>4 avril 2026</dd>" in text
    assert "<dt>Date visée</dt><dd>1er septembre 2026 (le changement d'année scolaire)</dd>" in text
    assert "Fait de départ" not in text and "Échéance" not in text
    journey = scalar("SELECT journey_id FROM alert WHERE id = %s", id_)
    page = html.unescape(" ".join(client.get(f"/parcours/{journey}").text.split()))
    # Other alerts of the journey may have a fact of that very day.
    (why,) = re.findall(r"<p>Règle S03 .*?</p>", page)
    assert "Alerte dès le 4 avril 2026, date visée : 1er septembre 2026." in why and "Fait du" not in why


def test_an_age_names_its_month_and_no_day(site: Flask) -> None:
    path, _ = one_alert()
    as_rule(path, "S06", "lead", "2026-02-01", "2026-02-01", "age")
    text = html.unescape(" ".join(browser(site, REFERENT).get(path).text.split()))
    assert "16 ans en août 2026 : le relais après le PRE est-il prêt ?" in text
    assert "<dt>Date visée</dt><dd>août 2026</dd>" in text and "Fait de départ" not in text


@pytest.mark.parametrize("rule", ["T14", "T15", "T16", "T17", "T18"])
def test_an_alert_about_a_referral_says_what_to_do_meanwhile(site: Flask, rule: str) -> None:
    client = browser(site, REFERENT)
    path, _ = one_alert()
    meanwhile = "en attendant : appeler, puis noter l'échange, ou reporter."
    assert meanwhile not in html.unescape(client.get(path).text)
    as_rule(path, rule, "overdue", "2026-04-04", "2026-03-04", "referral_sent")
    assert meanwhile in html.unescape(client.get(path).text)
