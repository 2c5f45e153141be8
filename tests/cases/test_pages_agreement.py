"""The page of the agreement: signing opens what it covers, withdrawing closes at once, all of it kept."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination.accounts.queries import load_actor
from coordination.cases.commands.documents import NewDocument, attach_document
from coordination.cases.commands.reassign import Reassignment, reassign
from coordination.web.filters import long_date
from tests.cases.pages_kit import COORDINATOR, NOW, REFERENT, account, browser, journeys_of, last_audit, post
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import rows, scalar

VOLETS = ["scolarite", "social", "sante"]


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    return journeys_of(REFERENT)[0]


def record(client: FlaskClient, journey: uuid.UUID, **values: Any) -> Any:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    signed = {"status": "SIGNE", "on": TODAY.isoformat(), "volets": VOLETS, "signer": parent(journey)}
    given = signed | {"version": version} | values
    return post(client, f"/parcours/{journey}/accord", **given)


def parent(journey: uuid.UUID) -> str:
    query = "SELECT id FROM representative WHERE journey_id = %s ORDER BY position LIMIT 1"
    return str(scalar(query, journey) or "")


def open_volets(journey: uuid.UUID) -> set[str]:
    return {v for (v,) in rows("SELECT volet FROM folder WHERE journey_id = %s AND open", journey)}


def readable(journey: uuid.UUID) -> set[str]:
    """Volets that the référent has access to."""
    query = (
        "SELECT f.volet FROM access a JOIN folder f ON f.id = a.folder_id WHERE a.journey_id = %s"
        " AND a.actor_id = (SELECT id FROM account WHERE email = %s)"
    )
    return {volet for (volet,) in rows(query, journey, REFERENT)}


def test_a_signature_opens_what_it_covers_and_no_more(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    assert record(client, journey, volets=["scolarite", "social"]).status_code == 303
    assert (
        open_volets(journey) & set(VOLETS) == {"scolarite", "social"} == readable(journey) - {"coordination"}
    )
    page = client.get(f"/parcours/{journey}/accord").text
    assert "Accord signé" in page and "scolarite" in page
    assert record(client, journey).status_code == 303
    assert set(VOLETS) <= open_volets(journey) and set(VOLETS) <= readable(journey)


def test_a_withdrawal_closes_at_once_and_a_new_signature_opens_again(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    record(client, journey, volets=["social"])
    assert record(client, journey, status="RETIRE").status_code == 303
    assert readable(journey) == {"coordination"}
    assert record(client, journey, volets=["social"]).status_code == 303
    assert readable(journey) == {"coordination", "social"}
    statuses = rows("SELECT status FROM agreement WHERE journey_id = %s ORDER BY position", journey)
    # The first is what the import said.
    assert statuses == [("SIGNE",), ("SIGNE",), ("RETIRE",), ("SIGNE",)]
    assert last_audit("saisie_accord")[2] == "agreement_status,agreement_on"


def test_who_signed_is_kept_and_shown(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    parent = rows("SELECT id FROM representative WHERE journey_id = %s ORDER BY position", journey)[0][0]
    assert record(client, journey, signer=str(parent), remark="Pas de courrier.").status_code == 303
    page = client.get(f"/parcours/{journey}/accord").text
    assert "Pas de courrier." in page and ", par " in page
    assert "A signé l&#39;accord" in client.get(f"/parcours/{journey}").text
    other = rows("SELECT id FROM representative WHERE journey_id <> %s LIMIT 1", journey)[0][0]
    for stranger in (str(other), "x"):
        refused = record(client, journey, signer=stranger)
        assert refused.status_code == 422 and "une des personnes" in refused.text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"status": ""}, "Choisissez une des réponses"),
        ({"status": "PEUT_ETRE"}, "Choisissez une des réponses"),
        ({"on": ""}, "Indiquez une date"),
        ({"on": "2026-13-40"}, "Cette date n&#39;existe pas"),
        ({"on": f"{TODAY.year + 1}-01-01"}, "dans le futur"),
        ({"volets": []}, "Cochez au moins un volet"),
        ({"volets": ["protection"]}, "Cochez au moins un volet"),
    ],
)
def test_what_cannot_be_is_refused(
    site: Flask, journey: uuid.UUID, values: dict[str, Any], sentence: str
) -> None:
    refused = record(browser(site, REFERENT), journey, **{"remark": "gardée", **values})
    assert refused.status_code == 422 and sentence in refused.text and "gardée" in refused.text
    assert rows("SELECT 1 FROM agreement WHERE journey_id = %s", journey) == []


def test_two_people_note_the_agreement_at_once(site: Flask, journey: uuid.UUID) -> None:
    read = scalar("SELECT version FROM journey WHERE id = %s", journey)
    assert record(browser(site, COORDINATOR), journey, status="RETIRE").status_code == 303
    conflict = record(browser(site, REFERENT), journey, version=read)
    assert conflict.status_code == 409 and ">Retiré</dd>" in conflict.text
    assert scalar("SELECT agreement_status FROM journey WHERE id = %s", journey) == "RETIRE"


def test_a_line_taken_back_in_another_window_is_ones_own_change(site: Flask, journey: uuid.UUID) -> None:
    client, other = browser(site, REFERENT), "par quelqu'un d'autre"
    # Noted twice on one day: what the journey says of it does not differ, its version does.
    record(client, journey)
    record(client, journey, remark="Relu avec la mère.")
    read = scalar("SELECT version FROM journey WHERE id = %s", journey)
    take_back(client, journey, lines(journey)[0][0])
    conflict = record(client, journey, version=read, status="REFUS")
    assert conflict.status_code == 409 and other not in unescape(conflict.text)
    assert "Vous avez modifié cela dans une autre fenêtre" in unescape(conflict.text)
    # Somebody else after oneself, be it for the référent alone.
    read = scalar("SELECT version FROM journey WHERE id = %s", journey)
    chief = load_actor(account(COORDINATOR), NOW)
    reassign(chief, Reassignment(((journey, read),), account(REFERENT)), NOW)
    conflict = record(client, journey, version=read, status="REFUS")
    assert conflict.status_code == 409 and other in unescape(conflict.text)


def test_a_foreign_journey_is_not_found(site: Flask) -> None:
    foreign = journeys_of("mipe.ml@demo.example")[0]
    client = browser(site, REFERENT)
    assert client.get(f"/parcours/{foreign}/accord").status_code == 404
    assert record(client, foreign).status_code == 404


def lines(journey: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """Those that stand, the latest first."""
    return rows(
        "SELECT id, status FROM agreement a WHERE journey_id = %s AND cancels IS NULL"
        " AND NOT EXISTS (SELECT FROM agreement b WHERE b.cancels = a.id) ORDER BY position DESC",
        journey,
    )


def take_back(client: FlaskClient, journey: uuid.UUID, line: uuid.UUID) -> Any:
    return post(client, f"/parcours/{journey}/accord/{line}/retirer")


def test_a_refusal_noted_by_mistake_is_taken_back(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    record(client, journey, volets=["social"], remark="Ne pas prévenir l'école.")
    before = rows("SELECT agreement_status, agreement_on FROM journey WHERE id = %s", journey)
    record(client, journey, status="REFUS")
    assert readable(journey) == {"coordination"}
    # What the family asked for is not forgotten with the refusal.
    assert "Ne pas prévenir l&#39;école." in client.get(f"/parcours/{journey}").text
    assert "Noté par erreur" in client.get(f"/parcours/{journey}/accord").text
    assert take_back(client, journey, lines(journey)[0][0]).status_code == 303
    assert rows("SELECT agreement_status, agreement_on FROM journey WHERE id = %s", journey) == before
    assert readable(journey) == {"coordination", "social"}
    assert [status for _, status in lines(journey)] == ["SIGNE", "SIGNE"]
    assert stored() == from_scratch()
    page = client.get(f"/parcours/{journey}/accord").text
    assert "<s>Refus</s>" in page and "ligne notée par erreur, retirée par Claire Delattre" in page
    assert "Refus" not in client.get(f"/parcours/{journey}/image").text
    # Kept for ever: neither line can be taken away.
    assert scalar("SELECT count(*) FROM agreement WHERE journey_id = %s", journey) == 4


def test_the_only_line_gives_back_what_the_import_said(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    before = rows("SELECT agreement_status, agreement_on FROM journey WHERE id = %s", journey)
    assert lines(journey) == []
    record(client, journey, status="RETIRE")
    take_back(client, journey, lines(journey)[0][0])
    assert rows("SELECT agreement_status, agreement_on FROM journey WHERE id = %s", journey) == before
    assert lines(journey)[0][1] == "SIGNE" and "coordination" in readable(journey)


def imported(status: str = "SIGNE") -> uuid.UUID:
    """A journey whose agreement came with the import."""
    return next(
        id_
        for id_ in journeys_of(REFERENT)
        if scalar("SELECT agreement_status FROM journey WHERE id = %s", id_) == status and not lines(id_)
    )


SAID = "repris avec le dossier importé"


def test_what_the_import_said_outlives_what_is_noted_after_it(site: Flask) -> None:
    client, signed = browser(site, REFERENT), imported()
    path = f"/parcours/{signed}"
    day = scalar("SELECT agreement_on FROM journey WHERE id = %s", signed)

    def history() -> str:
        return unescape(client.get(f"{path}/accord").text).partition("Ce qui a été noté")[2]

    assert history().count(SAID) == 1 and long_date(day) in history() and "Noté par erreur" not in history()
    for status in ("RETIRE", "REFUS"):
        assert record(client, signed, status=status).status_code == 303
        assert history().count(SAID) == 1 and long_date(day) in history()
        thread = unescape(client.get(path).text).partition("Fil du parcours")[2]
        assert "Accord signé" in thread and SAID in thread
        assert (
            "Accord signé" in unescape(client.get(f"{path}/image?periode=tout").text).partition("<table")[2]
        )
    assert record(client, signed).status_code == 303
    assert history().count(SAID) == 1, "told once"


def test_what_the_import_said_stands_alone_again(site: Flask) -> None:
    client, signed = browser(site, REFERENT), imported()
    before, could = (
        rows("SELECT agreement_status, agreement_on FROM journey WHERE id = %s", signed),
        readable(signed),
    )
    record(client, signed, status="REFUS")
    take_back(client, signed, lines(signed)[0][0])
    assert rows("SELECT agreement_status, agreement_on FROM journey WHERE id = %s", signed) == before
    assert readable(signed) == could
    page = unescape(client.get(f"/parcours/{signed}/accord").text)
    assert page.count(SAID) == 1 and "<s>Refus</s>" in page and "Noté par erreur" not in page
    # Nothing was before it: it is not taken back.
    ((line, _),) = lines(signed)
    take_back(client, signed, line)
    assert [id_ for id_, _ in lines(signed)] == [line]
    assert "ne se retire pas" in unescape(client.get(f"/parcours/{signed}/accord").text)
    record(client, signed, status="RETIRE")
    assert [status for _, status in lines(signed)] == ["RETIRE", "SIGNE"], "told once"


def test_nobody_agrees_to_a_volet_by_leaving_a_tick(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    assert record(client, journey, status="PRESENTE").status_code == 303
    page = unescape(client.get(f"/parcours/{journey}/accord").text)
    offered = re.findall(r'<input[^>]*name="volets"[^>]*>', page)
    assert len(offered) == 3 and not any("checked" in one for one in offered)
    refused = record(client, journey, volets=[])
    assert refused.status_code == 422 and "Cochez au moins un volet" in unescape(refused.text)


def test_a_journey_opened_here_was_not_imported(site: Flask, journey: uuid.UUID) -> None:
    rows("UPDATE journey SET agreement_status = 'A_DEMANDER', agreement_on = NULL WHERE id = %s", journey)
    page = browser(site, REFERENT).get(f"/parcours/{journey}/accord").text
    assert "repris avec le dossier importé" not in page


def test_an_older_line_or_that_of_another_journey_stays(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    record(client, journey)
    record(client, journey, status="REFUS")
    old = lines(journey)[1][0]
    take_back(client, journey, old)
    assert old in {line for line, _ in lines(journey)}
    other = journeys_of(REFERENT)[1]
    assert take_back(client, other, lines(journey)[0][0]).status_code == 404
    assert take_back(browser(site, COORDINATOR), journey, uuid.uuid4()).status_code == 404
    assert len(lines(journey)) == 3


def test_the_page_names_the_signed_paper(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    actor = load_actor(account(REFERENT), NOW)
    paper = NewDocument("ACCORD", "coordination", "accord.pdf", b"%PDF-1.4\n")
    attach_document(actor, journey, paper, NOW)
    assert "accord.pdf" in client.get(f"/parcours/{journey}/accord").text


def test_a_signed_agreement_is_not_renewed_by_one_tap(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    assert record(client, journey).status_code == 303
    page = unescape(client.get(f"/parcours/{journey}/accord").text)
    assert "L'accord est signé depuis le" in page
    statuses = re.findall(r'<input[^>]*name="status"[^>]*>', page)
    assert len(statuses) > 3 and not any("checked" in one for one in statuses)
    ticked = re.findall(r'<input[^>]*name="volets"[^>]*>', page)
    assert {re.findall('value="([a-z]+)"', one)[0] for one in ticked if "checked" in one} == set(VOLETS)
    lines = "SELECT count(*) FROM agreement WHERE journey_id = %s"
    before = scalar(lines, journey)
    refused = record(client, journey, status="")
    assert refused.status_code == 422 and 'id="status-error"' in refused.text
    assert scalar(lines, journey) == before


def said(client: FlaskClient, journey: uuid.UUID) -> str:
    """The page of the journey, as it is read."""
    return re.sub(r"\s+", " ", unescape(client.get(f"/parcours/{journey}").text))


def test_who_signed_an_agreement_withdrawn_since_had_signed_it(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    record(client, journey)
    assert "A signé l'accord" in said(client, journey)
    record(client, journey, status="RETIRE")
    page = said(client, journey)
    assert "A signé l'accord" not in page and "Avait signé l'accord, retiré depuis" in page
    record(client, journey, status="REFUS")
    assert "igné l'accord" not in said(client, journey).partition("Qui appeler")[2].partition("</section>")[0]


def test_a_withdrawal_tells_each_what_is_left_to_do(site: Flask, journey: uuid.UUID) -> None:
    client, chief = browser(site, REFERENT), browser(site, COORDINATOR)
    record(client, journey)
    record(client, journey, status="RETIRE")
    # An alert stands right below, of the withdrawal itself.
    assert "A14" in {rule for (rule,) in rows("SELECT rule FROM deadline WHERE journey_id = %s", journey)}
    alike = "plus rien ne se partage, et les autres alertes s'arrêtent."
    mine, theirs = said(client, journey), said(chief, journey)
    assert alike in mine and alike in theirs
    assert "Il reste à prévenir la coordination et, s'il y a lieu, à " in mine
    assert "prévenir la coordination" not in theirs and "Il reste, s'il y a lieu, à " in theirs
    rows("UPDATE journey SET exit_on = %s, stage = 'SORTI' WHERE id = %s", TODAY, journey)
    ended = said(client, journey)
    assert (
        "plus rien ne se partage." in ended and "Il reste" not in ended and "alertes s'arrêtent" not in ended
    )


def test_why_it_was_withdrawn_does_not_outlive_a_newer_signature(site: Flask, journey: uuid.UUID) -> None:
    client, known = browser(site, REFERENT), "À savoir, noté avec l'accord : "
    record(client, journey, remark="Ne pas prévenir l'école.")
    record(client, journey, status="RETIRE", remark="La mère préfère attendre.")
    assert f"{known}La mère préfère attendre." in said(client, journey)
    record(client, journey)
    assert f"{known}Ne pas prévenir l'école." in said(client, journey), "a wish outlives a refusal"
    record(client, journey, remark="Pas le lundi.")
    assert f"{known}Pas le lundi." in said(client, journey)


def test_who_takes_a_refusal_back_knows_when_alerts_return(site: Flask, journey: uuid.UUID) -> None:
    client, returns = browser(site, REFERENT), "à la prochaine analyse quotidienne"
    for status, told in (("REFUS", True), ("SIGNE", False)):
        record(client, journey, status=status)
        take_back(client, journey, lines(journey)[0][0])
        page = unescape(client.get(f"/parcours/{journey}/accord").text)
        assert "Ligne retirée" in page and (returns in page) is told
