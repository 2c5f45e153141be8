"""The strip of a list: six months in one path, by shapes alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coordination.cases.picture.strip import DAYS, Happened, Strip, first_day, strip

TODAY = date(2026, 11, 22)
LAST = DAYS - 1


def of(pauses: list[tuple[int, int | None]] | None = None, **days: list[int]) -> Strip:
    """The strip of what happened that many days from today (negative)."""
    back = [(LAST + begun, None if until is None else LAST + until) for begun, until in pauses or ()]
    return strip(Happened({what: [LAST + n for n in ns] for what, ns in days.items()}, back), TODAY)


def test_it_ends_today_and_holds_six_months() -> None:
    assert first_day(TODAY) == TODAY - timedelta(days=181)


def test_an_exchange_is_tall_an_attempt_short_a_missed_appointment_a_cross() -> None:
    assert of(exchange=[0]).path == f"M{LAST} 3V17"
    assert of(attempt=[-1]).path == f"M{LAST - 1} 13V17"
    assert of(missed=[-10]).path.count("L") == 2
    assert of(exchange=[0], attempt=[0]).path.count("M") == 1, "a day of exchange needs no attempt"
    assert of().path == ""


def test_silence_is_a_line_from_the_last_exchange_to_today() -> None:
    found = of(exchange=[-40, -90])
    assert f"M{LAST - 40} 10H{DAYS}" in found.path
    assert (found.silence, found.silent_since) == (40, TODAY - timedelta(days=40))
    assert "40 jours depuis le dernier" in found.words
    assert "10H" not in of(exchange=[0]).path


@pytest.mark.parametrize(("days", "start"), [(400, 0), (182, 0), (181, 0), (180, 1), (1, 180)])
def test_an_old_silence_fills_the_strip(days: int, start: int) -> None:
    found = strip(Happened(), TODAY, silent_from=TODAY - timedelta(days=days))
    assert found.path == f"M{start} 10H{DAYS}" and found.silence == days
    assert f"{days} jour" in found.words and "de silence" in found.words


def test_nothing_known_or_only_to_come_is_no_silence() -> None:
    assert of().silence is None
    assert strip(Happened(), TODAY, silent_from=TODAY + timedelta(days=3)).silence is None
    assert strip(Happened(), TODAY, silent_from=TODAY).path == ""


def test_a_pause_is_an_arch_and_no_silence() -> None:
    found = of([(-40, None)], exchange=[-90])
    assert found.paused and "10H" not in found.path and f"M{LAST - 40} 4V1H{DAYS}V4" in found.path
    assert "en pause" in found.words
    back = of([(-40, -20)], exchange=[-5])
    assert not back.paused and "10H" in back.path and f"V1H{LAST - 19}V4" in back.path
    assert "M0 4V1" in of([(-400, None)]).path
