"""Which dates follow which, which are facts: one table for what people write and for what an import brings.

Names are those of the tables' columns. The same day is allowed. In a chain a date that is not known is skipped,
since a ≤ b ≤ c also says a ≤ c.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from itertools import pairwise

Chain = tuple[str, ...]

CHAINS: dict[str, tuple[Chain, ...]] = {
    "journey": (
        ("birth_date", "opened_on", "entered_on", "validated_on"),
        ("opened_on", "diagnosis_on"),
        ("rsa_opened_on", "oriented_on", "contract_signed_on"),
    ),
    "objective": (("set_on", "reached_on"),),
    "action": (("planned_start", "planned_end"), ("started_on", "ended_on")),
    "referral": (
        ("sent_on", "seen_on", "accepted_on"),
        ("sent_on", "seen_on", "refused_on"),
        ("accepted_on", "first_action_on"),
    ),
    "pause": (("from_on", "expected_return"), ("from_on", "returned_on")),
    "barrier": (("identified_on", "lifted_on"),),
    "life_event": (("on_date", "handled_on"),),
    "invitation": (("sent_on", "answered_on"),),
    "iae_application": (("applied_on", "answered_on"),),
}
"""Table -> its chains of dates."""

FACTS: dict[str, frozenset[str]] = {
    "contact": frozenset({"on_date"}),
    "objective": frozenset({"set_on", "reached_on"}),
    "appointment": frozenset({"on_date"}),  # not when the appointment is still to come
    "action": frozenset({"started_on", "suspended_on", "ended_on"}),
    "attendance": frozenset({"on_date"}),
    "pause": frozenset({"from_on", "returned_on"}),
    "review": frozenset({"held_on"}),
    "barrier": frozenset({"identified_on", "lifted_on"}),
    "life_event": frozenset({"on_date", "handled_on"}),
    "invitation": frozenset({"sent_on", "answered_on"}),
    "iae_application": frozenset({"applied_on", "answered_on"}),
    "school_absence": frozenset({"on_date"}),
    "stay_decision": frozenset({"on_date"}),
}
"""Table -> dates of something that happened: neither after today nor after the exit."""

_COME_WITH = frozenset({"invitation", "iae_application", "school_absence", "stay_decision"})
SINCE_OPENING = {table: days for table, days in FACTS.items() if table not in _COME_WITH}
"""Table -> dates that a page refuses before the journey began. An import may bring earlier ones.

Not here: what one may come with (an invitation, an application already sent, the end of a right), and absences from
school, noted by the month.
"""

FAR_AHEAD: dict[str, tuple[str, int]] = {
    "appointment": ("on_date", 1),
    "pause": ("expected_return", 1),
    "action": ("planned_start", 2),
    "right_end": ("ends_on", 15),
}
"""Table -> a date to come, and the years after which a page asks whether its year was meant."""

PLANS: dict[str, tuple[str, str]] = {
    "action": ("planned_start", "started_on"),
    "review": ("due_on", "held_on"),
}
"""Table -> a date that is planned, and the fact that it was a plan of."""

GOES_ON: dict[str, tuple[str, ...]] = {
    "action": ("started_on", "planned_start"),
    "objective": ("set_on",),
    "pause": ("from_on",),
    "review": ("held_on", "due_on"),
}
"""Table -> the days on which a journey would go on, the first one known."""

COMING = "A_VENIR"
"""Status of an appointment that has not happened: its date is a plan."""


def is_far(day: date, today: date, years: int) -> bool:
    """Whether a day comes more than so many years after today."""
    return (day.year - years, day.month, day.day) > (today.year, today.month, today.day)


def out_of_order(
    chains: Iterable[Chain], day_of: Callable[[str], date | None]
) -> Iterator[tuple[str, str, date]]:
    """(before, after, day of before) for each date that stands before the one it follows, each pair once."""
    pairs = {
        pair for chain in chains for pair in pairwise(name for name in chain if day_of(name) is not None)
    }
    for before, after in sorted(pairs):
        first, second = day_of(before), day_of(after)
        if first and second and second < first:
            yield before, after, first
