"""The question of a page: why it doubts, beside the field, and the box « C'est bien cela » that has it kept."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from coordination.cases.checks_people import communes_named
from coordination.cases.references import is_usual, normal_ref
from tests.cases.life_kit import CITE, OPENING, course
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, journeys_of, names, post, search
from tests.cases.test_pages_people import change
from tests.cases.test_pages_records import agreed
from tests.conftest import TODAY
from tests.support import rows, scalar


def questions(page: TestResponse) -> list[str]:
    """What the boxes of the page confirm."""
    return [unescape(text) for text in re.findall(r'name="sure"[^>]* value="([^"]*)"', page.text)]


def asked(page: TestResponse, field: str) -> str:
    """The one question of the page, beside its field, without a tick."""
    assert page.status_code == 422
    (question,) = questions(page)
    box = re.search(rf'<input[^>]*id="{field}-sure"[^>]*>', page.text)
    assert box and "checked" not in box.group() and "À vérifier" in page.text
    assert question in unescape(page.text[page.text.index(f'id="{field}-error"') :])
    return question


def open_new(client: FlaskClient, **changes: Any) -> TestResponse:
    given = OPENING | {"ref": "PRE-0900", "referent_id": str(account(REFERENT))} | changes
    return post(client, "/parcours/nouveau", **given)


def test_an_absence_on_a_sunday_is_asked_then_kept_once(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    typed = {"on_date": TODAY.isoformat(), "half_days": "2", "idempotency_key": "k" * 32}
    path = f"/parcours/{journey}/absence"
    question = asked(post(client, path, **typed), "on_date")
    assert "dimanche" in question and f"{TODAY:%d/%m/%Y}" in question
    wrong = post(client, path, sure=question, **typed | {"half_days": "61"})
    # Refused for something else: the tick stays, and so does what it confirms.
    assert wrong.status_code == 422 and "À corriger" in wrong.text and questions(wrong) == [question]
    assert re.search(r'id="on_date-sure"[^>]* checked', wrong.text)
    other = typed | {"on_date": (TODAY - timedelta(days=7)).isoformat()}
    assert asked(post(client, path, sure=question, **other), "on_date") != question
    before = scalar("SELECT count(*) FROM school_absence")
    for _ in range(2):
        assert post(client, path, sure=question, **typed).status_code == 303
    assert post(client, path, **typed).status_code == 303, "written already: not asked again"
    assert scalar("SELECT count(*) FROM school_absence") == before + 1
    again = post(client, path, **typed | {"idempotency_key": "l" * 32})
    assert again.status_code == 422 and "corrigez-la plutôt" in unescape(again.text)


@pytest.mark.parametrize(("born", "years"), [("1980-02-03", "46 ans"), ("2026-02-03", "moins d'un an")])
def test_the_age_of_a_child_is_asked_at_the_opening(site: Flask, born: str, years: str) -> None:
    client = browser(site, REFERENT)
    question = asked(open_new(client, birth_date=born), "birth_date")
    assert question.startswith(f"Cet enfant aurait {years} à l'ouverture")
    assert "Ne vient plus le lundi." in open_new(client, birth_date=born).text
    assert open_new(client, birth_date=born, sure=question).status_code == 303


def test_an_opening_of_more_than_a_year_ago_is_asked(site: Flask) -> None:
    client, old = browser(site, REFERENT), TODAY.replace(year=TODAY.year - 20)
    typed = {"opened_on": old.isoformat(), "birth_date": ""}
    question = asked(open_new(client, **typed), "opened_on")
    assert f"{old:%d/%m/%Y}" in question and "plus d'un an" in question
    assert open_new(client, sure=question, **typed).status_code == 303
    recent = (TODAY - timedelta(days=360)).isoformat()
    # Aged two then: of this one nothing is asked.
    given = {"ref": "PRE-0902", "opened_on": recent, "not_same": "y"}
    assert open_new(client, **given).status_code == 303


def test_an_opening_before_the_birth_is_refused_where_the_slip_is_likelier(site: Flask) -> None:
    client = browser(site, REFERENT)
    old = open_new(client, opened_on="1999-05-01")
    assert old.status_code == 422 and not questions(old)
    assert 'id="opened_on-error"' in old.text and 'id="birth_date-error"' not in old.text
    born = open_new(client, opened_on=TODAY - timedelta(days=9), birth_date=TODAY - timedelta(days=1))
    assert 'id="birth_date-error"' in born.text and 'id="opened_on-error"' not in born.text


@pytest.mark.parametrize(
    ("born", "sentence"),
    [
        ("1899-12-31", "Vérifiez l'année"),
        (TODAY.replace(year=TODAY.year + 1).isoformat(), "Cette date est dans le futur"),
    ],
)
def test_a_birth_that_cannot_be_is_refused_at_the_opening(site: Flask, born: str, sentence: str) -> None:
    refused = open_new(browser(site, REFERENT), birth_date=born)
    assert refused.status_code == 422 and sentence in unescape(refused.text) and not questions(refused)


@pytest.mark.parametrize(
    ("born", "doubted"),
    [("2011-01-01", True), ("2010-01-01", False), ("1950-01-01", True), ("1951-01-01", False)],
)
def test_the_age_of_an_adult_is_asked_at_the_opening(site: Flask, born: str, doubted: bool) -> None:
    sent = open_new(
        browser(site, CITE), programme="CITE_EMPLOI", ref="CITE-0900", referent_id="", birth_date=born
    )
    assert sent.status_code == (422 if doubted else 303)
    assert not doubted or "Cette personne aurait" in asked(sent, "birth_date")


@pytest.mark.parametrize("phone", ["06", "abc", "06 12 34 56 78 90 12 34"])
def test_an_adult_is_noted_with_a_number_that_can_be_dialled(site: Flask, phone: str) -> None:
    given = {"programme": "CITE_EMPLOI", "ref": "CITE-0901", "referent_id": "", "birth_date": "1990-01-01"}
    refused = open_new(browser(site, CITE), phone=phone, **given)
    assert refused.status_code == 422 and not questions(refused)
    assert "Écrivez le numéro en chiffres" in refused.text[refused.text.index('id="phone-error"') :]
    assert open_new(browser(site, CITE), phone="06 12 34 56 78", **given).status_code == 303


def test_two_questions_of_an_opening_do_not_chase_each_other(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert open_new(client).status_code == 303
    twin = {"ref": "PRE-0901", "birth_date": "1980-02-03"}
    alike = open_new(client, **twin)
    # Both at once, and either may be answered first.
    assert alike.status_code == 422 and "peut-être déjà suivi" in alike.text and len(questions(alike)) == 1
    assert open_new(client, sure=questions(alike), **twin).status_code == 422
    age = open_new(client, not_same="y", **twin)
    assert re.search(r'<input checked[^>]*name="not_same"|name="not_same"[^>]*checked', age.text)
    assert open_new(client, not_same="y", sure=asked(age, "birth_date"), **twin).status_code == 303


def test_a_double_hides_no_taken_reference_and_faults_come_in_the_order_of_the_page(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert open_new(client).status_code == 303
    refused = open_new(client, first_name="Marius", last_name="", source="")
    assert "déjà prise" in refused.text
    assert re.findall(r'<li><a href="#([^"]*)"', refused.text) == ["last_name", "source", "ref"]
    alike = open_new(client)
    assert "peut-être déjà suivi" in alike.text and "déjà prise" in alike.text
    assert re.findall(r'<li><a href="#([^"]*)"', alike.text) == ["not_same", "ref"]


def test_a_reference_is_written_as_the_others(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert open_new(client, ref="pre910").status_code == 303
    assert scalar("SELECT count(*) FROM journey WHERE ref = 'PRE-0910'") == 1
    twin = {"first_name": "Aymeric", "last_name": "Vandamme", "birth_date": "2015-05-06"}
    taken = open_new(client, ref="PRE 910", **twin)
    assert taken.status_code == 422 and "déjà prise" in taken.text and 'value="PRE 910"' in taken.text
    for odd in (
        "dossier 7",
        "CITE-0950",
        "2026/7",
        "Vandamme Aymeric",
        "0612345678",
        "1 85 05 78 006 084 91",
    ):
        refused = open_new(client, ref=odd, **twin)
        assert refused.status_code == 422 and not questions(refused), odd
        assert (
            "comme PRE-0110" in refused.text
            and "un à six chiffres" in refused.text
            and f'value="{odd}"' in refused.text
        ), odd
    assert not scalar("SELECT count(*) FROM journey WHERE ref !~ '^(PRE|CITE)-[0-9]+$'")


def test_references_as_they_are_typed() -> None:
    for typed in ("pre110", "PRE 110", " PRE-0110 ", "pre n°110", "110", "PRE-00110"):
        assert normal_ref(typed, "PRE") == ("PRE-0110" if "n" not in typed else "PRE N°110"), typed
    assert normal_ref("17", "CITE_EMPLOI") == "CITE-0017"
    assert normal_ref("PRE-12345", "PRE") == "PRE-12345" and normal_ref("", "PRE") == ""
    assert is_usual("PRE-7", "PRE") and not is_usual("CITE-7", "PRE") and not is_usual("PRE-٣", "PRE")
    assert is_usual("PRE-999999", "PRE") and not is_usual("PRE-1000000", "PRE")


def test_a_reference_is_found_without_its_dash(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    ref = scalar("SELECT ref FROM journey WHERE programme = 'PRE' ORDER BY ref LIMIT 1")
    for typed in (ref.replace("-", ""), ref.replace("-0", "").lower(), f"pre {ref[-1]}", f"pre{ref[-1]}"):
        page = search(client, typed)
        assert len(names(page)) == 1 and ref in page.text, typed
    assert not names(search(client, "٣"))


def test_a_correction_asks_of_what_it_changes_alone(site: Flask) -> None:
    client, journey = browser(site, REFERENT), journeys_of(REFERENT)[0]
    given = {"birth_date": "1980-04-02", "address": "12 rue Haute, 62510 Arques", "commune": "62765"}
    both = change(client, journey, **given)
    assert both.status_code == 422 and len(questions(both)) == 2
    one = change(client, journey, **given, sure=questions(both)[:1])
    assert one.status_code == 422 and questions(one) == questions(both)
    assert len(re.findall(r'id="[a-z_]+-sure"[^>]* checked', one.text)) == 1
    assert change(client, journey, **given, sure=questions(both)).status_code == 303
    assert change(client, journey, **given, phone="06 12 34 56 78").status_code == 303
    assert "62510 Arques" in client.get(f"/parcours/{journey}/identite").text
    assert questions(change(client, journey, **given | {"commune": "62525"}))


@pytest.mark.parametrize("commune", ["", "62765"])
def test_an_address_out_of_the_programme_is_refused_not_asked(site: Flask, commune: str) -> None:
    client, journey = browser(site, REFERENT), journeys_of(REFERENT)[0]
    given = {"address": "12 rue Haute, 62120 Aire-sur-la-Lys", "commune": commune}
    refused = change(client, journey, **given)
    assert refused.status_code == 422 and not questions(refused)
    assert "Cette adresse dit Aire-sur-la-Lys, qui n&#39;est pas dans le périmètre" in refused.text
    assert "62120 Aire-sur-la-Lys" in refused.text


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("12 rue Haute, 62120 Aire-sur-la-Lys", {"62014"}),
        ("12 rue Haute 62120 AIRE SUR LA LYS Cedex", {"62014"}),
        ("3 résidence des Fleurs, Arques", {"62040"}),
        ("3 rue d'Arques", set()),
        ("3 route d'Arques, Saint-Omer", {"62765"}),
        ("8 avenue Saint-Omer", set()),
        ("8 rue de Saint-Omer, 62510 Arques", {"62040"}),
        ("", set()),
        ("Saint-Omer", {"62765"}),
    ],
)
def test_the_commune_that_an_address_names(address: str, named: set[str]) -> None:
    assert set(communes_named(address)) == named


def test_what_comes_after_the_agreement_is_not_dated_before_it(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    rows("UPDATE journey SET agreement_status = 'A_DEMANDER', agreement_on = NULL WHERE id = %s", journey)
    kept = rows("SELECT stage, entered_on, validated_on, version FROM journey WHERE id = %s", journey)[0]
    typed = course(journey) | {"stage": kept[0], "version": kept[3]}
    for name in ("entered_on", "diagnosis_on"):
        sent = post(client, f"/parcours/{journey}/etape", **typed | {name: TODAY.isoformat()})
        assert sent.status_code == 422 and "Il faut d'abord l'accord signé" in unescape(sent.text), name
        assert f'id="{name}-error"' in sent.text
    text = {"diagnosis": "Lit peu.", "diagnosis_on": TODAY.isoformat(), "version": kept[3]}
    sent = post(client, f"/parcours/{journey}/diagnostic", **text)
    assert sent.status_code == 422 and "Il faut d'abord l'accord signé" in unescape(sent.text)
    # What stood may stay.
    assert post(client, f"/parcours/{journey}/etape", **typed).status_code == 303


@pytest.mark.parametrize("typed", ["31/02/2026", "12/10/2026", "hier", "2026-02-31"])
def test_a_day_that_no_browser_shows_as_a_date_is_given_back_as_text(site: Flask, typed: str) -> None:
    client, journey = browser(site, REFERENT), agreed()
    page = post(client, f"/parcours/{journey}/frein", identified_on=typed)
    shown = re.search(r'<input[^>]*name="identified_on"[^>]*>', page.text)
    assert shown and 'type="text"' in shown.group() and f'value="{typed}"' in shown.group()
    good = post(client, f"/parcours/{journey}/frein", identified_on=date(2026, 10, 12).isoformat())
    shown = re.search(r'<input[^>]*name="identified_on"[^>]*>', good.text)
    assert shown and 'type="date"' in shown.group() and 'value="2026-10-12"' in shown.group()


def test_what_a_box_confirms_is_not_a_text_of_the_person(site: Flask) -> None:
    client = browser(site, REFERENT)
    sent = client.post(
        f"/parcours/{uuid.uuid4()}/frein", data={"sure": "Une phrase à confirmer.", "owner": "Ma note"}
    )
    assert sent.status_code == 400 and "Ma note" in sent.text and "à confirmer" not in sent.text


def test_an_action_after_a_refusal_is_asked_and_an_ended_journey_says_what_it_takes(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    path, typed = f"/parcours/{journey}/action", {"kind": "SOUTIEN_SCO", "axis_or_barrier": "SCOLARITE"}
    typed |= {
        "droit_commun": "SOLLICITE",
        "status": "PREVUE",
        "planned_start": str(TODAY + timedelta(days=9)),
    }
    status = "UPDATE journey SET agreement_status = 'REFUS', agreement_on = %s WHERE id = %s"
    rows(status, TODAY, journey)
    question = asked(post(client, path, **typed), "planned_start")
    assert question.startswith("L'accord est refusé depuis le")
    assert post(client, path, sure=question, **typed).status_code == 303
    assert "est terminé depuis" not in client.get(path).text
    rows("UPDATE journey SET exit_on = %s, stage = 'SORTI' WHERE id = %s", TODAY, journey)
    assert "est terminé depuis" in client.get(path).text
    late = post(client, path, **typed)
    assert late.status_code == 422 and not questions(late)
    assert f"Le parcours est terminé depuis le {TODAY:%d/%m/%Y}." in unescape(late.text)


def test_a_birth_date_that_goes_is_asked(site: Flask) -> None:
    """Sixteen years would no more be announced."""
    client, journey = browser(site, REFERENT), agreed()
    assert change(client, journey).status_code == 303
    question = asked(change(client, journey, birth_date=""), "birth_date")
    assert "les 16 ans" in question
    assert not questions(change(client, journey, birth_date="31/02/2016")), (
        "what cannot be read is no question"
    )
    assert change(client, journey, birth_date="", sure=question).status_code == 303
    assert change(client, journey, birth_date="").status_code == 303, "gone already: not asked again"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"year": "2027", "school_level": "5E"}, "year"),
        ({"year": "2026", "school_level": "TLE"}, "school_level"),
        ({"year": "2026", "school_level": "PS"}, "school_level"),
        ({"year": "2026", "school_level": "CP"}, "school_level"),
        ({"year": "2026", "school_level": "CE2"}, ""),
        ({"year": "2026", "school_level": "5E"}, ""),
        ({"year": "2026", "school_level": "ULIS"}, ""),
    ],
)
def test_a_year_ahead_and_a_level_of_another_age_are_asked(
    site: Flask, given: dict[str, str], field: str
) -> None:
    """Of a child born in 2016, in November 2026."""
    client, journey = browser(site, REFERENT), agreed()
    assert change(client, journey, birth_date="2016-04-02").status_code == 303
    path, typed = f"/parcours/{journey}/scolarite", {"school": "École neuve", "version": "0", **given}
    if not field:
        assert post(client, path, **typed).status_code == 303
        return
    question = asked(post(client, path, **typed), field)
    assert post(client, path, sure=question, **typed).status_code == 303


def test_a_year_that_is_not_this_one_is_seen_where_it_stands(site: Flask) -> None:
    client, journey = browser(site, REFERENT), agreed()
    path = f"/parcours/{journey}/scolarite"
    sent = post(client, path, year="2025", school="École d'avant", version="0")
    assert sent.status_code == 303 and sent.location.startswith(path)
    assert "École d'avant" in unescape(client.get(sent.location).text)


@pytest.mark.parametrize(
    ("hour", "doubted"), [("3 h", True), ("6 h 59", True), ("7 h", False), ("21 h", True)]
)
def test_an_appointment_at_night_is_asked(site: Flask, hour: str, doubted: bool) -> None:
    client, journey = browser(site, REFERENT), agreed()
    path = f"/parcours/{journey}/rendez-vous"
    typed = {"on_date": str(TODAY + timedelta(days=9)), "at_time": hour, "status": "A_VENIR"}
    sent = post(client, path, **typed)
    assert sent.status_code == (422 if doubted else 303)
    if doubted:
        assert post(client, path, sure=asked(sent, "at_time"), **typed).status_code == 303
