"""Logging an exchange and correcting it, as a browser sends them."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    journeys_of,
    last_audit,
    post,
    silent_journey,
)
from tests.conftest import TODAY
from tests.support import rows, scalar

NIR = "2 55 08 14 168 025 38"


def typed(**more: Any) -> dict[str, Any]:
    """A form filled without a fault."""
    return {
        "idempotency_key": uuid.uuid4().hex,
        "when": TODAY.isoformat(),
        "mode": "TELEPHONE",
        "outcome": "ABOUTI",
        "note": "La mère a rappelé : tout va bien.",
    } | more


def contacts(journey_id: uuid.UUID) -> int:
    return int(scalar("SELECT count(*) FROM contact WHERE journey_id = %s", journey_id))


def test_an_exchange_from_my_day_leads_back_there_and_ends_the_silence(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    form = client.get(f"/parcours/{journey_id}/echange?retour=journee")
    assert re.search(rf'<input checked [^>]*name="when"[^>]*value="{TODAY}"', form.text)
    before = contacts(journey_id)
    answer = post(client, f"/parcours/{journey_id}/echange", **typed(retour="journee"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/ma-journee")
    day = client.get("/parcours/ma-journee")
    assert "Échange enregistré" in day.text
    assert contacts(journey_id) == before + 1
    assert not rows(
        "SELECT 1 FROM alert WHERE journey_id = %s AND rule IN ('A01','A02') AND status <> 'RESOLUE'",
        journey_id,
    )
    assert last_audit("saisie_echange") == (journey_id, "fait", "contact,on,mode,outcome,note")
    assert "tout va bien" in client.get(f"/parcours/{journey_id}").text


def test_an_exchange_from_the_journey_leads_back_to_it_whatever_the_form_asks(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    for wish in ("", "https://ailleurs.example", "//ailleurs.example", "/deconnexion"):
        answer = post(client, f"/parcours/{journey_id}/echange", **typed(retour=wish))
        assert answer.headers["Location"] == f"/parcours/{journey_id}"


WRONG: list[tuple[dict[str, str], str]] = [
    ({"when": "autre", "on": str(TODAY + timedelta(days=1))}, "dans le futur"),
    ({"when": "autre", "on": "2001-01-01"}, "Le parcours a commencé le"),
    ({"when": "autre", "on": "31/02/2026"}, "Cette date n&#39;existe pas"),
    ({"when": "autre", "on": ""}, "Indiquez une date"),
    ({"when": "n'importe quoi"}, "Cette date n&#39;existe pas"),
    ({"mode": "PIGEON"}, "Choisissez une des réponses proposées"),
    ({"mode": ""}, "Choisissez une des réponses proposées"),
    ({"outcome": "PARFAIT"}, "Choisissez une des réponses proposées"),
    ({"note": f"Son numéro : {NIR}, à garder."}, "numéro de sécurité sociale"),
    ({"note": "long " * 3000}, "trop long"),
]


def test_a_refused_form_says_where_and_keeps_what_was_typed(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    before = contacts(journey_id)
    for wrong, words in WRONG:
        sent = typed(**wrong)
        answer = post(client, f"/parcours/{journey_id}/echange", **sent)
        assert answer.status_code == 422
        assert words in answer.text, wrong
        assert 'class="error-summary" role="alert" tabindex="-1" data-focus' in answer.text
        assert 'class="field-error"' in answer.text
        assert sent["idempotency_key"] in answer.text
        kept = sent["note"].strip().replace("'", "&#39;")
        assert kept in answer.text
        if sent["outcome"] == "ABOUTI":
            assert re.search(r'<input checked [^>]*value="ABOUTI"', answer.text)
        if wrong.get("on"):
            assert f'value="{wrong["on"]}"' in answer.text
        assert contacts(journey_id) == before


def test_yesterday_and_a_date_as_people_write_it(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    yesterday, earlier = TODAY - timedelta(days=1), TODAY - timedelta(days=3)
    post(client, f"/parcours/{journey_id}/echange", **typed(when=str(yesterday)))
    post(client, f"/parcours/{journey_id}/echange", **typed(when="autre", on=f"{earlier:%d/%m/%Y}"))
    latest = rows(
        "SELECT on_date FROM contact WHERE journey_id = %s ORDER BY on_date DESC LIMIT 2", journey_id
    )
    assert [row[0] for row in latest] == [yesterday, earlier]


def test_the_same_form_sent_twice_is_written_once(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    before, form = contacts(journey_id), typed(retour="journee")
    for _ in range(2):
        answer = post(client, f"/parcours/{journey_id}/echange", **form)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/ma-journee")
        assert client.get("/parcours/ma-journee").text.count("Échange enregistré") == 1
    assert contacts(journey_id) == before + 1


def test_another_text_under_the_same_key_is_kept_and_can_be_sent_again(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    before, form = contacts(journey_id), typed()
    post(client, f"/parcours/{journey_id}/echange", **form)
    answer = post(client, f"/parcours/{journey_id}/echange", **{**form, "note": "Autre"})
    assert answer.status_code == 409
    assert ">Autre</textarea>" in answer.text.replace("\r\n", "").replace("\n", "")
    assert form["idempotency_key"] not in answer.text
    # Reloading the answer would send it once more: the form is opened again from where it was opened.
    assert "Rechargez" not in answer.text and "ouvrez de nouveau le formulaire" in unescape(answer.text)
    assert f'<a href="/parcours/{journey_id}">Retrouver ce qui est enregistré' in answer.text
    assert contacts(journey_id) == before + 1


def test_without_its_token_nothing_is_written(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), silent_journey(REFERENT)
    before = contacts(journey_id)
    answer = client.post(f"/parcours/{journey_id}/echange", data=typed())
    assert answer.status_code == 400
    assert "tout va bien" in answer.text, "what was typed is given back"
    assert contacts(journey_id) == before


def test_a_foreign_journey_takes_no_exchange(site: Flask) -> None:
    client = browser(site, REFERENT)
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    assert post(client, f"/parcours/{foreign}/echange", **typed()).status_code == 404
    assert last_audit("saisie_echange")[:2] == (foreign, "refus")


@pytest.mark.parametrize("kind", ["contact", "alert"])
def test_a_refusal_names_what_was_tried(site: Flask, kind: str) -> None:
    """A foreign exchange or alert has no journey to name: the log keeps its kind and its id, and shows the kind."""
    client = browser(site, REFERENT)
    foreign = scalar(
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " status, initial) SELECT gen_random_uuid(), f.journey_id, f.id, 'X1', 'overdue', '', current_date,"
        " current_date, 'exchange', current_date, 'OUVERTE', false FROM folder f JOIN journey j ON"
        " j.id = f.journey_id WHERE j.programme = 'CITE_EMPLOI' LIMIT 1 RETURNING id"
        if kind == "alert"
        else "SELECT c.id FROM contact c JOIN journey j ON j.id = c.journey_id"
        " WHERE j.programme = 'CITE_EMPLOI' LIMIT 1"
    )
    page = {"contact": "echange", "alert": "alerte"}[kind]
    assert client.get(f"/parcours/{page}/{foreign}").status_code == 404
    assert last_audit("consultation_parcours") == (None, "refus", f"NotFound,{kind}={foreign}")
    answer = post(client, f"/parcours/{page}/{foreign}", note="Texte", version=1, status="VUE")
    assert answer.status_code == 404
    action = {"contact": "saisie_element", "alert": "reponse_alerte"}[kind]
    assert last_audit(action) == (None, "refus", f"NotFound,{kind}={foreign}")
    shown = browser(site, "dpo@demo.example").get("/journal").text
    assert {"contact": "inconnu, par un échange", "alert": "inconnu, par une alerte"}[kind] in shown


@pytest.mark.parametrize("version", [2**31, 10**30])
def test_a_version_that_nobody_read_is_somebody_else_s_edit(site: Flask, version: int) -> None:
    contact_id, _ = one_contact(REFERENT)
    path = f"/parcours/echange/{contact_id}"
    answer = post(browser(site, REFERENT), path, **said(note="Un texte à garder."), version=version)
    assert answer.status_code == 409 and "Un texte à garder." in answer.text


def one_contact(email: str) -> tuple[uuid.UUID, int]:
    found = rows(
        "SELECT id, version FROM contact WHERE journey_id = ANY(%s) ORDER BY on_date DESC LIMIT 1",
        journeys_of(email),
    )[0]
    return found[0], found[1]


def said(**more: Any) -> dict[str, Any]:
    """The form that corrects an exchange, filled without a fault."""
    return {"mode": "TELEPHONE", "outcome": "ABOUTI", "on_date": TODAY.isoformat()} | more


def test_a_note_is_corrected(site: Flask) -> None:
    client = browser(site, REFERENT)
    contact_id, version = one_contact(REFERENT)
    assert client.get(f"/parcours/echange/{contact_id}").status_code == 200
    answer = post(client, f"/parcours/echange/{contact_id}", **said(note="Texte repris."), version=version)
    assert answer.status_code == 303 and answer.headers["Location"].endswith(f"#echange-{contact_id}")
    page = client.get(answer.headers["Location"])
    assert "Échange\N{NO-BREAK SPACE}: correction enregistrée." in page.text and "Texte repris." in page.text


def test_two_people_writing_at_once_lose_nothing(site: Flask) -> None:
    client = browser(site, REFERENT)
    contact_id, version = one_contact(REFERENT)
    path = f"/parcours/echange/{contact_id}"
    post(client, path, **said(note="Le texte de ma collègue."), version=version)
    answer = post(client, path, **said(note="Mon texte à moi."), version=version)
    assert answer.status_code == 409
    assert "Le texte de ma collègue." in answer.text and "Mon texte à moi." in answer.text
    assert f'name="version" value="{version + 1}"' in answer.text
    assert post(client, path, **said(note="Les deux réunis."), version=version + 1).status_code == 303
    assert "Les deux réunis." in client.get(path).text


def test_a_note_with_a_nir_is_refused_and_kept(site: Flask) -> None:
    client = browser(site, REFERENT)
    contact_id, version = one_contact(REFERENT)
    answer = post(client, f"/parcours/echange/{contact_id}", **said(note=f"voir {NIR}"), version=version)
    assert answer.status_code == 422
    assert "numéro de sécurité sociale" in answer.text and NIR in answer.text


def test_the_exchange_of_somebody_else_does_not_exist(site: Flask) -> None:
    client = browser(site, REFERENT)
    foreign = scalar(
        "SELECT c.id FROM contact c JOIN journey j ON j.id = c.journey_id"
        " WHERE programme = 'CITE_EMPLOI' ORDER BY c.id LIMIT 1"
    )
    for wanted in (foreign, uuid.uuid4()):
        assert client.get(f"/parcours/echange/{wanted}").status_code == 404
        assert post(client, f"/parcours/echange/{wanted}", **said(note="x"), version=1).status_code == 404


def test_an_exchange_is_corrected_whole_says_what_it_said_and_can_be_removed(site: Flask) -> None:
    client = browser(site, REFERENT)
    contact_id, version = one_contact(REFERENT)
    path = f"/parcours/echange/{contact_id}"
    journey_id = scalar("SELECT journey_id FROM contact WHERE id = %s", contact_id)
    assert post(client, path, **said(note="Un mot."), version=version).status_code == 303
    change = said(note="Un mot.", mode="VAD", outcome="SANS_REPONSE", on_date=str(TODAY - timedelta(days=1)))
    assert post(client, path, **change, version=version + 1).status_code == 303
    page = client.get(path).text
    assert "Ce qui était noté avant" in page and "noté par" in page
    assert "Téléphone" in page and "22 novembre 2026" in page
    assert (
        'Corriger<span class="visually-hidden"> l\'échange du 21 novembre 2026'
        in client.get(f"/parcours/{journey_id}").text
    )
    gone = post(client, f"/parcours/{journey_id}/echange/{contact_id}/retirer", version=version + 2)
    assert gone.status_code == 303
    journey = client.get(gone.headers["Location"]).text
    assert "Retiré\N{NO-BREAK SPACE}: échange." in journey and str(contact_id) not in journey
    assert client.get(path).status_code == 404
    assert "Échange" in client.get(f"/parcours/{journey_id}/retires").text


def test_the_journey_says_who_corrected_an_exchange(site: Flask) -> None:
    contact_id, version = one_contact(REFERENT)
    path = f"/parcours/echange/{contact_id}"
    journey = f"/parcours/{scalar('SELECT journey_id FROM contact WHERE id = %s', contact_id)}"
    own, other = browser(site, REFERENT), browser(site, COORDINATOR)
    assert "corrigé le" not in own.get(journey).text
    assert post(own, path, **said(note="Un mot."), version=version).status_code == 303
    author = scalar("SELECT author_id FROM contact WHERE id = %s", contact_id)
    mine = f", corrigé le {TODAY:%d/%m/%Y}"
    assert mine in own.get(journey).text
    assert (f"{mine} par" in own.get(journey).text) == (author != account(REFERENT))
    assert post(other, path, **said(note="Un autre mot."), version=version + 1).status_code == 303
    name = scalar("SELECT display_name FROM account WHERE id = %s", account(COORDINATOR))
    assert f"{mine} par {name}" in own.get(journey).text


def test_what_was_typed_in_a_correction_is_kept_beside_its_refusal(site: Flask) -> None:
    client = browser(site, REFERENT)
    contact_id, version = one_contact(REFERENT)
    path = f"/parcours/echange/{contact_id}"
    answer = post(client, path, **said(note="Gardé.", on_date="31/02/2026"), version=version)
    assert answer.status_code == 422 and "31/02/2026" in answer.text and "Gardé." in answer.text
    tomorrow = str(TODAY + timedelta(days=1))
    answer = post(client, path, **said(note="Gardé.", on_date=tomorrow), version=version)
    assert answer.status_code == 422 and "dans le futur" in answer.text
