"""Which rules may stand: programme, agreement, end of the journey; and A14."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coordination.alerts.catalogue import rules
from coordination.alerts.deadlines import Deadline
from coordination.cases.rules import standing_rules
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import (
    CORE,
    D,
    action,
    cite,
    fires_first_on,
    found,
    full_cite,
    full_pre,
    one,
    pause,
    pre,
    standing,
)

FOR_ALL = {"A04", "A13", "T19", "S07", "S15", "S16", "S17", "S21", "S24"}
OF_PRE = {"A01", "A02", "A03", "T06", "T08", "T09", "T10", "T11", "S06", "S23"}
OF_CITE = {"A09", "A10", "A11", "S08", "S09", "S10", "S11", "S12", "S13", "S18", "S19"}


def test_each_programme_has_its_rules_and_those_for_all() -> None:
    assert standing(full_pre()) == OF_PRE | FOR_ALL
    assert standing(full_cite()) == OF_CITE | FOR_ALL
    assert standing(full_cite(scheme="CEJ")) == (OF_CITE | FOR_ALL | {"A08"}) - {"A09", "A10"}


def test_open_pauses_have_their_rules_in_each_programme() -> None:
    pauses = (pause("2026-05-01", "2026-05-10"), pause("2026-05-02", id="p2"))
    assert standing(full_pre(pauses=pauses)) == (OF_PRE | FOR_ALL | {"I01", "I02", "I03", "I04"}) - {
        "A01",
        "A02",
    }
    assert standing(full_cite(pauses=pauses)) == (OF_CITE | FOR_ALL | {"I01", "I02", "I03", "I05"}) - {
        "A09",
        "A10",
    }


@pytest.mark.parametrize("status", [None, "A_DEMANDER", "PRESENTE", "ORAL", "UN_SEUL_PARENT"])
def test_without_a_signed_agreement_nothing_stands_on_a_pre_journey(status: str | None) -> None:
    assert standing(full_pre(agreement_status=status)) == set()


def test_a_signed_agreement_needs_a_date() -> None:
    assert standing(full_pre(agreement_on=None)) == set()


@pytest.mark.parametrize(
    ("status", "because"), [("REFUS", "agreement_refused"), ("RETIRE", "agreement_withdrawn")]
)
def test_refusal_and_withdrawal_leave_a14_alone(status: str, because: str) -> None:
    journey = full_pre(agreement_status=status, agreement_on=D("2026-05-06"))
    day = D("2026-05-06")
    assert found(journey) == {("A14", "overdue", ""): Deadline(day, day, because, Volet.COORDINATION)}
    fires_first_on(journey, "2026-05-06", "A14")


def test_a_refusal_without_a_date_cannot_be_computed() -> None:
    assert standing(full_pre(agreement_status="REFUS", agreement_on=None)) == set()


def test_a14_goes_with_a_new_signature() -> None:
    refused = full_pre(agreement_status="RETIRE")
    assert "A14" in standing(refused)
    assert "A14" not in standing(replace(refused, agreement_status="SIGNE"))


@pytest.mark.parametrize("status", [None, "A_DEMANDER", "REFUS", "RETIRE", "SIGNE"])
def test_an_agreement_says_nothing_on_a_journey_of_the_cite(status: str | None) -> None:
    assert found(full_cite(agreement_status=status, agreement_on=D("2026-05-06"))) == found(full_cite())


@pytest.mark.parametrize("journey", [full_pre(), full_cite(), full_pre(agreement_status="REFUS")])
def test_nothing_stands_after_the_end(journey) -> None:
    assert standing(replace(journey, exit_on=D("2026-05-20"))) == set()
    assert standing(replace(journey, stage="NON_RETENU")) == set()
    assert standing(replace(journey, stage="SORTI")) == standing(journey)


def test_the_gate_over_the_whole_catalogue() -> None:
    assert standing_rules(pre()) == {rule for rule in rules() if rules()[rule].concerns("PRE")}
    assert standing_rules(cite()) == {rule for rule in rules() if rules()[rule].concerns("CITE_EMPLOI")}
    assert standing_rules(pre(agreement_status="PRESENTE")) == {"T01", "T02", "T03", "T04", "T05"}
    assert standing_rules(pre(agreement_status="REFUS")) == {"A14"}
    assert standing_rules(pre(exit_on=D("2026-05-20"))) == {"S26"}
    assert standing_rules(cite(exit_on=D("2026-05-20"))) == {"S26", "T31"}


def test_every_core_rule_stands_somewhere_in_these_journeys() -> None:
    pauses = (pause("2026-05-01", "2026-05-10"), pause("2026-05-02", id="p2"))
    seen = set().union(
        *(
            standing(journey)
            for journey in (
                full_pre(),
                full_cite(),
                full_cite(scheme="CEJ"),
                full_pre(pauses=pauses),
                full_cite(pauses=pauses),
                full_pre(agreement_status="REFUS"),
            )
        )
    )
    assert seen == CORE


def test_volets() -> None:
    in_social = action("a", "TERMINEE_ATTEINTE", ended="2026-05-09", volet=Volet.SOCIAL)
    volets = {
        (rule, deadline.subject_label): deadline.volet
        for journey in (full_pre(actions=(in_social,)), full_cite())
        for (rule, _, _), deadline in found(journey).items()
        if deadline.volet is not Volet.COORDINATION
    }
    assert volets == {
        ("T19", "a"): Volet.SOCIAL,
        ("S17", "MDPH"): Volet.SANTE,
        ("S23", "MESURE_ASE"): Volet.PROTECTION,
        ("S15", "CSS"): Volet.SOCIAL,
        ("S16", "TITRE_SEJOUR"): Volet.SOCIAL,
        ("S10", "CDDI_CDD"): Volet.EMPLOI,
        ("S11", "PASS_IAE"): Volet.EMPLOI,
        ("S12", "FORMATION"): Volet.EMPLOI,
        ("S13", "CEJ"): Volet.EMPLOI,
        ("S18", "ARE_ASS"): Volet.EMPLOI,
    }
    assert one(full_cite(), "T19", "overdue", "id-a").volet is Volet.COORDINATION
