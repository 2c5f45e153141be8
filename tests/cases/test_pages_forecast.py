"""« À venir »: whose deadlines, in which week, beside which holidays and absences; the list of an absence."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cases.pages_kit import (
    COORDINATOR,
    REFERENT,
    account,
    browser,
    last_audit,
    post,
    statements,
)
from tests.conftest import TODAY
from tests.support import rows, scalar

AHEAD, LEAVES = "/parcours/a-venir", "/parcours/absences"


@pytest.fixture
def site(site: Flask) -> Flask:
    rows("DELETE FROM deadline")
    return site


def running() -> list[uuid.UUID]:
    """The référent's journeys that have not ended, by reference."""
    found = rows(
        "SELECT id FROM journey WHERE referent_id = %s AND exit_on IS NULL ORDER BY ref", account(REFERENT)
    )
    return [row[0] for row in found]


def due(
    journey_id: uuid.UUID, days: int, rule: str = "A01", kind: str = "overdue", subject: str = ""
) -> None:
    rows(
        "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, due_on, since, because)"
        " SELECT journey_id, id, %s, %s, %s, %s, %s, 'exchange' FROM folder"
        " WHERE journey_id = %s AND volet = 'coordination'",
        rule,
        kind,
        subject,
        TODAY + timedelta(days=days),
        TODAY + timedelta(days=days - 30),
        journey_id,
    )


def within(client: FlaskClient, path: str = AHEAD) -> list[int]:
    """People within 14, 30, 90 days, as the tabs say."""
    return [int(n) for n in re.findall(r"jours <span class=\"soft\">(\d+) personne", client.get(path).text)]


def refs(client: FlaskClient, path: str) -> set[str]:
    page = client.get(path).text
    return set(re.findall(r'class="ref">([^<]+)<', page[page.index('id="detail"') :]))


def ref(journey_id: uuid.UUID) -> str:
    return str(scalar("SELECT ref FROM journey WHERE id = %s", journey_id))


def test_my_day_tells_of_the_same_people_within_two_weeks(site: Flask) -> None:
    mine = running()
    due(mine[0], 14)
    due(mine[1], 3, "I03", "lead")
    # Announcements, for the weekly mail alone; what is beyond; what speaks to the coordination alone.
    due(mine[2], 3, "I02", "lead")
    due(mine[2], 5, "T30")
    due(mine[3], 15)
    due(mine[4], 3, "I07")
    client = browser(site, REFERENT)
    page = client.get("/parcours/ma-journee").text
    told = set(re.findall(r'class="ref">([^<]+)<', page[page.index('id="bientot"') :]))
    assert told == refs(client, f"{AHEAD}?jours=14") and ref(mine[0]) in told and ref(mine[2]) not in told
    assert within(client)[0] == len(told)


def test_the_three_horizons_to_the_day(site: Flask) -> None:
    mine = running()
    for journey_id, days in zip(mine, (1, 14, 15, 30, 31), strict=False):
        due(journey_id, days)
    assert within(browser(site, REFERENT)) == [2, 4, 5]
    assert refs(browser(site, REFERENT), f"{AHEAD}?jours=14") == {ref(j) for j in mine[:2]}
    rows("DELETE FROM deadline")
    for journey_id, days in zip(mine, (0, 90, 91), strict=False):
        due(journey_id, days)
    assert within(browser(site, REFERENT)) == [0, 0, 1]


def test_what_is_open_announced_or_for_somebody_else_is_not_counted(site: Flask) -> None:
    mine = running()
    due(mine[0], 5, "T08", "lead")
    due(mine[1], 5, "T10", "overdue")
    due(mine[2], 5)
    rows("UPDATE deadline SET alert_id = (SELECT id FROM alert LIMIT 1) WHERE journey_id = %s", mine[2])
    other = rows(
        "SELECT id FROM journey WHERE programme = 'PRE' AND referent_id <> %s AND exit_on IS NULL LIMIT 1",
        account(REFERENT),
    )[0][0]
    due(other, 5)
    ended = mine[3]
    due(ended, 5)
    rows("UPDATE journey SET exit_on = %s WHERE id = %s", TODAY, ended)
    assert within(browser(site, REFERENT)) == [0, 0, 0]
    # The coordination sees both référents, and what is said to it alone.
    assert within(browser(site, COORDINATOR)) == [2, 2, 2]
    path = f"{AHEAD}?referent={account(REFERENT)}"
    assert within(browser(site, COORDINATOR), path) == [1, 1, 1]
    assert refs(browser(site, COORDINATOR), path) == {ref(mine[1])}
    # A référent asking for another is given their own.
    assert within(browser(site, REFERENT), path) == [0, 0, 0]


def test_one_week_by_name_and_what_was_shown_is_noted(site: Flask) -> None:
    mine = running()
    for journey_id, days in zip(mine, (3, 10, 17), strict=False):
        due(journey_id, days)
    day = TODAY + timedelta(days=10)
    assert refs(browser(site, REFERENT), f"{AHEAD}?semaine={day}") == {
        ref(j)
        for j, days in zip(mine, (3, 10, 17), strict=False)
        if (TODAY + timedelta(days=days)).isocalendar()[:2] == day.isocalendar()[:2]
    }
    assert last_audit("a_venir")[2] == str(mine[1])


