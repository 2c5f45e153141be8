"""Lines of a journey's timeline about its own course: the agreement each time it was asked, its steps, its end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date

from coordination.alerts.running import TURNED_DOWN
from coordination.cases.models import Journey
from coordination.cases.queries.agreement_page import (
    AGREEMENTS,
    IMPORTED,
    agreements,
    covered,
    importers_among,
)
from coordination.cases.queries.life_page import TURNS, TurnLine, turns
from coordination.cases.queries.listing import stage_label
from coordination.cases.queries.people import account_names
from coordination.cases.queries.picture_course import HANDED, STEPS, TAKEN_BACK
from coordination.cases.stages import TRANSITIONS
from coordination.cases.timeline import Entry, Source
from coordination.cases.vocabulary import agreement_title
from coordination.db import db
from coordination.privacy.policy import Grant

# How it came is a line of its own: see `timeline._saisine`.
_ARRIVAL = "opened_on"
# With what was decided: see `_turns`.
_END = "exit_on"
ENDED = next(words for name, _shape, words, _caption in STEPS if name == _END)


def course_entries(grant: Grant, journey_id: uuid.UUID, programme: str) -> list[Entry]:
    """The agreement's history and the dates of the journey itself."""
    journey = db.session.get_one(Journey, journey_id)
    steps = [
        Entry(getattr(journey, name), "step", words)
        for name, _shape, words, _caption in STEPS
        if name not in (_ARRIVAL, _END) and getattr(journey, name)
    ]
    steps += _turns(grant, journey)
    agreed = list(_agreements(grant, journey_id, programme))
    if journey.agreement_on and not any(line.on == journey.agreement_on for line in agreed):
        # An import brings where the agreement stands, without its history.
        title = agreement_title(programme, journey.agreement_status)
        agreed.append(Entry(journey.agreement_on, "agreement", title, who=IMPORTED))
    return steps + agreed


def _turns(grant: Grant, journey: Journey) -> Iterator[Entry]:
    """Each stage that somebody took the journey to, the end that stands, each reopening and what it took back.

    And each change of who follows it.
    """
    reopened = 0
    noted = turns(grant, journey.id)  # the latest first
    if journey.exit_on:
        ends = next((turn for turn in noted if turn.kind in ("SORTIE", "REOUVERTURE")), None)
        last = ends if ends and ends.kind == "SORTIE" else None
        yield Entry(journey.exit_on, "step", ENDED, _said(last) if last else "", last.by if last else "")
    for turn in noted:
        if turn.kind == "REOUVERTURE":
            reopened += 1
            yield Entry(turn.on, "step", "Parcours rouvert", turn.note, turn.by)
        elif turn.handed:
            before = f"Suivi jusque-là par {turn.before}" if turn.before else ""
            said = ". ".join(filter(None, (before, turn.note)))
            yield Entry(turn.on, "relay", f"{HANDED} {turn.to}", said, turn.by)
        elif turn.kind == "SORTIE" and reopened:
            reopened -= 1
            yield Entry(turn.on, "step", f"{ENDED}{TAKEN_BACK}", _said(turn), turn.by)
        elif turn.kind in TRANSITIONS[journey.programme]:
            back = turn.kind == TURNED_DOWN and reopened > 0
            reopened -= back
            title = f"Étape : {stage_label(journey.programme, turn.kind)}{TAKEN_BACK if back else ''}"
            yield Entry(turn.on, "step", title, turn.note, turn.by)


def _said(turn: TurnLine) -> str:
    decided = f"Décidé par {turn.decided_by}" if turn.decided_by else ""
    return ". ".join(filter(None, (decided, turn.note)))


def _agreements(grant: Grant, journey_id: uuid.UUID, programme: str) -> Iterator[Entry]:
    rows = agreements(grant, journey_id)
    names = account_names({row["recorded_by"] for row in rows})
    names |= dict.fromkeys(importers_among(rows), IMPORTED)
    for row in rows:
        on: date | None = row["on_date"]
        volets = covered(row["volets"])
        said = [f"Couvre : {volets}" if volets else "", row["remark"] or ""]
        if on:
            detail = ". ".join(filter(None, said))
            yield Entry(
                on,
                "agreement",
                agreement_title(programme, row["status"]),
                detail,
                names.get(row["recorded_by"], ""),
            )


COURSE = Source((AGREEMENTS, TURNS), course_entries)
