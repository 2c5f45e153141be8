"""The core rules about referrals: no answer (T14 to T16), accepted and not begun (T17), refused (T18)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import JourneyFacts
from coordination.cases.rules import standing_rules
from coordination.privacy.volets import Volet
from coordination.referrals.facts import ReferralFact

UNANSWERED = ("T14", "T15", "T16")
REFERRAL_RULES: frozenset[str] = frozenset({*UNANSWERED, "T17", "T18"})


def deadlines(
    gate_facts: JourneyFacts,
    referrals: Iterable[ReferralFact],
    calendar: Calendar,
    thresholds: Thresholds,
    rules: frozenset[str] = REFERRAL_RULES,
) -> dict[Key, Deadline]:
    """Everything that stands on the referrals of one journey, among `rules`; all referrals are to be given, one
    may follow another.

    `gate_facts` says whether any rule stands (programme, stage, agreement, exit); its lists are not read.

    T14, T15, T16: sent + 10, 20, 30, seen or not, until an answer has a date (accepted, refused, first
    action), it is ABANDONNEE or TERMINEE, or a sent referral follows it.
    T17: accepted + 30 counted days, until the first action, or NON_DEMARREE, ABANDONNEE, TERMINEE.
    T18: refused, and not accepted, + 14, until a sent referral follows it.
    """
    wanted = REFERRAL_RULES & rules & standing_rules(gate_facts)
    found: dict[Key, Deadline] = {}
    if wanted:
        lines = tuple(referrals)
        # A line that names itself replaces nothing: it must not silence its own alert.
        replaced = {line.follows for line in lines if line.sent_on is not None and line.follows != line.key}
        for line in lines:
            found.update(_of_one(line, line.key in replaced, calendar, thresholds, wanted))
    return found


def _of_one(
    line: ReferralFact,
    replaced: bool,
    calendar: Calendar,
    thresholds: Thresholds,
    wanted: frozenset[str],
) -> Iterator[tuple[Key, Deadline]]:
    given_up = line.status in ("ABANDONNEE", "TERMINEE")
    answered = line.accepted_on or line.refused_on or line.first_action_on
    if line.sent_on is not None and not (answered or given_up or replaced):
        for rule in UNANSWERED:
            if rule in wanted:
                due_on = overdue_on(rule, line.sent_on, calendar, thresholds)
                yield (
                    (rule, OVERDUE, line.id),
                    Deadline(due_on, line.sent_on, "referral_sent", Volet.COORDINATION, line.key),
                )
    if line.accepted_on is not None:
        over = line.first_action_on is not None or given_up or line.status == "NON_DEMARREE"
        if "T17" in wanted and not over:
            due_on = overdue_on("T17", line.accepted_on, calendar, thresholds)
            yield (
                ("T17", OVERDUE, line.id),
                Deadline(due_on, line.accepted_on, "referral_accepted", Volet.COORDINATION, line.key),
            )
    elif line.refused_on is not None and "T18" in wanted and not replaced:
        due_on = overdue_on("T18", line.refused_on, calendar, thresholds)
        yield (
            ("T18", OVERDUE, line.id),
            Deadline(due_on, line.refused_on, "referral_refused", Volet.COORDINATION, line.key),
        )
