"""Counted days against a naive walk, the published holidays of zone B, and the ends of what is known."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.metadata import version

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.alerts.calendar import Calendar, shift

CALENDAR = Calendar.load()
ONE_DAY = timedelta(days=1)


def walk(calendar: Calendar, start: date, n: int) -> date:
    """The definition, day by day."""
    day = start
    while n:
        day += ONE_DAY
        n -= not calendar.is_school_holiday(day)
    return day


def test_the_librarys_version_and_its_last_known_day() -> None:
    assert CALENDAR.version == version("vacances-scolaires-france")
    assert CALENDAR.is_school_holiday(CALENDAR.last_known)
    assert CALENDAR.last_known >= date(2028, 8, 31)
    assert Calendar.load() is CALENDAR


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-02-14", "2026-03-01"),  # zone B alone: zone A was off from 7 February, zone C from 21 February
        ("2026-10-17", "2026-11-01"),
        ("2026-12-19", "2027-01-03"),
    ],
)
def test_holidays_are_those_of_zone_b(first: str, last: str) -> None:
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    assert not CALENDAR.is_school_holiday(begins - ONE_DAY)
    assert CALENDAR.is_school_holiday(begins)
    assert CALENDAR.is_school_holiday(ends)
    assert not CALENDAR.is_school_holiday(ends + ONE_DAY)


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-10-12", 0, "2026-10-12"),
        ("2026-10-12", 4, "2026-10-16"),  # the eve of the holidays
        ("2026-10-12", 5, "2026-11-02"),  # the day after them
        ("2026-10-12", 30, "2026-11-27"),
        ("2026-11-25", 30, "2027-01-10"),
        ("2026-10-17", 1, "2026-11-02"),  # from the first, a middle and the last day of holidays
        ("2026-10-25", 1, "2026-11-02"),
        ("2026-11-01", 1, "2026-11-02"),
        ("2026-11-02", 1, "2026-11-03"),
        ("2026-10-25", 0, "2026-10-25"),
    ],
)
def test_counted_days(start: str, n: int, due: str) -> None:
    assert CALENDAR.counted_days_after(date.fromisoformat(start), n, True) == date.fromisoformat(due)


def test_every_day_counts_where_the_rule_does_not_pause() -> None:
    assert CALENDAR.counted_days_after(date(2026, 3, 1), 30, False) == date(2026, 3, 31)
    assert CALENDAR.counted_days_after(date(2026, 10, 12), 30, False) == date(2026, 11, 11)


def test_every_day_counts_before_the_first_and_after_the_last_known_day() -> None:
    known = Calendar.of([date(2026, 5, 2), date(2026, 5, 3)], "x")
    assert known.last_known == date(2026, 5, 3)
    assert known.counted_days_after(date(2026, 5, 3), 30, True) == date(2026, 6, 2)
    assert known.counted_days_after(date(2026, 7, 1), 30, True) == date(2026, 7, 31)
    assert known.counted_days_after(date(2026, 4, 1), 30, True) == date(2026, 5, 1)
    assert known.counted_days_after(date(2026, 4, 1), 31, True) == date(2026, 5, 4)
    assert CALENDAR.counted_days_after(CALENDAR.last_known, 400, True) == CALENDAR.last_known + timedelta(400)


def test_an_empty_calendar_counts_every_day() -> None:
    empty = Calendar.of([], "x")
    assert empty.last_known == date.min
    assert not empty.is_school_holiday(date(2026, 7, 14))
    assert empty.counted_days_after(date(2026, 7, 14), 10, True) == date(2026, 7, 24)


def test_periods_out_of_order_are_refused() -> None:
    for periods in (
        ((date(2026, 5, 2), date(2026, 5, 1)),),
        ((date(2026, 5, 2), date(2026, 5, 9)), (date(2026, 5, 9), date(2026, 5, 10))),
    ):
        with pytest.raises(ValueError, match="sorted"):
            Calendar("x", periods)


def test_dates_written_as_no_end_do_not_stop_a_computation() -> None:
    assert shift(date.max, 7) == date.max
    assert shift(date(1, 1, 5), -7) == date.min
    assert CALENDAR.counted_days_after(date.max, 30, True) == date.max
    assert CALENDAR.counted_days_after(date.max, 30, False) == date.max


def test_counting_equals_walking_from_every_day_of_a_year() -> None:
    for offset in range(366):
        start = day = date(2026, 9, 1) + timedelta(offset)
        for n in range(40):
            assert CALENDAR.counted_days_after(start, n, True) == day
            day = walk(CALENDAR, day, 1)


@given(st.dates(date(1989, 1, 1), date(2030, 1, 1)), st.integers(0, 120))
def test_counting_equals_walking(start: date, n: int) -> None:
    assert CALENDAR.counted_days_after(start, n, True) == walk(CALENDAR, start, n)


@given(
    st.sets(st.dates(date(2026, 1, 1), date(2026, 3, 1))),
    st.dates(date(2025, 12, 1), date(2026, 4, 1)),
    st.integers(0, 90),
)
def test_counting_equals_walking_on_any_calendar(holidays: set[date], start: date, n: int) -> None:
    calendar = Calendar.of(holidays, "x")
    assert {day for day in holidays if calendar.is_school_holiday(day)} == holidays
    assert calendar.counted_days_after(start, n, True) == walk(calendar, start, n)