def test_holidays_and_absences_stand_in_the_ground(site: Flask) -> None:
    rows(
        "INSERT INTO leave (id, account_id, backup_id, from_on, until_on)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
        account(REFERENT),
        account(COORDINATOR),
        TODAY + timedelta(days=8),
        TODAY + timedelta(days=9),
    )
    name = scalar("SELECT display_name FROM account WHERE id = %s", account(REFERENT))
    page = browser(site, COORDINATOR).get(f"{AHEAD}?jours=90").text
    assert f"Absence : {name}" in page
    assert "Votre absence" in browser(site, REFERENT).get(AHEAD).text


def test_one_absence_is_one_line_and_not_one_for_each_journey(site: Flask) -> None:
    mine = running()
    for journey_id in mine:
        due(journey_id, 2, "I07", "lead", "leave")
    due(mine[0], 3)
    rows(
        "INSERT INTO leave (id, account_id, from_on, until_on) VALUES (gen_random_uuid(), %s, %s, %s)",
        account(REFERENT),
        TODAY + timedelta(days=8),
        TODAY + timedelta(days=12),
    )
    for who, words in (
        (COORDINATOR, "Absence de <strong>Claire Delattre</strong> du "),
        (REFERENT, "Votre absence du "),
    ):
        client = browser(site, who)
        assert within(client) == [1, 1, 1] and refs(client, AHEAD) == {ref(mine[0])}
        page = client.get(AHEAD).text
        assert page.count(words) == 1 and f"{len(mine)} parcours" in page[page.index(words) :][:300]


@pytest.mark.parametrize(
    ("first", "days", "told"), [(30, 30, True), (31, 30, False), (31, 90, True), (90, 90, True)]
)
def test_an_absence_is_told_as_far_ahead_as_one_looks(site: Flask, first: int, days: int, told: bool) -> None:
    rows(
        "INSERT INTO leave (id, account_id, from_on, until_on) VALUES (gen_random_uuid(), %s, %s, %s)",
        account(REFERENT),
        TODAY + timedelta(days=first),
        TODAY + timedelta(days=first + 5),
    )
    page = browser(site, COORDINATOR).get(f"{AHEAD}?jours={days}").text
    assert ("Sans remplacement" in page) == told


@pytest.mark.parametrize(
    "asked", ["jours=0", "jours=x", "referent=x", "semaine=x", "semaine=9999-12-31", "semaine=0001-01-01"]
)
def test_nonsense_counts_as_not_asked(site: Flask, asked: str) -> None:
    for who in (REFERENT, COORDINATOR):
        assert browser(site, who).get(f"{AHEAD}?{asked}").status_code == 200


def test_statements_are_bounded_whatever_is_due(site: Flask) -> None:
    for who in (REFERENT, COORDINATOR):
        client = browser(site, who)
        client.get(AHEAD)
        counts = []
        for number in (1, 40):
            for i, journey_id in enumerate(running()[:number]):
                rows("DELETE FROM deadline WHERE journey_id = %s", journey_id)
                due(journey_id, 1 + 2 * i)
            with statements() as sent:
                client.get(f"{AHEAD}?jours=90")
            counts.append(len(sent))
        assert counts[0] == counts[1] <= 20, counts


def leave_of(client: FlaskClient, first: date, last: date) -> str:
    backup = scalar("SELECT m.account_id FROM membership m WHERE m.role = 'COORD_PRE' LIMIT 1")
    answer = post(client, LEAVES, from_on=str(first), until_on=str(last), backup_id=str(backup))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_planning_a_leave_shows_what_falls_in_it(site: Flask) -> None:
    mine = running()
    first, last = TODAY + timedelta(days=5), TODAY + timedelta(days=9)
    for journey_id, days in zip(mine, (4, 5, 9, 10), strict=False):
        due(journey_id, days)
    rows("DELETE FROM appointment")
    rows("UPDATE alert SET status = 'RESOLUE' WHERE status = 'PRISE_EN_CHARGE'")
    client = browser(site, REFERENT)
    page = client.get(leave_of(client, first, last)).text
    assert set(re.findall(r'class="ref">([^<]+)<', page)) == {ref(mine[1]), ref(mine[2])}
    assert "2 personnes concernées" in page
    assert client.get(LEAVES).text.count("Ce qui tombe pendant cette absence") == 1


def test_an_absence_of_somebody_else_is_not_found(site: Flask) -> None:
    client = browser(site, REFERENT)
    path = leave_of(client, TODAY + timedelta(days=5), TODAY + timedelta(days=9))
    assert browser(site, COORDINATOR).get(path).status_code == 404
    assert client.get(f"{LEAVES}/{uuid.uuid4()}").status_code == 404
