"""What was known of a referral on each day, and the alerts that its silence would have opened."""

from __future__ import annotations

from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.replay import replay
from coordination.cases.facts import JourneyFacts
from coordination.referrals.facts import ReferralFact
from coordination.referrals.replay import steps

D = date.fromisoformat
JOURNEY = JourneyFacts("CITE_EMPLOI", opened_on=D("2026-01-05"), stage="EN_ACTION")


def opened(*lines: ReferralFact) -> list[tuple[str, str, str | None]]:
    found = replay(
        steps(JOURNEY, lines), Calendar.load(), Thresholds.default(), D("2026-01-05"), D("2026-07-01")
    )
    return [(str(alert.on), alert.rule, alert.subject) for alert in found]


def test_an_answer_stops_what_its_day_had_not_opened() -> None:
    line = ReferralFact("1", "O1", D("2026-03-02"), accepted_on=D("2026-03-23"), status="ACCEPTEE")
    assert opened(line) == [
        ("2026-03-12", "T14", "O1"),
        ("2026-03-22", "T15", "O1"),
        ("2026-05-08", "T17", "O1"),
    ]


def test_a_status_without_date_is_known_with_the_last_date_of_its_line() -> None:
    line = ReferralFact("1", "O1", D("2026-03-02"), first_action_on=D("2026-03-25"), status="TERMINEE")
    assert opened(line) == [("2026-03-12", "T14", "O1"), ("2026-03-22", "T15", "O1")]


def test_a_referral_that_follows_stops_the_first_from_its_day_on() -> None:
    first = ReferralFact("1", "O1", D("2026-03-02"), status="EXPIREE")
    second = ReferralFact(
        "2", "O2", D("2026-03-20"), D("2026-03-21"), D("2026-03-24"), None, D("2026-03-30"), "DEMARREE", "O1"
    )
    assert opened(first, second) == [("2026-03-12", "T14", "O1")]


def test_an_exit_stops_everything() -> None:
    line = ReferralFact("1", "O1", D("2026-03-02"), status="ENVOYEE")
    ended = JourneyFacts("CITE_EMPLOI", opened_on=D("2026-01-05"), exit_on=D("2026-03-15"), stage="SORTI")
    found = replay(
        steps(ended, [line]), Calendar.load(), Thresholds.default(), D("2026-01-05"), D("2026-07-01")
    )
    assert [(alert.rule, alert.spells) for alert in found] == [("T14", [(D("2026-03-12"), D("2026-03-15"))])]
