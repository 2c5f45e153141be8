"""What the coordination arranges for somebody's journeys at once: on the board, the stalled list and the review."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask

from coordination.cases.queries.relays import RELAY_RULES
from coordination.web.filters import long_date
from tests.cases.life_kit import CITE, colleague
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, last_audit, post
from tests.conftest import TODAY
from tests.support import rows, scalar

BOARD, STALLED, REVIEW = "/parcours/tableau", "/parcours/bloques", "/parcours/revue"
HEADING = "Absences et départs"


def running() -> list[uuid.UUID]:
    """The référent's journeys under way."""
    found = rows(
        "SELECT id FROM journey WHERE referent_id = %s AND exit_on IS NULL"
        " AND stage IS DISTINCT FROM 'NON_RETENU' ORDER BY ref",
        account(REFERENT),
    )
    return [row[0] for row in found]


def absence(first: int, last: int, backup: uuid.UUID | None = None) -> uuid.UUID:
    """Of the référent, in days from today."""
    leave_id = uuid.uuid4()
    rows(
        "INSERT INTO leave (id, account_id, backup_id, from_on, until_on) VALUES (%s, %s, %s, %s, %s)",
        leave_id,
        account(REFERENT),
        backup,
        TODAY + timedelta(days=first),
        TODAY + timedelta(days=last),
    )
    return leave_id


def told(page: str) -> list[str]:
    """The lines of the board about absences and departures, as one reads them."""
    found = re.search(rf">{HEADING}<.*?</ul>", page, re.S)
    inside = re.findall(r"<li>(.*?)</li>", found.group(), re.S) if found else []
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", line)).strip() for line in inside]


def alert(journey_id: uuid.UUID, rule: str, kind: str = "overdue") -> None:
    rows(
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " status, initial) SELECT gen_random_uuid(), journey_id, id, %s, %s, '', %s, %s, 'leave', %s, 'OUVERTE',"
        " false FROM folder WHERE journey_id = %s AND volet = 'coordination'",
        rule,
        kind,
        TODAY - timedelta(days=9),
        TODAY - timedelta(days=2),
        TODAY,
        journey_id,
    )


@pytest.mark.parametrize(
    ("first", "last", "shown"), [(14, 20, True), (15, 20, False), (-5, 0, True), (-5, -1, False)]
)
def test_the_board_says_an_absence_without_replacement(
    site: Flask, first: int, last: int, shown: bool
) -> None:
    absence(first, last)
    rows("UPDATE journey SET backup_id = %s WHERE id = %s", account(COORDINATOR), running()[0])
    client = browser(site, COORDINATOR)
    page = client.get(BOARD).text
    days = (long_date(TODAY + timedelta(days=day)) for day in (first, last))
    line = "Absence de Claire Delattre du {} au {}, sans remplacement : {} parcours".format(
        *days, len(running()) - 1
    )
    assert [one.startswith(line) for one in told(page)] == ([True] if shown else [])
    assert HEADING not in browser(site, CITE).get(BOARD).text, "another programme's is not told"


def test_one_line_a_person_and_none_once_somebody_replaces(site: Flask) -> None:
    soonest = absence(2, 4)
    absence(8, 9)
    boss = browser(site, COORDINATOR)
    page = boss.get(BOARD).text
    assert len(told(page)) == 1
    choose = f"/parcours/absences/{soonest}/remplacement"
    assert f'href="{choose}"' in page
    assert boss.get(choose).status_code == 200
    rows("UPDATE leave SET backup_id = %s", colleague())
    assert told(boss.get(BOARD).text) == []
    rows("UPDATE leave SET backup_id = NULL")
    rows("UPDATE journey SET backup_id = %s", account(COORDINATOR))
    assert told(boss.get(BOARD).text) == [], "every journey has its own backup"


def test_the_bulk_page_of_somebody_away_leads_to_the_replacement(site: Flask) -> None:
    boss, bulk = browser(site, COORDINATOR), f"/parcours/reaffecter/{account(REFERENT)}"
    assert "choisissez qui remplace" not in boss.get(bulk).text
    leave_id = absence(2, 4)
    page = boss.get(bulk).text
    assert "choisissez qui remplace" in page and f"/parcours/absences/{leave_id}/remplacement" in page


@pytest.mark.parametrize(("days", "shown"), [(30, True), (31, False), (1, True)])
def test_the_board_says_who_leaves_the_team(site: Flask, days: int, shown: bool) -> None:
    rows(
        "UPDATE membership SET ended_at = %s::date + interval '12 hours' WHERE account_id = %s",
        TODAY + timedelta(days=days),
        account(REFERENT),
    )
    client = browser(site, COORDINATOR)
    page = client.get(BOARD).text
    on = long_date(TODAY + timedelta(days=days))
    line = f"Claire Delattre quitte l'équipe le {on} : {len(running())} parcours à transmettre"
    assert [one.startswith(line) for one in told(page)] == ([True] if shown else [])
    assert (f'href="/parcours/reaffecter/{account(REFERENT)}"' in page) or not shown
    assert HEADING not in browser(site, CITE).get(BOARD).text
    # Another role that goes on: nobody leaves.
    rows(
        "INSERT INTO membership (id, account_id, role, programme) VALUES (%s, %s, 'REFERENT_PRE', 'PRE')",
        uuid.uuid4(),
        account(REFERENT),
    )
    assert told(client.get(BOARD).text) == []


