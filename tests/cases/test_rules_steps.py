"""T06, T08, T09 to T11, T19: the steps of a journey."""

from __future__ import annotations

from itertools import permutations

import pytest

from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline
from coordination.alerts.replay import replay
from coordination.cases.replay import steps
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import (
    CALENDAR,
    DEFAULT,
    D,
    action,
    cite,
    due,
    fires_first_on,
    found,
    one,
    plus,
    pre,
    review,
    standing,
)


def test_t06_thirty_counted_days_after_the_validation() -> None:
    fires_first_on(pre(validated_on=D("2026-05-04")), "2026-06-03", "T06")
    assert one(pre(validated_on=D("2026-05-04")), "T06") == Deadline(
        D("2026-06-03"), D("2026-05-04"), "validation", Volet.COORDINATION
    )
    # 12 October: 16 days of autumn holidays.
    assert due(pre(validated_on=D("2026-10-12")), "T06") == D("2026-11-27")
    assert due(pre(), "T06") is None
    assert due(cite(validated_on=D("2026-05-04")), "T06") is None


@pytest.mark.parametrize(
    ("started", "stands"), [(None, True), ("2026-04-01", False), ("2026-05-04", False), ("2026-06-10", False)]
)
def test_t06_any_started_action_resolves_even_earlier(started: str | None, stands: bool) -> None:
    actions = (action("a", "EN_COURS", started=started), action("b", "PREVUE"))
    assert (due(pre(validated_on=D("2026-05-04"), actions=actions), "T06") is not None) is stands


def test_t06_is_in_the_coordination_volet_whatever_the_actions() -> None:
    planned = (action("a", "PREVUE", volet=Volet.SANTE),)
    assert one(pre(validated_on=D("2026-05-04"), actions=planned), "T06").volet is Volet.COORDINATION


def test_t08_before_and_after_each_review() -> None:
    journey = pre(reviews=(review("2026-06-15"), review("2026-12-15", id="b2")))
    fires_first_on(journey, "2026-05-31", "T08", "lead", "b1")
    fires_first_on(journey, "2026-06-30", "T08", "overdue", "b1")
    fires_first_on(journey, "2026-11-30", "T08", "lead", "b2")
    fires_first_on(journey, "2026-12-30", "T08", "overdue", "b2")
    assert {d.since for k, d in found(journey).items() if k[2] == "b1"} == {D("2026-06-15")}


def test_t08_ends_with_the_review_held_be_it_early() -> None:
    journey = pre(reviews=(review("2026-06-15", "2026-05-20"), review("2026-12-15", id="b2")))
    assert {key[2] for key in found(journey) if key[0] == "T08"} == {"b2"}
    assert "T08" not in standing(cite(reviews=(review("2026-06-15"),)))


@pytest.mark.parametrize(
    ("rule", "lead", "overdue"),
    [
        ("T09", "2027-04-04", "2027-05-04"),
        ("T10", "2027-09-19", "2027-11-03"),
        ("T11", "2028-03-04", "2028-05-03"),
    ],
)
def test_length_of_stay(rule: str, lead: str, overdue: str) -> None:
    journey = pre(entered_on=D("2026-05-04"))
    fires_first_on(journey, lead, rule, "lead")
    fires_first_on(journey, overdue, rule, "overdue")
    for kind in ("lead", "overdue"):
        deadline = one(journey, rule, kind)
        assert (deadline.since, deadline.because) == (D("2026-05-04"), "entry")
    assert rule not in standing(pre())
    assert rule not in standing(cite(entered_on=D("2026-05-04")))


STAY = [("T09", "2027-04-04"), ("T10", "2027-09-19"), ("T11", "2028-03-04")]
"""Each length of stay of an entry on 4 May 2026, with the day of its announcement."""


def stays(*decided: str) -> set[tuple[str, str]]:
    """(rule, kind) of the lengths of stay that stand."""
    journey = pre(entered_on=D("2026-05-04"), stay_decisions=tuple(map(D, decided)))
    return {(rule, kind) for rule, kind, _ in found(journey) if rule in dict(STAY)}


@pytest.mark.parametrize(("rule", "lead"), STAY)
@pytest.mark.parametrize(("days", "stands"), [(-1, True), (0, False), (1, False)])
def test_a_decision_answers_from_the_announcement_on(rule: str, lead: str, days: int, stands: bool) -> None:
    both = {(rule, "lead"), (rule, "overdue")}
    assert stays() & both == both
    assert stays(str(plus(lead, days))) & both == (both if stands else set())


def test_a_decision_answers_its_own_step_and_those_before() -> None:
    left = [{rule for rule, _ in stays(day)} for _, day in STAY]
    assert left == [{"T10", "T11"}, {"T11"}, set()]
    # Taken long before: the question of each step is still open.
    assert {rule for rule, _ in stays("2026-06-01")} == {"T09", "T10", "T11"}
    assert {rule for rule, _ in stays("2026-06-01", "2027-04-10")} == {"T10", "T11"}


