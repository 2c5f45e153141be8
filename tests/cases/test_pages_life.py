"""The life of a journey on its pages: opened, moved on, handed over, ended, taken up again, linked to a family."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination.cases.rules.writing import RULES as WRITTEN
from tests.cases.pages_kit import (
    COORDINATOR,
    NOW,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    post,
)
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.people import make_account
from tests.support import rows, scalar

CITE = "coordination.cite@demo.example"
COLLEAGUE = "collegue@demo.example"


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    """One under way, its agreement signed."""
    found = rows(
        "SELECT id FROM journey WHERE referent_id = %s AND stage = 'EN_COURS' AND exit_on IS NULL"
        " AND agreement_status = 'SIGNE' AND backup_id IS NULL ORDER BY ref LIMIT 1",
        account(REFERENT),
    )
    return uuid.UUID(str(found[0][0]))


def colleague() -> uuid.UUID:
    return make_account("REFERENT_PRE", email=COLLEAGUE, programme="PRE")


def version(journey: uuid.UUID) -> int:
    return int(scalar("SELECT version FROM journey WHERE id = %s", journey))


def send(client: FlaskClient, journey: uuid.UUID, page: str, **values: Any) -> Any:
    return post(client, f"/parcours/{journey}/{page}", **({"version": version(journey)} | values))


def state(journey: uuid.UUID) -> tuple[Any, ...]:
    return rows("SELECT stage, exit_on FROM journey WHERE id = %s", journey)[0]


OPENING = {
    "programme": "PRE",
    "first_name": "Zoé",
    "last_name": "Quénehen",
    "birth_date": "2016-02-03",
    "opened_on": TODAY.isoformat(),
    "source": "ECOLE",
    "reasons": ["ABSENTEISME", "LANGAGE"],
    "remark": "Ne vient plus le lundi.",
}


def reference(client: FlaskClient, path: str = "/parcours/nouveau") -> str:
    found = re.search(r'name="ref"[^>]*value="([^"]+)"|value="([^"]+)"[^>]*name="ref"', client.get(path).text)
    assert found
    return found.group(1) or found.group(2)


def test_a_saisine_opens_a_journey_under_the_next_reference(site: Flask) -> None:
    client = browser(site, REFERENT)
    assert reference(client) == "PRE-0015"
    sent = post(client, "/parcours/nouveau", ref="PRE-0015", referent_id=str(account(REFERENT)), **OPENING)
    assert sent.status_code == 303, sent.text
    page = client.get(sent.location)
    assert "Zoé Quénehen" in page.text and "Saisine reçue" in page.text
    journey = scalar("SELECT id FROM journey WHERE ref = 'PRE-0015'")
    assert rows("SELECT on_date, structure_id FROM saisine WHERE journey_id = %s", journey) == [(TODAY, None)]
    sealed = bytes(scalar("SELECT reasons FROM saisine WHERE journey_id = %s", journey))
    assert b"ABSENTEISME" not in sealed
    assert last_audit("ouverture_parcours") == (
        journey,
        "fait",
        "birth_date,first_name,last_name,saisine",
    )
    assert reference(client) == "PRE-0016"
    assert stored() == from_scratch()


def test_opened_for_a_colleague_it_is_theirs_alone(site: Flask) -> None:
    other = colleague()
    sent = post(
        browser(site, REFERENT), "/parcours/nouveau", ref="PRE-0900", referent_id=str(other), **OPENING
    )
    assert sent.location == "/parcours/mes-parcours"
    assert "Zoé Quénehen" in browser(site, COLLEAGUE).get("/parcours/mes-parcours").text


def test_a_spotting_opens_a_journey_of_the_cite_whose_clock_runs(site: Flask) -> None:
    client = browser(site, CITE)
    assert reference(client) == "CITE-0017"
    given = OPENING | {"programme": "PRE", "first_name": "Noémie", "birth_date": "", "commune": "62014"}
    sent = post(client, "/parcours/nouveau", ref="cite-0017", **given)
    assert sent.status_code == 303
    programme, stage = rows("SELECT programme, stage FROM journey WHERE ref = 'CITE-0017'")[0]
    assert (programme, stage) == ("CITE_EMPLOI", "REPERE")
    assert stored() == from_scratch()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"first_name": ""}, "Indiquez le prénom."),
        ({"reasons": []}, "Cochez au moins un motif."),
        ({"reasons": ["INVENTE"]}, "Choisissez une des réponses proposées."),
        ({"source": ""}, "Choisissez une des réponses proposées."),
        ({"opened_on": "31/02/2026"}, "Cette date n&#39;existe pas."),
        ({"ref": "PRE-0001"}, "Cette référence est déjà prise."),
        ({"structure_id": str(uuid.uuid4())}, "Choisissez une structure de la liste."),
        ({"referent_id": "x"}, "Choisissez une personne de la liste."),
        ({"commune": "62014"}, "Cette commune n&#39;est pas dans le périmètre du PRE."),
    ],
)
def test_an_opening_is_refused_beside_its_field_and_kept(
    site: Flask, changes: dict[str, Any], sentence: str
) -> None:
    before = scalar("SELECT count(*) FROM journey")
    sent = post(browser(site, REFERENT), "/parcours/nouveau", **({"ref": "PRE-0077"} | OPENING | changes))
    assert sent.status_code == 422
    assert sentence in sent.text and "Quénehen" in sent.text and "Ne vient plus le lundi." in sent.text
    assert scalar("SELECT count(*) FROM journey") == before


def test_the_same_opening_sent_twice_is_one(site: Flask) -> None:
    client = browser(site, REFERENT)
    given = OPENING | {"ref": "PRE-0300", "referent_id": str(account(REFERENT)), "idempotency_key": "k" * 32}
    first, again = (post(client, "/parcours/nouveau", **given) for _ in range(2))
    assert (first.status_code, again.status_code, again.location) == (303, 303, first.location)
    assert scalar("SELECT count(*) FROM journey WHERE ref = 'PRE-0300'") == 1


def test_perhaps_already_followed_is_said_to_the_coordinator_alone(site: Flask) -> None:
    assert post(browser(site, REFERENT), "/parcours/nouveau", ref="PRE-0700", **OPENING).status_code == 303
    twin = OPENING | {"ref": "PRE-0701", "first_name": "Zoe", "last_name": "Quenehen"}
    client = browser(site, COORDINATOR)
    asked = post(client, "/parcours/nouveau", **twin)
    assert asked.status_code == 422 and "Cet enfant est peut-être déjà suivi" in asked.text
    assert "PRE-0700" in asked.text
    seen = scalar("SELECT id FROM journey WHERE ref = 'PRE-0700'")
    assert str(seen) in last_audit("recherche")[2]
    assert post(client, "/parcours/nouveau", not_same="y", **twin).status_code == 303
    quiet = post(browser(site, REFERENT), "/parcours/nouveau", **(twin | {"ref": "PRE-0702"}))
    assert quiet.status_code == 303


def test_a_stage_passes_to_the_next_and_dates_what_it_stands_for(site: Flask) -> None:
    client = browser(site, REFERENT)
    post(client, "/parcours/nouveau", ref="PRE-0500", referent_id=str(account(REFERENT)), **OPENING)
    journey = scalar("SELECT id FROM journey WHERE ref = 'PRE-0500'")
    page = client.get(f"/parcours/{journey}/etape").text
    assert 'value="ACCORD_PARENTAL"' in page and 'value="DIAGNOSTIC"' not in page
    refused = send(client, journey, "etape", stage="DIAGNOSTIC", stage_on=TODAY.isoformat())
    assert refused.status_code == 422 and "ne suit pas celle où en est le parcours" in refused.text
    rows("UPDATE journey SET agreement_status = 'SIGNE', agreement_on = %s WHERE id = %s", TODAY, journey)
    for stage in ("EPS_INSCRIT", "DIAGNOSTIC", "PARCOURS_VALIDE"):
        done = send(
            client,
            journey,
            "etape",
            stage=stage,
            stage_on=TODAY.isoformat(),
            entered_on=str(scalar("SELECT entered_on FROM journey WHERE id = %s", journey) or ""),
            diagnosis_on=str(scalar("SELECT diagnosis_on FROM journey WHERE id = %s", journey) or ""),
            planned_rhythm_days="21",
        )
        assert done.status_code == 303, done.text
        assert scalar("SELECT stage FROM journey WHERE id = %s", journey) == stage
    query = "SELECT entered_on, diagnosis_on, validated_on, planned_rhythm_days FROM journey WHERE id = %s"
    assert rows(query, journey) == [(TODAY, TODAY, TODAY, 21)]
    assert stored() == from_scratch()
    assert "(PRE) Étape" not in client.get(f"/parcours/{journey}").text


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"entered_on": "1999-01-01"}, "Cette date est avant l&#39;ouverture du parcours"),
        ({"validated_on": (TODAY + timedelta(days=1)).isoformat()}, "Cette date est dans le futur."),
        ({"planned_rhythm_days": "souvent"}, "Écrivez un nombre de jours"),
        ({"planned_rhythm_days": "0"}, "de 1 à 180"),
        ({"planned_rhythm_days": "181"}, "de 1 à 180"),
        ({"stage": "SORTI"}, "se note sur sa propre page"),
        ({"stage": "DIAGNOSTIC"}, "ne suit pas celle"),
        ({"stage": "REPERE"}, "Choisissez une étape de la liste."),
    ],
)
def test_a_course_that_cannot_be_is_refused(
    site: Flask, journey: uuid.UUID, values: dict[str, str], sentence: str
) -> None:
    given = {"stage": "EN_COURS", "stage_on": TODAY.isoformat()} | values
    sent = send(browser(site, REFERENT), journey, "etape", **given)
    assert sent.status_code == 422 and sentence in sent.text


def test_the_cite_has_its_dates_and_its_scheme_sealed(site: Flask) -> None:
    journey = uuid.UUID(
        str(
            rows(
                "SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL AND stage <> 'REPERE'"
                " AND opened_on < %s ORDER BY ref LIMIT 1",
                TODAY - timedelta(days=30),
            )[0][0]
        )
    )
    stage = scalar("SELECT stage FROM journey WHERE id = %s", journey)
    client = browser(site, CITE)
    given = {
        "stage": stage,
        "scheme": "CEJ",
        "orientation_path": "EMPLOI",
        "rsa_opened_on": "2020-01-01",
        "oriented_on": "2019-12-31",
    }
    refused = send(client, journey, "etape", **given)
    assert refused.status_code == 422 and "avant l&#39;ouverture du RSA" in refused.text
    assert send(client, journey, "etape", **(given | {"oriented_on": "2020-02-01"})).status_code == 303
    query = "SELECT rsa_opened_on, oriented_on FROM journey WHERE id = %s"
    assert rows(query, journey) == [(date(2020, 1, 1), date(2020, 2, 1))]
    page = client.get(f"/parcours/{journey}/etape").text
    assert re.search(r'<option selected value="CEJ"', page)
    assert stored() == from_scratch()


def test_two_editors_of_a_course_lose_nothing(site: Flask, journey: uuid.UUID) -> None:
    before = version(journey)
    first = browser(site, REFERENT)
    assert send(first, journey, "etape", stage="EN_COURS", planned_rhythm_days="10").status_code == 303
    late = send(
        browser(site, COORDINATOR),
        journey,
        "etape",
        stage="EN_COURS",
        planned_rhythm_days="40",
        version=before,
    )
    assert late.status_code == 409
    assert 'value="40"' in late.text and "10" in late.text
    assert scalar("SELECT planned_rhythm_days FROM journey WHERE id = %s", journey) == 10


def test_a_referent_hands_over_with_a_word(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    without = send(client, journey, "referent", referent_id=str(other))
    assert without.status_code == 422 and "Laissez quelques mots" in without.text
    done = send(client, journey, "referent", referent_id=str(other), note="La mère préfère le mardi.")
    assert (done.status_code, done.location) == (303, "/parcours/mes-parcours")
    assert client.get(f"/parcours/{journey}").status_code == 404
    page = browser(site, COLLEAGUE).get(f"/parcours/{journey}").text
    assert "La mère préfère le mardi." in page and "Passage de relais" in page
    assert b"mardi" not in bytes(scalar("SELECT note FROM turn WHERE journey_id = %s", journey))


def test_the_coordinator_assigns_and_names_a_backup(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    client = browser(site, COORDINATOR)
    same = send(client, journey, "referent", referent_id=str(other), backup_id=str(other))
    assert same.status_code == 422 and "une autre personne que le référent" in same.text
    nobody = send(client, journey, "referent", referent_id=str(account("admin@demo.example")))
    assert nobody.status_code == 422 and "ne suit pas de parcours" in nobody.text
    done = send(client, journey, "referent", referent_id=str(other), backup_id=str(account(REFERENT)))
    assert done.status_code == 303
    assert browser(site, REFERENT).get(f"/parcours/{journey}").status_code == 200
    assert browser(site, REFERENT).get(f"/parcours/{journey}/referent").status_code == 403


def leave(client: FlaskClient, first: date, last: date, backup: uuid.UUID | str) -> Any:
    given = {"from_on": first.isoformat(), "until_on": last.isoformat(), "backup_id": str(backup)}
    return post(client, "/parcours/absences", **given)


def until_now() -> date:
    """The clock of the pages stands at TODAY; the database has its own, which goes on."""
    return max(TODAY, date.today()) + timedelta(days=1)


def test_a_replacement_begins_and_ends_on_its_days(
    site: Flask, journey: uuid.UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coordination import clock

    other = colleague()
    client = browser(site, REFERENT)
    first, last = TODAY + timedelta(days=2), TODAY + timedelta(days=4)
    assert leave(client, first, last, other).status_code == 303
    assert "vous remplace" in client.get("/parcours/absences").text
    # The same colleague again, later: two rows, each with its days.
    assert leave(client, TODAY + timedelta(days=9), TODAY + timedelta(days=9), other).status_code == 303
    seen = {}
    for day in range(12):
        monkeypatch.setattr(clock, "now", lambda day=day: NOW + timedelta(days=day))
        visitor = browser(site, COLLEAGUE)
        with site.app_context():
            from coordination.db import db

            db.session.info["now"] = str(NOW + timedelta(days=day))
            answer = visitor.get(f"/parcours/{journey}")
            seen[day] = answer.status_code
            db.session.info["now"] = ""
    assert [day for day, status in seen.items() if status == 200] == [2, 3, 4, 9]


def test_a_replacement_sees_the_journeys_of_the_absent_and_takes_a_leave_back(
    site: Flask, journey: uuid.UUID
) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    leave(client, TODAY, until_now(), other)
    replacing = browser(site, COLLEAGUE)
    page = replacing.get(f"/parcours/{journey}")
    assert page.status_code == 200 and "Absence de Claire Delattre du" in page.text
    assert "parcours suivi" in replacing.get("/parcours/mes-parcours").text
    assert replacing.get("/parcours/ma-journee").status_code == 200
    # Who replaces does not give the journey away.
    assert replacing.get(f"/parcours/{journey}/referent").status_code == 403
    leave_id = scalar("SELECT id FROM leave")
    assert post(replacing, f"/parcours/absences/{leave_id}/retirer").status_code == 404
    assert post(client, f"/parcours/absences/{leave_id}/retirer").status_code == 303
    assert replacing.get(f"/parcours/{journey}").status_code == 404
    assert scalar("SELECT count(*) FROM access WHERE leave_id IS NOT NULL") == 0


def test_a_journey_handed_over_leaves_the_replacement_too(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    third = make_account("REFERENT_PRE", email="tiers@demo.example", programme="PRE")
    leave(browser(site, REFERENT), TODAY, until_now(), other)
    assert browser(site, COLLEAGUE).get(f"/parcours/{journey}").status_code == 200
    assert send(browser(site, COORDINATOR), journey, "referent", referent_id=str(third)).status_code == 303
    assert browser(site, COLLEAGUE).get(f"/parcours/{journey}").status_code == 404


@pytest.mark.parametrize(
    ("first", "last", "who", "sentence"),
    [
        (0, -1, "colleague", "déjà finie"),
        (3, 2, "colleague", "avant le premier"),
        (0, 367, "colleague", "un an au plus"),
        (0, 1, "self", "quelqu&#39;un d&#39;autre que vous"),
        (0, 1, "admin", "ne suit pas de parcours"),
        (4, 6, "colleague", "couvre déjà"),
    ],
)
def test_an_absence_that_cannot_be_is_refused(
    site: Flask, first: int, last: int, who: str, sentence: str
) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    leave(client, TODAY + timedelta(days=5), TODAY + timedelta(days=8), other)
    chosen = {"colleague": other, "self": account(REFERENT), "admin": account("admin@demo.example"), "": ""}[
        who
    ]
    sent = leave(client, TODAY + timedelta(days=first), TODAY + timedelta(days=last), chosen)
    assert sent.status_code == 422 and sentence in sent.text
    assert scalar("SELECT count(*) FROM leave") == 1


def test_an_end_with_its_reason_then_a_reopening_that_keeps_the_delays(
    site: Flask, journey: uuid.UUID
) -> None:
    client = browser(site, REFERENT)
    before = stored()
    done = send(client, journey, "sortie", reason="RELAIS_DC", on=TODAY.isoformat(), note="Relais au CCAS.")
    assert done.status_code == 303, done.text
    assert state(journey) == ("SORTI", TODAY)
    page = client.get(f"/parcours/{journey}").text
    assert "Relais au CCAS." in page and "Rouvrir le parcours" in page
    assert stored() == from_scratch()
    assert last_audit("sortie_parcours")[2] == "stage,exit_on,exit_reason,turn"
    watch = send(client, journey, "etape", stage="VEILLE", stage_on=TODAY.isoformat(), **_dates(journey))
    assert watch.status_code == 303 and state(journey) == ("VEILLE", TODAY)
    mute = send(client, journey, "reouverture", stage="EN_COURS", on=TODAY.isoformat(), note="")
    assert mute.status_code == 422 and "pourquoi le parcours reprend" in mute.text
    back = send(client, journey, "reouverture", stage="EN_COURS", on=TODAY.isoformat(), note="Retour au QPV.")
    assert back.status_code == 303 and state(journey) == ("EN_COURS", None)
    # To end and to reopen is to write: only what counts from the last writing has moved.
    assert stored() == from_scratch()
    assert {key: line for key, line in stored().items() if key[1] not in WRITTEN} == {
        key: line for key, line in before.items() if key[1] not in WRITTEN
    }
    said = rows("SELECT count(*) FROM revision WHERE journey_id = %s AND of_table = 'journey'", journey)
    assert said == [(3,)]


def _dates(journey: uuid.UUID) -> dict[str, str]:
    names = ("entered_on", "validated_on", "diagnosis_on", "planned_rhythm_days")
    row = rows(f"SELECT {', '.join(names)} FROM journey WHERE id = %s", journey)[0]
    return {name: str(value) for name, value in zip(names, row, strict=True) if value is not None}


def attempt(journey: uuid.UUID, days: int, mode: str, outcome: str = "SANS_REPONSE") -> None:
    rows(
        "INSERT INTO contact (id, journey_id, folder_id, on_date, mode, outcome) SELECT gen_random_uuid(),"
        " journey_id, id, %s, %s, %s FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        TODAY - timedelta(days=days),
        mode,
        outcome,
        journey,
    )


def test_a_loss_of_contact_asks_for_three_attempts_two_ways_and_a_decision(
    site: Flask, journey: uuid.UUID
) -> None:
    rows("DELETE FROM contact WHERE journey_id = %s AND on_date >= %s", journey, TODAY - timedelta(days=9))
    attempt(journey, 9, "VAD", "ABOUTI")
    rows(
        "UPDATE appointment SET status = 'A_VENIR' WHERE journey_id = %s AND on_date > %s",
        journey,
        TODAY - timedelta(days=9),
    )
    client = browser(site, REFERENT)
    given = {"reason": "PERTE_CONTACT", "on": TODAY.isoformat()}

    def refused() -> str:
        answer = send(client, journey, "sortie", **given)
        assert answer.status_code == 422 and state(journey)[1] is None
        return str(answer.text)

    assert "Il manque 3 tentatives, par deux moyens différents." in refused()
    attempt(journey, 5, "TELEPHONE")
    assert "Il manque 2 tentatives, dont une par un autre moyen que « téléphone »." in refused()
    attempt(journey, 4, "TELEPHONE")
    assert "Il manque 1 tentative, par un autre moyen que « téléphone »." in refused()
    attempt(journey, 3, "TELEPHONE")
    assert "Il manque 1 tentative, par un autre moyen que « téléphone »." in refused()
    attempt(journey, 2, "SMS")
    page = refused()
    assert "Il manque" not in page
    assert "Indiquez qui a décidé" in page and "Indiquez le jour de la décision." in page
    given |= {"decided_by": "EPS", "decided_on": TODAY.isoformat()}
    assert send(client, journey, "sortie", **given).status_code == 303
    assert "décidé par EPS" in client.get(f"/parcours/{journey}").text


def test_an_exit_before_a_fact_or_too_early_is_refused(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    attempt(journey, 1, "VAD", "ABOUTI")
    early = send(client, journey, "sortie", reason="RELAIS_DC", on=(TODAY - timedelta(days=2)).isoformat())
    assert early.status_code == 422 and "Un échange est noté le" in early.text
    rows("DELETE FROM contact WHERE journey_id = %s", journey)
    sent_on = TODAY - timedelta(days=1)
    insert = (
        "INSERT INTO {} (id, journey_id, folder_id, {}) SELECT gen_random_uuid(), journey_id, id, %s FROM folder"
        " WHERE journey_id = %s AND volet = 'coordination'"
    )
    before = (TODAY - timedelta(days=2)).isoformat()
    for table, column, words in (
        ("invitation", "sent_on", "Une invitation est notée le"),
        ("iae_application", "applied_on", "Une candidature est notée le"),
    ):
        rows(insert.format(table, column), sent_on, journey)
        early = send(client, journey, "sortie", reason="RELAIS_DC", on=before)
        assert early.status_code == 422 and words in early.text, table
        rows(f"TRUNCATE {table}")
    unknown = send(client, journey, "sortie", reason="EMPLOI_DURABLE", on=TODAY.isoformat())
    assert unknown.status_code == 422
    rows("UPDATE journey SET stage = 'SAISINE' WHERE id = %s", journey)
    not_begun = send(client, journey, "sortie", reason="RELAIS_DC", on=TODAY.isoformat())
    assert not_begun.status_code == 422 and "« Non retenu »" in not_begun.text
    not_ended = send(client, journey, "reouverture", stage="EN_COURS", on=TODAY.isoformat(), note="x")
    assert not_ended.status_code == 422 and "rien à rouvrir" in not_ended.text


def test_siblings_are_linked_and_show_nothing_of_each_other(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    mine = journeys_of(REFERENT)
    sibling = next(j for j in mine if j != journey)
    ref, name = rows("SELECT ref, id FROM journey WHERE id = %s", sibling)[0]
    rows(
        "UPDATE journey SET agreement_status = 'SIGNE', agreement_on = %s, exit_on = NULL, stage = 'EN_COURS'"
        " WHERE id = %s",
        TODAY,
        sibling,
    )
    client = browser(site, REFERENT)
    assert send(client, journey, "famille", ref=ref.lower()).status_code == 303
    assert send(browser(site, COORDINATOR), sibling, "referent", referent_id=str(other)).status_code == 303
    page = client.get(f"/parcours/{journey}").text
    assert "Un frère ou une sœur est" in page and "Camille Lemaire" in page
    assert str(sibling) not in page and ref not in page
    assert client.get(f"/parcours/{sibling}").status_code == 404
    theirs = browser(site, COLLEAGUE).get(f"/parcours/{sibling}").text
    assert "Un frère ou une sœur est" in theirs and str(journey) not in theirs
    # The coordinator sees both, by name.
    assert f'href="/parcours/{sibling}"' in browser(site, COORDINATOR).get(f"/parcours/{journey}").text
    # Withdrawn, the agreement hides even that.
    rows("UPDATE journey SET agreement_status = 'RETIRE' WHERE id = %s", sibling)
    assert "Un frère ou une sœur est" not in client.get(f"/parcours/{journey}").text
    assert post(client, f"/parcours/{journey}/famille/retirer").status_code == 303
    assert scalar("SELECT count(*) FROM household_member") == 0
    assert name == sibling


def test_a_reference_of_a_journey_not_seen_says_what_an_invented_one_says(
    site: Flask, journey: uuid.UUID
) -> None:
    foreign = rows(
        "SELECT ref FROM journey WHERE programme = 'PRE' AND referent_id <> %s LIMIT 1", account(REFERENT)
    )
    ref = foreign[0][0] if foreign else "CITE-0001"
    client = browser(site, REFERENT)
    texts = []
    for typed in (ref, "PRE-9999"):
        sent = send(client, journey, "famille", ref=typed)
        assert sent.status_code == 422
        texts.append(re.findall(r'class="field-error"[^>]*>([^<]+)<', sent.text))
    assert texts[0] == texts[1] != []


PAGES = ("etape", "sortie", "reouverture", "referent", "famille")


@pytest.mark.parametrize("page", [*PAGES, "famille/retirer"])
def test_a_foreign_or_unknown_journey_is_not_found_and_the_refusal_logged(site: Flask, page: str) -> None:
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    client = browser(site, REFERENT)
    for journey in (foreign, uuid.uuid4()):
        if page in PAGES:
            assert client.get(f"/parcours/{journey}/{page}").status_code == 404
        refusals = scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'")
        sent = post(
            client, f"/parcours/{journey}/{page}", version=1, ref="PRE-0001", stage="EN_COURS", note="x"
        )
        assert sent.status_code == 404
        assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus'") == refusals + 1


@pytest.mark.parametrize("who", ["ccas", "centre.social", "eps.ecole", "pilotage", "dpo", "admin"])
def test_roles_that_follow_nobody_stay_outside(site: Flask, journey: uuid.UUID, who: str) -> None:
    client = browser(site, f"{who}@demo.example")
    for path in ("nouveau", "absences"):
        assert client.get(f"/parcours/{path}").status_code == 403
    for page in PAGES:
        assert client.get(f"/parcours/{journey}/{page}").status_code in (403, 404)
