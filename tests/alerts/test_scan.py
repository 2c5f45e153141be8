"""The scan from end to end: what the worked cases say, once each, with no key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.catalogue import escalation_days
from coordination.alerts.commands import Answer, answer_alert
from coordination.alerts.scan import scan
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.exchange.recompute import recompute
from coordination.reference import labels
from coordination.worker import run_scan, standing_deadlines, worker_engine
from tests.exchange.bundle_examples import Rows, write
from tests.support import day, import_rows, journey_id, journey_line, people_lines, person, rows, run, scalar

D = date.fromisoformat


def case(line: dict[str, str], **files: list[dict[str, str]]) -> Rows:
    """A bundle of one journey; `files`: lines without their journey, under the file's name without .csv."""
    bundle: Rows = {
        "structures.csv": [{"code": "ESCAL", "type": "CENTRE_SOCIAL"}],
        "users.csv": people_lines(),
        "journeys.csv": [line],
    }
    for file, lines in files.items():
        bundle[f"{file}.csv"] = [{"journey": line["ref"], **one} for one in lines]
    return bundle


def pre(ref: str = "PRE-1", **more: str) -> dict[str, str]:
    dates = {"opened_on": "2026-01-01", "agreement_on": "2026-01-02", "birth_date": "2015-01-01"}
    return journey_line(ref, "ref1", **(dates | more))


def cite(**more: str) -> dict[str, str]:
    return journey_line("CITE-1", "ml", opened_on="2026-01-01", agreement_on="2026-01-02", **more)


def contact(on: str, outcome: str = "ABOUTI", mode: str = "TELEPHONE") -> dict[str, str]:
    return {"on": on, "mode": mode, "outcome": outcome, "author": "ref1@ex.fr"}


