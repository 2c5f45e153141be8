"""A17, T28, S20, T31, S26, S14, T32: each on its day, not the day before, and gone by its fact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.alerts.catalogue import rules
from coordination.alerts.deadlines import Deadline
from coordination.alerts.sentences import SENTENCES, sentence
from coordination.cases.rules.household import AGES, subject_of
from coordination.privacy.volets import Volet
from tests.cases import rules_kit
from tests.cases.rules_kit import (
    D,
    application,
    appointment,
    child,
    cite,
    contact,
    due,
    fires_first_on,
    invitation,
    one,
    plus,
    pre,
    review,
    standing,
)
from tests.cases.rules_kit import found_by_all as found


@pytest.fixture(scope="module", autouse=True)
def every_rule() -> Iterator[None]:
    """The helpers look at the core rules alone; these stand beside them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rules_kit, "found", found)
        yield


MINE = {"A17", "T28", "S20", "T31", "S26", "S14", "T32"}
KINDS = {
    "A17": {"overdue"},
    "T28": {"overdue"},
    "S20": {"lead"},
    **{rule: {"lead", "overdue"} for rule in ("T31", "S26", "S14", "T32")},
}


def ended(on: str = "2026-06-30", reason: str | None = "EMPLOI_DURABLE", **changes: object):
    return cite(exit_on=D(on), exit_reason=reason, stage="SORTI", **changes)


def test_an_invitation_waits_ten_days_for_its_answer() -> None:
    """The reminder leaves after 3 days, a person calls after 10 (rdv-insertion)."""
    journey = cite(invitations=(invitation("2026-05-04"), invitation("2026-05-06", id="n2")))
    fires_first_on(journey, "2026-05-14", "A17", "overdue", "n1")
    assert due(journey, "A17", subject="n2") == D("2026-05-16")
    assert one(journey, "A17", subject="n1") == Deadline(
        D("2026-05-14"), D("2026-05-04"), "invitation", Volet.COORDINATION
    )
    answered = cite(invitations=(invitation("2026-05-04", "2026-05-04"), invitation("2026-05-06", id="n2")))
    assert {key for key in found(answered) if key[0] == "A17"} == {("A17", "overdue", "n2")}


def test_an_application_waits_thirty_days_in_the_volet_of_employment() -> None:
    """The emplois de l'inclusion refuse by themselves after 60 days: one acts half-way."""
    journey = cite(applications=(application("2026-05-04"),))
    fires_first_on(journey, "2026-06-03", "T28", "overdue", "c1")
    assert one(journey, "T28", subject="c1") == Deadline(
        D("2026-06-03"), D("2026-05-04"), "application", Volet.EMPLOI
    )
    assert "T28" not in standing(cite(applications=(application("2026-05-04", "2026-05-20"),)))


@pytest.mark.parametrize(
    ("age", "expected"),
    [(3, "2027-12-01"), (6, "2030-12-01"), (12, "2036-12-01")],
    # 1 March 2028, 2031, 2037 − 90 days: 2 December 2027, 1 December 2030, 1 December 2036.
)
def test_a_child_of_the_household_reaches_three_six_and_twelve(age: int, expected: str) -> None:
    journey = cite(children=(child("2025-03"),))
    fires_first_on(journey, expected, "S20", "lead", subject_of("k1", age))
    assert one(journey, "S20", "lead", subject_of("k1", age)) == Deadline(
        D(expected), D(expected), "child_age", Volet.COORDINATION
    )


@pytest.mark.parametrize(
    ("month", "ages"),
    [("2023-03", {6, 12}), ("2023-04", {6, 12}), ("2023-05", {3, 6, 12}), ("2014-04", set())],
)
def test_only_ages_of_months_after_the_opening(month: str, ages: set[int]) -> None:
    journey = cite(opened_on=D("2026-04-27"), children=(child(month),))
    subjects = {subject for rule, _, subject in found(journey) if rule == "S20"}
    assert subjects == {subject_of("k1", age) for age in ages}
    assert "S20" not in standing(cite(opened_on=None, children=(child(month),)))


def test_each_child_and_age_stands_alone_within_the_width_of_a_subject() -> None:
    journey = cite(children=(child("2025-03"), child("2025-03", id="k2")))
    subjects = [subject for rule, _, subject in found(journey) if rule == "S20"]
    assert len(set(subjects)) == len(subjects) == 2 * len(AGES)
    assert all(len(subject) == 36 for subject in subjects)


def test_a_child_at_the_end_of_time_gives_nothing() -> None:
    assert "S20" not in standing(cite(children=(child("9998-01"),)))


@given(st.dates(D("2014-01-01"), D("2040-12-31")))
def test_no_day_tells_more_than_a_month(born: date) -> None:
    stands = [one for key, one in found(cite(children=(child(f"{born:%Y-%m}"),))).items() if key[0] == "S20"]
    assert all(one.since == one.due_on and one.due_on.day == 1 for one in stands)


def test_an_exit_to_a_job_is_followed_up_at_six_months() -> None:
    """FSE+ asks for the situation at six months: announced 15 days before."""
    journey = ended()
    fires_first_on(journey, str(plus("2026-06-30", 165)), "T31", "lead")
    fires_first_on(journey, str(plus("2026-06-30", 180)), "T31", "overdue")
    assert standing(journey) == {"T31", "S26"}
    assert one(journey, "T31") == Deadline(
        plus("2026-06-30", 180), D("2026-06-30"), "exit", Volet.COORDINATION
    )


