"""A01, A02, A08, A09, A10: the contact clock."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.alerts.catalogue import Thresholds
from coordination.cases.rules.contact_clock import effective_days, last_exchange
from tests.cases.rules_kit import (
    D,
    appointment,
    cite,
    contact,
    due,
    fires_first_on,
    found,
    one,
    pause,
    plus,
    pre,
    standing,
)

CLOCK = {"A01", "A02", "A08", "A09", "A10"}


def test_worked_case_1() -> None:
    journey = pre(
        agreement_on=D("2026-09-01"), planned_rhythm_days=14, contacts=(contact("2026-10-12", mode="VAD"),)
    )
    fires_first_on(journey, "2026-11-27", "A01")
    assert one(journey, "A01").since == D("2026-10-12")
    voicemail = replace(journey, contacts=(*journey.contacts, contact("2026-11-20", "MESSAGE")))
    assert one(voicemail, "A01") == one(journey, "A01")
    exchange = replace(voicemail, contacts=(*voicemail.contacts, contact("2026-11-25")))
    fires_first_on(exchange, "2027-01-10", "A01")


def test_each_programme_and_scheme_has_its_rules() -> None:
    assert standing(pre()) & CLOCK == {"A01", "A02"}
    assert standing(cite()) & CLOCK == {"A09", "A10"}
    assert standing(cite(scheme="CEJ")) & CLOCK == {"A08"}
    assert standing(cite(scheme="PLIE")) & CLOCK == {"A09", "A10"}
    assert standing(pre(scheme="CEJ")) & CLOCK == {"A01", "A02"}


@pytest.mark.parametrize(
    ("rule", "journey", "days"),
    [
        ("A01", pre(), 30),
        ("A02", pre(), 45),
        ("A08", cite(scheme="CEJ"), 14),
        ("A09", cite(), 45),
        ("A10", cite(), 60),
    ],
)
def test_threshold_after_the_last_exchange(rule: str, journey, days: int) -> None:
    journey = replace(journey, contacts=(contact("2026-04-30"), contact("2026-05-04")))
    fires_first_on(journey, plus("2026-05-04", days).isoformat(), rule)
    assert one(journey, rule).because == "exchange"


def test_holidays_stretch_the_pre_clocks_only() -> None:
    # 12 October + 30, + 45 with 16 days of holidays; the Cité's clocks run on.
    exchange = (contact("2026-10-12"),)
    assert due(pre(contacts=exchange), "A01") == D("2026-11-27")
    assert due(pre(contacts=exchange), "A02") == D("2026-12-12")
    assert due(cite(contacts=exchange), "A09") == D("2026-11-26")


@pytest.mark.parametrize(
    ("rhythm", "a01", "a02"),
    [(None, 30, 45), (0, 30, 45), (14, 30, 45), (20, 30, 45), (21, 32, 47), (22, 33, 48), (60, 90, 105)],
)
def test_planned_rhythm_moves_a01_and_a02_together(rhythm: int | None, a01: int, a02: int) -> None:
    journey = pre(planned_rhythm_days=rhythm, contacts=(contact("2026-04-27"),))
    default = Thresholds.default()
    assert effective_days("A01", "A01", rhythm, default) == a01
    assert effective_days("A02", "A01", rhythm, default) == a02
    if a02 <= 67:  # up to the summer holidays
        assert due(journey, "A01") == plus("2026-04-27", a01)
        assert due(journey, "A02") == plus("2026-04-27", a02)


@pytest.mark.parametrize(("rhythm", "a09", "a10"), [(30, 45, 60), (31, 47, 62), (40, 60, 75)])
def test_planned_rhythm_moves_a09_and_a10_together(rhythm: int, a09: int, a10: int) -> None:
    journey = cite(planned_rhythm_days=rhythm)
    assert due(journey, "A09") == plus("2026-04-27", a09)
    assert due(journey, "A10") == plus("2026-04-27", a10)


@pytest.mark.parametrize(("rhythm", "days"), [(7, 14), (9, 14), (10, 15), (11, 17)])
def test_planned_rhythm_moves_a08(rhythm: int, days: int) -> None:
    assert due(cite(scheme="CEJ", planned_rhythm_days=rhythm), "A08") == plus("2026-04-27", days)


def test_changed_thresholds_keep_the_distance_of_a02() -> None:
    thresholds = Thresholds({"A01": (20, None)})
    assert due(pre(), "A01", thresholds=thresholds) == plus("2026-04-27", 20)
    assert due(pre(), "A02", thresholds=thresholds) == plus("2026-04-27", 45)
    rhythm = pre(planned_rhythm_days=20)
    assert due(rhythm, "A01", thresholds=thresholds) == plus("2026-04-27", 30)
    assert due(rhythm, "A02", thresholds=thresholds) == plus("2026-04-27", 55)


def test_first_day_is_the_agreement_in_the_pre_and_the_opening_in_the_cite() -> None:
    agreed = one(pre(opened_on=D("2026-05-20"), agreement_on=D("2026-05-04")), "A01")
    assert (agreed.since, agreed.because) == (D("2026-05-04"), "agreement")
    opened = one(cite(agreement_on=D("2026-05-20")), "A09")
    assert (opened.since, opened.because) == (D("2026-04-27"), "opening")


def test_an_exchange_before_the_first_day_does_not_start_the_clock_earlier() -> None:
    assert one(pre(contacts=(contact("2026-04-02"),)), "A01").since == D("2026-04-27")


def test_of_two_facts_on_one_day_the_exchange_is_named() -> None:
    journey = cite(contacts=(contact("2026-04-27"),), pauses=(pause("2026-04-20", None, "2026-04-27"),))
    assert one(journey, "A09").because == "exchange"
    assert one(replace(journey, contacts=()), "A09").because == "pause_return"


def test_unknown_opening_leaves_what_is_known_and_nothing_without_it() -> None:
    assert standing(cite(opened_on=None)) & CLOCK == set()
    assert one(cite(opened_on=None, contacts=(contact("2026-05-04"),)), "A09").since == D("2026-05-04")


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        (contact("2026-05-04", mode="COURRIEL"), True),
        (contact("2026-05-04", mode="COURRIER"), True),
        (contact("2026-05-04", mode="TIERS"), False),
        (contact("2026-05-04", "TIERS_NOUVELLES"), False),
        (contact("2026-05-04", "MESSAGE"), False),
        (contact("2026-05-04", "SANS_REPONSE"), False),
        (contact("2026-05-04", "INVALIDE"), False),
        (contact("2026-05-04", None), False),
        (appointment("2026-05-04", "HONORE"), True),
        (appointment("2026-05-04", "ABS_EXCUSEE"), False),
        (appointment("2026-05-04", "ABS_NON_EXCUSEE"), False),
        (appointment("2026-05-04", "A_VENIR"), False),
        (appointment("2026-05-04", None), False),
    ],
)
def test_what_is_an_exchange(line, counts: bool) -> None:
    group = "appointments" if hasattr(line, "status") else "contacts"
    journey = pre(**{group: (line,)})
    assert last_exchange(journey) == (D("2026-05-04") if counts else None)
    assert one(journey, "A01").since == D("2026-05-04" if counts else "2026-04-27")


def test_last_exchange_is_the_latest_of_both_lists() -> None:
    contacts = (contact("2026-05-04"), contact("2026-05-02"))
    assert last_exchange(pre(contacts=contacts)) == D("2026-05-04")
    honoured = (appointment("2026-05-06", "HONORE"), appointment("2026-05-03", "HONORE"))
    assert last_exchange(pre(contacts=contacts, appointments=honoured)) == D("2026-05-06")
    assert last_exchange(pre(contacts=contacts, appointments=honoured[1:])) == D("2026-05-04")
    third_party = (contact("2026-05-01"), contact("2026-05-09", mode="TIERS"))
    assert last_exchange(pre(contacts=third_party)) == D("2026-05-01")


@pytest.mark.parametrize("journey", [pre(), cite(), cite(scheme="CEJ")])
def test_one_open_pause_is_enough_to_stop_the_clock(journey) -> None:
    closed = pause("2026-05-01", "2026-05-10", "2026-05-08", "p1")
    opened = pause("2026-05-12", id="p2")
    assert standing(replace(journey, pauses=(closed,))) & CLOCK
    assert not standing(replace(journey, pauses=(closed, opened))) & CLOCK
    assert not standing(replace(journey, pauses=(opened, closed))) & CLOCK


def test_the_return_from_a_pause_starts_the_clock_again() -> None:
    pauses = (pause("2026-05-01", None, "2026-05-20", "p1"), pause("2026-05-02", None, "2026-05-11", "p2"))
    back = one(pre(contacts=(contact("2026-05-10"),), pauses=pauses), "A01")
    assert (back.since, back.because, back.due_on) == (D("2026-05-20"), "pause_return", D("2026-06-19"))
    after = one(pre(contacts=(contact("2026-05-21"),), pauses=pauses), "A01")
    assert (after.since, after.because) == (D("2026-05-21"), "exchange")


SILENT = st.builds(
    contact,
    st.dates(D("2026-04-27"), D("2026-12-31")).map(lambda day: day.isoformat()),
    st.sampled_from(["MESSAGE", "SANS_REPONSE", "INVALIDE", "TIERS_NOUVELLES", None]),
    st.sampled_from(["TELEPHONE", "SMS", "TIERS", "VAD"]),
)


@given(st.lists(SILENT, max_size=6), st.booleans())
def test_what_is_no_exchange_never_moves_the_clock(lines: list, in_cite: bool) -> None:
    before = (cite if in_cite else pre)(contacts=(contact("2026-06-01"),))
    after = replace(before, contacts=(*before.contacts, *lines))
    for rule in CLOCK:
        assert one(after, rule) == one(before, rule)


@given(st.dates(D("2026-04-27"), D("2027-12-31")), st.dates(D("2026-04-27"), D("2027-12-31")))
def test_a_later_exchange_never_brings_the_deadline_nearer(first, second) -> None:
    early, late = sorted((first, second))
    journey = pre(contacts=(contact(early.isoformat()),))
    later = replace(journey, contacts=(contact(early.isoformat()), contact(late.isoformat())))
    for rule in ("A01", "A02"):
        assert due(later, rule) >= due(journey, rule)
        assert due(later, rule) > late


def test_no_other_rule_stands_on_a_bare_journey() -> None:
    assert set(found(pre())) == {("A01", "overdue", ""), ("A02", "overdue", "")}
    assert set(found(cite())) == {("A09", "overdue", ""), ("A10", "overdue", "")}
