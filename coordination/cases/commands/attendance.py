"""Who came to the sessions of an action: several at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import select

from coordination.cases.checks import Faults, Problems, ended_since
from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Action as ActionRow
from coordination.cases.models import Attendance, Journey
from coordination.cases.vocabulary import ATTENDANCE_LABELS
from coordination.clock import paris_date
from coordination.db import db, in_turn
from coordination.errors import BadInput, Conflict
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action
from coordination.privacy.records import add_record, journey_of, still_open
from coordination.privacy.work import work


def note_sessions(
    actor: Actor,
    action_id: uuid.UUID,
    sessions: Mapping[date, str],
    now: datetime,
    *,
    unnoted: Collection[date] = (),
    key: str = "",
    answer: str = "",
    faults: Faults | None = None,
) -> int:
    """Keep who came (day -> code of ATTENDANCE_LABELS); how many sessions.

    Field of a problem: the ISO day for the day itself, `answer_of` it for the code. `unnoted`: days that the page
    offered as not noted yet. `faults`: see `Problems`. Raises BadInput, NotFound, Forbidden, AlreadyDone,
    Conflict where somebody else noted one of them meanwhile: then nothing at all is written.
    """
    today = paris_date(now)
    with work(actor, Action.WRITE_RECORD, now) as w:
        journey_id = journey_of(ActionRow, action_id)
        grant = w.require(journey_id)
        if key:
            w.once(key, repr((action_id, sorted(sessions.items()))).encode(), answer)
        problems = Problems(faults)
        if not sessions and not problems:
            raise BadInput("Indiquez au moins une présence.")
        # One writer at a time for an action: the second one then reads what the first one noted.
        in_turn("attendance", action_id)
        exit_on = db.session.scalar(select(Journey.exit_on).where(Journey.id == journey_id))
        noted = select(Attendance.on_date, Attendance.status).where(Attendance.action_id == action_id)
        known = {row.on_date: row.status for row in db.session.execute(noted)}
        _stop_if_noted_meanwhile(known, {day: sessions[day] for day in sessions if day in unnoted})
        for day, status in sessions.items():
            if status not in ATTENDANCE_LABELS:
                problems[answer_of(day)] = "Choisissez une des réponses proposées."
            if day > today:
                problems[day.isoformat()] = f"La séance du {day:%d/%m/%Y} n'a pas encore eu lieu."
            elif exit_on and day > exit_on:
                problems[day.isoformat()] = ended_since(exit_on)
            elif day in known:
                problems[day.isoformat()] = f"La séance du {day:%d/%m/%Y} est déjà notée : corrigez-la."
        problems.stop_if_any()
        query = select(Folder.volet).join(ActionRow, ActionRow.folder_id == Folder.id)
        volet = still_open(db.session.scalar(query.where(ActionRow.id == action_id)))
        for day, status in sorted(sessions.items()):
            values = {"action_id": action_id, "on_date": day, "status": status}
            add_record(grant, Attendance, journey_id, volet, values)
        follow(grant, journey_id, "sessions", today, f"présences notées le {today:%d/%m/%Y}")
        w.audit(grant, ["attendance", f"seances={len(sessions)}"])
        return len(sessions)


def answer_of(day: date) -> str:
    """The field of what was answered for a session."""
    return f"{day.isoformat()}-presence"


def _stop_if_noted_meanwhile(known: Mapping[date, str], mine: Mapping[date, str]) -> None:
    """Both answers of each session that somebody else noted since the page was shown."""
    both = [
        f"La séance du {day:%d/%m/%Y} vient d'être notée par quelqu'un d'autre :"
        f" « {ATTENDANCE_LABELS[known[day]]} ». Vous aviez choisi"
        f" « {ATTENDANCE_LABELS.get(status, status)} »."
        for day, status in sorted(mine.items())
        if day in known
    ]
    if both:
        rest = (
            "Rien n'a encore été enregistré de votre saisie : vos autres réponses sont gardées ci-dessous,"
            " et une séance déjà notée se corrige en bas de page."
        )
        raise Conflict(" ".join([*both, rest]))
