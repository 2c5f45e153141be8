"""The catalogue as data, severities of announcements, escalation, thresholds, what hides what."""

from __future__ import annotations

import pytest

from coordination import reference
from coordination.alerts import catalogue
from coordination.alerts.catalogue import Thresholds, replaced, rules, serious, severity
from coordination.errors import BadInput
from coordination.reference import typeset

BOTH = {"T08", "T09", "T10", "T11", "T19", "A14", "I07", "T22", "T29", "T31", "T32", "S14", "S26"}


def test_every_rule_of_the_file_is_there_in_its_order() -> None:
    lines = reference.load("alert_rules")["rules"]
    assert list(rules()) == [line["id"] for line in lines]
    assert len(rules()) == 87
    for line in lines:
        rule = rules()[line["id"]]
        assert (rule.threshold_days, rule.lead_days) == (
            line["default_threshold_days"],
            line["lead_time_days"],
        )
        assert list(rule.recipients) == line["recipients"]
        assert rule.pause_on_school_holidays is line["pause_on_school_holidays"]
        assert rule.signal == typeset(line["signal"])
        for name in ("rationale", "severity", "threshold_count", "window_days"):
            assert getattr(rule, name) == line[name]
        assert rule.break_type == line["rupture_type"]


def test_codes_are_those_of_the_reference() -> None:
    assert {rule.severity for rule in rules().values()} <= set(reference.labels("alert_severity"))
    assert {rule.break_type for rule in rules().values()} <= set(reference.labels("rupture_type"))
    assert {rule.programme for rule in rules().values()} == {"PRE", "CITE_EMPLOI", "TOUS"}


def test_a_rule_concerns_its_programme_or_all() -> None:
    assert rules()["A01"].concerns("PRE") and not rules()["A01"].concerns("CITE_EMPLOI")
    assert rules()["A08"].concerns("CITE_EMPLOI") and not rules()["A08"].concerns("PRE")
    assert rules()["S07"].concerns("PRE") and rules()["S07"].concerns("CITE_EMPLOI")


@pytest.mark.parametrize("rule", sorted(rules()))
def test_severity_of_a_lead_is_info_only_if_the_rule_also_has_an_overdue(rule: str) -> None:
    own = rules()[rule].severity
    assert catalogue.severity(rule, "overdue") == own
    assert catalogue.severity(rule, "lead") == ("INFO" if rule in BOTH else own)


def test_severities_worth_naming() -> None:
    assert catalogue.severity("S07", "lead") == "HAUTE"
    assert catalogue.severity("I02", "lead") == "INFO"
    assert catalogue.severity("T10", "lead") == "INFO"
    assert catalogue.severity("T10", "overdue") == "HAUTE"
    assert catalogue.severity("A14", "overdue") == "CRITIQUE"


@pytest.mark.parametrize(
    ("rule", "kind", "days"),
    [
        ("A01", "overdue", 15),  # named by the rule
        ("A08", "overdue", 10),
        ("T16", "overdue", 7),  # HAUTE
        ("S19", "overdue", 7),  # CRITIQUE
        ("S10", "lead", 7),  # HAUTE, and only a lead
        ("T15", "overdue", None),  # VIGILANCE
        ("T14", "overdue", None),  # INFO
        ("T10", "overdue", 7),
        ("T10", "lead", None),  # the announcement is INFO
    ],
)
def test_escalation(rule: str, kind: str, days: int | None) -> None:
    assert catalogue.escalation_days(rule, kind) == days


def test_an_overdue_hides_its_lead_and_the_graver_the_lighter_of_the_same_subject() -> None:
    opened = {
        ("T14", "overdue", "r1"),
        ("T15", "overdue", "r1"),
        ("T16", "overdue", "r1"),
        ("T15", "overdue", "r2"),
        ("T14", "overdue", "r2"),
        ("A01", "overdue", ""),
        ("A02", "overdue", ""),
        ("A09", "overdue", ""),
        ("T08", "lead", "b1"),
        ("T08", "overdue", "b1"),
        ("T08", "lead", "b2"),
    }
    assert catalogue.replaced(opened) == {
        ("T14", "overdue", "r1"),
        ("T15", "overdue", "r1"),
        ("A01", "overdue", ""),
        ("T08", "lead", "b1"),
    }
    assert catalogue.replaced({("A10", "overdue", ""), ("A09", "overdue", "")}) == {("A09", "overdue", "")}
    assert catalogue.replaced([]) == frozenset()


def test_default_thresholds_are_the_catalogues() -> None:
    default = Thresholds.default()
    assert default.threshold("A01") == 30
    assert default.lead("T09") == 30
    assert default is Thresholds.default()
    assert default == Thresholds()


def test_overrides_touch_one_rule_and_one_of_its_numbers() -> None:
    changed = Thresholds({"T09": (300, None), "A01": (20, None), "I02": (None, 0)})
    assert (changed.threshold("T09"), changed.lead("T09")) == (300, 30)
    assert changed.threshold("A01") == 20
    assert changed.lead("I02") == 0
    assert changed.threshold("A02") == 45


def test_days_that_a_rule_does_not_have_are_an_error_of_ours() -> None:
    with pytest.raises(LookupError):
        Thresholds.default().threshold("A03")
    with pytest.raises(LookupError):
        Thresholds.default().lead("A01")


@pytest.mark.parametrize(
    "overrides",
    [{"Z99": (1, None)}, {"A01": (-1, None)}, {"A03": (2, None)}, {"A01": (None, 3)}, {"T09": (None, -1)}],
)
def test_impossible_overrides_are_refused(overrides: dict[str, tuple[int | None, int | None]]) -> None:
    with pytest.raises(BadInput):
        Thresholds(overrides)


def test_rights_watched_are_those_of_the_bundle() -> None:
    assert set(catalogue.RIGHT_OF_RULE.values()) == {
        "CSS",
        "TITRE_SEJOUR",
        "MDPH",
        "ARE_ASS",
        "PASS_IAE",
        "CEJ",
        "CDDI_CDD",
        "FORMATION",
        "MESURE_ASE",
    }


def test_what_is_for_information_hides_nothing_serious() -> None:
    """So that pages which show no INFO need not read it."""
    every = [(rule, kind, "") for rule in rules() for kind in ("lead", "overdue")]
    for quiet in every:
        if severity(*quiet[:2]) == "INFO":
            hidden = [replaced([quiet, other]) for other in every]
            assert {severity(rule, kind) for found in hidden for rule, kind, _ in found} <= {"INFO"}, quiet
    assert set(serious()) == {f"{rule}:{kind}" for rule, kind, _ in every if severity(rule, kind) != "INFO"}
