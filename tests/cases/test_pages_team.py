"""Who follows a journey: handed over, backed up, replaced during an absence."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cases.life_kit import COLLEAGUE, colleague, send
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
from tests.support import scalar


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
