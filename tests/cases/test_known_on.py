"""What was known of a journey on each day: facts from their date, plans from the opening, statuses from theirs."""

from __future__ import annotations

from dataclasses import fields
from datetime import date
from typing import Any

import pytest

from coordination.alerts.replay import replay
from coordination.cases.facts import (
    ActionFact,
    AppointmentFact,
    EventFact,
    JourneyFacts,
    PauseFact,
    ReviewFact,
    RightFact,
)
from coordination.cases.replay import history, steps
from tests.cases.rules_kit import CALENDAR, DEFAULT, D, cite, contact, pre


def known(facts: JourneyFacts, on: str) -> JourneyFacts | None:
    """What is known on a day, None before the first."""
    return ([None] + [version for day, version in history(facts) if day <= D(on)])[-1]  # type: ignore[list-item]


def of(facts: JourneyFacts, on: str, group: str) -> Any:
    version = known(facts, on)
    return () if version is None else getattr(version, group)


def test_nothing_is_known_before_the_opening() -> None:
    facts = cite(opened_on=D("2026-04-27"), contacts=(contact("2026-04-20"), contact("2026-05-01")))
    assert known(facts, "2026-04-26") is None
    assert len(of(facts, "2026-04-27", "contacts")) == 1
    assert len(of(facts, "2026-04-30", "contacts")) == 1
    assert len(of(facts, "2026-05-01", "contacts")) == 2


def test_without_an_opening_a_journey_begins_with_its_first_date() -> None:
    facts = cite(opened_on=None, contacts=(contact("2026-05-01"),))
    assert known(facts, "2026-04-30") is None
    assert of(facts, "2026-05-01", "contacts")


def test_an_agreement_and_a_stage_are_known_with_their_dates() -> None:
    facts = pre(entered_on=D("2026-05-10"), stage="EN_COURS")
    assert [(str(day), one.agreement_status, one.entered_on, one.stage) for day, one in history(facts)] == [
        ("2026-04-01", None, None, None),
        ("2026-04-27", "SIGNE", None, None),
        ("2026-05-10", "SIGNE", D("2026-05-10"), "EN_COURS"),
    ]


@pytest.mark.parametrize(
    ("on", "expected", "back"),
    [
        ("2026-05-31", (), None),
        ("2026-06-01", 1, None),
        ("2026-06-19", 1, None),
        ("2026-06-20", 1, "2026-06-20"),
    ],
)
def test_an_expected_return_is_known_from_the_beginning_of_its_pause(
    on: str, expected: Any, back: str | None
) -> None:
    pause = PauseFact("1", D("2026-06-01"), D("2026-06-15"), D("2026-06-20"))
    found = of(cite(pauses=(pause,)), on, "pauses")
    assert len(found) == (expected or 0)
    if found:
        assert (found[0].expected_return, found[0].returned_on) == (
            D("2026-06-15"),
            D(back) if back else None,
        )


def test_plans_are_known_from_the_opening() -> None:
    facts = cite(
        reviews=(ReviewFact("1", D("2026-09-01"), D("2026-09-08")),),
        rights=(RightFact("1", "CSS", D("2027-01-01")),),
        appointments=(
            AppointmentFact(D("2026-08-01"), "A_VENIR"),
            AppointmentFact(D("2026-06-01"), "HONORE"),
        ),
    )
    first = known(facts, "2026-04-27")
    assert first is not None
    assert first.reviews == (ReviewFact("1", D("2026-09-01")),)
    assert first.rights == facts.rights
    assert first.appointments == facts.appointments[:1]
    assert of(facts, "2026-09-08", "reviews") == facts.reviews


def test_an_action_is_planned_then_running_then_what_it_became() -> None:
    action = ActionFact(
        "1", "A1", "TERMINEE_ATTEINTE", D("2026-05-01"), D("2026-05-04"), None, D("2026-06-30")
    )
    facts = cite(actions=(action,))
    told = {on: [(a.status, a.started_on, a.ended_on) for a in of(facts, on, "actions")]
            for on in ("2026-04-27", "2026-05-03", "2026-05-04", "2026-06-29", "2026-06-30")}  # fmt: skip
    started, ended = D("2026-05-04"), D("2026-06-30")
    assert told == {
        "2026-04-27": [("PREVUE", None, None)],
        "2026-05-03": [("PREVUE", None, None)],
        "2026-05-04": [("EN_COURS", started, None)],
        "2026-06-29": [("EN_COURS", started, None)],
        "2026-06-30": [("TERMINEE_ATTEINTE", started, ended)],
    }


def test_an_action_without_any_plan_appears_with_its_first_fact() -> None:
    facts = cite(actions=(ActionFact("1", "A1", "EN_COURS", started_on=D("2026-05-04")),))
    assert of(facts, "2026-05-03", "actions") == ()
    assert of(facts, "2026-05-04", "actions") == facts.actions


def test_the_first_worked_case_day_by_day() -> None:
    """A01, PRE, rhythm 14 days; the voicemail changes nothing, the exchange of 25 November comes in time."""
    facts = pre(
        agreement_on=D("2026-04-27"), planned_rhythm_days=14,
        contacts=(contact("2026-10-12"), contact("2026-11-20", "MESSAGE"), contact("2026-11-25")),
    )  # fmt: skip
    silent = pre(agreement_on=D("2026-04-27"), planned_rhythm_days=14, contacts=facts.contacts[:2])

    def a01(one: JourneyFacts, last: str) -> list[date]:
        found = replay(steps(one), CALENDAR, DEFAULT, D("2026-10-12"), D(last))
        return [alert.on for alert in found if alert.rule == "A01" and not alert.initial]

    assert a01(facts, "2027-01-09") == []
    assert a01(facts, "2027-01-10") == [D("2027-01-10")]
    assert a01(silent, "2026-11-26") == []
    assert a01(silent, "2026-11-27") == [D("2026-11-27")]


def test_in_the_end_everything_is_known() -> None:
    facts = pre(
        entered_on=D("2026-05-10"), validated_on=D("2026-05-20"), exit_on=D("2026-12-01"),
        birth_date=D("2015-03-04"), planned_rhythm_days=14,
        contacts=(contact("2026-05-02"), contact("2026-04-10", "MESSAGE")),
        appointments=(AppointmentFact(D("2026-06-01"), "HONORE"), AppointmentFact(D("2027-01-01"), "A_VENIR")),
        actions=(ActionFact("1", "A1", "ABANDONNEE", D("2026-05-01"), D("2026-05-04"), None, D("2026-06-30")),),
        pauses=(PauseFact("1", D("2026-07-01"), D("2026-08-01"), D("2026-08-03")),),
        reviews=(ReviewFact("1", D("2026-09-01"), D("2026-09-08")),),
        rights=(RightFact("1", "CSS", D("2027-01-01")),),
        events=(EventFact("1", D("2026-05-05"), "DEMENAGEMENT", D("2026-05-06")),),
    )  # fmt: skip
    last = [version for _, version in history(facts)][-1]
    assert last is not None
    for field in fields(facts):
        value, then = getattr(facts, field.name), getattr(last, field.name)
        assert set(value) == set(then) if isinstance(value, tuple) else value == then, field.name
