"""A setting tried on what the coordinator may see of the past."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import text

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import rules
from coordination.alerts.in_force import Place
from coordination.alerts.replay import Past
from coordination.alerts.running import NOT_TURNED_DOWN
from coordination.alerts.settings import Setting, Values, as_thresholds, standing
from coordination.alerts.sources import sources
from coordination.alerts.trial import Lasted, Outcome, Tried, try_out
from coordination.cases.models import Sheet
from coordination.cases.queries.facts import journey_facts
from coordination.cases.rules.silences import long_silences
from coordination.db import among, db
from coordination.privacy.halves import in_halves, raise_if_none_opens
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows

# A structure that has a setting of its own for the rule does not follow the programme's.
_CONCERNED = text(
    f"""
SELECT j.id, j.referent_id FROM journey j
WHERE j.programme = :programme AND (j.exit_on IS NULL OR j.exit_on > :first)
  AND {NOT_TURNED_DOWN}
  AND CASE WHEN CAST(:structure AS uuid) IS NOT NULL
      THEN referent_structure(j.referent_id, j.programme) = CAST(:structure AS uuid)
      ELSE NOT EXISTS (SELECT 1 FROM threshold t
        WHERE t.rule = :rule AND t.programme = j.programme AND t.status = 'EN_VIGUEUR'
          AND t.structure_id = referent_structure(j.referent_id, j.programme)) END
ORDER BY j.ref
"""
)


def try_on_the_past(
    grant: Grant,
    place: Place,
    settings: Sequence[Setting],
    proposed: Values,
    period: tuple[date, date],
    calendar: Calendar,
) -> Outcome:
    """The rule under what is set now and under what is proposed, over `period` (both days included).

    `settings`: what is live at the place. Journeys that began after the period are not counted, nor those that do
    not open. Raises KeyUnavailable or SealBroken where not one does.
    """
    first, last = period
    # Set this morning, it stands now, though the period ended yesterday.
    begun = [s for s in settings if s.begun]
    day = max([last, *(s.valid_from for s in begun)])
    present = {s.rule: standing(begun, s.rule, day) for s in begun}
    journeys, unread = _tried(grant, place, first, last, calendar)
    outcome = try_out(
        place.rule,
        journeys,
        as_thresholds(present),
        as_thresholds(present | {place.rule: proposed}),
        first,
        last,
        calendar,
    )
    return replace(outcome, unread=unread)


def _tried(
    grant: Grant, place: Place, first: date, last: date, calendar: Calendar
) -> tuple[list[Tried], int]:
    """The journeys to try it on, and how many more do not open."""
    rows = db.session.execute(
        _CONCERNED,
        {"programme": place.programme, "first": first, "structure": place.structure_id, "rule": place.rule},
    ).all()
    source = next(source for source in sources() if place.rule in source.rules)
    pasts: dict[uuid.UUID, Past] = {}
    breaks: dict[uuid.UUID, list[Lasted]] = {}

    def read(ids: Sequence[uuid.UUID]) -> None:
        found = source.past(grant, ids)
        if rules()[place.rule].break_type == "ABANDON":
            breaks.update(_silences(grant, ids, last, calendar))
        pasts.update(found)

    unread = in_halves([row.id for row in rows], read)
    raise_if_none_opens(unread, len(rows))
    tried = [
        Tried(row.referent_id, past, breaks.get(row.id))
        for row in rows
        if (past := pasts.get(row.id)) and _has_begun(past, last)
    ]
    return tried, len(unread)


def _has_begun(past: Past, last: date) -> bool:
    return past[0][0] <= last


def _silences(
    grant: Grant, ids: Sequence[uuid.UUID], last: date, calendar: Calendar
) -> dict[uuid.UUID, list[Lasted]]:
    facts = journey_facts(grant, ids, ("contacts", "appointments", "pauses"))
    sheets: list[Any] = open_rows(grant, Sheet, ("exit_reason",), among(Sheet.journey_id, ids))
    lost = {row["journey_id"] for row in sheets if row["exit_reason"] == "PERTE_CONTACT"}
    return {id_: long_silences(one, id_ in lost, last, calendar) for id_, one in facts.items()}
