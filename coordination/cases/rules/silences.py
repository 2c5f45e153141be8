"""Long silences that are in the past: what the trial of a threshold counts as losses of contact."""

from __future__ import annotations

from datetime import date

from coordination.alerts.calendar import Calendar
from coordination.alerts.trial import LONG, Lasted
from coordination.cases.facts import JourneyFacts


def long_silences(facts: JourneyFacts, lost_contact: bool, until: date, calendar: Calendar) -> list[Lasted]:
    """Silences of more than 60 days that followed an exchange, the agreement (PRE), the opening (Cité) or the
    return from a pause, up to `until`; and the end of the journey if it ended for lost contact (`lost_contact`).

    In the PRE the days of school holidays are not counted, as its rules do not. A pause that begins meanwhile
    ends the wait: nobody expected an exchange any more.
    """
    exchanges = {c.on for c in facts.contacts if c.outcome == "ABOUTI" and c.mode != "TIERS"}
    exchanges |= {a.on for a in facts.appointments if a.status == "HONORE"}
    first = facts.agreement_on if facts.programme == "PRE" else facts.opened_on
    starts = (
        exchanges | {p.returned_on for p in facts.pauses if p.returned_on} | ({first} if first else set())
    )
    last_day = min(until, facts.exit_on) if facts.exit_on else until
    stops = sorted(starts | {p.from_on for p in facts.pauses} | {last_day})
    found = []
    for start in sorted(starts):
        if start > last_day or any(
            _paused(pause.from_on, pause.returned_on, start) for pause in facts.pauses
        ):
            continue
        next_stop = next((stop for stop in stops if stop > start), last_day)
        on = calendar.counted_days_after(start, LONG + 1, facts.programme == "PRE")
        if on <= next_stop:
            found.append(Lasted(start, on))
    if lost_contact and facts.exit_on and facts.exit_on <= until:
        begun = max((day for day in starts if day < facts.exit_on), default=facts.opened_on)
        # One break, not two, where the silence had already been a long one.
        if begun and not any(one.since == begun for one in found):
            found.append(Lasted(begun, facts.exit_on))
    return found


def _paused(since: date, returned: date | None, day: date) -> bool:
    return since <= day and (returned is None or day < returned)
