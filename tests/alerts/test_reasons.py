"""Every rule says in French why its delay, and what every rule counts."""

from __future__ import annotations

from coordination import reference
from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.explain import formula, reason


def test_every_rule_has_its_reason_in_french() -> None:
    assert list(reference.load("alert_reasons")) == list(rules())
    for rule in rules().values():
        assert reason(rule.id).endswith(".") and reason(rule.id) != rule.rationale


def test_the_formula_says_what_is_in_force() -> None:
    usual = Thresholds.default()
    assert formula("A01", usual).startswith("30 jours après")
    assert formula("T08", usual) == "annoncé 15 jours avant l'échéance, puis 15 jours après"
    assert formula("S06", usual) == "annoncé 180 jours avant l'échéance"
    assert formula("A01", Thresholds({"A01": (20, None)})).startswith("20 jours après")
    assert formula("A06", Thresholds(counts={"A06": (5, 30)})) == "5 fois en 30 jours"
