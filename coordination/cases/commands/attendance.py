"""Who came to the sessions of an action: several at once."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from coordination.cases.checks import Faults, Problems, before_opening, ended_since
from coordination.cases.checks_doubles import Known
from coordination.cases.commands.deadlines import follow
from coordination.cases.kinds import ACTION, ATTENDANCE, RecordKind, Values
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
        span = span_of(action_id)
        noted = select(Attendance.on_date, Attendance.status).where(Attendance.action_id == action_id)
        known = {row.on_date: row.status for row in db.session.execute(noted)}
        _stop_if_noted_meanwhile(known, {day: sessions[day] for day in sessions if day in unnoted})
        for day, status in sessions.items():
            if status not in ATTENDANCE_LABELS:
                problems[answer_of(day)] = "Choisissez une des réponses proposées."
            if day > today:
                problems[day.isoformat()] = f"La séance du {day:%d/%m/%Y} n'a pas encore eu lieu."
            elif problem := span.problem(day):
                problems[day.isoformat()] = problem
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


@dataclass(frozen=True)
class Span:
    """When an action and its journey began and ended, as far as is known."""

    opened_on: date | None
    exit_on: date | None
    started_on: date | None
    ended_on: date | None

    def problem(self, day: date) -> str:
        """What is said of a session of that day, "" if it can be."""
        if self.exit_on and day > self.exit_on:
            return ended_since(self.exit_on)
        if self.opened_on and day < self.opened_on:
            return before_opening(self.opened_on)
        if self.started_on and day < self.started_on:
            return f"L'action a commencé le {self.started_on:%d/%m/%Y} : la séance ne peut pas être avant."
        if self.ended_on and day > self.ended_on:
            return f"L'action s'est terminée le {self.ended_on:%d/%m/%Y} : la séance ne peut pas être après."
        return ""


def span_of(action_id: uuid.UUID) -> Span:
    columns = (Journey.opened_on, Journey.exit_on, ActionRow.started_on, ActionRow.ended_on)
    query = select(*columns).join(Journey, Journey.id == ActionRow.journey_id)
    return Span(*db.session.execute(query.where(ActionRow.id == action_id)).one())


def check_sessions_held(
    problems: Problems, kind: RecordKind, record_id: uuid.UUID, values: Values, known: Known
) -> None:
    """A corrected session stays within its action, a corrected action around its sessions; what stood may stay."""
    if kind is ATTENDANCE and isinstance(day := values.get("on_date"), date):
        action_id = db.session.scalars(select(Attendance.action_id).where(Attendance.id == record_id)).one()
        problem = span_of(action_id).problem(day)
        if problem and known.changed(values, "on_date"):
            problems["on_date"] = problem
    elif kind is ACTION and known.changed(values, "started_on", "ended_on"):
        days = select(func.min(Attendance.on_date), func.max(Attendance.on_date))
        first, last = db.session.execute(days.where(Attendance.action_id == record_id)).one()
        started, ended = values.get("started_on"), values.get("ended_on")
        if first and started and first < started and known.changed(values, "started_on"):
            problems["started_on"] = f"Une séance est notée le {first:%d/%m/%Y}, avant ce début."
        if last and ended and last > ended and known.changed(values, "ended_on"):
            problems["ended_on"] = f"Une séance est notée le {last:%d/%m/%Y}, après cette fin."


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
