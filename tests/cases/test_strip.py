"""The strip of a list: six months in one path, by shapes alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coordination.cases.picture.strip import DAYS, Dated, first_day, strip

TODAY = date(2026, 11, 22)


def days(number: int) -> date:
    return TODAY + timedelta(days=number)


def test_an_exchange_is_tall_an_attempt_short_a_missed_appointment_a_cross() -> None:
    found = strip([Dated("exchange", TODAY)], TODAY)
    assert found.path == f"M{DAYS - 1} 3V17"
    assert strip([Dated("attempt", days(-1))], TODAY).path == f"M{DAYS - 2} 13V17"
    assert strip([Dated("missed", days(-10))], TODAY).path.count("L") == 2
    assert strip([Dated("other", days(-10)), Dated("kept", days(-10))], TODAY).path == ""


@pytest.mark.parametrize(("offset", "shown"), [(-1, False), (0, True), (1, True)])
def test_it_begins_six_months_ago(offset: int, shown: bool) -> None:
    on = first_day(TODAY) + timedelta(days=offset)
    assert ("3V17" in strip([Dated("exchange", on)], TODAY).path) is shown


def test_what_is_to_come_is_not_there_yet() -> None:
    assert strip([Dated("exchange", days(1))], TODAY).path == ""


def test_silence_is_a_line_from_the_last_exchange_to_today() -> None:
    found = strip([Dated("exchange", days(-40)), Dated("exchange", days(-90))], TODAY)
    assert f"M{DAYS - 41} 10H{DAYS}" in found.path
    assert (found.silence, found.silent_since) == (40, days(-40))
    assert "40 jours depuis le dernier" in found.words
    assert "10H" not in strip([Dated("exchange", TODAY)], TODAY).path


def test_an_old_silence_fills_the_strip() -> None:
    found = strip([], TODAY, silent_from=days(-400))
    assert found.path == f"M0 10H{DAYS}" and found.silence == 400
    assert "400 jours de silence" in found.words
    assert strip([], TODAY).silence is None


def test_a_pause_is_an_arch_and_no_silence() -> None:
    found = strip([Dated("exchange", days(-90)), Dated("pause", days(-40))], TODAY)
    assert found.paused and "10H" not in found.path and f"M{DAYS - 41} 4V1H{DAYS}V4" in found.path
    assert "en pause" in found.words
    back = strip([Dated("pause", days(-40), days(-20)), Dated("exchange", days(-5))], TODAY)
    assert not back.paused and "10H" in back.path
    assert strip([Dated("pause", days(-400), days(-300))], TODAY).path == ""
