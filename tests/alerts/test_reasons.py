"""Every rule says in French why its delay, how it counts and where that is from."""

from __future__ import annotations

import re

import pytest

from coordination import reference
from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.explain import BASES, explain, reason
from coordination.alerts.formulas import FORMULAS, formula
from coordination.alerts.in_force import InForce
from coordination.alerts.settings import Values, as_thresholds, catalogue_values, settable
from coordination.cases.rules import CASE_RULES
from coordination.referrals.rules import REFERRAL_RULES

USUAL = Thresholds.default()
COMPUTED = sorted(CASE_RULES | REFERRAL_RULES)
# What a rule counts otherwise than its number of the catalogue says: school absences go by calendar month.
NOT_IN_DAYS = {"A06", "A07"}


def numbers(text: str) -> set[int]:
    return set(map(int, re.findall(r"\d+", text)))


def test_every_rule_has_its_reason_in_french() -> None:
    assert list(reference.load("alert_reasons")) == list(rules())
    for rule in rules().values():
        assert reason(rule.id).endswith(".") and reason(rule.id) != rule.rationale


def test_every_rule_has_its_formula() -> None:
    assert set(FORMULAS) == set(rules())


@pytest.mark.parametrize("rule_id", COMPUTED)
def test_a_formula_says_the_numbers_in_force(rule_id: str) -> None:
    rule, said = rules()[rule_id], formula(rule_id, USUAL)
    days = rule.threshold_days if rule_id not in NOT_IN_DAYS else None
    wanted = {number for number in (days, rule.lead_days, rule.threshold_count) if number}
    assert wanted <= numbers(said), said
    assert "{" not in said and not said.endswith(".")
    # Where the days of holidays do not count, the text says so, and nowhere else.
    assert ("vacances scolaires" in said) is rule.pause_on_school_holidays, said


@pytest.mark.parametrize("rule_id", [rule for rule in COMPUTED if settable(rule)])
def test_a_formula_follows_each_number_that_may_be_set(rule_id: str) -> None:
    usual = catalogue_values(rule_id).columns()
    for name in settable(rule_id):
        changed = {**usual, name: int(usual[name] or 0) + 1004}
        said = formula(rule_id, as_thresholds({rule_id: Values(**changed)}))  # type: ignore[arg-type]
        assert changed[name] in numbers(said), (name, said)


def test_a_single_day_is_singular() -> None:
    assert formula("T29", Thresholds({"T29": (1, None)})).endswith("puis 1 jour après s'il n'est pas noté")


EXACT = {
    "A01": "30 jours sans échange, sans compter les vacances scolaires, ou 1,5 fois le rythme prévu du parcours si"
    " c'est plus long. On compte depuis le plus récent : dernier échange, accord des parents ou retour de pause."
    " Rien ne court pendant une pause",
    "A04": "3 tentatives de suite sans réponse (ou avec un simple message) en 15 jours au plus, par au moins"
    " 2 moyens différents, depuis le dernier échange",
    "A05": "pour une action : 3 absences de suite, ou au moins 4 séances en 42 jours (sans compter les vacances"
    " scolaires) dont moins de la moitié avec présence. Une absence excusée interrompt la suite, mais n'est pas une"
    " présence",
    "A06": "4 demi-journées d'absence ou plus dans un même mois civil, le jour où ce nombre est atteint. Si"
    " plusieurs mois l'atteignent, c'est le dernier qui compte",
    "A07": "10 demi-journées d'absence ou plus dans un même mois civil, le jour où ce nombre est atteint. Si"
    " plusieurs mois l'atteignent, c'est le dernier qui compte",
    "T08": "15 jours avant la date prévue du bilan, puis 15 jours après s'il n'est pas tenu",
}


@pytest.mark.parametrize("rule_id", EXACT)
def test_some_formulas_word_for_word(rule_id: str) -> None:
    assert formula(rule_id, USUAL) == EXACT[rule_id]


def test_the_rhythm_moves_every_rule_of_silence() -> None:
    for rule_id in ("A01", "A08", "A09"):
        assert "1,5 fois le rythme prévu" in formula(rule_id, USUAL)
    for rule_id, base in (("A02", "A01"), ("A10", "A09")):
        assert f"allonge le délai de la règle {base}, celui-ci s'allonge d'autant" in formula(rule_id, USUAL)


def test_without_a_setting_the_catalogue_speaks_for_itself() -> None:
    more = explain("A01", InForce(USUAL, {}))
    assert more.usual is None and more.basis == BASES["reasoned"]
