"""Which rules a journey is subject to: its programme, its end, and the parental agreement."""

from __future__ import annotations

from functools import cache

from coordination.alerts.catalogue import rules
from coordination.alerts.running import runs
from coordination.cases.facts import JourneyFacts

AFTER_THE_END = frozenset({"T31", "S26"})
BEFORE_THE_AGREEMENT = frozenset({"T01", "T02", "T03", "T04", "T05"})
WITHOUT_AGREEMENT = frozenset({"A14"})


@cache
def _of_programme(programme: str) -> frozenset[str]:
    return frozenset(rule.id for rule in rules().values() if rule.concerns(programme))


def standing_rules(facts: JourneyFacts) -> frozenset[str]:
    """Ids, over the whole catalogue, of the rules that may stand on the journey.

    Ended (exit date, or stage NON_RETENU): T31 and S26 alone. PRE: REFUS and RETIRE leave A14 alone; without
    a dated SIGNE, T01 to T05, the way to the agreement. On a journey of the Cité de l'emploi no agreement is
    asked for. (Source: "Words" of the rules of deadlines.)
    """
    of_programme = _of_programme(facts.programme)
    if not runs(facts.exit_on, facts.stage):
        return of_programme & AFTER_THE_END
    if facts.programme != "PRE":
        return of_programme
    if facts.agreement_status in ("REFUS", "RETIRE"):
        return of_programme & WITHOUT_AGREEMENT
    if facts.agreement_status == "SIGNE" and facts.agreement_on is not None:
        return of_programme
    return of_programme & BEFORE_THE_AGREEMENT
