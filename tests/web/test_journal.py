"""The journal of accesses of the data protection officer: filters, pages, file."""

from __future__ import annotations

import csv
import io

from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from tests.people import make_account, signed_in


def lines(page: str) -> list[str]:
    return page[page.index("Ligne par ligne") :].split("<tbody>")[-1].split("<tr>")[1:]


def officer(app: Flask) -> FlaskClient:
    make_account("DPO")
    return signed_in(app.test_client(), "dpo@exemple.fr")


def test_filters_keep_the_lines_asked_for(app: Flask) -> None:
    ccas = make_account("CCAS")
    signed_in(app.test_client(), "ccas@exemple.fr").get("/comptes")
    dpo = officer(app)
    found = lines(dpo.get(f"/journal?qui={ccas}").text)
    assert len(found) == 2
    refused = lines(dpo.get(f"/journal?qui={ccas}&refus=1").text)
    assert len(refused) == 1 and "Gestion des comptes" in refused[0] and "Refusée" in refused[0]
    assert len(lines(dpo.get(f"/journal?qui={ccas}&action=connexion").text)) == 1
    today = clock.today()
    assert len(lines(dpo.get(f"/journal?qui={ccas}&du={today}&au={today}").text)) == 2
    assert "Aucune ligne" in dpo.get(f"/journal?qui={ccas}&au=2020-01-01&du=2020-01-01").text


def test_pages_hold_fifty_lines_and_keep_the_filters(app: Flask) -> None:
    ccas = make_account("CCAS")
    other = signed_in(app.test_client(), "ccas@exemple.fr")
    for _ in range(50):
        other.get("/comptes")
    dpo = officer(app)
    first = dpo.get(f"/journal?qui={ccas}").text
    assert len(lines(first)) == 50
    assert f"qui={ccas}&amp;page=2" in first
    second = dpo.get(f"/journal?qui={ccas}&page=2").text
    assert len(lines(second)) == 1 and "Lignes plus anciennes" not in second
    # A refusal is one of exactly fifty: no empty page follows.
    assert "Lignes plus anciennes" not in dpo.get(f"/journal?qui={ccas}&refus=1").text


def test_what_cannot_be_read_filters_nothing(app: Flask) -> None:
    dpo = officer(app)
    for odd in ("qui=x", "action=x", "structure=x", "du=x", "au=9999-12-31", "du=0001-01-01", "page=-1"):
        assert dpo.get(f"/journal?{odd}").status_code == 200, odd
    assert dpo.get(f"/journal?page={10**30}").status_code == 200


def test_the_file_holds_ids_only_and_is_for_the_officer(app: Flask) -> None:
    ccas = make_account("CCAS")
    other = signed_in(app.test_client(), "ccas@exemple.fr")
    assert other.get("/journal.csv").status_code == 403
    answer = officer(app).get(f"/journal.csv?qui={ccas}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["action"], row["result"]) for row in rows] == [
        ("consultation_journal", "refus"),
        ("connexion", "fait"),
    ]
    assert "Lemaire" not in answer.text and "@" not in answer.text
