"""T14 to T18: referrals without answer, accepted and not begun, refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import BECAUSE, Deadline, Key
from coordination.cases.facts import JourneyFacts
from coordination.privacy.volets import Volet
from coordination.referrals.facts import ReferralFact
from coordination.referrals.rules import REFERRAL_RULES, deadlines
from tests.cases.rules_kit import CALENDAR, DEFAULT, D, cite, plus, pre


def referral(key: str = "o1", *, status: str | None = None, follows: str | None = None, **dates: str):
    return ReferralFact(
        id=f"id-{key}",
        key=key,
        status=status,
        follows=follows,
        **{name: D(day) for name, day in dates.items()},
    )


def found(*referrals: ReferralFact, gate: JourneyFacts | None = None) -> dict[Key, Deadline]:
    return deadlines(gate or cite(), referrals, CALENDAR, DEFAULT)


def rules_of(*referrals: ReferralFact, id: str = "id-o1") -> set[str]:
    return {rule for rule, _, subject in found(*referrals) if subject == id}


def fires_first_on(referral: ReferralFact, rule: str, day: str) -> None:
    due_on = found(referral)[rule, "overdue", referral.id].due_on
    assert [due_on <= plus(day, offset) for offset in (-1, 0, 1)] == [False, True, True]


SENT = referral(sent_on="2026-05-04")
UNANSWERED = {"T14", "T15", "T16"}


def test_rules_of_the_table() -> None:
    assert {"T14", "T15", "T16", "T17", "T18"} == REFERRAL_RULES


@pytest.mark.parametrize(
    ("rule", "day"), [("T14", "2026-05-14"), ("T15", "2026-05-24"), ("T16", "2026-06-03")]
)
def test_days_without_answer(rule: str, day: str) -> None:
    fires_first_on(SENT, rule, day)
    assert found(SENT)[rule, "overdue", "id-o1"] == Deadline(
        D(day), D("2026-05-04"), "referral_sent", Volet.COORDINATION, "o1"
    )
    assert rules_of(SENT) == UNANSWERED


def test_school_holidays_do_not_stretch_the_answer() -> None:
    assert found(referral(sent_on="2026-10-12"))["T16", "overdue", "id-o1"].due_on == D("2026-11-11")


@pytest.mark.parametrize(
    "status", [None, "ENVOYEE", "VUE", "ACCEPTEE", "REFUSEE", "EXPIREE", "ATTENTE_PLACE"]
)
def test_seen_or_a_status_alone_is_no_answer(status: str | None) -> None:
    assert rules_of(referral(sent_on="2026-05-04", seen_on="2026-05-05", status=status)) == UNANSWERED


@pytest.mark.parametrize("status", ["ABANDONNEE", "TERMINEE"])
def test_given_up_or_over_ends_the_wait(status: str) -> None:
    assert rules_of(referral(sent_on="2026-05-04", status=status)) == set()


def test_not_started_alone_does_not_end_the_wait_for_an_answer() -> None:
    assert rules_of(referral(sent_on="2026-05-04", status="NON_DEMARREE")) == UNANSWERED


@pytest.mark.parametrize(
    ("answer", "left"), [("accepted_on", {"T17"}), ("refused_on", {"T18"}), ("first_action_on", set())]
)
def test_a_dated_answer_ends_the_wait(answer: str, left: set[str]) -> None:
    assert rules_of(referral(sent_on="2026-05-04", **{answer: "2026-05-04"})) == left


def test_a_referral_not_sent_waits_for_nothing() -> None:
    assert rules_of(referral(status="BROUILLON")) == set()


def test_a_sent_referral_that_follows_it_ends_the_wait() -> None:
    draft = referral("o2", follows="o1")
    sent = referral("o2", follows="o1", sent_on="2026-05-20")
    assert rules_of(SENT, draft) == UNANSWERED
    assert rules_of(SENT, sent) == rules_of(sent, SENT) == set()
    assert rules_of(SENT, sent, id="id-o2") == UNANSWERED
    # Sent before the one it follows is odd, and still follows it.
    assert rules_of(SENT, referral("o2", follows="o1", sent_on="2026-04-01")) == set()
    assert rules_of(SENT, referral("o2", follows="o3", sent_on="2026-05-20")) == UNANSWERED
    assert rules_of(referral(follows="o1", sent_on="2026-05-04")) == UNANSWERED


def test_worked_case_2() -> None:
    accepted = referral(sent_on="2026-02-20", accepted_on="2026-03-02")
    fires_first_on(accepted, "T17", "2026-04-01")
    assert found(accepted)["T17", "overdue", "id-o1"] == Deadline(
        D("2026-04-01"), D("2026-03-02"), "referral_accepted", Volet.COORDINATION, "o1"
    )
    assert found(replace(accepted, first_action_on=D("2026-03-20"))) == {}


def test_t17_counts_days_outside_school_holidays() -> None:
    assert found(referral(accepted_on="2026-10-12"))["T17", "overdue", "id-o1"].due_on == D("2026-11-27")


@pytest.mark.parametrize(
    ("status", "stands"),
    [
        (None, True),
        ("ACCEPTEE", True),
        ("DEMARREE", True),
        ("ATTENTE_PLACE", True),
        ("NON_DEMARREE", False),
        ("ABANDONNEE", False),
        ("TERMINEE", False),
    ],
)
def test_t17_statuses(status: str | None, stands: bool) -> None:
    assert (rules_of(referral(accepted_on="2026-05-04", status=status)) == {"T17"}) is stands


def test_t17_stands_though_another_referral_follows() -> None:
    follower = referral("o2", follows="o1", sent_on="2026-05-20")
    assert rules_of(referral(accepted_on="2026-05-04"), follower) == {"T17"}


def test_accepted_wins_over_refused() -> None:
    assert rules_of(referral(refused_on="2026-05-04", accepted_on="2026-05-10")) == {"T17"}
    assert rules_of(referral(refused_on="2026-05-10", accepted_on="2026-05-04")) == {"T17"}
    started = referral(refused_on="2026-05-04", accepted_on="2026-05-10", first_action_on="2026-05-12")
    assert rules_of(started) == set()


def test_t18_two_weeks_after_a_refusal() -> None:
    refused = referral(sent_on="2026-04-27", refused_on="2026-05-04")
    fires_first_on(refused, "T18", "2026-05-18")
    assert found(refused) == {
        ("T18", "overdue", "id-o1"): Deadline(
            D("2026-05-18"), D("2026-05-04"), "referral_refused", Volet.COORDINATION, "o1"
        )
    }
    assert rules_of(refused, referral("o2", follows="o1")) == {"T18"}
    assert rules_of(refused, referral("o2", follows="o1", sent_on="2026-05-04")) == set()
    assert rules_of(replace(refused, status="TERMINEE")) == {"T18"}


def test_the_gate_of_the_journey() -> None:
    lines = (SENT, referral("o2", accepted_on="2026-05-04"), referral("o3", refused_on="2026-05-04"))
    everything = {("T17", "overdue", "id-o2"), ("T18", "overdue", "id-o3")} | {
        (rule, "overdue", "id-o1") for rule in UNANSWERED
    }
    assert set(found(*lines)) == set(found(*lines, gate=pre())) == everything
    for closed in (
        pre(agreement_status="ORAL"),
        pre(agreement_on=None),
        pre(agreement_status="REFUS"),
        pre(agreement_status="RETIRE"),
        pre(stage="NON_RETENU"),
        pre(exit_on=D("2026-05-20")),
        cite(exit_on=D("2026-05-20")),
    ):
        assert found(*lines, gate=closed) == {}
    assert set(found(*lines, gate=cite(agreement_status="REFUS"))) == everything


def test_thresholds_can_be_changed() -> None:
    changed = deadlines(cite(), [SENT], CALENDAR, Thresholds({"T14": (3, None)}))
    assert changed["T14", "overdue", "id-o1"].due_on == D("2026-05-07")


DAYS = st.none() | st.integers(0, 90).map(lambda offset: date(2026, 3, 1) + timedelta(offset))
LINES = st.lists(
    st.tuples(
        DAYS,
        DAYS,
        DAYS,
        DAYS,
        DAYS,
        st.sampled_from([None, "VUE", "TERMINEE", "NON_DEMARREE", "ABANDONNEE", "REFUSEE"]),
        st.sampled_from([None, "o0", "o1", "o2"]),
    ),
    max_size=4,
).map(lambda rows: [ReferralFact(f"id{rank}", f"o{rank}", *row) for rank, row in enumerate(rows)])


@given(LINES, st.data())
def test_order_does_not_matter_and_labels_are_keys(lines: list[ReferralFact], data: st.DataObject) -> None:
    result = found(*lines)
    assert found(*data.draw(st.permutations(lines))) == result
    keys = {line.id: line.key for line in lines}
    for (rule, kind, subject), deadline in result.items():
        assert rule in REFERRAL_RULES and kind == "overdue"
        assert deadline.subject_label == keys[subject]
        assert deadline.because in BECAUSE
        assert deadline.due_on > deadline.since
    for line in lines:
        about = {rule for rule, _, subject in result if subject == line.id}
        assert not ({"T17", "T18"} <= about)
        assert about & UNANSWERED in (set(), UNANSWERED)
        assert not (about & UNANSWERED and about & {"T17", "T18"})
