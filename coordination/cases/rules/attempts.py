"""Signs that the contact is being lost: missed appointments (A03, A11), vain attempts (A04), details that no
longer work (A13)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key, overdue_on
from coordination.cases.facts import AppointmentFact, ContactFact, JourneyFacts
from coordination.privacy.volets import Volet

RULES = frozenset({"A03", "A11", "A04", "A13"})

MISSED = "ABS_NON_EXCUSEE"
VAIN = ("SANS_REPONSE", "MESSAGE")
MIN_MODES = 2
"""Different ways of reaching someone among the attempts of A04."""


def missed_in_a_row(
    count: int, window: int, appointments: tuple[AppointmentFact, ...], last: date | None
) -> date | None:
    """Earliest date on which the run of missed appointments reaches `count` within `window` days, with no
    exchange that day or later.

    Count and window are the catalogue's (2 in 60 days) where the coordinator set nothing else. On one day the
    missed appointments come first; HONORE and ABS_EXCUSEE then break the run; every other status (cancelled by
    the service, to come, unclear, unknown) is as if the line were not there.
    """
    run: list[date] = []
    held = sorted(
        (appointment.on, appointment.status != MISSED)
        for appointment in appointments
        if appointment.status in (MISSED, "HONORE", "ABS_EXCUSEE")
    )
    for on, breaks in held:
        if breaks:
            run.clear()
            continue
        run.append(on)
        if len(run) >= count and (on - run[-count]).days <= window and (last is None or on > last):
            return on
    return None


def vain_attempts(
    count: int, window: int, contacts: tuple[ContactFact, ...], last: date | None
) -> tuple[date, date] | None:
    """(first, third) of the earliest three neighbours, among the attempts after the last exchange, that lie
    within 15 days and used at least 2 modes (3 and 15 are the catalogue's count and window).

    Attempts are in order of date, then of mode code; each line counts, but those of the day of the exchange.
    """
    attempts = sorted(
        (contact.on, contact.mode)
        for contact in contacts
        if contact.outcome in VAIN and (last is None or contact.on > last)
    )
    for end in range(count, len(attempts) + 1):
        neighbours = attempts[end - count : end]
        (first, _), (third, _) = neighbours[0], neighbours[-1]
        if (third - first).days <= window and len({mode for _, mode in neighbours}) >= MIN_MODES:
            return first, third
    return None


def deadlines(
    facts: JourneyFacts,
    last: date | None,
    calendar: Calendar,
    thresholds: Thresholds,
    wanted: frozenset[str],
) -> Iterator[tuple[Key, Deadline]]:
    """A03 (PRE) and A11 (Cité): date of the second absence, known since that day.

    A04: fires on the day of the third attempt, since the first of the three (the rule's line names both the
    "third" and "first of the three": the former is when there is enough to fire, the latter what started it).

    A13: the earliest INVALIDE after the last exchange, the day of the exchange excluded.
    """
    for rule in ("A03", "A11"):
        if rule in wanted and (missed := missed_in_a_row(*thresholds.count(rule), facts.appointments, last)):
            yield (rule, OVERDUE, ""), Deadline(missed, missed, "absences", Volet.COORDINATION)
    if "A04" in wanted and (attempts := vain_attempts(*thresholds.count("A04"), facts.contacts, last)):
        first, third = attempts
        yield ("A04", OVERDUE, ""), Deadline(third, first, "attempts", Volet.COORDINATION)
    if "A13" in wanted:
        invalid = [c.on for c in facts.contacts if c.outcome == "INVALIDE" and (last is None or c.on > last)]
        if invalid:
            since = min(invalid)
            due_on = overdue_on("A13", since, calendar, thresholds)
            yield ("A13", OVERDUE, ""), Deadline(due_on, since, "invalid_details", Volet.COORDINATION)
