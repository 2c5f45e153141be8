"""What may be set, within which bounds, and what stands when: the catalogue, the programme, the structure."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import Deadline
from coordination.alerts.settings import (
    Setting,
    Values,
    bounds,
    catalogue_values,
    check,
    first_overlap,
    over_time,
    periods,
    settable,
    standing,
)
from coordination.errors import BadInput
from coordination.privacy.volets import Volet

D = date.fromisoformat
MARCH, APRIL, MAY = D("2026-03-01"), D("2026-04-01"), D("2026-05-01")


def a01(days: int, since: date = MARCH, until: date | None = None, **more: Any) -> Setting:
    return Setting("A01", Values(days), since, until, **more)


def test_what_may_be_set_is_what_the_rule_has() -> None:
    assert settable("A01") == ("threshold_days",)
    assert settable("T09") == ("threshold_days", "lead_days")
    assert settable("S07") == ("lead_days",)
    assert settable("A03") == ("threshold_count", "window_days") == settable("A04")
    # On the day of the fact: a delay of zero is no delay.
    assert settable("A13") == settable("I01") == ()
    # A legal delay, and rules whose days count for nothing.
    assert settable("S26") == settable("A06") == settable("A07") == ()
    assert settable("A05") == ("threshold_count", "window_days")


def test_the_catalogue_itself_is_within_the_bounds_of_every_rule() -> None:
    for rule in rules():
        check(rule, catalogue_values(rule), catalogue_values)
        for name in settable(rule):
            low, high = bounds(rule, name)
            assert 1 <= low <= getattr(catalogue_values(rule), name) <= high


@pytest.mark.parametrize(
    ("rule", "values", "field"),
    [
        ("A01", Values(7), "threshold_days"),
        ("A01", Values(91), "threshold_days"),
        ("A01", Values(0), "threshold_days"),
        ("A01", Values(-30), "threshold_days"),
        ("A01", Values(None), "threshold_days"),
        ("S07", Values(None, 44), "lead_days"),
        ("S07", Values(None, 541), "lead_days"),
        ("A03", Values(None, None, 1, 60), "threshold_count"),
        ("A03", Values(None, None, 7, 60), "threshold_count"),
        ("A03", Values(None, None, 2, 14), "window_days"),
        ("A03", Values(None, None, 2, 181), "window_days"),
        # The one that takes over would come first.
        ("A01", Values(45), "threshold_days"),
        ("A02", Values(30), "threshold_days"),
        ("T15", Values(10), "threshold_days"),
        ("T15", Values(30), "threshold_days"),
    ],
)
def test_a_value_out_of_bounds_is_refused_beside_its_field(rule: str, values: Values, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        check(rule, values, catalogue_values)
    assert set(refused.value.fields) == {field}


@pytest.mark.parametrize(
    ("rule", "values"),
    [
        ("A01", Values(8)),
        ("A01", Values(44)),
        ("A02", Values(31)),
        ("S07", Values(None, 45)),
        ("S07", Values(None, 540)),
        ("A03", Values(None, None, 6, 15)),
        ("A03", Values(None, None, 2, 180)),
    ],
)
def test_the_bounds_themselves_are_good(rule: str, values: Values) -> None:
    check(rule, values, catalogue_values)


def test_the_structure_goes_before_the_programme_which_goes_before_the_catalogue() -> None:
    ours = Setting("A01", Values(20), MARCH, of_structure=True)
    later = a01(40, APRIL)
    assert standing([], "A01", MAY).threshold_days == 30
    assert standing([later], "A01", MAY).threshold_days == 40
    assert standing([later, ours], "A01", MAY).threshold_days == 20
    assert standing([later, ours], "A02", MAY).threshold_days == 45


def test_a_setting_stands_from_its_first_day_to_its_last() -> None:
    setting = a01(20, MARCH, D("2026-03-31"))
    days = ("2026-02-28", "2026-03-01", "2026-03-31", "2026-04-01")
    assert [standing([setting], "A01", D(day)).threshold_days for day in days] == [30, 20, 20, 30]


def test_a_setting_with_an_end_goes_before_one_without_and_gives_way_again() -> None:
    usual, summer = a01(40, MARCH), a01(20, APRIL, D("2026-04-30"), begun=False)
    found = [(day, thresholds.threshold("A01")) for day, thresholds in periods([usual, summer])]
    assert found == [(None, 40), (APRIL, 20), (MAY, 40)]


def test_now_is_what_has_begun_whatever_the_day() -> None:
    assert periods([]) == ((None, Thresholds.default()),)
    assert [d for d, _ in periods([a01(20, D("2099-01-01"))])] == [None]
    assert periods([a01(20, D("2099-01-01"))])[0][1].threshold("A01") == 20


def _one(due_on: date) -> dict[Any, Deadline]:
    return {("A01", "overdue", ""): Deadline(due_on, MARCH, "exchange", Volet.COORDINATION)}


@pytest.mark.parametrize(
    ("now", "then", "due"),
    [
        # Due before the change: as it is now. After it: as it will be. A shorter delay never looks back.
        ("2026-03-31", "2026-04-20", "2026-03-31"),
        ("2026-04-10", "2026-04-20", "2026-04-20"),
        ("2026-04-10", "2026-03-20", "2026-04-01"),
        ("2026-04-01", "2026-04-01", "2026-04-01"),
    ],
)
def test_a_deadline_stands_where_the_setting_of_its_day_puts_it(now: str, then: str, due: str) -> None:
    given = {30: _one(D(now)), 20: _one(D(then))}
    schedule = periods([a01(20, APRIL, begun=False)])
    (found,) = over_time(schedule, lambda thresholds: given[thresholds.threshold("A01")]).values()
    assert found.due_on == D(due)


@pytest.mark.parametrize(
    ("rule", "values", "words"),
    [
        ("A01", Values(30), "après 30 jours"),
        ("S05", Values(None, 15), "15 jours avant"),
        ("T23", Values(365, 30), "délai de 365 jours, avance de 30 jours"),
        ("A03", Values(None, None, 3, 60), "3 rendez-vous manqués de suite en 60 jours"),
        ("A04", Values(None, None, 3, 15), "3 tentatives de suite sans réponse en 15 jours"),
        (
            "A05",
            Values(None, None, 3, 42),
            "3 absences de suite, ou présence à moins de la moitié des séances en 42 jours",
        ),
        ("A06", Values(switched_on=False), "règle éteinte"),
        ("A06", Values(switched_on=True), "règle allumée"),
    ],
)
def test_a_setting_says_itself(rule: str, values: Values, words: str) -> None:
    assert values.words(rule) == words


def test_a_rule_that_is_off_stands_where_it_was_switched_on() -> None:
    on = Setting("A06", Values(switched_on=True), MARCH)
    assert periods([])[0][1].off >= {"A06", "A07"}
    assert periods([on])[0][1].off == periods([])[0][1].off - {"A06"}
    assert standing([], "A06", MAY) == Values(switched_on=False)


def test_values_are_read_as_they_were_written() -> None:
    for values in (
        Values(30),
        Values(None, 15),
        Values(None, None, 3, 60),
        Values(switched_on=False),
        Values(),
    ):
        assert Values.read(values.code()) == values
    assert max(len(Values(99999, 99999, 99999, 99999, True).code()) for _ in "x") <= 64


@pytest.mark.parametrize(
    ("since", "until", "overlaps"),
    [
        ("2026-02-01", "2026-02-28", False),
        ("2026-02-01", "2026-03-01", True),
        ("2026-03-31", None, True),
        ("2026-04-01", None, False),
        ("2026-01-01", None, True),
    ],
)
def test_two_periods_overlap_if_they_share_a_day(since: str, until: str | None, overlaps: bool) -> None:
    taken = [(MARCH, D("2026-03-31"))]
    found = first_overlap(taken, D(since), D(until) if until else None)
    assert (found is not None) == overlaps
