"""The rules of "The other rules": the day each opens, what makes it go out. No holidays from 27 April to 3 July."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from coordination.alerts.catalogue import Thresholds
from coordination.cases.facts import (
    BarrierFact,
    JourneyFacts,
    LeaveFact,
    SchoolAbsenceFact,
    SchoolFact,
    SessionFact,
    TeamFact,
)
from coordination.cases.rules import deadlines
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import (
    CALENDAR,
    D,
    action,
    appointment,
    cite,
    contact,
    event,
    found_by_all,
    pause,
    plus,
    pre,
)


def sessions(*lines: str, of: str = "id-a") -> tuple[SessionFact, ...]:
    return tuple(SessionFact(of, D(line[:10]), line[11:]) for line in lines)


THREE = ("2026-05-04 ABSENT", "2026-05-11 ABSENT", "2026-05-18 ABSENT")
HALF = ("2026-05-04 PRESENT", "2026-05-11 ABSENT", "2026-05-18 EXCUSE", "2026-05-25 ABSENT")
TRAINING = action("a", "PREVUE", planned_start=D("2026-06-15"), barrier="QUALIF")
LEAVE = LeaveFact("l", D("2026-06-01"), D("2026-06-20"), False)
FORT = BarrierFact("b", "MOBILITE", "FORT", D("2026-05-04"))
STOPPED = action("a", "ABANDONNEE", planned_end="2026-06-30", ended="2026-05-12")
IN_CM2 = SchoolFact("CM2", True)

# rule, kind, subject, facts, the day on which it opens, facts that make it go out.
CASES: list[tuple[str, str, str, JourneyFacts, str, dict[str, Any]]] = [
    ("A05", "overdue", "id-a", pre(sessions=sessions(*THREE)), "2026-05-18",
     {"sessions": sessions(*THREE, "2026-05-25 PRESENT")}),
    ("A05", "overdue", "id-a", pre(sessions=sessions(*HALF)), "2026-05-25",
     {"sessions": sessions(*HALF, "2026-06-01 PRESENT")}),
    ("A12", "overdue", "e1", cite(events=(event("ARRET_ANTICIPE", "2026-05-12"),)), "2026-05-12",
     {"actions": (action("b", "PREVUE"),)}),
    ("A12", "overdue", "id-a", cite(actions=(STOPPED,)), "2026-05-12",
     {"actions": (STOPPED, action("b", "EN_COURS"))}),
    ("A14", "lead", "", pre(), "2026-08-01", {"agreement_on": D("2026-09-02")}),
    # 60 counted days after 1 April: the spring holidays, 11 to 26 April, do not count.
    ("A15", "overdue", "", cite(written_on=D("2026-04-01")), "2026-06-16", {"pauses": (pause("2026-05-01"),)}),
    ("A16", "overdue", "", cite(written_on=D("2026-04-01")), "2026-06-30", {"written_on": D("2026-06-30")}),
    ("I06", "overdue", "id-a", cite(actions=(action("a", "SUSPENDUE", suspended_on=D("2026-05-04")),)),
     "2026-05-25", {"actions": (action("a", "EN_COURS", suspended_on=D("2026-05-04")),)}),
    ("I07", "lead", "l", cite(team=TeamFact(leaves=(LEAVE,))), "2026-05-25", {"team": TeamFact(True, True)}),
    ("I07", "overdue", "l", cite(team=TeamFact(leaves=(LEAVE,))), "2026-06-08", {"written_on": D("2026-06-21")}),
    ("I08", "lead", "", cite(team=TeamFact(referent_until=D("2026-06-30"))), "2026-05-30", {"team": TeamFact()}),
    ("I09", "overdue", "", cite(team=TeamFact(has_referent=False)), "2026-04-30", {"team": TeamFact()}),
    ("I09", "overdue", "", cite(team=TeamFact(referent_until=D("2026-06-30"))), "2026-07-03", {"team": TeamFact()}),
    ("I10", "lead", "", pre(), "2026-06-04", {"actions": (action("a", "PREVUE", planned_start=D("2026-07-20")),)}),
    ("I11", "overdue", "", pre(), "2026-09-16", {"contacts": (contact("2026-09-01"),)}),
    ("I12", "overdue", "e1", cite(events=(event("EVENEMENT_VIE", "2026-05-12"),)), "2026-05-12",
     {"events": (event("EVENEMENT_VIE", "2026-05-12", "2026-05-12"),)}),
    ("T20", "overdue", "", cite(), "2026-05-12", {"appointments": (appointment("2026-05-12", "HONORE"),)}),
    ("T21", "overdue", "", cite(rsa_opened_on=D("2026-05-04")), "2026-06-15", {"oriented_on": D("2026-06-15")}),
    ("T22", "lead", "", cite(oriented_on=D("2026-05-04")), "2026-05-27", {"contract_signed_on": D("2026-05-27")}),
    ("T22", "overdue", "", cite(oriented_on=D("2026-05-04")), "2026-06-03",
     {"contract_signed_on": D("2026-06-03")}),
    ("T23", "lead", "", cite(opened_on=D("2024-12-31")), "2026-07-05", {"opened_on": D("2025-01-01")}),
    ("T23", "lead", "", cite(opened_on=D("2024-12-31")), "2026-07-05", {"contract_signed_on": D("2025-03-01")}),
    # A leap day on the way.
    ("T24", "overdue", "", cite(diagnosis_on=D("2028-02-15")), "2028-03-16",
     {"actions": (action("a", "EN_COURS", started="2028-02-29"),)}),
    ("T25", "overdue", "b", cite(barriers=(FORT,)), "2026-06-03",
     {"actions": (action("a", "PREVUE", barrier="MOBILITE"),)}),
    ("T25", "overdue", "b", cite(barriers=(FORT,)), "2026-06-03",
     {"barriers": (BarrierFact("b", "MOBILITE", "FORT", D("2026-05-04"), D("2026-05-20")),)}),
    ("T26", "overdue", "e1", cite(events=(event("SITUATION_SANS_SOLUTION", "2026-05-04"),)), "2026-06-03",
     {"events": (event("SITUATION_SANS_SOLUTION", "2026-05-04"),
                 event("FIN_SANS_SOLUTION", "2026-05-04", id="e2"))}),
    ("T27", "overdue", "e1", cite(events=(event("SITUATION_SANS_SOLUTION", "2026-05-04"),)), "2026-08-02",
     {"events": (event("SITUATION_SANS_SOLUTION", "2026-05-04"),
                 event("FIN_SANS_SOLUTION", "2026-07-01", id="e2"))}),
    ("T29", "lead", "id-a", cite(actions=(TRAINING,)), "2026-06-08",
     {"actions": (replace(TRAINING, status="EN_COURS", started_on=D("2026-06-08")),)}),
    ("T29", "overdue", "id-a", cite(actions=(TRAINING,)), "2026-06-18",
     {"actions": (action("a", "ABANDONNEE", planned_start=D("2026-06-15"), barrier="QUALIF"),)}),
    ("T30", "overdue", "", cite(appointments=(appointment("2026-05-04", "A_VENIR"),)), "2026-05-07",
     {"appointments": (appointment("2026-05-04", "ABS_EXCUSEE"),)}),
    # Three years on 20 June 2027: June 2027, less 180 days, from the first of that month.
    ("S01", "lead", "", pre(birth_date=D("2024-06-20")), "2026-12-01", {"exit_on": D("2026-12-01")}),
    ("S02", "lead", "", pre(school=SchoolFact("GS", True)), "2026-05-04", {"school": SchoolFact("CP", True)}),
    ("S03", "lead", "", pre(school=IN_CM2), "2026-04-04", {"school": SchoolFact("6E", True)}),
    ("S04", "lead", "", pre(school=SchoolFact("3E", True)), "2026-03-05", {"school": SchoolFact("2DE", True)}),
    ("S05", "overdue", "", pre(birth_date=D("2010-09-17")), "2026-09-01", {"school": SchoolFact(None, True)}),
    ("S22", "overdue", "e1", pre(events=(event("CHANGEMENT_ETABLISSEMENT", "2026-05-04"),)), "2026-05-11",
     {"events": (event("CHANGEMENT_ETABLISSEMENT", "2026-05-04", "2026-05-11"),)}),
    ("S25", "lead", "", pre(), "2026-08-17", {"agreement_on": D("2026-09-02")}),
]  # fmt: skip
NAMES = [f"{rule}-{kind}-{place}" for place, (rule, kind, *_) in enumerate(CASES)]


@pytest.mark.parametrize(("rule", "kind", "subject", "facts", "day", "ends"), CASES, ids=NAMES)
def test_opens_on_its_day_and_goes_out_by_its_fact(
    rule: str, kind: str, subject: str, facts: JourneyFacts, day: str, ends: dict[str, Any]
) -> None:
    deadline = found_by_all(facts)[rule, kind, subject]
    assert [deadline.due_on <= plus(day, offset) for offset in (-1, 0, 1)] == [False, True, True], deadline
    after = found_by_all(replace(facts, **ends)).get((rule, kind, subject))
    # Renewed or written again: the alert of that fact is over, a later one begins.
    assert after is None or after.since > deadline.since
    for over in ({"exit_on": D("2026-05-20")}, {"stage": "NON_RETENU"}):
        assert (rule, kind, subject) not in found_by_all(replace(facts, **over))
    if facts.programme == "PRE":
        assert (rule, kind, subject) not in found_by_all(replace(facts, agreement_status="PRESENTE"))


def test_pauses_of_the_contact_clock_do_not_stop_the_others() -> None:
    paused = cite(pauses=(pause("2026-05-01"),))
    assert ("T20", "overdue", "") in found_by_all(paused)
    assert not {"A15", "A16"} & {rule for rule, _, _ in found_by_all(paused)}


def test_absences_from_school_are_off_until_the_territory_wants_them() -> None:
    lines = (SchoolAbsenceFact(D("2026-05-04"), 2), SchoolAbsenceFact(D("2026-05-12"), 2))
    facts = pre(school_absences=lines, written_on=D("2026-06-30"))
    assert not {"A06", "A07"} & {rule for rule, _, _ in found_by_all(facts)}
    on = deadlines(facts, CALENDAR, Thresholds(switched_on=frozenset({"A06", "A07"})))
    assert on["A06", "overdue", ""].due_on == D("2026-05-12")
    assert on["A06", "overdue", ""].volet is Volet.SCOLARITE
    assert ("A07", "overdue", "") not in on


@pytest.mark.parametrize(("written", "stands"), [("2026-06-30", True), ("2026-07-01", False)])
def test_a_month_of_absences_goes_out_on_the_first_of_the_month_after_next(
    written: str, stands: bool
) -> None:
    facts = pre(school_absences=(SchoolAbsenceFact(D("2026-05-12"), 10),), written_on=D(written))
    on = deadlines(facts, CALENDAR, Thresholds(switched_on=frozenset({"A06", "A07"})))
    assert {("A06", "overdue", ""), ("A07", "overdue", "")} <= on.keys() or not stands
    assert (("A07", "overdue", "") in on) is stands


def test_half_days_of_two_months_are_not_added() -> None:
    lines = (SchoolAbsenceFact(D("2026-05-30"), 3), SchoolAbsenceFact(D("2026-06-01"), 3))
    on = deadlines(pre(school_absences=lines), CALENDAR, Thresholds(switched_on=frozenset({"A06"})))
    assert ("A06", "overdue", "") not in on


@pytest.mark.parametrize(
    "lines",
    [
        THREE[:2],
        (THREE[0], "2026-05-11 EXCUSE", *THREE[2:]),
        (THREE[0], "2026-05-11 PRESENT", *THREE[2:]),
        HALF[:3],
        ("2026-05-04 PRESENT", "2026-05-11 PRESENT", "2026-05-18 ABSENT", "2026-05-25 ABSENT"),
        # The first of the four lies 43 counted days before the last.
        ("2026-05-04 ABSENT", "2026-05-11 EXCUSE", "2026-05-18 ABSENT", "2026-06-16 ABSENT"),
    ],
)
def test_sessions_that_are_no_sign_yet(lines: tuple[str, ...]) -> None:
    assert ("A05", "overdue", "id-a") not in found_by_all(pre(sessions=sessions(*lines)))


def test_sessions_within_42_counted_days_of_the_last() -> None:
    lines = ("2026-05-04 ABSENT", "2026-05-11 EXCUSE", "2026-05-18 ABSENT", "2026-06-15 ABSENT")
    assert found_by_all(pre(sessions=sessions(*lines)))["A05", "overdue", "id-a"].due_on == D("2026-06-15")


def test_the_run_and_the_window_of_sessions_follow_the_setting() -> None:
    two = pre(sessions=sessions("2026-05-04 ABSENT", "2026-05-11 ABSENT"))
    key = ("A05", "overdue", "id-a")
    assert key not in deadlines(two, CALENDAR, Thresholds(counts={"A05": (3, 42)}))
    assert deadlines(two, CALENDAR, Thresholds(counts={"A05": (2, 42)}))[key].due_on == D("2026-05-11")
    half = pre(sessions=sessions(*HALF))
    assert key in deadlines(half, CALENDAR, Thresholds(counts={"A05": (3, 21)}))
    assert key not in deadlines(half, CALENDAR, Thresholds(counts={"A05": (3, 20)}))


def test_an_absence_with_a_backup_or_too_short_raises_nothing() -> None:
    for team in (
        TeamFact(leaves=(LeaveFact("l", D("2026-06-01"), D("2026-06-20"), True),)),
        TeamFact(has_backup=True, leaves=(LEAVE,)),
    ):
        assert "I07" not in {rule for rule, _, _ in found_by_all(cite(team=team))}
    short = TeamFact(leaves=(LeaveFact("l", D("2026-06-01"), D("2026-06-07"), False),))
    assert {key for key in found_by_all(cite(team=short)) if key[0] == "I07"} == {("I07", "lead", "l")}


def test_what_was_planned_before_a_barrier_and_had_ended_does_not_answer_it() -> None:
    over = action("a", "TERMINEE_ATTEINTE", ended="2026-05-03", barrier="MOBILITE")
    assert ("T25", "overdue", "b") in found_by_all(cite(barriers=(FORT,), actions=(over,)))
    medium = BarrierFact("b", "MOBILITE", "MOYEN", D("2026-05-04"))
    assert ("T25", "overdue", "b") not in found_by_all(cite(barriers=(medium,)))


def test_the_level_of_a_school_year_counts_from_that_year() -> None:
    late = pre(school=SchoolFact("CM2", True, 2026))
    assert found_by_all(late)["S03", "lead", ""].since == D("2027-09-01")
    assert found_by_all(late)["S03", "lead", ""].volet is Volet.SCOLARITE


def test_rules_of_school_levels_and_ages_stay_in_their_ages() -> None:
    for birth in ("2012-01-15", "2008-08-17"):
        after = found_by_all(pre(birth_date=D(birth))).get(("S05", "overdue", ""))
        assert after is None or after.due_on == D("2027-09-01")


def test_a_renewed_agreement_does_not_take_the_missing_school_away() -> None:
    """S05 goes out with a school, and with nothing else; who comes after 1 September missed it already."""
    key = ("S05", "overdue", "")
    born = D("2010-12-05")
    assert found_by_all(pre(birth_date=born, agreement_on=D("2026-09-10")))[key].due_on == D("2026-09-01")
    late = pre(birth_date=D("2010-03-05"), opened_on=D("2026-09-10"), agreement_on=D("2026-09-20"))
    assert found_by_all(late)[key].due_on == D("2026-09-01")
    assert key not in found_by_all(pre(birth_date=born, school=SchoolFact(None, True)))