def test_a_decision_follows_the_announcement_that_the_territory_set() -> None:
    journey = pre(entered_on=D("2026-05-04"), stay_decisions=(D("2027-02-08"),))
    assert due(journey, "T09", thresholds=Thresholds({"T09": (300, 20)})) is None
    assert due(journey, "T09", thresholds=Thresholds({"T09": (300, 19)})) == D("2027-02-28")


def test_the_exit_ends_a_length_of_stay() -> None:
    journey = pre(entered_on=D("2026-05-04"), exit_on=D("2027-06-01"), stage="SORTI")
    assert not standing(journey) & {"T09", "T10", "T11"}


def test_a_decision_is_known_from_its_day_on() -> None:
    journey = pre(entered_on=D("2026-05-04"), stay_decisions=(D("2027-05-20"),))
    first, last = D("2027-04-01"), D("2027-06-30")
    spells = {
        (one.rule, one.kind): one.spells
        for one in replay(steps(journey), CALENDAR, DEFAULT, first, last, frozenset({"T09"}))
    }
    assert spells == {
        ("T09", "lead"): [(D("2027-04-04"), D("2027-05-20"))],
        ("T09", "overdue"): [(D("2027-05-04"), D("2027-05-20"))],
    }


def test_a_changed_length_of_stay_moves_its_announcement() -> None:
    journey = pre(entered_on=D("2026-05-04"))
    thresholds = Thresholds({"T09": (300, 20)})
    assert due(journey, "T09", "overdue", "", thresholds) == D("2027-02-28")
    assert due(journey, "T09", "lead", "", thresholds) == D("2027-02-08")


def next_action(*actions) -> dict[tuple[str, str], Deadline]:
    return {
        (kind, subject): d
        for (rule, kind, subject), d in found(pre(actions=actions)).items()
        if rule == "T19"
    }


def test_t19_two_weeks_after_the_last_end_with_nothing_next() -> None:
    journey = pre(
        actions=(
            action("a", "TERMINEE_ATTEINTE", ended="2026-05-04"),
            action("b", "ABANDONNEE", ended="2026-05-11", volet=Volet.SOCIAL),
            action("c", "TERMINEE_PARTIELLE"),
        )
    )
    fires_first_on(journey, "2026-05-25", "T19", "overdue", "id-b")
    assert one(journey, "T19", "overdue", "id-b") == Deadline(
        D("2026-05-25"), D("2026-05-11"), "action_end", Volet.SOCIAL, "b"
    )
    assert len(next_action(*journey.actions)) == 1


def test_t19_of_several_ended_the_same_day_the_smallest_key() -> None:
    lines = [action(key, "TERMINEE_ATTEINTE", ended="2026-05-11") for key in ("b", "a10", "a9")]
    for order in permutations(lines):
        assert set(next_action(*order)) == {("overdue", "id-a10")}


def test_t19_suspended_is_neither_planned_nor_running() -> None:
    ended = action("a", "TERMINEE_ATTEINTE", ended="2026-05-04")
    assert set(next_action(ended, action("b", "SUSPENDUE"))) == {("overdue", "id-a")}
    assert next_action(action("b", "SUSPENDUE", planned_end="2026-06-01")) == {}


@pytest.mark.parametrize("status", ["PREVUE", "EN_COURS"])
def test_t19_another_action_ahead_resolves(status: str) -> None:
    assert next_action(action("a", "TERMINEE_ATTEINTE", ended="2026-05-04"), action("b", status)) == {}


def test_t19_without_any_end_has_no_clock() -> None:
    assert next_action(action("a", "TERMINEE_ATTEINTE")) == {}
    assert next_action(action("a", None)) == {}
    assert next_action() == {}


def test_t19_announces_the_end_of_the_only_action() -> None:
    journey = pre(
        actions=(
            action("a", "TERMINEE_ATTEINTE", ended="2026-05-04"),
            action("b", "EN_COURS", planned_end="2026-06-15", volet=Volet.SANTE),
            action("c", "SUSPENDUE", planned_end="2026-06-01"),
        )
    )
    fires_first_on(journey, "2026-06-01", "T19", "lead", "id-b")
    assert next_action(*journey.actions) == {
        ("lead", "id-b"): Deadline(D("2026-06-01"), D("2026-06-15"), "action_planned_end", Volet.SANTE, "b")
    }
    assert due(cite(actions=journey.actions), "T19", "lead", "id-b") == D("2026-06-01")


@pytest.mark.parametrize(
    "actions",
    [
        (action("b", "EN_COURS"),),
        (action("b", "EN_COURS", planned_end="2026-06-15"), action("c", "PREVUE")),
        (action("b", "EN_COURS", planned_end="2026-06-15"), action("c", "EN_COURS")),
        (action("c", "PREVUE", planned_end="2026-06-15"),),
    ],
)
def test_t19_announces_nothing_else(actions) -> None:
    assert next_action(*actions) == {}
