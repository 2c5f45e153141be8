"""What the rules read of a journey: dates, codes and ids, without one word about the person.

Shapes follow the import bundle: a date or code is None where the bundle may leave it empty, and None means
unknown. Ids are strings, as in the key of a deadline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coordination.privacy.volets import Volet


@dataclass(frozen=True, slots=True)
class ContactFact:
    on: date
    mode: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class AppointmentFact:
    on: date
    status: str | None
    id: str = ""


@dataclass(frozen=True, slots=True)
class ActionFact:
    """`barrier`: what the action of an adult is to lift; None on a journey of the PRE."""

    id: str
    key: str
    status: str | None
    planned_start: date | None = None
    started_on: date | None = None
    planned_end: date | None = None
    ended_on: date | None = None
    volet: Volet = Volet.COORDINATION
    suspended_on: date | None = None
    barrier: str | None = None


@dataclass(frozen=True, slots=True)
class SessionFact:
    """One session of an action: PRESENT, EXCUSE or ABSENT."""

    action_id: str
    on: date
    status: str


@dataclass(frozen=True, slots=True)
class PauseFact:
    id: str
    from_on: date
    expected_return: date | None = None
    returned_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReviewFact:
    id: str
    due_on: date
    held_on: date | None = None


@dataclass(frozen=True, slots=True)
class RightFact:
    id: str
    kind: str
    ends_on: date


@dataclass(frozen=True, slots=True)
class EventFact:
    id: str
    on: date
    kind: str
    handled_on: date | None = None


@dataclass(frozen=True, slots=True)
class InvitationFact:
    id: str
    sent_on: date
    answered_on: date | None = None


@dataclass(frozen=True, slots=True)
class ApplicationFact:
    id: str
    applied_on: date
    answered_on: date | None = None


@dataclass(frozen=True, slots=True)
class ChildFact:
    """`born_in`: the first day of the month of birth; the day is not known."""

    id: str
    born_in: date


@dataclass(frozen=True, slots=True)
class BarrierFact:
    """`volet`: the folder it stands in."""

    id: str
    barrier: str | None
    level: str | None
    identified_on: date
    lifted_on: date | None = None
    volet: Volet = Volet.EMPLOI


@dataclass(frozen=True, slots=True)
class SchoolAbsenceFact:
    on: date
    half_days: int


@dataclass(frozen=True, slots=True)
class LeaveFact:
    """An absence of the référent, both days included; `backed`: somebody replaces them."""

    id: str
    from_on: date
    until_on: date
    backed: bool


@dataclass(frozen=True, slots=True)
class TeamFact:
    """`referent_until`: the end of the last role in which the référent may follow the journey, if it ends."""

    has_referent: bool = True
    has_backup: bool = False
    referent_until: date | None = None
    leaves: tuple[LeaveFact, ...] = ()


@dataclass(frozen=True, slots=True)
class SchoolFact:
    """`level_year`: the school year (2026 is 2026-2027) for which the level was noted, None if not known."""

    level: str | None = None
    has_school: bool = False
    level_year: int | None = None


@dataclass(frozen=True, slots=True)
class JourneyFacts:
    """One journey. Tuples are in any order: no rule depends on it."""

    programme: str
    stage: str | None = None
    opened_on: date | None = None
    agreement_status: str | None = None
    agreement_on: date | None = None
    entered_on: date | None = None
    validated_on: date | None = None
    birth_date: date | None = None
    planned_rhythm_days: int | None = None
    scheme: str | None = None
    exit_on: date | None = None
    exit_reason: str | None = None
    orientation_path: str | None = None
    diagnosis_on: date | None = None
    rsa_opened_on: date | None = None
    oriented_on: date | None = None
    contract_signed_on: date | None = None
    # The latest day on which anything was written on the journey.
    written_on: date | None = None
    contacts: tuple[ContactFact, ...] = ()
    appointments: tuple[AppointmentFact, ...] = ()
    actions: tuple[ActionFact, ...] = ()
    pauses: tuple[PauseFact, ...] = ()
    reviews: tuple[ReviewFact, ...] = ()
    rights: tuple[RightFact, ...] = ()
    events: tuple[EventFact, ...] = ()
    invitations: tuple[InvitationFact, ...] = ()
    applications: tuple[ApplicationFact, ...] = ()
    children: tuple[ChildFact, ...] = ()
    # Of a length of stay: the days alone, whatever was decided.
    stay_decisions: tuple[date, ...] = ()
    follow_ups: tuple[date, ...] = ()
    retention_decisions: tuple[date, ...] = ()
    sessions: tuple[SessionFact, ...] = ()
    barriers: tuple[BarrierFact, ...] = ()
    school_absences: tuple[SchoolAbsenceFact, ...] = ()
    school: SchoolFact = SchoolFact()
    team: TeamFact = TeamFact()
