"""S06 to S09: birthdays, told by the month."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline
from coordination.cases.rules.ages import AGES, birthday
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import D, cite, due, fires_first_on, found, one, pre, standing


def test_worked_case_4() -> None:
    for journey in (pre(birth_date=D("2008-09-17")), cite(birth_date=D("2008-09-17"))):
        fires_first_on(journey, "2026-03-01", "S07", "lead")
        assert one(journey, "S07", "lead") == Deadline(
            D("2026-03-01"), D("2026-03-01"), "age", Volet.COORDINATION
        )


@pytest.mark.parametrize(
    ("rule", "make", "birth", "expected"),
    [
        ("S06", pre, "2011-03-31", "2026-09-01"),  # 1 March 2027 − 180 = 2 September 2026
        ("S07", pre, "2011-03-31", "2028-09-01"),  # 1 March 2029 − 180 = 2 September 2028
        ("S08", cite, "2002-01-31", "2026-10-01"),  # 1 January 2027 − 90 = 3 October 2026
        ("S09", cite, "2001-05-01", "2027-01-01"),  # 1 May 2027 − 120 = 1 January 2027
        ("S09", cite, "2001-06-30", "2027-02-01"),  # 1 June 2027 − 120 = 1 February 2027
        ("S09", cite, "2001-04-30", "2026-12-01"),  # 1 April 2027 − 120 = 2 December 2026
    ],
)
def test_first_day_of_the_month_of_base_less_lead(rule: str, make, birth: str, expected: str) -> None:
    fires_first_on(make(birth_date=D(birth)), expected, rule, "lead")


def test_each_programme_has_its_ages() -> None:
    assert standing(pre(birth_date=D("2012-01-15"))) & set(AGES) == {"S06", "S07"}
    assert standing(cite(birth_date=D("2012-01-15"))) & set(AGES) == {"S07", "S08", "S09"}


@pytest.mark.parametrize(
    ("birth", "stands"), [("2010-04-14", False), ("2010-04-15", False), ("2010-04-16", True)]
)
def test_only_birthdays_after_the_opening(birth: str, stands: bool) -> None:
    # Sixteen the day before the opening, that day, the day after: the day decides, not the month.
    journey = pre(birth_date=D(birth), opened_on=D("2026-04-15"))
    assert ("S06" in standing(journey)) is stands


def test_missing_dates_leave_no_answer() -> None:
    assert standing(pre()) & set(AGES) == set()
    assert standing(pre(birth_date=D("2012-01-15"), opened_on=None)) & set(AGES) == set()


def test_born_on_29_february() -> None:
    assert birthday(D("2008-02-29"), 18) == D("2026-03-01")
    assert birthday(D("2008-02-29"), 16) == D("2024-02-29")
    # Eighteen on 1 March 2026: ahead of an opening on 28 February, not of one on 1 March.
    before = pre(birth_date=D("2008-02-29"), opened_on=D("2026-02-28"))
    assert due(before, "S07", "lead") == D("2025-08-01")  # 1 February 2026 − 180 = 5 August 2025
    assert due(pre(birth_date=D("2008-02-29"), opened_on=D("2026-03-01")), "S07", "lead") is None


def test_a_changed_lead_moves_the_month() -> None:
    journey = pre(birth_date=D("2008-09-17"))
    assert due(journey, "S07", "lead", "", Thresholds({"S07": (None, 30)})) == D("2026-08-01")


def test_a_birth_at_the_end_of_time_gives_nothing() -> None:
    assert standing(pre(birth_date=D("9999-01-01"), opened_on=D("2026-04-01"))) & set(AGES) == set()


@given(st.dates(D("1990-01-01"), D("2030-12-31")), st.booleans())
def test_no_date_tells_more_than_the_month(birth: date, in_cite: bool) -> None:
    journey = (cite if in_cite else pre)(birth_date=birth, opened_on=D("1990-01-01"))
    same_month = (cite if in_cite else pre)(birth_date=birth.replace(day=1), opened_on=D("1990-01-01"))
    ages = {key: d for key, d in found(journey).items() if key[0] in AGES}
    assert ages == {key: d for key, d in found(same_month).items() if key[0] in AGES}
    assert len(ages) == (3 if in_cite else 2)
    assert all(d.since == d.due_on and d.due_on.day == 1 for d in ages.values())
