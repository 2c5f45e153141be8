"""A03 and A11 (missed appointments), A04 (vain attempts), A13 (details that no longer work)."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.alerts.deadlines import Deadline
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import (
    D,
    appointment,
    cite,
    contact,
    due,
    fires_first_on,
    one,
    pause,
    plus,
    pre,
    standing,
)

ABS = "ABS_NON_EXCUSEE"


def missed(*lines: tuple[str, str | None], **more) -> JourneyFacts:
    return pre(appointments=tuple(appointment(on, status) for on, status in lines), **more)


def test_the_second_absence_fires_the_same_day() -> None:
    journey = missed(("2026-05-04", ABS), ("2026-05-18", ABS))
    fires_first_on(journey, "2026-05-18", "A03")
    assert one(journey, "A03") == Deadline(D("2026-05-18"), D("2026-05-18"), "absences", Volet.COORDINATION)


def test_one_rule_per_programme() -> None:
    lines = (appointment("2026-05-04", ABS), appointment("2026-05-18", ABS))
    assert standing(pre(appointments=lines)) & {"A03", "A11"} == {"A03"}
    assert standing(cite(appointments=lines)) & {"A03", "A11"} == {"A11"}
    assert due(cite(appointments=lines), "A11") == D("2026-05-18")


@pytest.mark.parametrize(
    ("second", "fires"), [("2026-07-02", True), ("2026-07-03", True), ("2026-07-04", False)]
)
def test_at_most_sixty_days_apart(second: str, fires: bool) -> None:
    assert (due(missed(("2026-05-04", ABS), (second, ABS)), "A03") is not None) is fires


def test_one_absence_is_not_a_run() -> None:
    assert due(missed(("2026-05-04", ABS)), "A03") is None


@pytest.mark.parametrize("status", ["ANNULE_SERVICE", "A_VENIR", "A_PRECISER", None])
def test_what_did_not_take_place_is_ignored(status: str | None) -> None:
    journey = missed(("2026-05-04", ABS), ("2026-05-10", status), ("2026-05-18", ABS))
    assert due(journey, "A03") == D("2026-05-18")


@pytest.mark.parametrize("status", ["HONORE", "ABS_EXCUSEE"])
def test_what_breaks_the_run(status: str) -> None:
    journey = missed(("2026-05-04", ABS), ("2026-05-10", status), ("2026-05-18", ABS))
    assert due(journey, "A03") is None
    again = missed(("2026-05-04", ABS), ("2026-05-10", status), ("2026-05-18", ABS), ("2026-05-25", ABS))
    assert due(again, "A03") == D("2026-05-25")


def test_a_contact_does_not_break_the_run() -> None:
    lines = (("2026-05-04", ABS), ("2026-05-18", ABS))
    assert due(missed(*lines, contacts=(contact("2026-05-10"),)), "A03") == D("2026-05-18")


@pytest.mark.parametrize(
    ("on", "stands"), [("2026-05-17", True), ("2026-05-18", False), ("2026-05-19", False)]
)
def test_an_exchange_that_day_or_later_resolves(on: str, stands: bool) -> None:
    lines = (("2026-05-04", ABS), ("2026-05-18", ABS))
    assert (due(missed(*lines, contacts=(contact(on),)), "A03") is not None) is stands


def test_a_later_pair_takes_over_after_an_exchange() -> None:
    journey = missed(
        ("2026-05-04", ABS), ("2026-05-18", ABS), ("2026-05-25", ABS), contacts=(contact("2026-05-20"),)
    )
    assert due(journey, "A03") == D("2026-05-25")


def test_the_earliest_pair_counts() -> None:
    journey = missed(("2026-05-25", ABS), ("2026-05-04", ABS), ("2026-05-18", ABS))
    assert due(journey, "A03") == D("2026-05-18")


def test_on_one_day_the_absence_comes_first() -> None:
    # On the 18th absent, and seen after all: the pair exists, and the exchange of the day resolves it.
    assert due(missed(("2026-05-04", ABS), ("2026-05-18", "HONORE"), ("2026-05-18", ABS)), "A03") is None
    # Excused the same day: the pair stands.
    excused = missed(("2026-05-04", ABS), ("2026-05-18", "ABS_EXCUSEE"), ("2026-05-18", ABS))
    assert due(excused, "A03") == D("2026-05-18")
    # And the excuse breaks what follows.
    after = missed(("2026-05-18", "ABS_EXCUSEE"), ("2026-05-18", ABS), ("2026-05-20", ABS))
    assert due(after, "A03") is None


def test_two_absences_on_one_day_are_two() -> None:
    assert due(missed(("2026-05-18", ABS), ("2026-05-18", ABS)), "A03") == D("2026-05-18")


def tried(*lines: tuple[str, str, str], **more) -> JourneyFacts:
    return pre(contacts=tuple(contact(on, outcome, mode) for on, mode, outcome in lines), **more)


THREE = (
    ("2026-05-04", "SMS", "MESSAGE"),
    ("2026-05-08", "TELEPHONE", "SANS_REPONSE"),
    ("2026-05-19", "TELEPHONE", "SANS_REPONSE"),
)


def test_the_third_attempt_fires_since_the_first() -> None:
    fires_first_on(tried(*THREE), "2026-05-19", "A04")
    assert one(tried(*THREE), "A04") == Deadline(
        D("2026-05-19"), D("2026-05-04"), "attempts", Volet.COORDINATION
    )
    assert one(cite(contacts=tried(*THREE).contacts), "A04") == one(tried(*THREE), "A04")


@pytest.mark.parametrize(
    ("third", "fires"), [("2026-05-18", True), ("2026-05-19", True), ("2026-05-20", False)]
)
def test_within_fifteen_days(third: str, fires: bool) -> None:
    journey = tried(*THREE[:2], (third, "TELEPHONE", "SANS_REPONSE"))
    assert (due(journey, "A04") is not None) is fires


def test_two_modes_are_needed() -> None:
    same = tried(*((on, "TELEPHONE", outcome) for on, _, outcome in THREE))
    assert due(same, "A04") is None
    # A fourth, by another mode, makes the last three count.
    assert one(
        tried(
            ("2026-05-04", "TELEPHONE", "MESSAGE"),
            ("2026-05-05", "TELEPHONE", "MESSAGE"),
            ("2026-05-06", "TELEPHONE", "MESSAGE"),
            ("2026-05-07", "SMS", "MESSAGE"),
        ),
        "A04",
    ) == Deadline(D("2026-05-07"), D("2026-05-05"), "attempts", Volet.COORDINATION)


def test_two_attempts_are_not_enough() -> None:
    assert due(tried(*THREE[:2]), "A04") is None


def test_the_third_party_mode_counts_among_attempts() -> None:
    lines = [(on, "TIERS" if on == "2026-05-08" else "SMS", outcome) for on, _, outcome in THREE]
    assert due(tried(*lines), "A04") == D("2026-05-19")


@pytest.mark.parametrize("outcome", ["INVALIDE", "TIERS_NOUVELLES", None])
def test_other_outcomes_are_no_attempts(outcome: str | None) -> None:
    journey = tried(*THREE[:2], ("2026-05-19", "TELEPHONE", outcome))
    assert due(journey, "A04") is None
    # Nor do they stand between neighbours.
    between = tried(*THREE, ("2026-05-09", "VAD", outcome))
    assert due(between, "A04") == D("2026-05-19")


@pytest.mark.parametrize(
    ("exchange", "stands"),
    [("2026-05-03", True), ("2026-05-04", False), ("2026-05-10", False), ("2026-05-19", False)],
)
def test_attempts_up_to_the_day_of_an_exchange_do_not_count(exchange: str, stands: bool) -> None:
    journey = tried(*THREE, (exchange, "VAD", "ABOUTI"))
    assert (due(journey, "A04") is not None) is stands


def test_lines_of_one_day_are_in_order_of_mode() -> None:
    # TELEPHONE, TELEPHONE, then two lines on the 10th: SMS comes before TELEPHONE, and VAD after it.
    first = (("2026-05-01", "TELEPHONE", "MESSAGE"), ("2026-05-02", "TELEPHONE", "MESSAGE"))
    tenth = ("2026-05-10", "TELEPHONE", "MESSAGE")
    before = tried(*first, tenth, ("2026-05-10", "SMS", "MESSAGE"))
    assert one(before, "A04").since == D("2026-05-01")
    after = tried(*first, ("2026-05-10", "VAD", "MESSAGE"), tenth)
    assert one(after, "A04").since == D("2026-05-02")


def test_equal_lines_each_count() -> None:
    twice = ("2026-05-04", "TELEPHONE", "MESSAGE")
    assert due(tried(twice, twice, ("2026-05-04", "SMS", "MESSAGE")), "A04") == D("2026-05-04")


def test_a_pause_does_not_silence_absences_and_attempts() -> None:
    journey = tried(*THREE, pauses=(pause("2026-05-01"),))
    assert due(journey, "A04") == D("2026-05-19")


@pytest.mark.parametrize("mode", ["TELEPHONE", "TIERS", "COURRIER"])
def test_details_that_no_longer_work(mode: str) -> None:
    journey = tried(("2026-05-19", mode, "INVALIDE"), ("2026-05-12", mode, "INVALIDE"))
    fires_first_on(journey, "2026-05-12", "A13")
    assert one(journey, "A13").since == D("2026-05-12")
    assert due(cite(contacts=journey.contacts), "A13") == D("2026-05-12")


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        ("2026-05-11", "2026-05-12"),
        ("2026-05-12", "2026-05-19"),
        ("2026-05-18", "2026-05-19"),
        ("2026-05-19", None),
    ],
)
def test_an_exchange_forgives_what_came_until_that_day(exchange: str, expected: str | None) -> None:
    lines = (contact("2026-05-12", "INVALIDE"), contact("2026-05-19", "INVALIDE"), contact(exchange))
    assert due(pre(contacts=lines), "A13") == (D(expected) if expected else None)


DAYS = st.integers(0, 70).map(lambda offset: plus("2026-05-01", offset))


def first_missed(lines: list[tuple[date, str]], last: date | None) -> date | None:
    """A03 as its line reads, over all neighbours."""
    kept = [line for line in lines if line[1] in (ABS, "HONORE", "ABS_EXCUSEE")]
    kept.sort(key=lambda line: (line[0], 0 if line[1] == ABS else 1))
    seconds = [
        second
        for (first, one_status), (second, two_status) in pairwise(kept)
        if one_status == two_status == ABS
        and (second - first).days <= 60
        and not (last is not None and last >= second)
    ]
    return min(seconds, default=None)


@given(
    st.lists(st.tuples(DAYS, st.sampled_from([ABS, ABS, "HONORE", "ABS_EXCUSEE", "A_VENIR"])), max_size=8),
    st.none() | DAYS,
)
def test_absences_equal_their_definition(lines: list[tuple[date, str]], exchange: date | None) -> None:
    journey = pre(
        appointments=tuple(appointment(on.isoformat(), status) for on, status in lines),
        contacts=(contact(exchange.isoformat()),) if exchange else (),
    )
    honoured = [on for on, status in lines if status == "HONORE"]
    last = max([*honoured, *([exchange] if exchange else [])], default=None)
    assert due(journey, "A03") == first_missed(lines, last)


@given(
    st.lists(
        st.tuples(
            DAYS, st.sampled_from(["SMS", "TELEPHONE", "TIERS"]), st.sampled_from(["MESSAGE", "ABOUTI"])
        ),
        max_size=9,
    )
)
def test_attempts_equal_their_definition(lines: list[tuple[date, str, str]]) -> None:
    exchanges = [on for on, mode, outcome in lines if outcome == "ABOUTI" and mode != "TIERS"]
    attempts = sorted(
        (on, mode)
        for on, mode, outcome in lines
        if outcome == "MESSAGE" and (not exchanges or on > max(exchanges))
    )
    trios = [
        (third, first)
        for (first, a), (_, b), (third, c) in zip(attempts, attempts[1:], attempts[2:], strict=False)
        if (third - first).days <= 15 and len({a, b, c}) >= 2
    ]
    deadline = one(pre(contacts=tuple(contact(on.isoformat(), o, mode) for on, mode, o in lines)), "A04")
    assert ((deadline.due_on, deadline.since) if deadline else None) == (trios[0] if trios else None)
