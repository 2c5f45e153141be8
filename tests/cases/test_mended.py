"""What a newcomer found on the pages of a journey, and that must not come back."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from coordination import clock
from coordination.accounts import lists
from coordination.accounts.commands import operator_actor
from coordination.web.filters import long_date
from tests.cases.pages_kit import REFERENT, browser, post, silent_journey
from tests.cases.test_pages_records import TYPED, agreed, latest
from tests.conftest import TODAY
from tests.support import rows, scalar


def test_a_withdrawn_agreement_is_said_first(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    assert "plus rien ne se partage" not in client.get(f"/parcours/{journey}").text
    for status, said in (("RETIRE", "Accord retiré le"), ("REFUS", "Accord refusé le")):
        rows(
            "UPDATE journey SET agreement_status = %s, agreement_on = %s WHERE id = %s",
            status,
            TODAY,
            journey,
        )
        page = client.get(f"/parcours/{journey}").text
        assert said in page and "Aucune alerte, et rien à venir" not in page


def test_the_school_of_a_new_year_begins_with_what_is_known(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    rows("DELETE FROM schooling WHERE journey_id = %s", journey)
    page = unescape(client.get(f"/parcours/{journey}").text)
    known = re.search(r"<dt>(?:École|Établissement|Scolarité)</dt>\s*<dd>([^<,]+)", page)
    assert known, "the journey has no school"
    form = unescape(client.get(f"/parcours/{journey}/scolarite").text)
    assert f'value="{known.group(1).strip()}"' in form


def test_a_retired_code_stays_where_it_was_chosen_and_is_not_chosen_anew(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    assert post(client, f"/parcours/{journey}/pause", **TYPED["pause"]).status_code == 303
    pause, version = latest("pause", journey)
    code = TYPED["pause"]["reason"]
    held = scalar("SELECT count(*) FROM coded_label WHERE code = %s", code)
    assert held == 0
    lists.change_label(
        operator_actor(), "pause_reason", code, 0, clock.now(), label="Motif d'avant", retired_on=TODAY
    )
    lists.refresh()
    try:
        page = unescape(client.get(f"/parcours/pause/{pause}").text)
        assert "Motif d'avant (retiré de la liste)" in page
        kept = post(client, f"/parcours/pause/{pause}", **TYPED["pause"], version=version)
        assert kept.status_code == 303
        assert "Motif d'avant" not in unescape(client.get(f"/parcours/{journey}/pause").text)
        refused = post(client, f"/parcours/{journey}/pause", **TYPED["pause"])
        assert refused.status_code == 422 and "retirée de la liste depuis" in refused.text
    finally:
        rows("DELETE FROM coded_label")
        lists.refresh()


def test_what_was_noted_comes_back_on_the_journey(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    answer = post(
        client,
        f"/parcours/{journey}/diagnostic",
        diagnosis_on=TODAY.isoformat(),
        diagnosis="Lit peu, aime dessiner.",
        version=version,
    )
    assert answer.status_code == 303
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    answer = post(
        client,
        f"/parcours/{journey}/accord",
        status="SIGNE",
        on=TODAY.isoformat(),
        volets=["scolarite"],
        remark="Ne pas prévenir l'école.",
        signer=scalar("SELECT id FROM representative WHERE journey_id = %s LIMIT 1", journey),
        version=version,
    )
    assert answer.status_code == 303, answer.text
    page = unescape(client.get(f"/parcours/{journey}").text)
    for words in ("Lit peu, aime dessiner.", "Ne pas prévenir l'école.", "couvre : scolarité"):
        assert words in page, words
    line = page[page.index("Fil du parcours") :]
    assert "Accord signé" in line and "Couvre : scolarité. Ne pas prévenir l'école." in line
    assert "Diagnostic partagé" in line and "Entrée dans le parcours" in line


def test_each_agreement_stays_on_the_picture_and_a_child_does_not_sign(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    first = scalar("SELECT agreement_on FROM journey WHERE id = %s", journey)
    signer = scalar("SELECT id FROM representative WHERE journey_id = %s LIMIT 1", journey)

    def sign(**more: Any) -> TestResponse:
        version = scalar("SELECT version FROM journey WHERE id = %s", journey)
        given = {"status": "SIGNE", "on": TODAY.isoformat(), "volets": ["scolarite"], "version": version}
        return post(client, f"/parcours/{journey}/accord", **given | more)

    refused = sign()
    assert refused.status_code == 422 and "Indiquez qui a signé." in refused.text
    assert sign(signer=signer, on=first.isoformat()).status_code == 303
    assert sign(signer=signer).status_code == 303
    table = unescape(client.get(f"/parcours/{journey}/image?periode=tout").text)
    assert table.count("Accord signé") >= 2 and long_date(first) in table


def test_an_ended_journey_has_no_next_step_and_says_how_many_documents(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    assert "Aucun document joint." in client.get(f"/parcours/{journey}").text
    rows("UPDATE journey SET exit_on = %s WHERE id = %s", TODAY, journey)
    page = client.get(f"/parcours/{journey}").text
    assert "Parcours terminé" in page and "Aucune prochaine étape" not in page


def test_the_next_step_is_what_is_still_to_come(site: Flask) -> None:
    """Of what is late the alerts speak; it stands there only where nothing else is planned."""
    client, journey = browser(site, REFERENT), agreed()
    for table in ("review", "appointment", "action", "pause"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey)
    late = TODAY - timedelta(days=40)
    assert post(client, f"/parcours/{journey}/bilan", due_on=str(late)).status_code == 303
    shown = client.get(f"/parcours/{journey}").text
    assert "date passée" in shown
    when = TODAY + timedelta(days=1)
    sent = post(client, f"/parcours/{journey}/rendez-vous", on_date=str(when), status="A_VENIR")
    assert sent.status_code == 303, sent.text
    shown = client.get(f"/parcours/{journey}").text
    assert "date passée" not in shown and long_date(when).lower() in shown.lower()


def test_a_return_that_is_awaited_leads_to_where_it_is_noted(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    for table in ("review", "appointment", "action", "pause"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey)
    assert "Noter la reprise" not in client.get(f"/parcours/{journey}").text
    pause = {"reason": "FAMILLE", "from_on": str(TODAY), "expected_return": str(TODAY + timedelta(days=20))}
    assert post(client, f"/parcours/{journey}/pause", **pause).status_code == 303
    found = re.search(r'href="([^"]+)">Noter la reprise', client.get(f"/parcours/{journey}").text)
    assert found and 'id="returned_on"' in client.get(found.group(1)).text


def test_an_action_says_who_follows_it_and_what_was_noted(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    given = {
        "kind": "SOUTIEN_SCO",
        "droit_commun": "SOLLICITE",
        "status": "PREVUE",
        "planned_start": TODAY.isoformat(),
        "owner": "Mme Dufour",
        "detail": "Le mardi, avec le goûter.",
    }
    assert post(client, f"/parcours/{journey}/action", **given).status_code == 303
    assert "Suivie par Mme Dufour. Le mardi, avec le goûter." in client.get(f"/parcours/{journey}").text


def test_what_a_second_exchange_closes_is_not_what_the_first_one_did(site: Flask) -> None:
    client, journey = browser(site, REFERENT), silent_journey(REFERENT)
    given = {"when": TODAY.isoformat(), "mode": "VAD", "outcome": "ABOUTI"}
    for said in (" close", "Échange enregistré."):
        sent = post(client, f"/parcours/{journey}/echange", **given)
        page = client.get(sent.headers["Location"]).text
        assert re.search(rf"Échange enregistré[^<]*{said}" if said == " close" else said, page)


def test_an_acronym_stays_one_within_a_sentence(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    for mode in ("SMS", "TELEPHONE"):
        given = {"on": TODAY, "mode": mode, "outcome": "MESSAGE", "note": ""}
        assert post(client, f"/parcours/{journey}/echange", **given).status_code == 303
    page = client.get(f"/parcours/{journey}/image").text
    assert "Message laissé (SMS)" in page and "Message laissé (téléphone)" in page and "(sms)" not in page
