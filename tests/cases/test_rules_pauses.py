"""I01 to I05: pauses."""

from __future__ import annotations

import pytest

from coordination.alerts.deadlines import Deadline
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import D, cite, due, fires_first_on, found, one, pause, pre, standing

INTERRUPTIONS = {"I01", "I02", "I03", "I04", "I05"}


def test_worked_case_3() -> None:
    journey = pre(pauses=(pause("2026-03-02", "2026-05-04"),))
    fires_first_on(journey, "2026-05-11", "I03", "overdue", "p1")
    fires_first_on(journey, "2026-04-20", "I02", "lead", "p1")
    for key in (("I02", "lead"), ("I03", "overdue")):
        deadline = one(journey, *key, "p1")
        assert (deadline.since, deadline.because) == (D("2026-05-04"), "expected_return")


def test_a_pause_without_expected_return_fires_the_day_it_begins() -> None:
    journey = pre(pauses=(pause("2026-05-04"),))
    fires_first_on(journey, "2026-05-04", "I01", "overdue", "p1")
    assert one(journey, "I01", "overdue", "p1") == Deadline(
        D("2026-05-04"), D("2026-05-04"), "pause", Volet.COORDINATION
    )
    assert standing(journey) & INTERRUPTIONS == {"I01", "I04"}


def test_a_date_set_replaces_i01_by_i02_and_i03() -> None:
    assert standing(pre(pauses=(pause("2026-05-04", "2026-06-01"),))) & INTERRUPTIONS == {"I02", "I03", "I04"}


@pytest.mark.parametrize(
    ("expected", "lead"),
    [("2026-05-17", "2026-05-04"), ("2026-05-18", "2026-05-04"), ("2026-05-19", "2026-05-05")],
)
def test_i02_is_never_before_the_pause_begins(expected: str, lead: str) -> None:
    assert due(pre(pauses=(pause("2026-05-04", expected),)), "I02", "lead", "p1") == D(lead)


@pytest.mark.parametrize("expected", [None, "2026-06-01", "2027-06-01"])
def test_long_pauses_per_programme(expected: str | None) -> None:
    pauses = (pause("2026-05-04", expected),)
    fires_first_on(pre(pauses=pauses), "2026-07-03", "I04", "overdue", "p1")
    fires_first_on(cite(pauses=pauses), "2026-08-02", "I05", "overdue", "p1")
    assert standing(pre(pauses=pauses)) & {"I04", "I05"} == {"I04"}
    assert standing(cite(pauses=pauses)) & {"I04", "I05"} == {"I05"}
    assert one(cite(pauses=pauses), "I05", "overdue", "p1").since == D("2026-05-04")


def test_school_holidays_do_not_stretch_pauses() -> None:
    journey = pre(pauses=(pause("2026-07-01", "2026-07-20"),))
    assert due(journey, "I03", "overdue", "p1") == D("2026-07-27")
    assert due(journey, "I04", "overdue", "p1") == D("2026-08-30")


@pytest.mark.parametrize("make", [pre, cite])
@pytest.mark.parametrize("expected", [None, "2026-06-01"])
def test_the_return_ends_all_of_them(make, expected: str | None) -> None:
    assert standing(make(pauses=(pause("2026-05-04", expected, "2026-05-04"),))) & INTERRUPTIONS == set()


def test_each_open_pause_has_its_own() -> None:
    pauses = (
        pause("2026-05-04", id="p1"),
        pause("2026-05-06", "2026-06-01", id="p2"),
        pause("2026-05-01", None, "2026-05-02", "p3"),
    )
    assert {key for key in found(pre(pauses=pauses)) if key[0] in INTERRUPTIONS} == {
        ("I01", "overdue", "p1"),
        ("I04", "overdue", "p1"),
        ("I02", "lead", "p2"),
        ("I03", "overdue", "p2"),
        ("I04", "overdue", "p2"),
    }


def test_a_return_expected_at_the_end_of_time_does_not_stop_the_rest() -> None:
    journey = pre(pauses=(pause("2026-05-04", "9999-12-31"),))
    assert due(journey, "I03", "overdue", "p1") == D("9999-12-31")
    assert due(journey, "I04", "overdue", "p1") == D("2026-07-03")
