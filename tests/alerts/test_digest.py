"""Digests: who gets one, when, and what it says: counts and links, nothing of anybody."""

from __future__ import annotations

import threading
import uuid
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from coordination.alerts.digest import CAP, NewAlert, News, Week, compose, news
from coordination.alerts.outbox import queue_digests, queue_outage
from coordination.worker import worker_engine
from tests.alerts.mail_kit import (
    BASE,
    MONDAY,
    NEXT_MONDAY,
    WEDNESDAY,
    alert,
    at,
    charters,
    engine,
    mails,
)
from tests.support import account_of, import_rows, rows, scalar, world

BEFORE = MONDAY - timedelta(days=1)


@pytest.fixture
def house(app: Flask) -> Flask:
    import_rows(world())
    rows("DELETE FROM alert")
    charters()
    return app


def queue(on: date) -> int:
    with engine() as connected:
        return queue_digests(connected, BASE, on, at(on))


def a_week_done() -> None:
    """Monday's mails went: what follows is an ordinary day."""
    queue(MONDAY)
    rows("DELETE FROM mail")


def one(rule: str, on: date, journey: uuid.UUID | None = None) -> NewAlert:
    return NewAlert(journey or uuid.uuid4(), rule, "overdue", "", on)


def test_people_are_counted_once_by_their_worst() -> None:
    same = uuid.uuid4()
    found = news([one("A02", MONDAY, same), one("A01", MONDAY, same), one("A01", MONDAY)], BEFORE)
    assert sum(found.by_severity.values()) == 2 and found.info == 0


@pytest.mark.parametrize(("offset", "told"), [(-1, False), (0, False), (1, True)])
def test_only_what_began_after_the_last_digest(offset: int, told: bool) -> None:
    found = news([one("A01", WEDNESDAY + timedelta(days=offset))], WEDNESDAY)
    assert bool(found) is told


def test_a_large_figure_is_capped() -> None:
    for count, words in ((CAP, f"{CAP} parcours"), (CAP + 1, f"plus de {CAP} parcours")):
        subject, body = compose(BASE, News({"HAUTE": count}, 0))
        assert words in subject and words in body


def test_the_sheet_says_counts_and_links() -> None:
    _, body = compose(BASE, News({}, 0), Week({"ABANDON": 3}, orphans=2, handed_on=1))
    for words in (
        "Perte de contact : 3 parcours",
        "sans référent : 2",
        "faute de réponse : 1",
        f"{BASE}/parcours/tableau",
    ):
        assert words in body


def test_the_links_lead_to_pages(app: Flask) -> None:
    from coordination.alerts.digest import BOARD, REVIEW, STALLED, START

    found = {str(rule) for rule in app.url_map.iter_rules()}
    assert {BOARD, REVIEW, STALLED, START} <= found


