"""Who follows a journey: handed over, backed up, replaced during an absence."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from coordination.accounts.queries import load_actor
from coordination.cases.commands.team import NewLeave, plan_leave
from coordination.errors import BadInput
from coordination.worker import run_scan
from tests.cases.life_kit import COLLEAGUE, colleague, send, version
from tests.cases.pages_kit import (
    COORDINATOR,
    NOW,
    REFERENT,
    account,
    browser,
    post,
)
from tests.conftest import TODAY
from tests.people import make_account
from tests.support import rows, scalar


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


def test_who_cannot_sign_in_yet_is_offered_as_such(site: Flask, journey: uuid.UUID) -> None:
    other, mark = colleague(), "(ne s'est jamais connecté)"
    boss, pages = browser(site, COORDINATOR), (f"/parcours/{journey}/referent", "/parcours/absences")
    pages += ("/parcours/nouveau", f"/parcours/reaffecter/{account(REFERENT)}")

    def offered(page: str) -> str:
        text = unescape(boss.get(page).text)
        found = re.search(rf'<option[^>]*value="{other}"[^>]*>([^<]*)<', text)
        assert found, page
        return found[1]

    assert not [page for page in pages if mark in offered(page)]
    rows("UPDATE account SET password_hash = NULL WHERE id = %s", other)
    assert [page for page in pages if offered(page).endswith(mark)] == list(pages)
    # It is said where one chooses, and can still be chosen.
    done = send(boss, journey, "referent", referent_id=str(other), note="À son arrivée.")
    assert done.status_code == 303 and mark not in unescape(boss.get("/parcours/tableau").text)


def test_a_word_of_handover_needs_somebody_who_takes_over(site: Flask, journey: uuid.UUID) -> None:
    client = browser(site, REFERENT)
    same = send(client, journey, "referent", referent_id=str(account(REFERENT)), note="Vu mardi.")
    assert (
        same.status_code == 422 and "Rien ne change dans le suivi" in same.text and "Vu mardi." in same.text
    )
    assert scalar("SELECT count(*) FROM turn WHERE journey_id = %s", journey) == 0


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
        seen[day] = visitor.get(f"/parcours/{journey}").status_code
    assert [day for day, status in seen.items() if status == 200] == [2, 3, 4, 9]


def test_a_replacement_sees_the_journeys_of_the_absent_and_takes_a_leave_back(
    site: Flask, journey: uuid.UUID
) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    leave(client, TODAY, TODAY + timedelta(days=1), other)
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
    leave(browser(site, REFERENT), TODAY, TODAY + timedelta(days=1), other)
    assert browser(site, COLLEAGUE).get(f"/parcours/{journey}").status_code == 200
    assert send(browser(site, COORDINATOR), journey, "referent", referent_id=str(third)).status_code == 303
    assert browser(site, COLLEAGUE).get(f"/parcours/{journey}").status_code == 404


@pytest.mark.parametrize(
    ("first", "last", "who", "sentence"),
    [
        (0, -1, "colleague", "déjà finie"),
        (3, 2, "colleague", "avant le premier"),
        (0, 367, "colleague", "un an au plus"),
        (0, 1, "self", "quelqu&#39;un d&#39;autre que la personne absente"),
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


def test_two_windows_at_once_note_one_absence(site: Flask) -> None:
    actor = load_actor(account(REFERENT), NOW)
    new, start, ended = NewLeave(TODAY, TODAY + timedelta(days=4), None), threading.Barrier(3), list[str]()

    def plan() -> None:
        with site.app_context():
            start.wait()
            try:
                plan_leave(actor, new, NOW)
                ended.append("noted")
            except BadInput as error:
                ended.append(error.fields["from_on"])

    threads = [threading.Thread(target=plan) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scalar("SELECT count(*) FROM leave") == 1
    assert ended.count("noted") == 1 and all("autre absence" in said for said in ended if said != "noted")


def planned(
    client: FlaskClient, backup: uuid.UUID | str = "", days: int = 2, lasts: int = 5
) -> tuple[uuid.UUID, str]:
    """An absence that begins in `days`: its id and its page."""
    first = TODAY + timedelta(days=days)
    answer = leave(client, first, first + timedelta(days=lasts), backup)
    assert answer.status_code == 303, answer.text
    return uuid.UUID(answer.location.rsplit("/", 1)[1]), answer.location


def choose(client: FlaskClient, page: str, backup: uuid.UUID | str, before: uuid.UUID | str = "") -> Any:
    return post(client, f"{page}/remplacement", backup_id=str(backup), before=str(before))


def standing(rule: str) -> int:
    return int(scalar("SELECT count(*) FROM deadline WHERE rule = %s", rule))


def test_a_replacement_is_chosen_after_the_absence_was_noted(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    before = standing("I07")
    leave_id, page = planned(client)
    assert standing("I07") > before
    shown = client.get(page).text
    assert "Personne ne vous remplace pour l'instant" in shown and "personne ne remplace" in shown
    assert "<strong></strong>" not in shown and '<span class="tag tag-info"></span>' not in shown
    done = choose(client, page, other)
    assert (done.status_code, done.location) == (303, page)
    assert "sur sa page « Ma journée »" in client.get(page).text
    assert scalar("SELECT backup_id FROM leave") == other
    assert standing("I07") == before, "somebody replaces: no deadline any more"
    assert rows("SELECT count(*) FROM access WHERE leave_id = %s AND actor_id = %s", leave_id, other)[0][0]
    noted = rows("SELECT detail FROM audit_entry WHERE action = 'absences' AND result = 'fait'")
    assert ("leave,backup_id",) in noted
    # Somebody else, then nobody: what was opened closes.
    third = make_account("REFERENT_PRE", email="tiers@demo.example", programme="PRE")
    assert choose(client, page, third, other).status_code == 303
    assert not scalar("SELECT count(*) FROM access WHERE leave_id = %s AND actor_id = %s", leave_id, other)
    assert choose(client, page, "", third).status_code == 303
    assert not scalar("SELECT count(*) FROM access WHERE leave_id = %s", leave_id)
    assert standing("I07") > before


def test_a_running_absence_opens_at_once_to_who_is_chosen(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    leave(client, TODAY, TODAY + timedelta(days=1), "")
    page = f"/parcours/absences/{scalar('SELECT id FROM leave')}"
    assert browser(site, COLLEAGUE).get(f"/parcours/{journey}").status_code == 404
    assert choose(client, page, other).status_code == 303
    assert browser(site, COLLEAGUE).get(f"/parcours/{journey}").status_code == 200
    rows("UPDATE leave SET from_on = %s, until_on = %s", TODAY - timedelta(days=9), TODAY - timedelta(days=1))
    late = choose(client, page, "", other)
    assert late.status_code == 422 and "Cette absence est finie" in late.text
    assert "Enregistrer le remplacement" not in client.get(page).text


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        ("self", "quelqu&#39;un d&#39;autre que la personne absente"),
        ("admin", "ne suit pas de parcours"),
        ("cite", "ne suit pas de parcours"),
        ("suspended", "suspendu"),
        ("charter", "charte"),
        ("away", "absente aussi"),
        ("nonsense", "Choisissez une personne de la liste"),
    ],
)
def test_a_replacement_is_checked_as_at_planning(
    site: Flask, journey: uuid.UUID, who: str, sentence: str
) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    _, page = planned(client)
    if who == "suspended":
        rows("UPDATE account SET suspended_at = now() WHERE id = %s", other)
    elif who == "charter":
        rows("UPDATE account SET charter_expires_on = %s WHERE id = %s", TODAY, other)
    elif who == "away":
        planned(browser(site, COLLEAGUE), days=7)
    chosen: Any = {
        "self": account(REFERENT),
        "admin": account("admin@demo.example"),
        "cite": account("coordination.cite@demo.example"),
        "nonsense": "x",
    }.get(who, other)
    refused = choose(client, page, chosen)
    assert refused.status_code == 422 and sentence in refused.text
    assert scalar("SELECT backup_id FROM leave WHERE account_id = %s", account(REFERENT)) is None
    if who == "away":
        again = leave(client, TODAY + timedelta(days=10), TODAY + timedelta(days=20), other)
        assert again.status_code == 422 and sentence in again.text
        assert str(other) not in client.get(page).text, "not offered either"


def test_two_who_choose_at_once_do_not_undo_each_other(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    third = make_account("REFERENT_PRE", email="tiers@demo.example", programme="PRE")
    client = browser(site, REFERENT)
    _, page = planned(client)
    assert choose(browser(site, COORDINATOR), page, other).status_code == 303
    late = choose(client, page, third)
    assert late.status_code == 409 and "changé entre-temps" in late.text
    assert scalar("SELECT backup_id FROM leave") == other
    assert choose(client, page, other).status_code == 303, "the same choice twice is one"


def test_the_coordination_of_all_the_journeys_chooses_who_replaces(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    leave_id, page = planned(client)
    for nobody in ("coordination.cite@demo.example", COLLEAGUE):
        stranger = browser(site, nobody)
        assert stranger.get(f"{page}/remplacement").status_code == 404, nobody
        assert choose(stranger, page, other).status_code == 404, nobody
    boss = browser(site, COORDINATOR)
    assert "Absence de Claire Delattre" in boss.get(f"{page}/remplacement").text
    assert boss.get(page).status_code == 404, "the plan itself is of who is away"
    done = choose(boss, page, other)
    assert (done.status_code, done.location) == (303, "/parcours/tableau")
    assert scalar("SELECT backup_id FROM leave WHERE id = %s", leave_id) == other
    # One journey of another programme, and the coordination of one alone no longer decides for both.
    rows(
        "UPDATE journey SET referent_id = %s WHERE id = (SELECT id FROM journey"
        " WHERE programme = 'CITE_EMPLOI' AND exit_on IS NULL LIMIT 1)",
        account(REFERENT),
    )
    assert choose(boss, page, "", other).status_code == 404


def test_a_coordinator_who_replaces_sees_the_journeys_on_the_pages_of_the_coordination(
    site: Flask, journey: uuid.UUID
) -> None:
    client = browser(site, REFERENT)
    _, page = planned(client, account(COORDINATOR))
    shown = client.get(page).text
    assert "les voit déjà sur ses pages de coordination" in shown and "Ma journée »" not in shown
    # Who has both roles has the page of the day too.
    rows(
        "INSERT INTO membership (id, account_id, role, programme) VALUES (%s, %s, 'REFERENT_PRE', 'PRE')",
        uuid.uuid4(),
        account(COORDINATOR),
    )
    assert "sur sa page « Ma journée »" in client.get(page).text


def back(client: FlaskClient, page: str, ids: list[uuid.UUID], who: uuid.UUID | str, **more: str) -> Any:
    return post(client, page, journeys=[f"{id_}:{version(id_)}" for id_ in ids], backup=str(who), **more)


def test_several_people_of_an_absence_are_given_to_one_backup(site: Flask, journey: uuid.UUID) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    _, page = planned(client, lasts=90)
    shown = client.get(page).text
    mine = [uuid.UUID(id_) for id_ in re.findall(r'name="journeys" id="confier-([0-9a-f-]{36})"', shown)]
    assert len(mine) >= 2
    assert "Changer de référent définitivement" in shown and "Confier à quelqu" not in shown
    I07 = "SELECT count(*) FROM deadline WHERE rule = 'I07' AND journey_id = ANY(%s)"
    assert scalar(I07, mine[:2])
    lines = "SELECT count(*) FROM audit_entry WHERE action = 'passage_relais' AND detail = 'backup_id'"
    done = back(client, page, mine[:2], other, idempotency_key="a" * 32)
    assert (done.status_code, done.location) == (303, f"{page}#tombe")
    held = "SELECT count(*) FROM journey WHERE backup_id = %s AND referent_id = %s"
    assert scalar(held, other, account(REFERENT)) == 2
    assert scalar(I07, mine[:2]) == 0 and scalar(lines) == 2
    assert "2 parcours confiés en suppléance" in client.get(page).text
    assert {browser(site, COLLEAGUE).get(f"/parcours/{id_}").status_code for id_ in mine[:2]} == {200}
    shown = client.get(page).text
    assert shown.count('<span class="tag tag-info">Camille Lemaire</span>') == 2


@pytest.mark.parametrize(
    ("case", "status", "sentence"),
    [
        ("none ticked", 422, "Cochez au moins un parcours"),
        ("nobody", 422, "Choisissez qui prend ces parcours"),
        ("self", 422, "une autre personne que le référent"),
        ("admin", 422, "ne suit pas de parcours"),
        ("away", 422, "absente aussi"),
        ("changed", 409, "aucun n&#39;a changé de mains"),
        ("nonsense", 422, "ouvrez de nouveau la page"),
        ("another's absence", 404, ""),
    ],
)
def test_what_cannot_be_given_to_a_backup_changes_nothing(
    site: Flask, journey: uuid.UUID, case: str, status: int, sentence: str
) -> None:
    other = colleague()
    client = browser(site, REFERENT)
    _, page = planned(client)
    if case == "away":
        planned(browser(site, COLLEAGUE))
    who: Any = {
        "nobody": "",
        "self": account(REFERENT),
        "admin": account("admin@demo.example"),
        "nonsense": "x",
    }.get(case, other)
    if case == "changed":
        answer = post(client, page, journeys=f"{journey}:{version(journey) - 1}", backup=str(who))
    elif case == "another's absence":
        answer = back(browser(site, COORDINATOR), page, [journey], who)
    else:
        answer = back(client, page, [] if case == "none ticked" else [journey], who)
    assert answer.status_code == status and sentence in answer.text
    assert scalar("SELECT backup_id FROM journey WHERE id = %s", journey) is None


def test_the_scan_of_the_day_after_an_absence_closes_its_alerts(site: Flask, journey: uuid.UUID) -> None:
    """Nothing is written on the journey: the return alone ends I07."""
    settings = site.config["SETTINGS"]
    leave(browser(site, REFERENT), TODAY + timedelta(days=1), TODAY + timedelta(days=20), "")
    open_now = (
        "SELECT kind, count(*) FROM alert WHERE rule = 'I07' AND journey_id = %s AND status = 'OUVERTE'"
        " GROUP BY 1 ORDER BY 1"
    )
    run_scan(settings, TODAY + timedelta(days=20))
    assert rows(open_now, journey) == [("lead", 1), ("overdue", 1)]
    run_scan(settings, TODAY + timedelta(days=21))
    assert rows(open_now, journey) == [] and standing("I07") == 0
    said = rows("SELECT DISTINCT resolved_because FROM alert WHERE rule = 'I07'")
    assert said == [(f"retour de congé le {TODAY + timedelta(days=21):%d/%m/%Y}",)]
