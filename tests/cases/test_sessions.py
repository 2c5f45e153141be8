"""Two people who note the same session of an action: nothing is overwritten, and the second one is told."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import date, timedelta
from html import unescape

from flask import Flask

from coordination import clock
from coordination.cases.commands.attendance import note_sessions
from coordination.cases.queries.record_page import missing_days
from coordination.errors import Conflict
from tests.cases.pages_kit import COORDINATOR, REFERENT, browser, post
from tests.cases.test_pages_records import TYPED, agreed, latest
from tests.conftest import TODAY
from tests.support import day, import_rows, journey_id, person, rows, scalar, world

BEGAN = TODAY - timedelta(days=21)
RUNNING = {
    "journey": "PRE-1",
    "key": "A1",
    "kind": "SPORT",
    "axis_or_barrier": "SCOLARITE",
    "structure": "ESCAL",
    "droit_commun": "MOBILISE",
    "started_on": str(day(-30)),
    "status": "EN_COURS",
}


def proposed(noted: list[str], start: str, last: str, programme: str = "PRE") -> list[str]:
    days = [date.fromisoformat(text) for text in noted]
    found = missing_days(days, date.fromisoformat(start), date.fromisoformat(last), programme)
    return [f"{day:%d/%m}" for day in found]


def test_no_session_of_a_child_is_proposed_inside_school_holidays() -> None:
    """Of autumn 2026, holidays from 17 October to 1 November; 11 November is a Wednesday."""
    assert proposed([], "2026-10-06", "2026-11-10") == ["06/10", "13/10", "03/11", "10/11"]
    assert proposed(["2026-10-13", "2026-10-06"], "2026-09-01", "2026-11-10") == ["03/11", "10/11"]
    # The holidays between the last two sessions make it no less weekly.
    assert proposed(["2026-11-03", "2026-10-13"], "2026-09-01", "2026-11-17") == ["10/11", "17/11"]
    assert proposed(["2026-11-17", "2026-11-03"], "2026-09-01", "2026-12-15") == ["01/12", "15/12"]
    assert proposed([], "2026-11-04", "2026-11-18") == ["04/11", "18/11"]
    # Nothing to propose but a day without school: it may still be typed.
    assert proposed(["2026-10-13"], "2026-10-06", "2026-10-19") == []
    assert proposed([], "2026-10-20", "2026-11-11", "CITE_EMPLOI") == ["20/10", "27/10", "03/11", "10/11"]


def test_a_session_inside_school_holidays_can_be_typed(site: Flask) -> None:
    action, client = running(site), browser(site, REFERENT)
    path, within = f"/parcours/action/{action}/presences", date(2026, 10, 20)
    rows("UPDATE action SET started_on = %s WHERE id = %s", within, action)
    rows("UPDATE journey SET opened_on = %s WHERE opened_on > %s", within, within)
    assert f'name="seance-{within}"' not in client.get(path).text
    sent = post(client, path, other=within.isoformat(), other_status="PRESENT")
    assert sent.status_code == 303
    assert rows("SELECT on_date FROM attendance WHERE action_id = %s", action) == [(within,)]


def running(site: Flask) -> uuid.UUID:
    """An action that began three weeks ago; no session of it is noted."""
    typed = TYPED["action"] | {"status": "EN_COURS", "started_on": BEGAN.isoformat(), "planned_start": ""}
    journey = agreed()
    post(browser(site, REFERENT), f"/parcours/{journey}/action", **typed)
    action, _ = latest("action", journey)
    return uuid.UUID(str(action))


def test_the_second_to_note_a_session_reads_both_answers(site: Flask) -> None:
    action = running(site)
    path, other = f"/parcours/action/{action}/presences", BEGAN + timedelta(days=7)
    first, second = browser(site, REFERENT), browser(site, COORDINATOR)
    assert post(first, path, **{f"seance-{BEGAN}": "PRESENT"}).status_code == 303
    late = post(second, path, **{f"seance-{BEGAN}": "ABSENT", f"seance-{other}": "EXCUSE"})
    assert late.status_code == 409
    text = unescape(late.text).replace("\N{NO-BREAK SPACE}", " ")
    assert f"La séance du {BEGAN:%d/%m/%Y} vient d'être notée par quelqu'un d'autre" in text
    assert "« Présence ». Vous aviez choisi « Absence »." in text
    assert re.search(rf'id="seance-{other}-EXCUSE"[^>]*checked', text), "the other answers are kept"
    assert f'name="seance-{BEGAN}"' not in text, "a session that is noted is corrected, not noted again"
    assert rows("SELECT on_date, status FROM attendance WHERE action_id = %s", action) == [(BEGAN, "PRESENT")]
    again = post(second, path, **{f"seance-{other}": "EXCUSE"})
    assert again.status_code == 303
    assert scalar("SELECT count(*) FROM attendance WHERE action_id = %s", action) == 2


def test_a_day_typed_by_hand_that_is_noted_is_to_be_corrected(site: Flask) -> None:
    action = running(site)
    path, client = f"/parcours/action/{action}/presences", browser(site, REFERENT)
    typed = {"other": BEGAN.isoformat(), "other_status": "PRESENT"}
    assert post(client, path, **typed).status_code == 303
    answer = post(client, path, **typed)
    assert answer.status_code == 422 and "est déjà notée" in unescape(answer.text)


def test_two_at_the_same_instant_are_one_session_and_one_conflict(app: Flask) -> None:
    import_rows(world() | {"actions.csv": [RUNNING]})
    action = scalar("SELECT id FROM action WHERE journey_id = %s", journey_id("PRE-1"))
    start = threading.Barrier(2)
    ended: list[str] = []

    def say(name: str, status: str) -> None:
        with app.app_context():
            start.wait()
            try:
                note_sessions(person(name), action, {day(-1): status}, clock.now(), unnoted=[day(-1)])
                ended.append(status)
            except Conflict:
                ended.append("conflict")

    pairs = (("ref1", "PRESENT"), ("coord.pre", "ABSENT"))
    threads = [threading.Thread(target=say, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = rows("SELECT status FROM attendance WHERE action_id = %s", action)
    assert len(kept) == 1 and sorted(ended) == sorted([kept[0][0], "conflict"])
