"""Identity, people to call, school: corrected without erasing, refused beside the field, never in clear."""

from __future__ import annotations

import re
import uuid
from datetime import date
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination import clock
from coordination.cases.commands.people import Identity, change_identity
from coordination.errors import BadInput
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, last_audit, post
from tests.conftest import TODAY
from tests.support import import_rows, journey_id, journey_line, person, rows, scalar, world

IDENTITY = {"first_name": "Zoé", "last_name": "Neuve", "birth_date": "2016-04-02", "commune": "62525"}
RELATIVE = {"first_name": "Awa", "last_name": "Canari", "tie": "mère", "phone": "06 12 34 56 78"}


@pytest.fixture
def referent(site: Flask) -> FlaskClient:
    return browser(site, REFERENT)


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    return journeys_of(REFERENT)[0]


def version(journey: uuid.UUID) -> int:
    return int(scalar("SELECT version FROM sheet WHERE journey_id = %s", journey))


def change(client: FlaskClient, journey: uuid.UUID, **values: Any) -> Any:
    given = IDENTITY | {"version": version(journey)} | values
    return post(client, f"/parcours/{journey}/identite", **given)


def test_identity_is_corrected_and_what_it_said_is_kept(referent: FlaskClient, journey: uuid.UUID) -> None:
    shown = referent.get(f"/parcours/{journey}/identite").text
    before = re.search(r'name="last_name"[^>]*value="([^"]+)"', shown)
    assert before
    done = change(referent, journey, interpreter="y", phone="+33 6 12 34 56 78")
    assert done.status_code == 303
    page = referent.get(f"/parcours/{journey}").text
    assert (
        "Zoé Neuve" in page
        and "Interprète nécessaire" in page
        and "06\u00a012\u00a034\u00a056\u00a078" in page
    )
    assert scalar("SELECT count(*) FROM revision WHERE journey_id = %s AND of_table = 'sheet'", journey) == 1
    done_by = last_audit("modification_personnes")
    assert done_by[0] == journey and "last_name" in done_by[2] and "Neuve" not in done_by[2]


