"""The journal of accesses of the data protection officer: filters, pages, file."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock, reference
from coordination.console import alphabetical
from coordination.web import oversight
from tests.databases import superuser
from tests.people import csrf_token, make_account, signed_in
from tests.support import rows, scalar


def lines(page: str) -> list[str]:
    return page[page.index("Ligne par ligne") :].split("<tbody>")[-1].split("<tr>")[1:]


def officer(app: Flask) -> FlaskClient:
    make_account("DPO")
    return signed_in(app.test_client(), "dpo@exemple.fr")


def check(dpo: FlaskClient) -> str:
    token = csrf_token(dpo.get("/journal"))
    return dpo.post("/journal/verification", data={"csrf_token": token}, follow_redirects=True).text


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


@pytest.mark.parametrize(
    ("asked", "field", "words"),
    [
        ("du=2026-11-02&au=2026-11-01", "au", "La période finit avant de commencer"),
        ("du=2126-01-01", "du", "Cette date est dans le futur"),
        ("du=2026-13-01", "du", "Cette date n'existe pas"),
        ("au=hier", "au", "Cette date n'existe pas"),
        ("qui=zzz", "qui", "pas dans la liste : il n'a pas été retenu"),
        ("structure=zzz", "structure", "pas dans la liste : il n'a pas été retenu"),
        ("action=zzz", "action", "pas dans la liste : il n'a pas été retenu"),
        ("refus=zzz", "refus", "pas dans la liste : il n'a pas été retenu"),
        ("qui=00000000-0000-0000-0000-000000000007", "qui", "pas dans la liste."),
    ],
)
def test_what_cannot_be_followed_is_said_beside_its_field(
    app: Flask, asked: str, field: str, words: str
) -> None:
    dpo = officer(app)
    shown = unescape(dpo.get(f"/journal?{asked}").text)
    (name, sentence) = re.findall(r'id="filtre-(\w+)-error">([^<]+)<', shown)[0]
    assert name == field and words in sentence
    assert f'aria-describedby="filtre-{field}-error"' in shown
    assert dpo.get(f"/journal.csv?{asked}").status_code == 200
    assert "-error" not in dpo.get("/journal?du=&au=&qui=&action=&structure=&refus=").text


def test_the_choices_are_in_the_order_of_a_french_reader(app: Flask) -> None:
    dpo = officer(app)
    for number, name in enumerate(("Santé", "École", "MIPE", "Maison")):
        rows("INSERT INTO structure (id, code, name) VALUES (gen_random_uuid(), %s, %s)", f"S{number}", name)
    for name, role in (("Audrey", "CCAS"), ("Aïcha", "ADMIN")):
        rows("UPDATE account SET display_name = %s WHERE id = %s", name, make_account(role))
    shown = unescape(dpo.get("/journal").text)

    def order(of: str) -> list[str]:
        select = shown[shown.index(f'id="filtre-{of}"') :]
        return re.findall(r'<option value="[^"]+">([^<]+)<', select[: select.index("</select>")])

    assert [name for name in order("structure") if name in ("Santé", "École", "MIPE", "Maison")] == [
        "École",
        "Maison",
        "MIPE",
        "Santé",
    ]
    people = order("qui")
    assert people.index("Aïcha") < people.index("Audrey")
    for names in (order("action"), list(reference.communes().values())):
        assert names == sorted(names, key=alphabetical)


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


def test_the_file_says_that_it_stops(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    dpo = officer(app)
    dpo.get("/journal")
    page = dpo.get("/journal").text
    assert "100\u202f000 lignes" in page
    for most, cut in ((2, True), (1000, False)):
        monkeypatch.setattr(oversight, "MOST_LINES", most)
        answer = dpo.get("/journal.csv")
        assert (len(list(csv.DictReader(io.StringIO(answer.text)))) == most) == cut
        assert ("2-lignes" in answer.headers["Content-Disposition"]) == cut


def test_the_officer_checks_the_chains_and_is_told_in_words(app: Flask) -> None:
    make_account("CCAS")
    other = signed_in(app.test_client(), "ccas@exemple.fr")
    token = csrf_token(other.get("/", follow_redirects=True))
    assert other.post("/journal/verification", data={"csrf_token": token}).status_code == 403
    dpo = officer(app)
    assert "Vérifier la chaîne du journal" in dpo.get("/journal").text
    assert "Le journal est intact" in check(dpo)
    # The check leaves its own line.
    details = scalar("SELECT count(*) FROM audit_entry WHERE detail LIKE '%%verification%%'")
    assert details == 1


def test_a_line_changed_in_the_database_is_said(app: Flask) -> None:
    dpo = officer(app)
    with psycopg.connect(superuser(app.config["SETTINGS"]), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE audit_entry SET result = 'refus' WHERE (structure_id, sequence) IN"
            " (SELECT structure_id, sequence FROM audit_entry ORDER BY at_us DESC LIMIT 1)"
        )
    page = check(dpo)
    assert "Le journal n&#39;est plus intact" in page and "1 anomalie" in page.replace("\xa0", " ")
    assert "les colonnes ne correspondent pas au contenu" in page