def test_who_follows_gets_it_and_nobody_else(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", WEDNESDAY)
    assert queue(WEDNESDAY) == 1
    assert mails() == {"ref1": "Coordination : du nouveau sur 1 parcours"}
    assert scalar("SELECT body FROM mail").count("PRE") == 0


def test_nothing_new_no_mail(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", MONDAY)
    alert("PRE-2", WEDNESDAY, initial=True)
    alert("CITE-1", WEDNESDAY, status="RESOLUE")
    assert queue(WEDNESDAY) == 0


def test_at_most_one_a_day_by_any_number_of_workers(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", WEDNESDAY)
    alert("PRE-2", WEDNESDAY)
    workers = [threading.Thread(target=_in_context, args=(house, WEDNESDAY)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert mails().keys() == {"ref1", "ref2"}


def _in_context(app: Flask, on: date) -> None:
    with app.app_context():
        queue(on)


@pytest.mark.parametrize("on", [date(2026, 6, 6), date(2026, 6, 7)])
def test_weekdays_only_and_monday_tells_the_weekend(house: Flask, on: date) -> None:
    a_week_done()
    queue(date(2026, 6, 5))
    alert("PRE-1", on)
    assert queue(on) == 0
    queue(NEXT_MONDAY)
    assert "du nouveau" in mails()["ref1"]


def test_information_waits_for_monday(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", WEDNESDAY, _an_info_rule())
    assert queue(WEDNESDAY) == 0
    queue(NEXT_MONDAY)
    assert "Pour information, cette semaine : 1 parcours" in mails("body")["ref1"]


def test_information_is_told_once_though_a_monday_had_no_worker(house: Flask) -> None:
    a_week_done()
    tuesday = NEXT_MONDAY + timedelta(days=1)
    alert("PRE-1", tuesday, _an_info_rule())
    queue(tuesday)
    assert "Pour information" in mails("body")["ref1"]
    rows("DELETE FROM mail")
    alert("PRE-2", tuesday + timedelta(days=1), _an_info_rule())
    queue(NEXT_MONDAY + timedelta(days=7))
    assert "ref1" not in mails() and "Pour information" in mails("body")["ref2"]


def test_information_is_not_lost_between_two_late_weeks(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", MONDAY + timedelta(days=1), _an_info_rule())
    queue(NEXT_MONDAY + timedelta(days=3))
    assert "Pour information" in mails("body")["ref1"]


@pytest.mark.parametrize("initial", [True, False])
def test_what_was_postponed_and_is_back_is_news(house: Flask, initial: bool) -> None:
    """On its day, not the day before; once."""
    alert("PRE-1", MONDAY, initial=initial)
    a_week_done()
    rows("UPDATE alert SET status = 'REPORTEE', postponed_until = %s", WEDNESDAY)
    assert queue(WEDNESDAY - timedelta(days=1)) == 0
    rows("UPDATE alert SET status = 'OUVERTE', postponed_until = NULL")
    assert queue(WEDNESDAY) == 1 and mails().keys() == {"ref1"}
    rows("DELETE FROM mail")
    assert queue(WEDNESDAY + timedelta(days=1)) == 0


def _an_info_rule() -> str:
    from coordination.alerts.catalogue import rules, severity
    from coordination.alerts.tiers import speaks_to_follower

    return next(r for r in rules() if severity(r, "overdue") == "INFO" and speaks_to_follower(r))


def test_coordinators_get_their_sheet_on_the_first_day_of_the_week(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", WEDNESDAY)
    rows("UPDATE journey SET referent_id = NULL, backup_id = NULL WHERE ref = 'PRE-2'")
    rows("DELETE FROM mail")
    # Monday without a worker: the sheet comes the day after.
    queue(NEXT_MONDAY + timedelta(days=1))
    body = mails("body")["coord.pre"]
    assert "Perte de contact : 1 parcours" in body and "sans référent : 1 parcours" in body
    assert "Perte de contact" not in mails("body").get("coord.cite", "")
    rows("DELETE FROM mail")
    assert queue(NEXT_MONDAY + timedelta(days=2)) == 0
    # Nobody is to follow what was turned down.
    rows("UPDATE journey SET stage = 'NON_RETENU' WHERE ref = 'PRE-2'")
    queue(NEXT_MONDAY + timedelta(days=7))
    assert "sans référent : 0 parcours" in mails("body")["coord.pre"]


def test_what_is_handed_on_reaches_the_coordination(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", MONDAY, escalated_on=WEDNESDAY)
    queue(WEDNESDAY)
    assert mails().keys() == {"coord.pre"}


LEFT = (
    "UPDATE account SET suspended_at = now() WHERE email = 'ref1@ex.fr'",
    "UPDATE account SET charter_expires_on = '2026-06-03' WHERE email = 'ref1@ex.fr'",
    "UPDATE membership SET ended_at = '2026-06-01' WHERE account_id = (SELECT id FROM account"
    " WHERE email = 'ref1@ex.fr')",
    "UPDATE access SET until_at = '2026-06-02'"
    " WHERE actor_id = (SELECT id FROM account WHERE email = 'ref1@ex.fr')",
)


@pytest.mark.parametrize("departure", LEFT)
def test_who_left_gets_nothing(house: Flask, departure: str) -> None:
    a_week_done()
    alert("PRE-1", WEDNESDAY)
    rows(departure)
    queue(WEDNESDAY)
    assert "ref1" not in mails()


def test_a_volet_that_one_does_not_see_is_not_counted(house: Flask) -> None:
    a_week_done()
    alert("PRE-1", WEDNESDAY, volet="sante")
    rows(
        "DELETE FROM access WHERE actor_id = %s AND folder_id IN (SELECT id FROM folder WHERE volet = 'sante')",
        account_of("ref1"),
    )
    queue(WEDNESDAY)
    assert "ref1" not in mails()


def test_days_of_outage_make_one_mail(house: Flask) -> None:
    a_week_done()
    for offset in (0, 1, 2):
        alert(
            "PRE-1" if offset else "PRE-2", WEDNESDAY + timedelta(days=offset), "A01" if offset < 2 else "A02"
        )
    queue(WEDNESDAY + timedelta(days=2))
    # The rule of the last one names the coordination too.
    assert mails().keys() == {"ref1", "ref2", "coord.pre"}


@pytest.mark.parametrize(("hours", "told"), [(25, False), (26, False), (27, True)])
def test_the_next_living_worker_tells_the_administrators(house: Flask, hours: int, told: bool) -> None:
    now = at(WEDNESDAY)
    with engine() as connected:
        for _ in range(2):
            assert queue_outage(connected, BASE, now - timedelta(hours=hours), WEDNESDAY, now) is told
    assert list(mails()) == (["admin"] if told else [])


@pytest.mark.parametrize("on", [date(2026, 3, 30), date(2026, 10, 26), date(2028, 2, 29)])
def test_changes_of_the_hour_and_the_leap_day(house: Flask, on: date) -> None:
    """Both Mondays after a change of 2026 and a leap day: each alert is told once, at seven in Paris."""
    alert("PRE-1", on)
    with engine() as connected:
        queue_digests(connected, BASE, on, at(on, 5))
        queue_digests(connected, BASE, on, at(on, 6))
    assert "ref1" in mails()
    assert set(mails("next_at").values()) == {at(on, 7)}
    rows("DELETE FROM mail")
    queue(on + timedelta(days=1))
    assert "ref1" not in mails()


def test_the_sheet_counts_as_the_board_does(site: Flask) -> None:
    """Reminders are not breaks, and what was answered hides what it replaces."""
    from coordination.accounts.queries import load_actor
    from coordination.alerts.outbox import _sheets
    from coordination.cases.queries.board import board
    from coordination.privacy.policy import Action
    from coordination.privacy.work import consult
    from tests.cases.pages_kit import COORDINATOR, NOW, account

    rows("UPDATE alert SET status = 'REPORTEE', postponed_until = '2027-01-01' WHERE rule = 'A02'")
    reminders = scalar(
        "SELECT count(*) FROM alert WHERE rule = 'A14' AND kind = 'lead' AND status = 'OUVERTE'"
    )
    assert reminders
    boss = load_actor(account(COORDINATOR), NOW)
    with consult(boss, Action.LIST_STALLED, NOW) as r:
        grant = r.require()
        shown = {code: people for code, _, people in board(grant, boss, NOW).breaks if people}
        r.audit(grant, [])
    engine = worker_engine(site.config["SETTINGS"])
    with engine.begin() as connection:
        connection.execute(text("SELECT set_config('app.now', :now, true)"), {"now": NOW.isoformat()})
        sheet = _sheets(connection)[account(COORDINATOR)]
    engine.dispose()
    assert dict(sheet.breaks) == shown
