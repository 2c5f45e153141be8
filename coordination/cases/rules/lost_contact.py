"""What must have been tried before a journey ends for lost contact: three attempts, by two ways at least."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coordination.cases.facts import ContactFact, JourneyFacts
from coordination.cases.rules.attempts import MIN_MODES, VAIN
from coordination.cases.rules.contact_clock import last_exchange

ATTEMPTS = 3
"""As many as A04 counts; here at any distance from one another."""


@dataclass(frozen=True)
class Tried:
    """The vain attempts since the last exchange (`since`, if there was one), oldest first, and what is missing."""

    attempts: tuple[ContactFact, ...]
    since: date | None = None

    @property
    def modes(self) -> frozenset[str]:
        return frozenset(attempt.mode for attempt in self.attempts)

    @property
    def missing(self) -> int:
        """How many attempts are still needed; one at least where a single way was tried."""
        another_way = 1 if self.attempts and len(self.modes) < MIN_MODES else 0
        return max(ATTEMPTS - len(self.attempts), another_way)

    @property
    def needs_another_mode(self) -> bool:
        """Whether one of the missing attempts must be by another way than the one tried."""
        return bool(self.attempts) and len(self.modes) < MIN_MODES

    @property
    def enough_on(self) -> date | None:
        """The day of the last attempt that was needed; None while one is missing."""
        prefixes = (self.attempts[:count] for count in range(ATTEMPTS, len(self.attempts) + 1))
        return next((some[-1].on for some in prefixes if not Tried(some).missing), None)


def tried(facts: JourneyFacts, until: date) -> Tried:
    """Attempts (no answer, message left) after the last exchange and up to `until`, that day included."""
    last = last_exchange(facts)
    found = (
        contact
        for contact in facts.contacts
        if contact.outcome in VAIN and contact.on <= until and (last is None or contact.on > last)
    )
    return Tried(tuple(sorted(found, key=lambda contact: (contact.on, contact.mode))), last)
