"""The replay of one journey's steps: opened once, on its day, resolved by what moves, the first day apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

import pytest

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key
from coordination.alerts.replay import Past, ReplayedAlert, new_per_week, replay
from coordination.privacy.volets import Volet

D = date.fromisoformat
CALENDAR, DEFAULT = Calendar.load(), Thresholds.default()
FIRST, LAST = D("2026-01-01"), D("2026-03-31")


def due(since: str, due_on: str, rule: str = "A09", subject: str = "") -> dict[Key, Deadline]:
    return {(rule, OVERDUE, subject): Deadline(D(due_on), D(since), "exchange", Volet.COORDINATION)}


def past(*steps: tuple[str, dict[Key, Deadline]]) -> Past:
    def standing(wanted: dict[Key, Deadline], *_: object) -> Mapping[Key, Deadline]:
        return wanted

    return [(D(day), partial(standing, wanted)) for day, wanted in steps]


def opened(*steps: tuple[str, dict[Key, Deadline]]) -> list[ReplayedAlert]:
    return replay(past(*steps), CALENDAR, DEFAULT, FIRST, LAST)


@pytest.mark.parametrize(
    ("next_fact", "on"), [("2026-02-14", []), ("2026-02-15", []), ("2026-02-16", ["2026-02-15"])]
)
def test_it_opens_on_its_day_unless_a_fact_of_that_day_moved_it(next_fact: str, on: list[str]) -> None:
    found = opened(("2026-01-01", due("2026-01-01", "2026-02-15")), (next_fact, due(next_fact, "2026-12-31")))
    assert [str(alert.on) for alert in found] == on


def test_what_moved_or_vanished_is_resolved_that_day() -> None:
    moved, gone = opened(
        ("2026-01-02", due("2026-01-01", "2026-01-05")),
        ("2026-01-20", due("2026-01-20", "2026-02-01")),
        ("2026-02-10", {}),
    )
    assert moved.spells == [(D("2026-01-05"), D("2026-01-20"))]
    assert gone.spells == [(D("2026-02-01"), D("2026-02-10"))]
    assert moved.stands_between(D("2026-01-19"), D("2026-01-19"))
    assert not moved.stands_between(D("2026-01-20"), D("2026-01-31"))


def test_a_later_day_of_the_same_deadline_resolves_an_earlier_one_does_not() -> None:
    (later,) = opened(
        ("2026-01-02", due("2026-01-01", "2026-01-05")), ("2026-01-08", due("2026-01-01", "2026-01-20"))
    )
    assert later.spells == [(D("2026-01-05"), D("2026-01-08")), (D("2026-01-20"), None)]
    (same,) = opened(
        ("2026-01-02", due("2026-01-01", "2026-01-05")), ("2026-01-08", due("2026-01-01", "2026-01-07"))
    )
    assert same.spells == [(D("2026-01-05"), None)]


def test_an_alert_that_comes_back_is_not_new() -> None:
    (alert,) = opened(
        ("2026-01-02", due("2026-01-01", "2026-01-05")),
        ("2026-01-08", {}),
        ("2026-01-12", due("2026-01-01", "2026-01-05")),
    )
    assert alert.on == D("2026-01-05")
    assert alert.spells == [(D("2026-01-05"), D("2026-01-08")), (D("2026-01-12"), None)]


def test_what_was_due_before_the_replay_is_the_starting_situation() -> None:
    alerts = opened(
        ("2025-06-01", due("2025-06-01", "2025-07-01")),
        ("2025-12-01", due("2025-12-01", "2025-12-20") | due("2025-12-01", "2026-01-02", "T14", "x")),
    )
    assert [(str(a.on), a.rule, a.initial) for a in alerts] == [
        ("2026-01-01", "A09", True),
        ("2026-01-02", "T14", False),
    ]
    # T14 is only INFO: neither of the two counts in the weekly budget.
    assert new_per_week(alerts) == frozenset()


def test_nothing_opens_after_the_last_day() -> None:
    assert opened(("2026-01-01", due("2026-01-01", "2026-04-01"))) == []
    assert len(opened(("2026-01-01", due("2026-01-01", "2026-03-31")))) == 1


def test_weeks_are_counted_once_from_their_monday() -> None:
    alerts = opened(
        ("2026-01-02", due("2026-01-01", "2026-01-12") | due("2026-01-01", "2026-01-18", "A10")),
        ("2026-01-19", due("2026-01-19", "2026-01-19", "A13")),
    )
    assert new_per_week(alerts) == {D("2026-01-12"), D("2026-01-19")}
