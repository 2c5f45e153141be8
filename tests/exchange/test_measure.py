"""When an alert is about a break, to the day; what counts in the budget, what is right, what is false."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coordination.alerts.deadlines import Deadline
from coordination.alerts.replay import ReplayedAlert
from coordination.exchange.bundle.truth import Break
from coordination.exchange.evaluate.measure import (
    WINDOW,
    Figures,
    Raised,
    figures,
    findings,
    grouped,
    per_week,
)
from coordination.privacy.volets import Volet

BROKEN = Break("J", "ABANDON", date(2026, 3, 2), date(2026, 3, 10))
END = date(2026, 12, 31)


def raised(
    on: date,
    until: date | None = None,
    *,
    type_: str | None = "ABANDON",
    counts: bool = True,
    initial: bool = False,
    because: str = "exchange",
    journey: str = "J",
    rule: str = "A09",
) -> Raised:
    deadline = Deadline(on, on, because, Volet.COORDINATION)
    return Raised(
        journey, type_, ReplayedAlert(on, rule, "overdue", "", deadline, initial, [(on, until)]), counts
    )


@pytest.mark.parametrize(("after", "found"), [(0, True), (WINDOW, True), (WINDOW + 1, False)])
def test_an_alert_may_open_until_ninety_days_after(after: int, found: bool) -> None:
    alert = raised(BROKEN.observable_on + timedelta(days=after))
    assert alert.about(BROKEN) is found


@pytest.mark.parametrize(
    ("until", "found"), [(date(2026, 3, 2), False), (date(2026, 3, 3), True), (None, True)]
)
def test_an_announcement_counts_if_it_still_stands_and_gains_no_more_than_the_first_day(
    until: date | None, found: bool
) -> None:
    alert = raised(date(2026, 1, 5), until)
    assert findings([BROKEN], [alert]) == ({BROKEN: BROKEN.began_on} if found else {})


def test_the_earliest_alert_finds_it_and_one_that_does_not_count_never() -> None:
    alerts = [
        raised(date(2026, 4, 1)),
        raised(date(2026, 3, 20)),
        raised(date(2026, 3, 5), counts=False),
        raised(date(2026, 3, 6), type_="STATUT"),
        raised(date(2026, 3, 4), journey="K"),
    ]
    assert findings([BROKEN], alerts) == {BROKEN: date(2026, 3, 20)}
    assert findings([BROKEN], [raised(date(2026, 3, 21), type_=None)]) == {BROKEN: date(2026, 3, 21)}


def test_groups_are_a_person_in_a_week_without_the_starting_situation() -> None:
    monday, sunday = date(2026, 3, 16), date(2026, 3, 22)
    alerts = [
        raised(monday),
        raised(sunday),
        raised(monday, initial=True, journey="K"),
        raised(monday, counts=False),
        raised(sunday + timedelta(days=1)),
        raised(monday, journey="L"),
    ]
    groups = grouped(alerts)
    assert {place: len(group) for place, group in groups.items()} == {
        ("J", monday): 2,
        ("J", date(2026, 3, 23)): 1,
        ("L", monday): 1,
    }
    found = figures([BROKEN], alerts, {}, "ABANDON", END)
    assert (found.alerts, found.right, found.precision) == (3, 2, 2 / 3)


@pytest.mark.parametrize(
    ("first", "until", "then", "lines"),
    [
        ("A09", None, "A10", 1),
        # Over on the day itself: it stood on the eve.
        ("A09", date(2026, 3, 16), "A10", 1),
        ("A09", date(2026, 3, 15), "A10", 2),
        ("A08", None, "A10", 2),
        ("A10", None, "A09", 2),
    ],
)
def test_what_takes_the_place_of_an_alert_that_stands_is_no_new_line(
    first: str, until: date | None, then: str, lines: int
) -> None:
    alerts = [raised(date(2026, 3, 2), until, rule=first), raised(date(2026, 3, 16), rule=then)]
    found = figures([BROKEN], alerts, {}, None, END)
    assert (found.alerts, found.lines) == (2, lines)
    # Together with something else, it is one; the same on another journey replaces nothing.
    other = [*alerts, raised(date(2026, 3, 18), rule="A11")]
    assert figures([BROKEN], other, {}, None, END).lines == 2
    elsewhere = [alerts[0], raised(date(2026, 3, 16), rule=then, journey="K")]
    assert figures([BROKEN], elsewhere, {}, None, END).lines == 2


def test_weeks_of_a_referent_run_from_their_first_opening() -> None:
    groups = [("J", date(2026, 3, 16)), ("K", date(2026, 3, 16)), ("L", date(2026, 3, 16))]
    referents = {"J": "a", "K": "a", "L": "b", "M": "c"}
    opened = {"J": date(2026, 3, 30), "K": date(2026, 3, 2), "L": date(2026, 4, 6), "M": date(2026, 3, 2)}
    assert per_week(groups, referents, opened, date(2026, 4, 12)) == {"a": 2 / 6, "b": 1.0, "c": 0.0}


@pytest.mark.parametrize(
    ("alert", "reminder"),
    [
        (raised(END), False),
        (raised(END, type_="STATUT"), True),
        (raised(END, type_="TRANSITION", because="entry"), True),
        (raised(END, because="agreement_withdrawn"), True),
        (raised(END, type_=None), False),
    ],
)
def test_a_date_that_is_true_whatever_happens_is_no_false_alarm(alert: Raised, reminder: bool) -> None:
    assert alert.reminder is reminder


def test_figures_of_several_territories_add_up() -> None:
    one, two = Figures(2, 1, 4, 3, 1, (10,), (3,)), Figures(2, 2, 4, 4, 3, (20, 60), (5, 7))
    both = one + two
    assert (both.recall, both.precision, both.median_days_before_silence_60) == (0.75, 0.5, 20)
    assert both.median_days_late == 5
    assert Figures(0, 0, 0, 0, 0, (), ()).recall is None