def opened(app: Flask, on: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run_scan(app.config["SETTINGS"], D(on)).as_json()["opened"]
    return found


def rules_of(alerts: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(alert["rule"], alert["kind"]) for alert in alerts}


def standing(app: Flask, rule: str, kind: str = "overdue") -> list[str]:
    """Due dates that stand for a rule."""
    found = standing_deadlines(app.config["SETTINGS"], None)
    return [one["due_on"] for one in found if (one["rule"], one["kind"]) == (rule, kind)]


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    yield app


def test_worked_case_1_contact_clock_and_school_holidays(house: Flask, tmp_path: Path) -> None:
    """Through the commands: import, scan each day around the date, --json."""
    settings = house.config["SETTINGS"]
    bundle = case(pre(planned_rhythm_days="14"), contacts=[contact("2026-10-12")])
    bring(settings, tmp_path, bundle, "2026-10-12")
    assert standing(house, "A01") == ["2026-11-27"]
    bundle["contacts.csv"].append({"journey": "PRE-1", **contact("2026-11-20", "MESSAGE")})
    bring(settings, tmp_path, bundle, "2026-11-20")
    assert standing(house, "A01") == ["2026-11-27"]
    assert "A01" not in {a["rule"] for a in told(settings, "2026-11-26")["opened"]}
    found = told(settings, "2026-11-27")
    assert found.keys() == {"on", "opened", "already_open", "elapsed_s"}
    assert found["opened"] == [
        {
            "journey": "PRE-1",
            "rule": "A01",
            "kind": "overdue",
            "subject": None,
            "rupture_type": "ABANDON",
            "severity": "VIGILANCE",
            "initial": False,
            "due_on": "2026-11-27",
            "since": "2026-10-12",
        }
    ]
    again = told(settings, "2026-11-27")
    assert again["opened"] == [] and again["already_open"] >= 1 and again["elapsed_s"] >= 0
    bundle["contacts.csv"].append({"journey": "PRE-1", **contact("2026-11-25")})
    bring(settings, tmp_path, bundle, "2026-11-28")
    assert standing(house, "A01") == ["2027-01-10"]
    assert rows("SELECT status, resolved_because FROM alert WHERE rule = 'A01'") == [
        ("RESOLUE", "import de données")
    ]


def bring(settings: Settings, directory: Path, bundle: Rows, as_of: str) -> None:
    done = run(settings, "import", str(write(directory, bundle)), "--as-of", as_of, "--commit")
    assert done.returncode == 0, done


def told(settings: Settings, on: str) -> dict[str, Any]:
    done = run(settings, "scan", "--on", on, "--json")
    assert done.returncode == 0, done
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_worked_case_2_referral_accepted_and_not_started(house: Flask) -> None:
    referral = {"key": "R1", "to_structure": "ESCAL", "sent_on": "2026-02-20", "accepted_on": "2026-03-02"}
    bundle = case(pre(), referrals=[referral])
    import_rows(bundle, D("2026-03-02"))
    assert standing(house, "T17") == ["2026-04-01"]
    assert "T17" not in {rule for rule, _ in rules_of(opened(house, "2026-03-31"))}
    (alert,) = (a for a in opened(house, "2026-04-01") if a["rule"] == "T17")
    assert (alert["subject"], alert["since"]) == ("R1", "2026-03-02")
    bundle["referrals.csv"][0]["first_action_on"] = "2026-03-20"
    import_rows(bundle, D("2026-04-02"))
    assert standing(house, "T17") == []
    assert scalar("SELECT status FROM alert WHERE rule = 'T17'") == "RESOLUE"


def test_worked_case_3_expected_return_of_a_pause(house: Flask) -> None:
    import_rows(
        case(pre(), pauses=[{"from": "2026-03-01", "expected_return": "2026-05-04"}]), D("2026-03-02")
    )
    assert standing(house, "I03") == ["2026-05-11"] and standing(house, "I02", "lead") == ["2026-04-20"]
    assert standing(house, "A01") == []
    seen = [
        (on, rules_of(opened(house, on)) & {("I02", "lead"), ("I03", "overdue")})
        for on in ("2026-04-19", "2026-04-20", "2026-05-10", "2026-05-11")
    ]
    assert seen == [
        ("2026-04-19", set()),
        ("2026-04-20", {("I02", "lead")}),
        ("2026-05-10", set()),
        ("2026-05-11", {("I03", "overdue")}),
    ]


def test_worked_case_4_eighteen_soon(house: Flask) -> None:
    import_rows(case(cite(birth_date="2008-09-17")), D("2026-02-01"))
    assert standing(house, "S07", "lead") == ["2026-03-01"]
    (alert,) = (a for a in opened(house, "2026-03-01") if a["rule"] == "S07")
    # Never a birthday: the month is all that stands in clear.
    assert alert["since"] == alert["due_on"] == "2026-03-01"


def test_the_subject_of_a_right_is_its_kind_though_it_is_sealed(house: Flask) -> None:
    import_rows(case(cite(), rights=[{"kind": "CSS", "ends_on": "2026-06-01"}]), D("2026-02-01"))
    found = standing_deadlines(house.config["SETTINGS"], "CITE-1")
    assert {one["subject"] for one in found if one["rule"].startswith("S1")} == {"CSS"}
    alerts = opened(house, "2026-06-01")
    assert {a["subject"] for a in alerts if a["rule"].startswith("S1")} == {"CSS"}


def test_the_first_scan_after_an_import_is_the_starting_situation(house: Flask) -> None:
    bundle = case(pre(), contacts=[contact("2026-01-10")], reviews=[{"due_on": "2026-10-01"}])
    import_rows(bundle, D("2026-04-01"))
    first = opened(house, "2026-04-01")
    assert first and all(alert["initial"] for alert in first)
    assert opened(house, "2026-04-01") == []
    later = opened(house, "2026-12-01")
    assert later and not any(alert["initial"] for alert in later)
    bundle["pauses.csv"] = [{"journey": "PRE-1", "from": "2026-12-01"}]
    import_rows(bundle, D("2026-12-02"))
    again = opened(house, "2026-12-02")
    assert {a["rule"] for a in again} >= {"I01"} and all(alert["initial"] for alert in again)


def test_catching_up_after_an_outage_opens_all_that_was_due(house: Flask) -> None:
    import_rows(case(pre(), contacts=[contact("2026-01-10")]), D("2026-01-10"))
    opened(house, "2026-01-11")
    due = {
        (d["rule"], d["kind"])
        for d in standing_deadlines(house.config["SETTINGS"], None)
        if d["due_on"] <= "2026-09-01"
    }
    assert rules_of(opened(house, "2026-09-01")) == due != set()
    assert scalar("SELECT count(*) FROM deadline WHERE alert_id IS NULL AND due_on <= '2026-09-01'") == 0


def test_four_scans_at_once_open_each_alert_once(house: Flask) -> None:
    bundle = case(pre())
    bundle["journeys.csv"] = [pre(f"PRE-{n}", last_name=f"N{n}") for n in range(1, 41)]
    import_rows(bundle, D("2026-02-01"))
    due = scalar("SELECT count(*) FROM deadline WHERE due_on <= '2026-12-01'")
    results: list[int] = []

    def once() -> None:
        engine = worker_engine(house.config["SETTINGS"])
        try:
            results.append(len(scan(engine, D("2026-12-01"), clock.now()).opened))
        finally:
            engine.dispose()

    scanners = [threading.Thread(target=once) for _ in range(4)]
    for scanner in scanners:
        scanner.start()
    for scanner in scanners:
        scanner.join()
    opened(house, "2026-12-01")
    assert sum(results) == due == scalar("SELECT count(*) FROM alert") >= 40
    assert scalar("SELECT count(*) FROM deadline WHERE alert_id IS NULL AND due_on <= '2026-12-01'") == 0


def an_alert(house: Flask) -> Any:
    """A01 of a journey whose last exchange was 60 days ago, opened today; its id."""
    bundle = case(pre(opened_on=str(day(-90)), agreement_on=str(day(-89))), contacts=[contact(str(day(-89)))])
    bundle["contacts.csv"].append({"journey": "PRE-1", **contact(str(day(-88)))})
    import_rows(bundle)
    opened(house, str(day()))
    return scalar("SELECT id FROM alert WHERE rule = 'A01'")


def answered(alert: Any, answer: Answer) -> None:
    version = scalar("SELECT version FROM alert WHERE id = %s", alert)
    answer_alert(person("ref1"), alert, answer, version, clock.now())


def status(alert: Any) -> str:
    return str(scalar("SELECT status FROM alert WHERE id = %s", alert))


def test_set_aside_stays_aside_whatever_is_recomputed(house: Flask) -> None:
    alert = an_alert(house)
    answered(alert, Answer("SANS_OBJET", reason=first_reason()))
    recompute(operator_actor(), clock.now(), day())
    assert opened(house, str(day(1))) == []
    # A threshold that moves gives the same fact another date: still set aside.
    rows("UPDATE deadline SET due_on = %s, alert_id = NULL WHERE rule = 'A01'", day(1))
    assert "A01" not in {a["rule"] for a in opened(house, str(day(2)))}
    assert status(alert) == "SANS_OBJET" and scalar("SELECT count(*) FROM alert WHERE rule = 'A01'") == 1


def first_reason() -> str:
    return next(iter(labels("alert_dismiss_reason")))


def test_postponed_comes_back_on_its_day(house: Flask) -> None:
    alert = an_alert(house)
    answered(alert, Answer("REPORTEE", until=day(5), reason=first_reason()))
    opened(house, str(day(4)))
    assert status(alert) == "REPORTEE"
    assert run_scan(house.config["SETTINGS"], day(5)).returned == 1
    assert status(alert) == "OUVERTE"


def test_a_corrected_fact_reopens_the_same_alert(house: Flask) -> None:
    """An exchange resolves it; that exchange turns out to be an attempt; the same alert stands again."""
    alert = an_alert(house)
    row = log_contact(
        person("ref1"), journey_id("PRE-1"), NewContact(day(), "TELEPHONE", "ABOUTI"), clock.now()
    )
    assert status(alert) == "RESOLUE" and scalar(
        "SELECT resolved_because FROM alert WHERE id = %s", alert
    ).startswith("échange")
    rows("UPDATE contact SET outcome = 'MESSAGE' WHERE id = %s", row)
    recompute(operator_actor(), clock.now(), day())
    assert [a["rule"] for a in opened(house, str(day())) if a["rule"] == "A01"] == ["A01"]
    assert status(alert) == "OUVERTE" and scalar("SELECT count(*) FROM alert WHERE rule = 'A01'") == 1
    assert rows("SELECT resolved_on, resolved_because FROM alert WHERE id = %s", alert)[0][0] is None


def test_what_nobody_acts_upon_is_escalated_once_on_its_day(house: Flask) -> None:
    """Of each pair of rules the table of rules says after how many days; what is taken in hand is left alone."""
    an_alert(house)
    alerts = rows("SELECT id, rule, kind, opened_on FROM alert ORDER BY rule")
    days = {(rule, kind): escalation_days(rule, kind) for _, rule, kind, _ in alerts}
    timed = [alert for alert in alerts if days[alert[1], alert[2]] is not None]
    assert timed
    taken = timed[0][0]
    answered(taken, Answer("PRISE_EN_CHARGE"))
    known = {alert[0] for alert in alerts}
    for offset in range(40):
        run_scan(house.config["SETTINGS"], day(offset))
    for alert, rule, kind, on in alerts:
        late = days[rule, kind]
        wanted = None if late is None or alert == taken else on + timedelta(days=late)
        assert scalar("SELECT escalated_on FROM alert WHERE id = %s", alert) == wanted, rule
    assert known <= {row[0] for row in rows("SELECT id FROM alert")}


def test_every_scan_is_noted(house: Flask) -> None:
    before = datetime.now(clock.PARIS) - timedelta(minutes=1)
    opened(house, "2026-04-01")
    ((on, finished, count),) = rows("SELECT on_date, finished_at, opened FROM scan_run")
    assert (on, count) == (D("2026-04-01"), 0) and finished > before
