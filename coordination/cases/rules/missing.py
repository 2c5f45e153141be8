"""Which rules of a journey cannot be computed, and the fact that is missing, in plain French."""

from __future__ import annotations

from collections.abc import Iterator

from coordination.cases.facts import JourneyFacts
from coordination.cases.rules.contact_clock import clock_start, last_exchange
from coordination.cases.rules.gate import standing_rules

BIRTH = "la date de naissance"
OPENING = "la date d'ouverture du parcours"


def missing(facts: JourneyFacts) -> dict[str, str]:
    """rule -> the fact without which it says nothing, among the rules that may stand on the journey.

    A fact that need not exist (a pause, an event, a right) is never missing.
    """
    standing = standing_rules(facts)
    return {rule: fact for rule, fact in _lacking(facts) if rule in standing}


def _lacking(facts: JourneyFacts) -> Iterator[tuple[str, str]]:
    dates = (
        (facts.opened_on, OPENING, ("T20", "T23")),
        (facts.entered_on, "la date d'entrée dans le parcours", ("T09", "T10", "T11")),
        (facts.validated_on, "la date de validation du parcours", ("T06",)),
        (facts.diagnosis_on, "la date du diagnostic", ("T24",)),
        (facts.oriented_on or facts.contract_signed_on, "la date d'orientation", ("T22",)),
        (facts.rsa_opened_on or facts.oriented_on, "la date d'ouverture du RSA", ("T21",)),
    )
    for day, name, rules in dates:
        if day is None:
            yield from ((rule, name) for rule in rules)
    if facts.birth_date is None or facts.opened_on is None:
        name = BIRTH if facts.birth_date is None else OPENING
        yield from ((rule, name) for rule in ("S01", "S06", "S07", "S08", "S09"))
    if facts.birth_date is None and not facts.school.has_school:
        yield "S05", BIRTH
    if facts.school.level is None:
        yield from ((rule, "le niveau scolaire") for rule in ("S02", "S03", "S04"))
    if clock_start(facts, last_exchange(facts)) is None:
        name = "la date du premier jour du parcours"
        yield from ((rule, name) for rule in ("A01", "A02", "A08", "A09", "A10", "I10", "I11"))
    if any(one.status == "SUSPENDUE" and one.suspended_on is None for one in facts.actions):
        yield "I06", "le jour où l'action a été interrompue"
    if not facts.team.has_referent and facts.opened_on is None:
        yield "I09", OPENING