@pytest.mark.parametrize(("days", "stands"), [(164, True), (165, False), (166, False)])
def test_a_follow_up_counts_from_its_announcement_on(days: int, stands: bool) -> None:
    journey = ended(follow_ups=(plus("2026-06-30", days),))
    assert ("T31" in standing(journey)) is stands


@pytest.mark.parametrize("reason", [None, "SORTIE_POSITIVE", "DEMENAGEMENT"])
def test_other_exits_ask_for_no_follow_up(reason: str | None) -> None:
    assert "T31" not in standing(ended(reason=reason))
    assert "T31" not in standing(cite(exit_reason="EMPLOI_DURABLE"))


def test_a_file_is_kept_two_years_after_its_end_or_its_last_exchange() -> None:
    for journey in (ended(), pre(exit_on=D("2026-06-30"), agreement_status=None, agreement_on=None)):
        fires_first_on(journey, str(plus("2026-06-30", 700)), "S26", "lead")
        fires_first_on(journey, str(plus("2026-06-30", 730)), "S26", "overdue")
    later = ended(contacts=(contact("2026-07-20"), contact("2026-08-01", "MESSAGE")))
    fires_first_on(later, str(plus("2026-07-20", 730)), "S26", "overdue")
    assert one(later, "S26").because == "exchange"
    came = ended(appointments=(appointment("2026-07-21", "HONORE"),))
    assert due(came, "S26") == plus("2026-07-21", 730)
    assert due(ended(contacts=(contact("2026-06-30"),)), "S26") == plus("2026-06-30", 730)
    assert "S26" not in standing(cite())


def test_a_journey_not_taken_on_is_kept_from_its_last_exchange() -> None:
    journey = cite(stage="NON_RETENU", contacts=(contact("2026-05-04"),))
    assert due(journey, "S26") == plus("2026-05-04", 730)
    assert "S26" not in standing(cite(stage="NON_RETENU"))


@pytest.mark.parametrize(
    ("day", "stands"), [("2026-06-29", True), ("2026-06-30", False), ("2028-06-01", False)]
)
def test_a_decision_ends_the_question(day: str, stands: bool) -> None:
    assert ("S26" in standing(ended(retention_decisions=(D(day),)))) is stands


def social(**changes: object):
    return cite(orientation_path="SOCIAL", oriented_on=D("2026-05-04"), **changes)


def test_the_social_path_is_reviewed_at_six_months() -> None:
    """A legal joint review (décret 2024-1244)."""
    fires_first_on(social(), str(plus("2026-05-04", 150)), "S14", "lead")
    fires_first_on(social(), str(plus("2026-05-04", 180)), "S14", "overdue")
    assert one(social(), "S14") == Deadline(
        plus("2026-05-04", 180), D("2026-05-04"), "orientation", Volet.COORDINATION
    )
    assert "S14" not in standing(cite(orientation_path="GLOBAL", oriented_on=D("2026-05-04")))
    assert "S14" not in standing(cite(orientation_path="SOCIAL"))


@pytest.mark.parametrize(
    ("held", "stands"), [("2026-05-03", True), ("2026-05-04", False), ("2026-05-05", False)]
)
def test_a_review_held_since_the_orientation_counts(held: str, stands: bool) -> None:
    assert ("S14" in standing(social(reviews=(review("2026-05-04", held),)))) is stands
    assert "S14" in standing(social(reviews=(review("2026-06-01"),)))


def plie(**changes: object):
    return cite(scheme="PLIE", entered_on=D("2026-05-04"), **changes)


def test_a_long_plie_journey_is_reviewed() -> None:
    """A PLIE journey lasts 20 to 24 months."""
    fires_first_on(plie(), str(plus("2026-05-04", 670)), "T32", "lead")
    fires_first_on(plie(), str(plus("2026-05-04", 730)), "T32", "overdue")
    assert "T32" not in standing(cite(scheme="RSA", entered_on=D("2026-05-04")))
    assert "T32" not in standing(cite(scheme="PLIE"))


@pytest.mark.parametrize(
    ("days", "stands"),
    [(489, {"lead", "overdue"}), (490, {"overdue"}), (549, {"overdue"}), (550, set()), (800, set())],
)
def test_only_a_review_of_the_last_180_days_counts(days: int, stands: set[str]) -> None:
    journey = plie(reviews=(review("2026-05-04", str(plus("2026-05-04", days))),))
    assert {kind for rule, kind, _ in found(journey) if rule == "T32"} == stands


def test_the_gate_and_the_programme_hold() -> None:
    facts = {
        "invitations": (invitation("2026-05-04"),),
        "applications": (application("2026-05-04"),),
        "children": (child("2025-03"),),
        "orientation_path": "SOCIAL",
        "oriented_on": D("2026-05-04"),
        "entered_on": D("2026-05-04"),
        "scheme": "PLIE",
    }
    assert standing(cite(**facts)) & MINE == {"A17", "T28", "S20", "S14", "T32"}
    assert standing(cite(**facts, exit_on=D("2026-06-30"))) & MINE == {"S26"}
    assert standing(pre(**facts)) & MINE == set()


def test_each_says_a_neutral_sentence_of_its_own() -> None:
    for rule, kinds in KINDS.items():
        for kind in kinds:
            said = sentence(rule, kind, D("2026-05-04"), D("2026-06-04"))
            assert (rule, kind) in SENTENCES and said != rules()[rule].signal
            assert ("04/05/2026" in said) is (rule != "S20")