def only_relays(ids: list[uuid.UUID]) -> None:
    """The alerts of these journeys are about who follows, and nothing else."""
    rows("DELETE FROM alert WHERE journey_id = ANY(%s)", ids)
    for number, journey_id in enumerate(ids):
        alert(journey_id, ("I07", "I09")[number % 2])


def test_one_absence_is_one_line_of_the_stalled_list_and_of_the_review(site: Flask) -> None:
    ids = running()
    only_relays(ids)
    boss = browser(site, COORDINATOR)
    line = f"{len(ids)} parcours attendent un passage de relais (Claire Delattre)"
    for path in (STALLED, f"{STALLED}?type=INTERRUPTION", REVIEW, f"{REVIEW}?tous=1"):
        page = boss.get(path).text
        assert line in page and f'href="/parcours/reaffecter/{account(REFERENT)}"' in page, path
    assert line not in boss.get(f"{STALLED}?type=TRANSITION").text
    # They keep their place in the section.
    section = boss.get(f"{STALLED}?type=INTERRUPTION&par=type").text
    assert scalar("SELECT ref FROM journey WHERE id = %s", ids[0]) in section
    assert "passage de relais" not in browser(site, CITE).get(REVIEW).text


def test_an_absence_leads_to_a_replacement_and_not_to_another_referent(site: Flask) -> None:
    ids, boss = running(), browser(site, COORDINATOR)
    only_relays(ids)
    rows("UPDATE alert SET rule = 'I07' WHERE rule = 'I09'")
    leave_id, line = (
        absence(-2, 9),
        f"{len(ids)} parcours attendent quelqu'un pendant l'absence de Claire Delattre",
    )
    for path in (STALLED, REVIEW):
        page = unescape(boss.get(path).text)
        assert line in page and f'href="/parcours/absences/{leave_id}/remplacement"' in page, path
    # Who leaves for good is handed over, absent or not.
    rows("UPDATE alert SET rule = 'I08', kind = 'lead' WHERE journey_id = %s AND rule = 'I07'", ids[0])
    page = unescape(boss.get(REVIEW).text)
    assert line not in page and "un passage de relais (Claire Delattre)" in page


def queued(page: str) -> int:
    found = re.search(r"(\d+) parcours à regarder", page)
    return int(found.group(1)) if found else 0


def test_the_review_leaves_to_that_line_what_only_awaits_a_relay(site: Flask) -> None:
    boss = browser(site, COORDINATOR)
    ids = running()
    only_relays(ids)
    others = queued(boss.get(REVIEW).text)
    everybody = queued(boss.get(f"{REVIEW}?tous=1").text)
    assert everybody - others >= len(ids)
    assert boss.get(f"{REVIEW}/{ids[0]}").status_code == 303, "not one by one"
    assert boss.get(f"{REVIEW}/{ids[0]}?tous=1").status_code == 200
    # Something else that comes to the coordination: the journey is looked at.
    alert(ids[0], "A14")
    assert queued(boss.get(REVIEW).text) == others + 1
    # An alert that is for the référent first: it comes as before, since it has one that is the coordination's.
    alert(ids[1], "A01")
    assert queued(boss.get(REVIEW).text) == others + 2


def test_journeys_that_never_had_a_referent_are_a_line_too(site: Flask) -> None:
    one = running()[0]
    rows("UPDATE journey SET referent_id = NULL WHERE id = %s", one)
    only_relays([one])
    rows("UPDATE alert SET rule = 'I09' WHERE journey_id = %s", one)
    page = browser(site, COORDINATOR).get(REVIEW).text
    orphans = int(
        scalar(
            "SELECT count(DISTINCT a.journey_id) FROM alert a JOIN journey j ON j.id = a.journey_id"
            " WHERE j.programme = 'PRE' AND j.referent_id IS NULL AND a.rule = 'I09' AND a.status = 'OUVERTE'"
        )
    )
    words = "attend un référent" if orphans == 1 else "attendent un référent"
    assert f"{orphans} parcours {words}" in page
    assert 'href="/parcours/reaffecter"' in page


def test_the_rules_of_relays_speak_to_the_coordination(site: Flask) -> None:
    from coordination.alerts.tiers import reaches_coordination

    assert all(reaches_coordination(rule, escalated=False, orphan=False) for rule in RELAY_RULES)


def test_the_replacement_page_is_noted(site: Flask) -> None:
    leave_id = absence(2, 4)
    boss = browser(site, COORDINATOR)
    post(boss, f"/parcours/absences/{leave_id}/remplacement", backup_id=str(colleague()), before="")
    assert last_audit("absences")[1] == "fait"
