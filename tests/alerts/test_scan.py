"""The scan from end to end: what the worked cases say, once each, with no key."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from coordination.alerts.scan import scan
from coordination.worker import standing_deadlines, worker_engine
from tests.alerts.scan_kit import D, case, cite, contact, opened, pre, rules_of, standing
from tests.exchange.bundle_examples import Rows, write
from tests.support import import_rows, rows, run, scalar


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


def test_every_scan_is_noted(house: Flask) -> None:
    before = datetime.now(clock.PARIS) - timedelta(minutes=1)
    opened(house, "2026-04-01")
    ((on, finished, count),) = rows("SELECT on_date, finished_at, opened FROM scan_run")
    assert (on, count) == (D("2026-04-01"), 0) and finished > before


def test_the_day_that_is_prepared_is_told_to_a_person(house: Flask) -> None:
    """The entry is 12, 18 and 24 months before the days prepared; a machine reads it as the format says."""
    settings = house.config["SETTINGS"]
    import_rows(
        case(
            pre(entered_on="2026-01-10", birth_date="2011-03-20"),
            actions=[{"key": "a", "status": "EN_COURS", "planned_end": "2026-12-01"}],
        ),
        D("2026-02-01"),
    )
    lines = run(settings, "deadlines").stdout.splitlines()
    assert "PRE-1  T09  à préparer, dès le 2026-12-11, pour le 2027-01-10" in lines
    assert "PRE-1  T10  à préparer, dès le 2027-05-28, pour le 2027-07-12" in lines
    assert "PRE-1  T09  échéance du 2027-01-10, fait du 2026-01-10" in lines
    # A day of birth is known to nobody here.
    assert [line for line in lines if "S06" in line] == ["PRE-1  S06  à préparer, dès le 2026-09-01"]
    found = json.loads(run(settings, "deadlines", "--json").stdout)["deadlines"]
    assert {one["since"] for one in found if one["rule"] == "T09"} == {"2026-01-10"}
