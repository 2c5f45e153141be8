"""A replay in memory opens what imports and scans open, day after day, on bundles cut to what was known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.cases.rules import deadlines
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.evaluate.run import Evaluation, evaluate
from coordination.exchange.evaluate.told import told
from coordination.exchange.simulate import Bundle, simulate, write_bundle
from coordination.exchange.store import store_bundle
from coordination.exchange.stored import known
from coordination.referrals.rules import deadlines as of_referrals
from coordination.worker import run_scan

AS_OF = date(2026, 3, 2)
Row = dict[str, str]
Opened = tuple[date, str, str, str, str | None, str]


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    yield app


def simulated(folder: Path, *, pre: int, cite: int, months: int, seed: int) -> tuple[Bundle, Evaluation]:
    """A territory and what its replay opens."""
    bundle = simulate(pre=pre, cite=cite, months=months, seed=seed, as_of=AS_OF)
    write_bundle(bundle, folder)
    result = read_bundle(folder, as_of=AS_OF)
    assert not result.faults
    return bundle, evaluate(told(result.lines), [], AS_OF, Calendar.load(), Thresholds.default())


def in_memory(found: Evaluation) -> set[Opened]:
    return {
        (
            one.alert.on,
            one.journey,
            one.alert.rule,
            one.alert.kind,
            one.alert.subject,
            str(one.alert.deadline.since),
        )
        for one in found.opened
    }


def days_of(found: Evaluation) -> Iterator[date]:
    day = found.first
    while day <= found.last:
        yield day
        day += timedelta(days=1)


@pytest.mark.long
def test_a_replay_opens_what_imports_and_scans_open(house: Flask, tmp_path: Path) -> None:
    bundle, found = simulated(tmp_path / "whole", pre=3, cite=3, months=6, seed=10)
    opened: dict[tuple[str, ...], Opened] = {}
    before: Bundle = {}
    for day in days_of(found):
        if (cut := as_known(bundle, day)) != before:
            bring(tmp_path / day.isoformat(), cut, day)
            before = cut
        for alert in run_scan(house.config["SETTINGS"], day).as_json()["opened"]:
            same = tuple(alert[name] for name in ("journey", "rule", "kind", "subject", "since"))
            opened.setdefault(same, (day, *same))  # type: ignore[arg-type]
    assert set(opened.values()) == in_memory(found)
    assert len(opened) >= 9


@pytest.mark.long
def test_a_replay_opens_what_every_day_computed_from_scratch_gives(tmp_path: Path) -> None:
    bundle, found = simulated(tmp_path / "whole", pre=5, cite=5, months=14, seed=9)
    opened: dict[tuple[str | None, ...], Opened] = {}
    for day in days_of(found):
        write_bundle(as_known(bundle, day), tmp_path / "cut")
        result = read_bundle(tmp_path / "cut", as_of=day)
        assert not result.faults
        for journey in told(result.lines):
            standing = deadlines(journey.facts, Calendar.load(), Thresholds.default())
            standing |= of_referrals(journey.facts, journey.referrals, Calendar.load(), Thresholds.default())
            for (rule, kind, _), one in standing.items():
                if one.due_on <= day:
                    same = (journey.ref, rule, kind, one.subject_label, str(one.since))
                    opened.setdefault(same, (day, *same))
    assert set(opened.values()) == in_memory(found)
    assert len(opened) > 30


def bring(folder: Path, bundle: Bundle, day: date) -> None:
    write_bundle(bundle, folder)
    (folder / "truth.csv").unlink()
    operator = operator_actor()
    result = read_bundle(folder, as_of=day, known=known(operator))
    assert not result.faults, result.faults
    store_bundle(operator, result.lines, as_of=day, now=clock.now(), commit=True)


def as_known(bundle: Bundle, today: date) -> Bundle:
    """The bundle as it could have been written on a day: the cells are cut, no code of ours is asked."""
    day = today.isoformat()
    journeys = [_journey(row, day) for row in bundle["journeys.csv"] if row["opened_on"] <= day]
    refs = {row["ref"] for row in journeys}
    cut = {**bundle, "journeys.csv": journeys, "truth.csv": []}
    for file, rows in bundle.items():
        if rows and "journey" in rows[0] and file != "truth.csv":
            kept = (_record(file, row, day) for row in rows if row["journey"] in refs)
            cut[file] = [row for row in kept if row is not None]
    return cut


def _journey(row: Row, day: str) -> Row:
    dates = ("agreement_on", "entered_on", "validated_on", "diagnosis_on", "rsa_opened_on", "oriented_on",
             "contract_signed_on", "exit_on")  # fmt: skip
    later = {name for name in dates if row[name] > day}
    with_date = {"agreement_on": "agreement_status", "exit_on": "exit_reason"}
    blank = later | {with_date[name] for name in later if name in with_date}
    return row | dict.fromkeys(blank | ({"stage"} if later else set()), "")


def _record(file: str, row: Row, day: str) -> Row | None:
    if file == "appointments.csv" and row["status"] == "A_VENIR":
        return row
    if file == "referrals.csv":
        return _referral(row, day)
    if file == "actions.csv":
        return _action(row, day)
    first = {"pauses.csv": "from", "barriers.csv": "identified_on"}.get(file, "on")
    if row.get(first, "") > day:
        return None
    ends = ("returned_on", "held_on", "lifted_on", "handled_on")
    return row | {name: "" for name in ends if row.get(name, "") > day}


def _action(row: Row, day: str) -> Row | None:
    later = {name: "" for name in ("started_on", "ended_on") if row[name] > day}
    if not later:
        return row
    if "started_on" not in later:
        return row | later | {"status": "EN_COURS"}
    if not row["planned_start"] and not row["planned_end"]:
        return None
    return row | later | {"status": "PREVUE"}


def _referral(row: Row, day: str) -> Row | None:
    if row["sent_on"] > day:
        return None
    dates = ("seen_on", "accepted_on", "refused_on", "first_action_on")
    later = {name: "" for name in dates if row[name] > day}
    if not later:
        return row
    known = [name for name in dates if row[name] and name not in later]
    status = {
        "seen_on": "VUE",
        "accepted_on": "ACCEPTEE",
        "refused_on": "REFUSEE",
        "first_action_on": "DEMARREE",
    }
    said = status[known[-1]] if known else "ENVOYEE"
    return row | later | {"status": said} | ({"refusal_reason": ""} if "refused_on" in later else {})
