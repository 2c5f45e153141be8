"""What users have today, to compare with: columns of a table that count days, without any rule.

« no_contact_30 », « no_contact_60 »: 30 or 60 calendar days since the last exchange (contact ABOUTI, appointment
HONORE), or since the first day. « no_edit_30 »: 30 days since anything at all was written in the file. They know
nothing of holidays, pauses, planned rhythms, referrals or rights; an ended journey, or a child without agreement,
leaves the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial

from coordination.alerts.calendar import Calendar, shift
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import OVERDUE, Deadline, Key
from coordination.alerts.replay import Past, Standing
from coordination.cases.facts import JourneyFacts
from coordination.exchange.evaluate.told import Told
from coordination.privacy.volets import Volet

SILENCES: Mapping[str, int] = {"no_contact_30": 30, "no_contact_60": 60}
EDITS: Mapping[str, int] = {"no_edit_30": 30}
COLUMNS: tuple[str, ...] = (*SILENCES, *EDITS)


def steps(told: Told, column: str) -> Past:
    """When the column speaks of a journey, as steps of a replay. Raises KeyError for an unknown column."""
    start = _first_day(told.facts)
    if start is None:
        return []
    if column in SILENCES:
        days, count = _exchanges(told.facts), SILENCES[column]
    else:
        days, count = list(told.written), EDITS[column]
    known = sorted({start, *(day for day in days if day > start)})
    past: list[tuple[date, Standing]] = [(day, partial(_silent, column, day, count)) for day in known]
    end = told.facts.exit_on
    if end is not None:
        past = [step for step in past if step[0] < end] + [(end, _nothing)]
    return past


def _first_day(facts: JourneyFacts) -> date | None:
    if facts.programme != "PRE":
        return facts.opened_on
    return facts.agreement_on if facts.agreement_status == "SIGNE" else None


def _exchanges(facts: JourneyFacts) -> list[date]:
    met = [one.on for one in facts.contacts if one.outcome == "ABOUTI" and one.mode != "TIERS"]
    return met + [one.on for one in facts.appointments if one.status == "HONORE"]


def _silent(column: str, last: date, count: int, _: Calendar, __: Thresholds) -> dict[Key, Deadline]:
    return {(column, OVERDUE, ""): Deadline(shift(last, count), last, "exchange", Volet.COORDINATION)}


def _nothing(_: Calendar, __: Thresholds) -> dict[Key, Deadline]:
    return {}
