"""Stored deadlines follow the facts: called by each feature in the same work as the change."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import delete, text

from coordination.alerts.deadlines import Deadline, Key
from coordination.alerts.models_thresholds import RecomputeQueue
from coordination.db import among, db

# As wide as the column that keeps it.
LONGEST_FACT = 40


def reconcile(
    owned_rules: Iterable[str],
    wanted: Mapping[uuid.UUID, Mapping[Key, Deadline]],
    today: date,
    fact: str,
) -> int:
    """Make the stored deadlines of `owned_rules` equal to `wanted`, for the journeys it names.

    What moved or vanished resolves its alert, naming `fact` (a short French phrase without personal data).
    Returns how many deadlines changed. Needs a `work` whose actor writes in these journeys.
    """
    assert len(fact) <= LONGEST_FACT, fact
    changed = db.session.scalar(
        text(
            "SELECT reconcile_deadlines(CAST(:journeys AS uuid[]), CAST(:rules AS text[]),"
            " CAST(:wanted AS jsonb), :today, :fact)"
        ),
        {
            "journeys": list(wanted),
            "rules": sorted(owned_rules),
            "wanted": _lines(wanted),
            "today": today,
            "fact": fact,
        },
    )
    return int(changed or 0)


def carry(wanted: Mapping[uuid.UUID, Mapping[Key, Deadline]]) -> int:
    """Before `reconcile`, for journeys whose thresholds changed and whose facts did not: answers given to an alert
    follow it to the date that the new setting gives its clock. How many did.
    """
    carried = db.session.scalar(
        text("SELECT carry_alerts(CAST(:journeys AS uuid[]), CAST(:wanted AS jsonb))"),
        {"journeys": list(wanted), "wanted": _lines(wanted)},
    )
    return int(carried or 0)


def leave_queue(journey_ids: Iterable[uuid.UUID]) -> list[uuid.UUID]:
    """Take journeys out of the queue of those that wait for a recount; which of them waited."""
    gone = db.session.execute(
        delete(RecomputeQueue)
        .where(among(RecomputeQueue.journey_id, list(journey_ids)))
        .returning(RecomputeQueue.journey_id)
    )
    return list(gone.scalars())


def _lines(wanted: Mapping[uuid.UUID, Mapping[Key, Deadline]]) -> str:
    return json.dumps(
        [
            {
                "journey": str(journey_id),
                "rule": rule,
                "kind": kind,
                "subject": subject,
                "due_on": deadline.due_on.isoformat(),
                "since": deadline.since.isoformat(),
                "because": deadline.because,
                "volet": deadline.volet.value,
            }
            for journey_id, deadlines in wanted.items()
            for (rule, kind, subject), deadline in deadlines.items()
        ]
    )
