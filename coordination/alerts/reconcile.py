"""Stored deadlines follow the facts: called by each feature in the same work as the change."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import text

from coordination.alerts.deadlines import Deadline, Key
from coordination.db import db


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
    lines = [
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
    changed = db.session.scalar(
        text(
            "SELECT reconcile_deadlines(CAST(:journeys AS uuid[]), CAST(:rules AS text[]),"
            " CAST(:wanted AS jsonb), :today, :fact)"
        ),
        {
            "journeys": list(wanted),
            "rules": sorted(owned_rules),
            "wanted": json.dumps(lines),
            "today": today,
            "fact": fact,
        },
    )
    return int(changed or 0)
