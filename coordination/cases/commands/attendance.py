"""Who came to the sessions of an action: several at once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy import select

from coordination.cases.checks import Problems
from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Action as ActionRow
from coordination.cases.models import Attendance, Journey
from coordination.cases.vocabulary import ATTENDANCE_LABELS
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action
from coordination.privacy.records import add_record, journey_of
from coordination.privacy.volets import Volet
from coordination.privacy.work import work


def note_sessions(
    actor: Actor,
    action_id: uuid.UUID,
    sessions: Mapping[date, str],
    now: datetime,
    *,
    key: str = "",
    answer: str = "",
) -> int:
    """Keep who came (day -> code of ATTENDANCE_LABELS); how many sessions. Field of a problem: the ISO day.

    Raises BadInput, NotFound, Forbidden, AlreadyDone.
    """
    today = paris_date(now)
    with work(actor, Action.WRITE_RECORD, now) as w:
        journey_id = journey_of(ActionRow, action_id)
        grant = w.require(journey_id)
        if key:
            w.once(key, repr((action_id, sorted(sessions.items()))).encode(), answer)
        if not sessions:
            raise BadInput("Indiquez au moins une présence.")
        exit_on = db.session.scalar(select(Journey.exit_on).where(Journey.id == journey_id))
        known = set(db.session.scalars(select(Attendance.on_date).where(Attendance.action_id == action_id)))
        problems = Problems()
        for day, status in sessions.items():
            if status not in ATTENDANCE_LABELS:
                problems[day.isoformat()] = "Choisissez une des réponses proposées."
            elif day > today:
                problems[day.isoformat()] = f"La séance du {day:%d/%m/%Y} n'a pas encore eu lieu."
            elif exit_on and day > exit_on:
                problems[day.isoformat()] = f"Le parcours est terminé depuis le {exit_on:%d/%m/%Y}."
            elif day in known:
                problems[day.isoformat()] = f"La séance du {day:%d/%m/%Y} est déjà notée : corrigez-la."
        problems.stop_if_any()
        query = select(Folder.volet).join(ActionRow, ActionRow.folder_id == Folder.id)
        volet = Volet(db.session.scalars(query.where(ActionRow.id == action_id)).one())
        for day, status in sorted(sessions.items()):
            values = {"action_id": action_id, "on_date": day, "status": status}
            add_record(grant, Attendance, journey_id, volet, values)
        follow(grant, journey_id, "sessions", today, f"présences notées le {today:%d/%m/%Y}")
        w.audit(grant, ["attendance", f"seances={len(sessions)}"])
        return len(sessions)
