"""The pages that write the records of a journey, as a browser sends them."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

from flask import Flask

from coordination.cases.kinds import ADDED, KINDS
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, journeys_of, last_audit, post
from tests.conftest import TODAY
from tests.support import rows, scalar

NIR = "2 55 08 14 168 025 38"
IN = TODAY + timedelta(days=10)
TYPED: dict[str, dict[str, str]] = {
    "action": {
        "kind": "SOUTIEN_SCO",
        "droit_commun": "SOLLICITE",
        "status": "PREVUE",
        "owner": "Mme D., <CCAS>",
        "planned_start": TODAY.isoformat(),
    },
    "rendez-vous": {"on_date": IN.isoformat(), "status": "A_VENIR"},
    "objectif": {"fact": "Va au club", "set_on": TODAY.strftime("%d/%m/%Y"), "own_words": "On essaie"},
    "frein": {"barrier": "GARDE", "level": "", "identified_on": TODAY.isoformat()},
    "pause": {"reason": "FAMILLE", "from_on": TODAY.isoformat()},
    "bilan": {"due_on": IN.isoformat()},
    "droit": {"kind": "CSS", "ends_on": IN.isoformat()},
    "evenement": {"kind": "DEMENAGEMENT", "on_date": TODAY.isoformat()},
}
WRONG = {
    "action": "kind",
    "rendez-vous": "on_date",
    "objectif": "fact",
    "frein": "barrier",
    "pause": "reason",
    "bilan": "due_on",
    "droit": "kind",
    "evenement": "kind",
}


def agreed() -> uuid.UUID:
    """A journey of the référent that is agreed and running."""
    found = rows(
        "SELECT id FROM journey WHERE id = ANY(%s) AND agreement_status = 'SIGNE' AND stage = 'EN_COURS'"
        " AND exit_on IS NULL ORDER BY ref LIMIT 1",
        journeys_of(REFERENT),
    )
    return uuid.UUID(str(found[0][0]))


def latest(slug: str, journey_id: uuid.UUID) -> tuple[Any, int]:
    query = (
        f"SELECT id, version FROM {KINDS[slug].table} WHERE journey_id = %s ORDER BY position DESC LIMIT 1"
    )
    return rows(query, journey_id)[0]  # type: ignore[return-value]


def form_key() -> str:
    return uuid.uuid4().hex


def test_every_kind_is_added_corrected_and_removed_from_the_journey(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    menu = client.get(f"/parcours/{journey_id}").text
    for slug in ADDED:
        path = f"/parcours/{journey_id}/{slug}"
        assert f'href="{path}"' in menu, "one tap from the journey"
        assert client.get(path).status_code == 200
        key = form_key()
        for _ in range(2):
            answer = post(client, path, idempotency_key=key, **TYPED[slug])
            assert (answer.status_code, answer.headers["Location"]) == (303, f"/parcours/{journey_id}"), slug
        record, version = latest(slug, journey_id)
        page = f"/parcours/{slug}/{record}"
        line = re.search(f'href="{page}">([^<]+)<', client.get(f"/parcours/{journey_id}").text)
        shown = client.get(page)
        assert line and f"{line[1]} : {KINDS[slug].name.lower()}" in shown.text, (
            "one word on its line and its page"
        )
        assert shown.status_code == 200 and "Ce qui était noté avant" not in shown.text
        typed = TYPED[slug] | {"version": version}
        field = {"action": "owner", "objectif": "fact"}.get(slug)
        if field:
            answer = post(client, page, **typed | {field: "Autre chose"})
            assert answer.status_code == 303
            text = unescape(client.get(page).text)
            assert f"Avant :</strong> {TYPED[slug][field]}" in text and "Corrigé par" in text
            stale = post(client, page, **typed | {field: "Ma version"})
            assert stale.status_code == 409
            assert "Ma version" in stale.text and "Autre chose" in stale.text
            version += 1
        assert (
            post(client, f"/parcours/{journey_id}/{slug}/{record}/retirer", version=99)
            .headers["Location"]
            .endswith(page)
        )
        key = form_key()
        for _ in range(2):
            gone = post(
                client,
                f"/parcours/{journey_id}/{slug}/{record}/retirer",
                version=version,
                idempotency_key=key,
            )
            assert gone.status_code == 303
        assert client.get(page).status_code == 404
        assert last_audit("saisie_element")[0] in (journey_id, None)


def test_a_refused_record_says_where_and_keeps_what_was_typed(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    for slug, field in WRONG.items():
        before = scalar(f"SELECT count(*) FROM {KINDS[slug].table}")
        answer = post(client, f"/parcours/{journey_id}/{slug}", **TYPED[slug] | {field: ""})
        assert answer.status_code == 422, slug
        assert f'id="{field}-error"' in answer.text
        for name, value in TYPED[slug].items():
            if name != field and value and name in ("owner", "own_words"):
                assert value in unescape(answer.text)
            elif name != field and value:
                assert re.search(rf'value="{re.escape(value)}"', answer.text), (slug, name)
        assert scalar(f"SELECT count(*) FROM {KINDS[slug].table}") == before
    odd = TYPED["objectif"] | {"set_on": "31/02/2026", "own_words": f"voir {NIR}"}
    answer = post(client, f"/parcours/{journey_id}/objectif", **odd)
    assert "31/02/2026" in answer.text and "Cette date n&#39;existe pas" in answer.text
    odd["set_on"] = TODAY.isoformat()
    assert "numéro de sécurité sociale" in post(client, f"/parcours/{journey_id}/objectif", **odd).text


def test_no_name_of_ours_is_a_page(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    for path in ("seance", "contact", "sheet", "objective"):
        assert client.get(f"/parcours/{journey_id}/{path}").status_code == 404


def test_foreign_and_unknown_records_are_not_found(site: Flask) -> None:
    client = browser(site, REFERENT)
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    appointment = scalar(
        "SELECT a.id FROM appointment a JOIN journey j ON j.id = a.journey_id"
        " WHERE j.programme = 'CITE_EMPLOI' LIMIT 1"
    )
    for slug in ADDED:
        assert client.get(f"/parcours/{foreign}/{slug}").status_code == 404
        assert post(client, f"/parcours/{foreign}/{slug}", **TYPED[slug]).status_code == 404
        assert last_audit("saisie_element")[:2] == (foreign, "refus")
    for record in (appointment, uuid.uuid4()):
        assert client.get(f"/parcours/rendez-vous/{record}").status_code == 404
        assert post(client, f"/parcours/rendez-vous/{record}", **TYPED["rendez-vous"]).status_code == 404
        assert (
            post(client, f"/parcours/rendez-vous/{record}/issue", status="HONORE", version=1).status_code
            == 404
        )
        assert post(client, f"/parcours/{foreign}/rendez-vous/{record}/retirer", version=1).status_code == 404
        assert client.get(f"/parcours/action/{record}/presences").status_code == 404
        assert post(client, f"/parcours/action/{record}/presences").status_code == 404
    assert client.get(f"/parcours/{foreign}/diagnostic").status_code == 404
    assert post(client, f"/parcours/{foreign}/diagnostic", diagnosis="x").status_code == 404


def test_all_that_is_wrong_is_said_at_once(site: Flask) -> None:
    """A date that cannot be read, and what was left empty."""
    client, journey = browser(site, REFERENT), agreed()
    refused = post(
        client, f"/parcours/{journey}/action", planned_start="32/13/2026", kind="", status="PREVUE"
    )
    page = unescape(refused.text)
    assert refused.status_code == 422 and page.count("Choisissez une des réponses proposées") >= 2
    assert "Cette date n'existe pas" in page and 'value="32/13/2026"' in page


def test_a_coordinator_keeps_the_text_that_the_health_volet_refuses(site: Flask) -> None:
    client, journey_id = browser(site, COORDINATOR), agreed()
    typed = TYPED["action"] | {"kind": "PSY", "detail": "À garder"}
    # The référent opens the volet by writing in it; the coordinator then reads it.
    opening = post(browser(site, REFERENT), f"/parcours/{journey_id}/action", **typed)
    assert opening.status_code == 303, re.findall(r"field-error[^>]*>([^<]*)", opening.text)
    answer = post(client, f"/parcours/{journey_id}/action", **typed)
    assert answer.status_code == 422 and "À garder" in answer.text
    assert "que vous pouvez lire sans y écrire" in answer.text


def test_an_untold_appointment_waits_on_my_day_and_is_answered_there(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    rows("DELETE FROM appointment WHERE journey_id = ANY(%s)", journeys_of(REFERENT))
    typed = {"on_date": TODAY.isoformat(), "status": "A_VENIR"}
    post(client, f"/parcours/{journey_id}/rendez-vous", **typed)
    record, version = latest("rendez-vous", journey_id)
    rows("UPDATE appointment SET on_date = %s WHERE id = %s", TODAY - timedelta(days=2), record)
    path = f"/parcours/rendez-vous/{record}/issue"
    assert path in client.get("/parcours/ma-journee").text
    assert path in client.get(f"/parcours/{journey_id}").text
    wrong = post(client, path, status="PEUT-ETRE", version=version)
    assert wrong.headers["Location"] == f"/parcours/rendez-vous/{record}"
    answer = post(client, path, status="ABS_NON_EXCUSEE", version=version, retour="journee")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/parcours/ma-journee")
    assert path not in client.get("/parcours/ma-journee").text
    again = post(client, path, status="HONORE", version=version)
    assert again.headers["Location"] == f"/parcours/rendez-vous/{record}"
    assert scalar("SELECT status FROM appointment WHERE id = %s", record) == "ABS_NON_EXCUSEE"


def test_the_hour_and_the_place_of_an_appointment_are_read_where_it_stands(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    path, place = f"/parcours/{journey_id}/rendez-vous", "Bureau 3, rue des Tilleuls"
    # Nothing else comes first.
    rows("DELETE FROM review WHERE journey_id = %s", journey_id)
    rows("DELETE FROM action WHERE journey_id = %s AND status = 'PREVUE'", journey_id)
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    typed = {"on_date": tomorrow, "status": "A_VENIR", "place": place}
    for odd in ("25:00", "9 h 75", "midi", "930"):
        refused = post(client, path, **typed, at_time=odd)
        assert refused.status_code == 422 and "Écrivez-la ainsi\N{NO-BREAK SPACE}: 14 h 30" in refused.text
        assert f'value="{odd}"' in refused.text and 'type="time"' not in refused.text
    assert post(client, path, **typed, at_time="14 h 30").status_code == 303
    second = {"on_date": tomorrow, "status": "A_VENIR", "at_time": "9h"}
    # The same day is asked about.
    sure = [
        unescape(said)
        for said in re.findall(r'name="sure"[^>]*value="([^"]+)"', post(client, path, **second).text)
    ]
    assert post(client, path, **second, sure=sure).status_code == 303
    whole, hour = "14\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}30, " + place, "9\N{NO-BREAK SPACE}h"
    page = client.get(f"/parcours/{journey_id}").text
    assert f"· {hour}" in page and whole in page.split('id="fil"')[1]
    day = client.get("/parcours/ma-journee").text
    # In the order of the day.
    assert -1 < day.find(f", {hour}<") < day.find(f", {whole}<")
    record = scalar(
        "SELECT id FROM appointment WHERE journey_id = %s ORDER BY position DESC LIMIT 1", journey_id
    )
    page = client.get(f"/parcours/rendez-vous/{record}").text
    assert re.search(r'<input[^>]*name="at_time"[^>]*type="time"[^>]*value="09:00"', page)
    version = scalar("SELECT version FROM appointment WHERE id = %s", record)
    changed = second | {"at_time": "10:15", "sure": sure, "version": version}
    assert post(client, f"/parcours/rendez-vous/{record}", **changed).status_code == 303
    assert hour in client.get(f"/parcours/rendez-vous/{record}").text.split("Ce qui était noté avant")[1]
    assert not rows("SELECT 1 FROM appointment WHERE position(%s IN place) > 0", b"Tilleuls")


def test_several_sessions_are_marked_at_once(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    began = TODAY - timedelta(days=14)  # after the holidays of autumn
    post(
        client,
        f"/parcours/{journey_id}/action",
        **TYPED["action"] | {"status": "EN_COURS", "started_on": began.isoformat(), "planned_start": ""},
    )
    action, _ = latest("action", journey_id)
    path = f"/parcours/action/{action}/presences"
    days = re.findall(r'name="seance-([\d-]+)" id="[^"]*-PRESENT"', client.get(path).text)
    assert days == [str(began + timedelta(days=7 * n)) for n in range(3)]
    refused = post(
        client, path, **{f"seance-{days[0]}": "PRESENT", "other": "31/02/2026", "other_status": "ABSENT"}
    )
    assert refused.status_code == 422 and re.search(
        rf'id="seance-{days[0]}-PRESENT"[^>]*checked', refused.text
    )
    assert post(client, path).status_code == 422
    marks = {f"seance-{days[0]}": "PRESENT", f"seance-{days[2]}": "ABSENT", "idempotency_key": form_key()}
    for _ in range(2):
        assert post(client, path, **marks).status_code == 303
    assert scalar("SELECT count(*) FROM attendance WHERE action_id = %s", action) == 2
    assert "Séances déjà notées" in client.get(path).text


def test_the_diagnosis_is_written_from_the_journey(site: Flask) -> None:
    client, journey_id = browser(site, REFERENT), agreed()
    path = f"/parcours/{journey_id}/diagnostic"
    assert path in client.get(f"/parcours/{journey_id}").text
    version = scalar("SELECT version FROM journey WHERE id = %s", journey_id)
    wrong = post(client, path, diagnosis="À garder", diagnosis_on=IN.isoformat(), version=version)
    assert wrong.status_code == 422 and "À garder" in wrong.text
    good = post(client, path, diagnosis="Aime lire.", diagnosis_on=TODAY.isoformat(), version=version)
    assert good.status_code == 303
    assert "Aime lire." in client.get(path).text
    stale = post(client, path, diagnosis="Autre", diagnosis_on=TODAY.isoformat(), version=version)
    assert stale.status_code == 409 and "Aime lire." in stale.text and "Autre" in stale.text
