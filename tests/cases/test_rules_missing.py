"""What cannot be computed says which fact is missing; what an alert explains covers every rule and every fact."""

from __future__ import annotations

import pytest

from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import BECAUSE
from coordination.alerts.explain import ENDS, FACTS, explain
from coordination.alerts.in_force import InForce
from coordination.alerts.sentences import SENTENCES
from coordination.cases.facts import TeamFact
from coordination.cases.rules import CASE_RULES
from coordination.cases.rules.missing import missing
from tests.cases.rules_kit import D, action, cite, found_by_all, full_cite, full_pre, pre


def test_missing_facts_are_named() -> None:
    told = missing(pre())
    assert told["S06"] == "la date de naissance"
    assert told["T06"] == "la date de validation du parcours"
    assert told["S03"] == "le niveau scolaire"
    assert "T24" not in told
    assert missing(cite(diagnosis_on=D("2026-05-04"))).keys().isdisjoint({"T24", "S06"})
    assert "I06" in missing(cite(actions=(action("a", "SUSPENDUE"),)))
    assert missing(cite(opened_on=None, team=TeamFact(has_referent=False)))["I09"]


def test_nothing_is_missing_behind_the_gates() -> None:
    assert missing(pre(agreement_status="PRESENTE")) == {}
    assert missing(cite(exit_on=D("2026-05-04"))) == {}


@pytest.mark.parametrize("facts", [full_pre(), full_cite()])
def test_what_stands_is_not_missing(facts) -> None:  # type: ignore[no-untyped-def]
    assert missing(facts).keys().isdisjoint({rule for rule, _, _ in found_by_all(facts)})


def test_every_fact_and_rule_is_explained() -> None:
    assert FACTS.keys() >= BECAUSE
    for rule in rules().values():
        more = explain(rule.id, InForce(Thresholds.default(), {}))
        assert more.formula and more.ends and more.basis and more.reason
    by_right = {f"S{n}" for n in (10, 11, 12, 13, 15, 16, 17, 18, 23)}
    assert by_right == CASE_RULES - ENDS.keys()
    assert {rule for rule, _ in SENTENCES} >= CASE_RULES - by_right
