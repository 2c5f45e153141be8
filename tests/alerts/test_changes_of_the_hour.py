"""Days that are an hour short or long, and the one that comes every four years: clocks count days, not hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from coordination import clock
from coordination.worker import SCAN_AT
from tests.alerts.scan_kit import case, cite, contact, opened, rules_of
from tests.support import import_rows

# The changes of 2026, and a leap day. (No school holidays for adults: nothing else moves these dates.)
DAYS = [date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)]
# A09, as the catalogue has it.
SILENCE = timedelta(days=45)


@pytest.mark.parametrize("on", DAYS)
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_silence_that_ends_around_such_a_day_is_told_on_its_day(app: Flask, on: date, offset: int) -> None:
    due = on + timedelta(days=offset)
    last = due - SILENCE
    rows = case(cite(), contacts=[contact(last.isoformat())])
    import_rows(rows, last)
    opened(app, last.isoformat())
    before = rules_of(opened(app, (due - timedelta(days=1)).isoformat()))
    assert ("A09", "overdue") not in before
    assert ("A09", "overdue") in rules_of(opened(app, due.isoformat()))
    assert opened(app, due.isoformat()) == []


@pytest.mark.parametrize("on", DAYS)
def test_every_hour_of_such_a_day_belongs_to_it(on: date) -> None:
    """By the clock of Paris, whatever the server's: 23, 24 or 25 hours of one day."""
    start = datetime(on.year, on.month, on.day, tzinfo=clock.PARIS).astimezone(UTC)
    after = on + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=clock.PARIS).astimezone(UTC)
    hours = {date(2026, 3, 29): 23, date(2026, 10, 25): 25}.get(on, 24)
    assert end - start == timedelta(hours=hours)
    moments = [start + timedelta(minutes=10 * n) for n in range(6 * hours)]
    assert {clock.paris_date(moment) for moment in moments} == {on}
    assert clock.paris_date(start - timedelta(seconds=1)) == on - timedelta(days=1)
    assert clock.paris_date(end) == after


@pytest.mark.parametrize("on", DAYS)
def test_the_scan_of_such_a_day_comes_once(on: date) -> None:
    evening = datetime(on.year, on.month, on.day, tzinfo=clock.PARIS) - timedelta(hours=2)
    first = SCAN_AT.get_next_fire_time(None, evening)
    assert first is not None and first.date() == on
    second = SCAN_AT.get_next_fire_time(first, first + timedelta(seconds=1))
    assert second is not None and second.date() == on + timedelta(days=1)
