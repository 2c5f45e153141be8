"""What a newcomer found on the pages of a journey, and that must not come back."""

from __future__ import annotations

import re
import uuid
from html import unescape

from flask import Flask

from coordination import clock
from coordination.accounts import lists
from coordination.accounts.commands import operator_actor
from tests.cases.pages_kit import REFERENT, browser, post
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
        version=version,
    )
    assert answer.status_code == 303, answer.text
    page = unescape(client.get(f"/parcours/{journey}").text)
    for words in ("Lit peu, aime dessiner.", "Ne pas prévenir l'école.", "couvre : scolarité"):
        assert words in page, words
