"""What a rule gives: the earliest date on which it would fire if nothing happened any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coordination.alerts.calendar import Calendar, shift
from coordination.alerts.catalogue import Thresholds, rules
from coordination.privacy.volets import Volet

Key = tuple[str, str, str]
"""(rule, kind "lead" or "overdue", id of the subject or ""). Unique within a journey."""

LEAD = "lead"
OVERDUE = "overdue"

BECAUSE = frozenset(
    {
        # Starts of the contact clock.
        "exchange",
        "agreement",
        "opening",
        "pause_return",
        # Signs of a loss of contact.
        "absences",
        "attempts",
        "invalid_details",
        "agreement_refused",
        "agreement_withdrawn",
        # Pauses.
        "pause",
        "expected_return",
        # Steps of a journey.
        "validation",
        "entry",
        "review",
        "referral_sent",
        "referral_accepted",
        "referral_refused",
        "action_end",
        "action_planned_end",
        # Changes of status.
        "age",
        "right_end",
        "event",
        # What only pages bring.
        "invitation",
        "application",
        "child_age",
        "orientation",
        "exit",
        # Sessions, months of school, school years.
        "sessions",
        "school_absences",
        "school_year",
        "summer",
        # What stops, what is planned, what is awaited.
        "action_suspended",
        "action_stopped",
        "action_planned_start",
        "appointment",
        "diagnosis",
        "barrier",
        "rsa_opening",
        "contract_limit",
        # Whoever follows the journey, and what is written of it.
        "writing",
        "leave",
        "referent_end",
    }
)
"""Every code that `Deadline.because` may hold: the fact that started the clock."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`due_on`: the day the alert opens. `since`: date of the fact, which identifies the alert.

    `because`: code of the fact, one of BECAUSE. `volet`: the folder whose readers see it.
    `subject_label`: key of the referral or action, or kind of the right; None for any other subject.
    """

    due_on: date
    since: date
    because: str
    volet: Volet
    subject_label: str | None = None


def overdue_on(rule: str, since: date, calendar: Calendar, thresholds: Thresholds) -> date:
    """The rule's threshold after the fact, without school holidays where the rule pauses on them."""
    return calendar.counted_days_after(
        since, thresholds.threshold(rule), rules()[rule].pause_on_school_holidays
    )


def lead_on(rule: str, target: date, thresholds: Thresholds) -> date:
    """The rule's anticipation before a target date, in calendar days."""
    return shift(target, -thresholds.lead(rule))