def test_a_birth_date_moves_the_clocks_of_the_age(referent: FlaskClient, journey: uuid.UUID) -> None:
    rule = "SELECT due_on FROM deadline WHERE journey_id = %s AND rule = 'S05' AND kind = 'overdue'"
    ages = "SELECT rule, due_on FROM deadline WHERE journey_id = %s AND because = 'birth' ORDER BY 1, 2"
    before = rows("SELECT rule, kind, due_on FROM deadline WHERE journey_id = %s ORDER BY 1, 2, 3", journey)
    assert change(referent, journey, birth_date="2011-04-02").status_code == 303
    after = rows("SELECT rule, kind, due_on FROM deadline WHERE journey_id = %s ORDER BY 1, 2, 3", journey)
    assert before != after, (rule, ages)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("first_name", "", "Indiquez le prénom."),
        ("last_name", "  ", "Indiquez le nom."),
        ("birth_date", "31/02/2016", "Cette date n&#39;existe pas"),
        ("birth_date", date(TODAY.year + 1, 1, 1).isoformat(), "Cette date est dans le futur"),
        ("birth_date", date(TODAY.year, TODAY.month, 1).isoformat(), "avant cette naissance"),
        ("commune", "62014", "pas dans le périmètre du PRE"),
        ("area", "AILLEURS", "Choisissez une des réponses proposées."),
        ("phone", "demander à Awa", "Écrivez le numéro en chiffres"),
        ("phone", "1 85 05 78 006 084 91", "numéro de sécurité sociale"),
        ("email", "awa", "pas complète"),
        ("address", "1 85 05 78 006 084 91", "numéro de sécurité sociale"),
        ("address", "x" * 201, "trop long"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_typed_is_lost(
    referent: FlaskClient, journey: uuid.UUID, field: str, value: str, sentence: str
) -> None:
    refused = change(referent, journey, **{"address": "3 rue Haute", field: value})
    assert refused.status_code == 422
    place = refused.text.index(f'id="{field}-error"')
    assert sentence in refused.text[place : place + 300]
    assert 'value="Zoé"' in refused.text or field == "first_name"
    assert scalar("SELECT count(*) FROM revision WHERE journey_id = %s", journey) == 0


def test_a_neighbourhood_of_another_commune_is_refused(referent: FlaskClient, journey: uuid.UUID) -> None:
    refused = change(referent, journey, commune="62525", area="QCSS")
    assert refused.status_code == 422
    place = unescape(refused.text[refused.text.index('id="area-error"') :])
    assert "Ce quartier est à Saint-Omer, et la commune choisie est Longuenesse" in place[:200]
    refused = change(referent, journey, commune="62765", area="QF_DANVERS")
    assert refused.status_code == 422 and "est à Arques, et" in refused.text
    for commune, area in (
        ("62525", "SELB"),
        ("62525", "QPV"),
        ("62525", "HORS_QPV"),
        ("", "QCSS"),
        ("62765", "QCSS"),
    ):
        assert change(referent, journey, commune=commune, area=area).status_code == 303, area


def test_what_an_import_brought_of_the_place_may_stay(app: Flask) -> None:
    """A commune of another territory, a neighbourhood of another commune: the format takes both."""
    there = {"journeys.csv": [journey_line("CITE-1", "ml", birth_date="", commune="62160", area="QCSS")]}
    import_rows(world((), ()) | there)
    kept = {"sex": "", "email": "", "interpreter": False, "prefers_oral": False, "address": ""}
    journey = journey_id("CITE-1")

    def say(commune: str, area: str) -> list[str]:
        typed = Identity("Zoé", "Neuve", None, phone="", commune=commune, area=area, arrived_on=None, **kept)
        return change_identity(person("ml"), journey, typed, version(journey), clock.now())

    assert "last_name" in say("62160", "QCSS")
    with pytest.raises(BadInput) as refused:
        say("62498", "")
    assert refused.value.fields == {"commune": "Choisissez une commune de la liste."}
    with pytest.raises(BadInput) as refused:
        say("62160", "CH")
    assert refused.value.fields.keys() == {"area"}


def test_two_people_correct_the_identity_and_both_are_shown(site: Flask, journey: uuid.UUID) -> None:
    first, second, read = browser(site, REFERENT), browser(site, COORDINATOR), version(journey)
    assert change(first, journey, version=read, last_name="Leur").status_code == 303
    conflict = change(second, journey, version=read, last_name="Mien")
    assert conflict.status_code == 409
    assert "Leur" in conflict.text and 'value="Mien"' in conflict.text
    assert change(second, journey, version=read + 1, last_name="Mien").status_code == 303


def test_somebody_to_call_is_added_once_corrected_and_removed(
    referent: FlaskClient, journey: uuid.UUID
) -> None:
    path = f"/parcours/{journey}/proche"
    for _ in range(2):
        sent = post(referent, path, idempotency_key="one", trusted="y", prefers_oral="y", **RELATIVE)
        assert sent.status_code == 303
    added = rows("SELECT id FROM representative WHERE journey_id = %s ORDER BY position DESC", journey)[0][0]
    page = referent.get(f"/parcours/{journey}").text
    assert page.count("Awa Canari</p>") + page.count("Awa Canari <span") == 1
    assert "Personne de confiance" in page and "Appeler plutôt" in page
    corrected = post(referent, f"/parcours/proche/{added}", version=1, **(RELATIVE | {"tie": "tante"}))
    assert corrected.status_code == 303 and "(tante)" in referent.get(f"/parcours/{journey}").text
    asked = referent.get(f"/parcours/proche/{added}/retirer").text
    assert "Awa Canari" in asked
    assert post(referent, f"/parcours/proche/{added}/retirer", version=1).status_code == 409
    assert post(referent, f"/parcours/proche/{added}/retirer", version=2).status_code == 303
    assert "Awa Canari" not in referent.get(f"/parcours/{journey}").text
    kept = "SELECT removed FROM revision WHERE of_id = %s ORDER BY position"
    assert rows(kept, added) == [(False,), (True,)]


def test_the_last_person_to_call_is_asked_about(referent: FlaskClient, journey: uuid.UUID) -> None:
    called = "SELECT id FROM representative WHERE journey_id = %s"
    assert post(referent, f"/parcours/{journey}/proche", idempotency_key="one", **RELATIVE).status_code == 303
    first, *others = (row[0] for row in rows(called, journey))
    assert others, "somebody else was to be called already"
    for one in others:
        assert post(referent, f"/parcours/proche/{one}/retirer", version=1).status_code == 303
    page, read = (
        f"/parcours/proche/{first}/retirer",
        scalar("SELECT version FROM representative WHERE id = %s", first),
    )
    asked = post(referent, page, version=read)
    assert asked.status_code == 422 and "À vérifier" in asked.text
    (question,) = (unescape(text) for text in re.findall(r'name="sure"[^>]* value="([^"]*)"', asked.text))
    assert "seule personne à appeler" in question and rows(called, journey) == [(first,)]
    assert post(referent, page, version=read, sure=question).status_code == 303
    assert rows(called, journey) == []


def test_the_same_person_to_call_is_asked_about(referent: FlaskClient, journey: uuid.UUID) -> None:
    path, alike = f"/parcours/{journey}/proche", {"first_name": "AWA", "last_name": "Canàri"}
    count = "SELECT count(*) FROM representative WHERE journey_id = %s"
    assert post(referent, path, idempotency_key="one", **RELATIVE).status_code == 303
    before = scalar(count, journey)
    asked = post(referent, path, idempotency_key="two", **(RELATIVE | alike))
    question = "Awa Canari (mère) est déjà parmi les personnes à appeler."
    assert asked.status_code == 422 and question in unescape(asked.text)
    assert scalar(count, journey) == before
    other = post(referent, path, idempotency_key="six", **(RELATIVE | {"first_name": "Ana"}))
    assert other.status_code == 303, "another person, with the same telephone"
    same = post(referent, path, idempotency_key="two", sure=question, **(RELATIVE | alike))
    assert same.status_code == 303 and scalar(count, journey) == before + 2
    found = rows("SELECT id FROM representative WHERE journey_id = %s ORDER BY position DESC", journey)
    second, ana = found[0][0], found[1][0]
    # What stands is corrected without a question; who becomes another one is asked about.
    told = RELATIVE | alike | {"tie": "tante"}
    assert post(referent, f"/parcours/proche/{second}", version=1, **told).status_code == 303
    renamed = post(referent, f"/parcours/proche/{ana}", version=1, **RELATIVE)
    assert renamed.status_code == 422 and question in unescape(renamed.text)
    assert post(referent, f"/parcours/proche/{ana}", version=1, sure=question, **RELATIVE).status_code == 303


def test_of_a_child_the_parents_are_called(referent: FlaskClient, journey: uuid.UUID) -> None:
    post(referent, f"/parcours/{journey}/proche", idempotency_key="one", **RELATIVE)

    def calls() -> str:
        page = referent.get(f"/parcours/{journey}").text
        return unescape(page.partition('id="appeler"')[2].partition("</section>")[0])

    assert change(referent, journey, interpreter="y", prefers_oral="y", phone="").status_code == 303
    shown = calls()
    assert shown.index("Awa Canari") < shown.index("Interprète nécessaire")
    assert "Pour Zoé Neuve" in shown and "la personne elle-même" not in shown
    assert "Zoé Neuve" not in "".join(re.findall(r'call-name">([^<]*)', shown))
    assert "Aucun téléphone noté" not in shown.partition("Zoé Neuve")[2]
    assert change(referent, journey, phone="06 12 34 56 79").status_code == 303
    shown = calls()
    assert (
        shown.index("Awa Canari")
        < shown.index("Zoé Neuve")
        < shown.index("06\u00a012\u00a034\u00a056\u00a079")
    )


def test_a_date_that_cannot_be_read_hides_nothing_else(referent: FlaskClient, journey: uuid.UUID) -> None:
    refused = change(referent, journey, arrived_on="40/40/2026", phone="abc", email="pas-un-mail")
    page = unescape(refused.text)
    assert refused.status_code == 422
    for words in ("Cette date n'existe pas", "Écrivez le numéro en chiffres", "e-mail n'est pas complète"):
        assert words in page


def test_an_arrival_of_another_age_is_refused(referent: FlaskClient, journey: uuid.UUID) -> None:
    refused = change(referent, journey, arrived_on="0001-01-01")
    assert refused.status_code == 422 and "à partir du 01/01/1900" in refused.text


def test_a_person_without_a_name_is_refused(referent: FlaskClient, journey: uuid.UUID) -> None:
    refused = post(referent, f"/parcours/{journey}/proche", phone="0612345678", idempotency_key="x")
    assert refused.status_code == 422 and "Indiquez le prénom\N{NO-BREAK SPACE}; si personne" in refused.text
    assert "Indiquez le nom\N{NO-BREAK SPACE}; si personne" in refused.text
    assert 'value="0612345678"' in refused.text


def test_the_school_of_this_year_is_the_one_of_the_sheet(referent: FlaskClient, journey: uuid.UUID) -> None:
    year = TODAY.year if TODAY.month >= 8 else TODAY.year - 1
    path = f"/parcours/{journey}/scolarite"
    assert change(referent, journey).status_code == 303, "born in 2016"
    for at, school in ((year - 1, "Ancienne école"), (year, "Nouvelle école")):
        sent = post(referent, path, year=at, school=school, school_level="CM1", version=0)
        assert sent.status_code == 303
    page = referent.get(f"/parcours/{journey}").text
    assert "Nouvelle école" in page and "Ancienne école" not in page
    shown = referent.get(path).text
    assert "Ancienne école" in shown and f"{year - 1}-{year}" in shown
    assert post(referent, path, year=year, school="Autre", school_level="CM2", version=1).status_code == 303
    assert scalar("SELECT count(*) FROM schooling WHERE journey_id = %s", journey) == 2
    for bad in ({"year": "1950", "school": "A"}, {"year": year}, {"year": "abc", "school": "A"}):
        assert post(referent, path, version=0, **bad).status_code == 422


def test_a_foreign_journey_or_person_is_not_found(site: Flask, referent: FlaskClient) -> None:
    foreign = journeys_of("mipe.ml@demo.example")[0]
    other = scalar(
        "SELECT r.id FROM representative r JOIN journey j ON j.id = r.journey_id WHERE j.referent_id <>"
        " (SELECT id FROM account WHERE email = %s) LIMIT 1",
        REFERENT,
    )
    paths = [f"/parcours/{foreign}/{page}" for page in ("identite", "proche", "scolarite")]
    paths += [f"/parcours/proche/{other}", f"/parcours/proche/{other}/retirer"]
    for path in paths:
        assert referent.get(path).status_code == 404, path
        assert post(referent, path, version=1, **RELATIVE).status_code == 404, path
    assert last_audit("modification_personnes")[1] == "refus"
