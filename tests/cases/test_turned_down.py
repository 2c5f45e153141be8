"""A journey that is turned down: asked first, told in its thread, taken back, and counted nowhere as running."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

import coordination
from coordination.cases.commands.course import TURNS_DOWN
from coordination.reference import label
from coordination.web.filters import long_date
from tests.cases.life_kit import course, send, state
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, last_audit
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import rows, scalar

LISTS = (
    ("/parcours/", r"(\d+) parcours en cours"),
    ("/parcours/", r"<strong>(\d+)</strong>"),
    ("/parcours/tableau", r"<strong>(\d+)</strong> suivis"),
    ("/parcours/reaffecter/{referent}", r"(\d+) parcours"),
    ("/parcours/tableau", r">{name}<.*?Parcours suivis\"><div>(\d+)"),
)
OWN = (
    ("/parcours/mes-parcours", r"(\d+) parcours suivis"),
    ("/parcours/ma-journee", r"(\d+) parcours suivis"),
)


def told(client: FlaskClient, pages: tuple[tuple[str, str], ...]) -> Iterator[int]:
    name = re.escape(scalar("SELECT display_name FROM account WHERE email = %s", REFERENT))
    for path, pattern in pages:
        page = unescape(client.get(path.format(referent=account(REFERENT))).text)
        found = re.search(pattern.replace("{name}", name), page, re.S)
        assert found, path
        yield int(found[1])


def turn_down(journey: uuid.UUID) -> None:
    rows("UPDATE journey SET stage = 'NON_RETENU', exit_on = NULL WHERE id = %s", journey)


def test_every_page_counts_the_same_journeys_as_running(site: Flask, journey: uuid.UUID) -> None:
    coordinator, referent = browser(site, COORDINATOR), browser(site, REFERENT)
    before = [*told(coordinator, LISTS), *told(referent, OWN)]
    assert before[0] == before[1] == before[2] and len({*before[3:]}) == 1
    turn_down(journey)
    assert [*told(coordinator, LISTS), *told(referent, OWN)] == [number - 1 for number in before]


def test_it_is_listed_with_those_that_ended_under_its_word(site: Flask, journey: uuid.UUID) -> None:
    ref, word = scalar("SELECT ref FROM journey WHERE id = %s", journey), label("pre_stage", "NON_RETENU")
    turn_down(journey)
    for who, path in ((COORDINATOR, "/parcours/"), (REFERENT, "/parcours/mes-parcours")):
        client = browser(site, who)
        assert ref not in client.get(path).text
        (line,) = [row for row in client.get(f"{path}?etat=termines").text.split("<tr") if ref in row]
        assert word in unescape(line)


def test_it_is_not_met_on_an_outing(site: Flask, journey: uuid.UUID) -> None:
    client, ref = browser(site, REFERENT), scalar("SELECT ref FROM journey WHERE id = %s", journey)
    assert ref in client.get("/parcours/tournee").text
    turn_down(journey)
    assert ref not in client.get("/parcours/tournee").text


# What is true of a past day, not of today.
PAST = {"cases/queries/trial.py"}
HOME = {"alerts/running.py", "cases/models.py"}


def test_what_runs_is_said_in_one_place() -> None:
    """A list that asks for the exit alone counts those that were turned down."""
    package = Path(coordination.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"exit_on IS (NOT )?NULL|exit_on\.is_(not)?\(|stage\.is_distinct_from", path.read_text())
    }
    assert found <= PAST | HOME, found - PAST - HOME


def begin(journey: uuid.UUID, stage: str = "ATTENTE") -> None:
    """The journey has not begun yet: what came after its opening is not there."""
    rows(
        "UPDATE journey SET stage = %s, opened_on = %s, validated_on = NULL, diagnosis_on = NULL,"
        " entered_on = NULL WHERE id = %s",
        stage,
        TODAY - timedelta(days=40),
        journey,
    )


def thread(client: FlaskClient, journey: uuid.UUID) -> str:
    return re.sub(r"\s+", " ", unescape(client.get(f"/parcours/{journey}").text))


def test_it_is_asked_first_then_told_with_its_day_its_author_and_its_reason(
    site: Flask, journey: uuid.UUID
) -> None:
    client, on = browser(site, REFERENT), TODAY - timedelta(days=3)
    begin(journey)
    chosen = course(journey) | {"stage": "NON_RETENU", "stage_on": on.isoformat()}
    mute = send(client, journey, "etape", **chosen)
    assert mute.status_code == 422 and "pourquoi le parcours n'est pas retenu" in unescape(mute.text)
    chosen["note"] = "La famille déménage avant la rentrée."
    asked = send(client, journey, "etape", **chosen)
    assert asked.status_code == 422 and "À vérifier" in asked.text and TURNS_DOWN in unescape(asked.text)
    assert chosen["note"] in asked.text and state(journey) == ("ATTENTE", None)
    assert scalar("SELECT count(*) FROM turn WHERE journey_id = %s", journey) == 0
    done = send(client, journey, "etape", **chosen, sure=TURNS_DOWN)
    assert done.status_code == 303 and state(journey) == ("NON_RETENU", None)
    assert last_audit("changement_etape")[2].split(",")[-1] == "turn"
    assert stored() == from_scratch()
    told, who = thread(client, journey), scalar("SELECT display_name FROM account WHERE email = %s", REFERENT)
    word = label("pre_stage", "NON_RETENU")
    line = re.search(rf"<li[^>]*>(?:(?!</li>).)*Étape : {re.escape(word)}.*?</li>", told)
    assert line and long_date(on) in told
    assert chosen["note"] in line.group() and who in line.group()
    for period in ("", "?periode=tout"):
        drawn = unescape(client.get(f"/parcours/{journey}/image{period}").text).split("<table")
        assert "Non retenu</text>" in drawn[0]
        assert f"Parcours non retenu, noté par {who}" in drawn[1]
    note = scalar("SELECT note FROM turn WHERE journey_id = %s", journey)
    assert b"nage" not in bytes(note)


def test_a_mistake_is_taken_back_to_the_stage_before_and_stays_told(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    begin(journey)
    chosen = course(journey) | {"stage": "NON_RETENU", "stage_on": TODAY.isoformat(), "note": "Par erreur."}
    assert send(client, journey, "etape", **chosen, sure=TURNS_DOWN).status_code == 303
    page = thread(client, journey)
    assert f'href="/parcours/{journey}/reouverture">Rouvrir le parcours, ou corriger' in page
    out = unescape(client.get(f"/parcours/{journey}/sortie").text)
    assert f"n'a pas été retenu, le {long_date(TODAY)} : il est déjà clos" in out and "reouverture" in out
    assert "Changer l'étape" not in out
    late = send(client, journey, "sortie", reason="RELAIS_DC", on=TODAY.isoformat())
    assert late.status_code == 422
    assert "n'a pas été retenu : il est déjà clos" in unescape(late.text).replace("\N{NO-BREAK SPACE}", " ")
    stages = unescape(client.get(f"/parcours/{journey}/etape").text)
    assert "Rouvrir ce parcours" in stages and 'value="ATTENTE"' not in stages
    aside = course(journey) | {"stage": "ATTENTE", "stage_on": TODAY.isoformat()}
    refused = send(client, journey, "etape", **aside)
    assert refused.status_code == 422 and "se note sur sa propre page" in refused.text
    again = unescape(client.get(f"/parcours/{journey}/reouverture").text)
    assert f"n'a pas été retenu, le {long_date(TODAY)}" in again and "rien à rouvrir" not in again
    (ticked,) = re.findall(r"<input checked[^>]*>", again)
    assert 'value="ATTENTE"' in ticked
    back = {"stage": "ATTENTE", "on": TODAY.isoformat(), "note": "La famille reste."}
    before = send(client, journey, "reouverture", **(back | {"on": (TODAY - timedelta(days=1)).isoformat()}))
    assert before.status_code == 422 and "terminé depuis le" in before.text
    assert send(client, journey, "reouverture", **(back | {"stage": "EN_COURS"})).status_code == 422
    assert send(client, journey, "reouverture", **back).status_code == 303
    assert state(journey) == ("ATTENTE", None) and stored() == from_scratch()
    told = thread(client, journey)
    assert f"Étape : {label('pre_stage', 'NON_RETENU')}, rouvert ensuite" in told and "Par erreur." in told
    assert "Parcours rouvert" in told and "La famille reste." in told
    drawn = unescape(client.get(f"/parcours/{journey}/image").text).split("<table")
    assert "Non retenu, puis rouvert</text>" in drawn[0] and "Parcours rouvert" in drawn[1]


def test_one_that_an_import_brought_so_is_reopened_too(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    begin(journey)
    turn_down(journey)
    again = unescape(client.get(f"/parcours/{journey}/reouverture").text)
    assert "n'a pas été retenu." in again and not re.findall(r"<input checked", again)
    back = {"stage": "SAISINE", "on": TODAY.isoformat(), "note": "Nouvelle saisine."}
    assert send(client, journey, "reouverture", **back).status_code == 303
    assert state(journey) == ("SAISINE", None)


def test_what_is_said_of_a_stage_needs_a_change_of_it(site: Flask, journey: uuid.UUID) -> None:
    given = course(journey) | {"stage": "EN_COURS", "note": "Un mot."}
    refused = send(browser(site, REFERENT), journey, "etape", **given)
    assert refused.status_code == 422 and "l'étape n'a pas changé" in unescape(refused.text)
    assert "Un mot." in refused.text


def test_every_change_of_stage_is_told(site: Flask, journey: uuid.UUID) -> None:
    client, on = browser(site, REFERENT), TODAY - timedelta(days=2)
    who = scalar("SELECT display_name FROM account WHERE email = %s", REFERENT)
    given = course(journey) | {"stage": "BILAN", "stage_on": on.isoformat()}
    assert send(client, journey, "etape", **given).status_code == 303
    # Many a handover later the stage and what ended before are still told.
    rows(
        "INSERT INTO turn (id, journey_id, folder_id, kind, on_date, by_id) SELECT gen_random_uuid(), journey_id,"
        " id, 'RELAIS', %s, %s FROM folder, generate_series(1, 7) WHERE journey_id = %s AND volet = 'coordination'",
        TODAY,
        account(REFERENT),
        journey,
    )
    told, word = thread(client, journey), label("pre_stage", "BILAN")
    line = re.search(rf"<li[^>]*>(?:(?!</li>).)*Étape : {re.escape(word)}.*?</li>", told)
    assert line and who in line.group() and long_date(on) in told
    assert told.count("<strong>Passage de relais</strong>") == 5
    table = unescape(client.get(f"/parcours/{journey}/image").text).split("<table")[1]
    assert f"Étape : {word}, noté par {who}" in table


def test_suspended_comes_with_a_pause_alone(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    page = unescape(client.get(f"/parcours/{journey}/etape").text)
    assert 'value="SUSPENDU"' not in page
    assert "Pour suspendre le parcours, notez une pause" in page and f"/parcours/{journey}/pause" in page
    given = course(journey) | {"stage": "SUSPENDU", "stage_on": TODAY.isoformat()}
    refused = send(client, journey, "etape", **given)
    assert refused.status_code == 422 and "Notez d'abord une pause" in unescape(refused.text)
    assert state(journey)[0] == "EN_COURS"
    rows(
        "INSERT INTO pause (id, journey_id, folder_id, from_on) SELECT gen_random_uuid(), journey_id, id, %s"
        " FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        TODAY,
        journey,
    )
    assert 'value="SUSPENDU"' in client.get(f"/parcours/{journey}/etape").text
    assert send(client, journey, "etape", **given).status_code == 303
    assert rows("SELECT stage, suspended_from FROM journey WHERE id = %s", journey) == [
        ("SUSPENDU", "EN_COURS")
    ]
    assert "Une pause est en cours" in client.get(f"/parcours/{journey}/etape").text
    # As an import may bring it.
    rows("DELETE FROM pause WHERE journey_id = %s", journey)
    assert "Aucune pause n'est notée" in unescape(client.get(f"/parcours/{journey}/etape").text)
