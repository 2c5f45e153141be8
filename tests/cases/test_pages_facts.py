"""Invitations, applications, children, absences from school, decisions, what follows the end: their pages."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination.alerts.models import Alert
from coordination.cases.kinds_facts import ALL_KINDS, OWN_KINDS
from coordination.cases.rules.household import subject_of
from tests.cases.life_kit import course
from tests.cases.pages_kit import (
    NOW,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    post,
    statements,
)
from tests.cases.records_kit import NIR
from tests.conftest import TODAY
from tests.exchange.test_recompute import from_scratch, stored
from tests.sealed import assert_sealed
from tests.support import rows, scalar

# TODAY is a Sunday.
SCHOOL_DAY = TODAY - timedelta(days=2)
COUNSELLOR = "mipe.plie@demo.example"
TYPED: dict[str, dict[str, str]] = {
    "invitation": {"kind": "ATELIER", "sent_on": TODAY.isoformat()},
    "candidature": {"employer": "Jardins <d'Opale>", "applied_on": TODAY.strftime("%d/%m/%Y")},
    "enfant": {"birth_month": "03/2025", "care": "Chez sa grand-mère"},
    "suivi": {"on_date": TODAY.isoformat(), "situation": "EMPLOI", "note": "CDI à mi-temps"},
    "conservation": {"on_date": TODAY.isoformat(), "decision": "CONSERVER", "reason": "Recours en cours"},
    "absence": {"on_date": SCHOOL_DAY.isoformat(), "half_days": "3"},
    "decision": {
        "on_date": TODAY.isoformat(),
        "decision": "PROLONGATION",
        "reason": "L'année <de CM2> à finir",
    },
}
SHOWN = {
    "invitation": "Invitation : atelier",
    "candidature": "Candidature : Jardins <d'Opale>",
    "enfant": "Né ou née en mars 2025",
    "suivi": "Nouvelles après la sortie : en emploi",
    "conservation": "Conservation du dossier : le garder plus longtemps",
    "absence": "3 demi-journées d'absence",
    "decision": "Décision : prolongation",
}


@pytest.fixture
def journey(site: Flask) -> uuid.UUID:
    """A running journey of the Cité, of the counsellor."""
    found = rows(
        "SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL AND stage = 'EN_ACTION'"
        " ORDER BY ref LIMIT 1"
    )
    journey_id = uuid.UUID(str(found[0][0]))
    give(journey_id, COUNSELLOR)
    return journey_id


def give(journey_id: uuid.UUID, email: str) -> None:
    rows("UPDATE journey SET referent_id = %s WHERE id = %s", account(email), journey_id)
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at)"
        " SELECT gen_random_uuid(), %s, journey_id, id, 'referent', true, %s FROM folder"
        " WHERE journey_id = %s ON CONFLICT DO NOTHING",
        account(email),
        NOW - timedelta(hours=1),
        journey_id,
    )


def end(journey_id: uuid.UUID, client: FlaskClient, reason: str, on: str) -> None:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey_id)
    answer = post(
        client, f"/parcours/{journey_id}/sortie", reason=reason, on=on, version=version, note="Un poste."
    )
    assert answer.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", answer.text)


def agreed() -> uuid.UUID:
    query = (
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " AND exit_on IS NULL ORDER BY ref LIMIT 1"
    )
    return uuid.UUID(str(scalar(query, journeys_of(REFERENT))))


def add(client: FlaskClient, journey_id: uuid.UUID, slug: str, **changes: str) -> tuple[Any, ...]:
    """Send the form; the answer and the id of the record."""
    answer = post(client, f"/parcours/{journey_id}/{slug}", **TYPED[slug] | changes)
    table = OWN_KINDS[slug].table
    found = rows(f"SELECT id FROM {table} WHERE journey_id = %s ORDER BY position DESC LIMIT 1", journey_id)
    return answer, found[0][0] if found else None


def deadlines_of(journey_id: uuid.UUID, rule: str) -> set[tuple[Any, ...]]:
    return set(
        rows(
            "SELECT kind, subject_id, due_on FROM deadline WHERE journey_id = %s AND rule = %s",
            journey_id,
            rule,
        )
    )


def whole_round(client: FlaskClient, journey_id: uuid.UUID, slug: str) -> uuid.UUID:
    """Added from the menu of the journey, shown, corrected, its earlier text kept; stored is what facts give."""
    path = f"/parcours/{journey_id}/{slug}"
    assert f'href="{path}"' in client.get(f"/parcours/{journey_id}").text, "one tap from the journey"
    assert client.get(path).status_code == 200
    answer, record = add(client, journey_id, slug)
    assert answer.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", answer.text)
    page = f"/parcours/{slug}/{record}"
    place = path if slug == "enfant" else f"/parcours/{journey_id}"
    listed = unescape(client.get(place).text)
    assert SHOWN[slug] in listed and page in listed
    table = OWN_KINDS[slug].table
    for cell in OWN_KINDS[slug].cells:
        kept = scalar(f"SELECT {cell.name} FROM {table} WHERE id = %s", record)
        typed = TYPED[slug].get(cell.name)
        if isinstance(kept, bytes | memoryview) and typed:
            assert_sealed(typed, bytes(kept))
    stale = post(client, page, **TYPED[slug], version=99)
    # The same text again is no conflict.
    assert stale.status_code == 303
    assert client.get(page).status_code == 200
    assert stored() == from_scratch()
    return record


def test_the_name_of_a_kind_fits_where_it_resolves_an_alert() -> None:
    width = Alert.__table__.c.resolved_because.type.length
    assert all(len(f"{kind.name} : saisie du 01/01/2026") <= width for kind in ALL_KINDS.values())


def test_an_invitation_rings_until_its_answer(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    record = whole_round(client, journey, "invitation")
    assert deadlines_of(journey, "A17") == {("overdue", str(record), TODAY + timedelta(days=10))}
    answered = TYPED["invitation"] | {"answer": "VIENDRA", "answered_on": TODAY.isoformat(), "version": "1"}
    half = post(client, f"/parcours/invitation/{record}", **answered | {"answered_on": ""})
    assert half.status_code == 422 and "Indiquez le jour de la réponse." in half.text
    half = post(client, f"/parcours/invitation/{record}", **answered | {"answer": ""})
    assert half.status_code == 422 and "Indiquez quelle est la réponse" in half.text
    assert post(client, f"/parcours/invitation/{record}", **answered).status_code == 303
    assert deadlines_of(journey, "A17") == set() and stored() == from_scratch()
    assert ": viendra" in client.get(f"/parcours/{journey}").text
    # Corrected back, it rings again; removed, it does not.
    back = post(client, f"/parcours/invitation/{record}", **TYPED["invitation"], version="2")
    assert back.status_code == 303 and deadlines_of(journey, "A17")
    gone = post(client, f"/parcours/{journey}/invitation/{record}/retirer", version="3")
    assert gone.status_code == 303 and deadlines_of(journey, "A17") == set()
    assert stored() == from_scratch()
    assert last_audit("saisie_element") == (journey, "fait", "invitation,removed")


def test_an_application_stands_in_the_volet_of_employment(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    record = whole_round(client, journey, "candidature")
    assert deadlines_of(journey, "T28") == {("overdue", str(record), TODAY + timedelta(days=30))}
    query = "SELECT f.volet FROM {} t JOIN folder f ON f.id = t.folder_id WHERE t.journey_id = %s"
    assert scalar(query.format("iae_application"), journey) == "emploi"
    assert scalar(query.format("deadline") + " AND rule = 'T28'", journey) == "emploi"
    done = TYPED["candidature"] | {"answer": "REFUSEE", "answered_on": TODAY.isoformat(), "version": "1"}
    assert post(client, f"/parcours/candidature/{record}", **done).status_code == 303
    assert deadlines_of(journey, "T28") == set() and stored() == from_scratch()


def test_a_child_of_the_household_leaves_months_alone(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    record = whole_round(client, journey, "enfant")
    found = deadlines_of(journey, "S20")
    assert {subject for _, subject, _ in found} == {subject_of(str(record), age) for age in (3, 6, 12)}
    assert all(kind == "lead" and due.day == 1 for kind, _, due in found)
    page = client.get(f"/parcours/enfant/{record}").text
    assert 'value="03/2025"' in page
    changed = TYPED["enfant"] | {"birth_month": "2024-11", "version": "1"}
    assert post(client, f"/parcours/enfant/{record}", **changed).status_code == 303
    assert "mars 2025" in client.get(f"/parcours/enfant/{record}").text
    other = TYPED["enfant"] | {"birth_month": "05/2024", "version": "1"}
    both = post(client, f"/parcours/enfant/{record}", **other)
    # What the other one noted is said as people say it.
    assert both.status_code == 409 and "novembre 2024" in both.text and "2024-11" not in both.text
    assert stored() == from_scratch()
    for odd, sentence in (
        ("13/2024", "Ce mois n'existe pas"),
        ("mars", "Ce mois n'existe pas"),
        ("٠٣/2024", "Ce mois"),
        ("", "Indiquez un mois"),
        ("01/2090", "Ce mois est dans le futur"),
        ("01/1990", "Vérifiez l'année"),
    ):
        answer = post(client, f"/parcours/{journey}/enfant", **TYPED["enfant"] | {"birth_month": odd})
        assert answer.status_code == 422 and sentence in unescape(answer.text), odd
        assert "Chez sa grand-mère" in answer.text


def test_what_follows_an_end_is_written_after_it_alone(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    menu = client.get(f"/parcours/{journey}").text
    for slug in ("suivi", "conservation"):
        assert f"/parcours/{journey}/{slug}" not in menu
        answer, record = add(client, journey, slug)
        assert answer.status_code == 422 and "ou pas terminé" in answer.text and record is None
    end(journey, client, "EMPLOI_DURABLE", TODAY.isoformat())
    assert {kind for kind, _, _ in deadlines_of(journey, "T31")} == {"lead", "overdue"}
    assert {kind for kind, _, _ in deadlines_of(journey, "S26")} == {"lead", "overdue"}
    for slug in ("suivi", "conservation"):
        whole_round(client, journey, slug)
    # Too early for the situation at six months, in time for the file.
    assert deadlines_of(journey, "T31") and deadlines_of(journey, "S26") == set()
    early = (TODAY - timedelta(days=1)).isoformat()
    late = (TODAY + timedelta(days=1)).isoformat()
    for slug in ("suivi", "conservation"):
        assert "Le parcours s&#39;est terminé après" in add(client, journey, slug, on_date=early)[0].text
        assert "dans le futur" in add(client, journey, slug, on_date=late)[0].text
    refused = add(client, journey, "conservation", reason="")[0]
    assert refused.status_code == 422 and "Écrivez pourquoi" in refused.text
    assert add(client, journey, "conservation", decision="EFFACER", reason="")[0].status_code == 303


def test_a_follow_up_at_six_months_ends_the_question(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    on = TODAY - timedelta(days=170)
    for table in ("contact", "appointment", "action", "review", "life_event", "pause", "referral"):
        rows(f"DELETE FROM {table} WHERE journey_id = %s", journey)
    rows(
        "UPDATE journey SET opened_on = %s, entered_on = NULL, validated_on = NULL, diagnosis_on = NULL"
        " WHERE id = %s",
        on - timedelta(days=90),
        journey,
    )
    end(journey, client, "EMPLOI_TRANSITION", on.isoformat())
    assert deadlines_of(journey, "T31") == {
        ("lead", "", on + timedelta(days=165)),
        ("overdue", "", on + timedelta(days=180)),
    }
    assert add(client, journey, "suivi")[0].status_code == 303
    assert deadlines_of(journey, "T31") == set()


def test_half_days_stand_in_the_volet_of_school(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    whole_round(client, journey_id, "absence")
    page = unescape(client.get(f"/parcours/{journey_id}/absence").text)
    assert "Déjà noté" in page and SHOWN["absence"] in page
    query = "SELECT f.volet FROM school_absence t JOIN folder f ON f.id = t.folder_id WHERE t.journey_id = %s"
    assert {volet for (volet,) in rows(query, journey_id)} == {"scolarite"}
    for odd, sentence in (
        ("0", "de 1 à 60"),
        ("61", "de 1 à 60"),
        ("-1", "en chiffres"),
        ("²", "en chiffres"),
        ("deux", "en chiffres"),
        ("", "Indiquez un nombre."),
    ):
        answer = add(client, journey_id, "absence", half_days=odd)[0]
        assert answer.status_code == 422 and sentence in unescape(answer.text), odd
    late = add(client, journey_id, "absence", on_date=(TODAY + timedelta(days=1)).isoformat())[0]
    assert late.status_code == 422 and "dans le futur" in late.text


def test_a_decision_ends_the_question_of_the_twelve_months(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    entered = TODAY - timedelta(days=340)
    rows(
        "UPDATE journey SET entered_on = %s, opened_on = %s, agreement_on = %s WHERE id = %s",
        entered,
        entered,
        entered,
        journey_id,
    )
    refused = post(client, f"/parcours/{journey_id}/decision", **TYPED["decision"] | {"reason": " "})
    assert refused.status_code == 422 and "Écrivez quelques mots ici." in refused.text
    secret = post(client, f"/parcours/{journey_id}/decision", **TYPED["decision"] | {"reason": NIR})
    assert secret.status_code == 422 and "numéro de sécurité sociale" in secret.text
    tomorrow = {"on_date": (TODAY + timedelta(days=1)).isoformat()}
    late = post(client, f"/parcours/{journey_id}/decision", **TYPED["decision"] | tomorrow)
    assert late.status_code == 422 and "dans le futur" in late.text
    early = {"on_date": (entered - timedelta(days=1)).isoformat()}
    before = post(client, f"/parcours/{journey_id}/decision", **TYPED["decision"] | early)
    assert before.status_code == 422 and "Le parcours a commencé le" in before.text
    form = unescape(client.get(f"/parcours/{journey_id}/decision").text)
    for words in ("Poursuite du parcours", "Prolongation", "Préparer la sortie", "La famille peut lire"):
        assert words in form
    record = whole_round(client, journey_id, "decision")
    assert {rule for rule in ("T09", "T10", "T11") if deadlines_of(journey_id, rule)} == {"T10", "T11"}
    page = unescape(client.get(f"/parcours/{journey_id}").text)
    assert "L'année <de CM2> à finir" in page
    gone = post(client, f"/parcours/{journey_id}/decision/{record}/retirer", version="1")
    assert gone.status_code == 303 and deadlines_of(journey_id, "T09")
    assert "Décision" in unescape(client.get(f"/parcours/{journey_id}/retires").text)


def test_the_alert_of_the_twelve_months_leads_to_the_decision_and_to_the_exit(site: Flask) -> None:
    client = browser(site, REFERENT)
    # The small territory has no such alert: one of each journey takes its place.
    rows(
        "UPDATE alert SET rule = 'T09', kind = 'overdue', subject_id = '', because = 'entry' WHERE id IN ("
        "SELECT DISTINCT ON (journey_id) id FROM alert WHERE status = 'OUVERTE' AND journey_id = ANY(%s))",
        journeys_of(REFERENT),
    )
    query = "SELECT id, journey_id FROM alert WHERE rule = 'T09' ORDER BY id LIMIT 1"
    alert, journey_id = rows(query)[0]
    page = unescape(client.get(f"/parcours/alerte/{alert}?retour=journee").text)
    for place, words in (("decision", "Noter la décision"), ("sortie", "Terminer le parcours")):
        assert f'href="/parcours/{journey_id}/{place}?retour=journee">{words}</a>' in page
    assert "Une décision datée de l'annonce ou d'après, ou la sortie" in page
    card = unescape(client.get(f"/parcours/{journey_id}").text)
    assert f'href="/parcours/{journey_id}/sortie">Terminer le parcours' in card
    day = unescape(client.get("/parcours/ma-journee").text)
    assert '/decision?retour=journee">Noter la décision' in day
    assert '/sortie?retour=journee">Terminer le parcours' in day


def test_each_kind_is_offered_to_its_programme(site: Flask, journey: uuid.UUID) -> None:
    pre, cite = browser(site, REFERENT), browser(site, COUNSELLOR)
    agreed_one = agreed()
    for client, place, mine in (
        (pre, agreed_one, {"absence", "decision"}),
        (cite, journey, {"invitation", "candidature", "enfant"}),
    ):
        menu = client.get(f"/parcours/{place}").text
        assert {slug for slug in OWN_KINDS if f'href="/parcours/{place}/{slug}"' in menu} == mine
        for slug in OWN_KINDS.keys() - mine:
            answer, record = add(client, place, slug)
            assert answer.status_code == 422, slug
            assert slug in ("absence", "decision") or record is None


def test_a_foreign_journey_or_record_is_not_found(site: Flask, journey: uuid.UUID) -> None:
    cite, pre = browser(site, COUNSELLOR), browser(site, REFERENT)
    for slug in ("invitation", "candidature", "enfant"):
        record = add(cite, journey, slug)[1]
        assert pre.get(f"/parcours/{journey}/{slug}").status_code == 404
        assert add(pre, journey, slug)[0].status_code == 404
        assert last_audit("saisie_element")[:2] == (journey, "refus")
        assert pre.get(f"/parcours/{slug}/{record}").status_code == 404
        assert post(pre, f"/parcours/{slug}/{record}", **TYPED[slug], version="1").status_code == 404
        assert post(pre, f"/parcours/{journey}/{slug}/{record}/retirer", version="1").status_code == 404
    assert stored() == from_scratch()


def test_two_corrections_at_once_keep_both_texts(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    record = add(client, journey, "candidature")[1]
    page = f"/parcours/candidature/{record}"
    first = TYPED["candidature"] | {"job": "Maraîchage", "version": "1"}
    assert post(client, page, **first).status_code == 303
    second = post(client, page, **first | {"job": "Cuisine"})
    assert second.status_code == 409 and "Maraîchage" in second.text and "Cuisine" in second.text


def test_the_pages_cost_the_same_with_few_and_many_lines(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, COUNSELLOR)
    for slug in ("invitation", "candidature", "enfant"):
        add(client, journey, slug)
    paths = (f"/parcours/{journey}", f"/parcours/{journey}/enfant")

    def cost() -> list[int]:
        found = []
        for path in paths:
            with statements() as sent:
                assert client.get(path).status_code == 200
            found.append(len(sent))
        return found

    cost()
    few = cost()
    for number in range(8):
        for slug in ("invitation", "candidature", "enfant"):
            add(client, journey, slug, idempotency_key=f"{slug}{number}")
    # One less: who imported the journey is no longer among the latest to have opened it, and is not named.
    assert [more - less for more, less in zip(cost(), few, strict=True)] in ([0, 0], [-1, 0])


def test_the_dates_of_the_path_are_written_from_the_page_of_the_stage(
    site: Flask, journey: uuid.UUID
) -> None:
    client, path = browser(site, COUNSELLOR), f"/parcours/{journey}/etape"
    days = {name: TODAY.isoformat() for name in ("rsa_opened_on", "oriented_on", "contract_signed_on")}
    stage, version = rows("SELECT stage, version FROM journey WHERE id = %s", journey)[0]
    rows("UPDATE journey SET opened_on = %s, diagnosis_on = NULL WHERE id = %s", TODAY, journey)
    given = course(journey) | days
    given |= {"scheme": "PLIE", "orientation_path": "SOCIAL", "entered_on": TODAY.isoformat()}
    answer = post(client, path, stage=stage, version=version, stage_on=TODAY.isoformat(), **given)
    assert answer.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", answer.text)
    assert {kind for kind, _, _ in deadlines_of(journey, "S14")} == {"lead", "overdue"}
    assert {kind for kind, _, _ in deadlines_of(journey, "T32")} == {"lead", "overdue"}
    held = post(client, f"/parcours/{journey}/bilan", due_on=TODAY.isoformat(), held_on=TODAY.isoformat())
    assert held.status_code == 303
    assert deadlines_of(journey, "S14") == set() and deadlines_of(journey, "T32")
    assert stored() == from_scratch()
