"""What the tests of the rules share: two journeys on which nothing stands yet but the contact clock."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.cases.facts import (
    ActionFact,
    ApplicationFact,
    AppointmentFact,
    ChildFact,
    ContactFact,
    EventFact,
    InvitationFact,
    JourneyFacts,
    PauseFact,
    ReviewFact,
    RightFact,
)
from coordination.cases.rules import deadlines

CALENDAR = Calendar.load()
DEFAULT = Thresholds.default()
# No holidays of zone B from 2026-04-27 to 2026-07-03: plain arithmetic for what pauses on them.
D = date.fromisoformat


def plus(day: str, days: int) -> date:
    return D(day) + timedelta(days=days)


def _maybe(day: str | None) -> date | None:
    return D(day) if day else None


def pre(**changes: Any) -> JourneyFacts:
    given: dict[str, Any] = {
        "programme": "PRE",
        "stage": "EN_COURS",
        "opened_on": D("2026-04-01"),
        "agreement_status": "SIGNE",
        "agreement_on": D("2026-04-27"),
    }
    return JourneyFacts(**{**given, **changes})


def cite(**changes: Any) -> JourneyFacts:
    given: dict[str, Any] = {
        "programme": "CITE_EMPLOI",
        "stage": "EN_ACTION",
        "opened_on": D("2026-04-27"),
    }
    return JourneyFacts(**{**given, **changes})


def contact(on: str, outcome: str | None = "ABOUTI", mode: str = "TELEPHONE") -> ContactFact:
    return ContactFact(D(on), mode, outcome)


def appointment(on: str, status: str | None) -> AppointmentFact:
    return AppointmentFact(D(on), status)


def pause(began: str, expected: str | None = None, returned: str | None = None, id: str = "p1") -> PauseFact:
    return PauseFact(id, D(began), _maybe(expected), _maybe(returned))


def review(due: str, held: str | None = None, id: str = "b1") -> ReviewFact:
    return ReviewFact(id, D(due), _maybe(held))


def action(
    key: str,
    status: str | None,
    *,
    started: str | None = None,
    planned_end: str | None = None,
    ended: str | None = None,
    **more: Any,
) -> ActionFact:
    return ActionFact(
        id=f"id-{key}",
        key=key,
        status=status,
        started_on=_maybe(started),
        planned_end=_maybe(planned_end),
        ended_on=_maybe(ended),
        **more,
    )


def right(kind: str, ends: str, id: str = "d1") -> RightFact:
    return RightFact(id, kind, D(ends))


def event(kind: str, on: str, handled: str | None = None, id: str = "e1") -> EventFact:
    return EventFact(id, D(on), kind, _maybe(handled))


def invitation(sent: str, answered: str | None = None, id: str = "n1") -> InvitationFact:
    return InvitationFact(id, D(sent), _maybe(answered))


def application(sent: str, answered: str | None = None, id: str = "c1") -> ApplicationFact:
    return ApplicationFact(id, D(sent), _maybe(answered))


def child(month: str, id: str = "k1") -> ChildFact:
    """`month`: 2021-03."""
    return ChildFact(id, D(f"{month}-01"))


CORE = frozenset(
    {
        *("A01", "A02", "A03", "A04", "A08", "A09", "A10", "A11", "A13", "A14"),
        *("I01", "I02", "I03", "I04", "I05"),
        *("T06", "T08", "T09", "T10", "T11", "T19"),
        *("S06", "S07", "S08", "S09", "S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S19"),
        *("S21", "S23", "S24"),
    }
)
"""The rules of "Exact clocks of the core rules" that `cases` owns, read from the page by hand."""


def found(facts: JourneyFacts, thresholds: Thresholds = DEFAULT) -> dict[Key, Deadline]:
    """What the core rules give; the announcement of A14 is of "The other rules"."""
    core = deadlines(facts, CALENDAR, thresholds, CORE)
    return {key: one for key, one in core.items() if key != ("A14", "lead", "")}


def found_by_all(facts: JourneyFacts, thresholds: Thresholds = DEFAULT) -> dict[Key, Deadline]:
    return deadlines(facts, CALENDAR, thresholds)


def one(
    facts: JourneyFacts,
    rule: str,
    kind: str = "overdue",
    subject: str = "",
    thresholds: Thresholds = DEFAULT,
) -> Deadline | None:
    return found(facts, thresholds).get((rule, kind, subject))


def due(
    facts: JourneyFacts,
    rule: str,
    kind: str = "overdue",
    subject: str = "",
    thresholds: Thresholds = DEFAULT,
) -> date | None:
    deadline = one(facts, rule, kind, subject, thresholds)
    return deadline.due_on if deadline else None


def standing(facts: JourneyFacts) -> set[str]:
    return {rule for rule, _, _ in found(facts)}


def fires_first_on(facts: JourneyFacts, day: str, *key: str) -> None:
    """The alert is not there the day before, is there that day and the day after."""
    deadline = found_by_all(facts).get((*key, *("overdue", "")[len(key) - 1 :]))  # type: ignore[arg-type]
    assert deadline is not None, key
    opens = [deadline.due_on <= plus(day, offset) for offset in (-1, 0, 1)]
    assert opens == [False, True, True], (key, deadline.due_on, day)


EVERYTHING: dict[str, Any] = {
    # Facts that every rule of a running journey finds something to say about, but for open pauses.
    "contacts": (
        contact("2026-05-05", "MESSAGE", "SMS"),
        contact("2026-05-06", "MESSAGE"),
        contact("2026-05-07", "SANS_REPONSE"),
        contact("2026-05-08", "INVALIDE"),
    ),
    "appointments": (
        appointment("2026-05-05", "ABS_NON_EXCUSEE"),
        appointment("2026-05-06", "ABS_NON_EXCUSEE"),
    ),
    "actions": (action("a", "TERMINEE_ATTEINTE", ended="2026-05-09"),),
    "reviews": (review("2026-07-01"),),
    "pauses": (pause("2026-05-01", "2026-05-10", "2026-05-02"),),
    "rights": tuple(
        right(kind, "2027-01-01", kind)
        for kind in (
            "CSS",
            "TITRE_SEJOUR",
            "MDPH",
            "ARE_ASS",
            "PASS_IAE",
            "CEJ",
            "CDDI_CDD",
            "FORMATION",
            "MESURE_ASE",
        )
    ),
    "events": tuple(
        event(kind, "2026-05-03", id=kind)
        for kind in ("SANCTION_REVENU", "DEMENAGEMENT", "EXPULSION_RELOGEMENT")
    ),
    "entered_on": D("2026-04-10"),
    "validated_on": D("2026-04-20"),
    "birth_date": D("2012-01-15"),
    "oriented_on": D("2026-05-01"),
    "orientation_path": "SOCIAL",
    "scheme": None,
    "invitations": (invitation("2026-05-02"),),
    "applications": (application("2026-05-02"),),
    "children": (child("2021-03"),),
}
ENDED: dict[str, Any] = {"exit_on": D("2026-06-30"), "exit_reason": "EMPLOI_DURABLE"}


def full_pre(**changes: Any) -> JourneyFacts:
    return pre(**{**EVERYTHING, **changes})


def full_cite(**changes: Any) -> JourneyFacts:
    return cite(**{**EVERYTHING, **changes})
