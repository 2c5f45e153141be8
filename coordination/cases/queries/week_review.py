"""« Revue de la semaine »: who is stalled, one after the other, and what was decided."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from coordination import reference
from coordination.alerts.life import Happened, history
from coordination.alerts.queries import PersonAlerts, by_person, serious_alerts
from coordination.cases.commands.appointments import PENDING
from coordination.cases.commands.week_review import DECISIONS, NOT_ONCE_REFUSED, SAME_AS, monday
from coordination.cases.models import Appointment, Contact, Journey
from coordination.cases.models_life import Leave
from coordination.cases.models_review import WeekDecision
from coordination.cases.queries.listing import JourneyLine, lines
from coordination.cases.queries.people import Person, account_names, people
from coordination.cases.stages import END, FROZEN, TURN_DOWN, Awaited, way_out
from coordination.db import db
from coordination.privacy.policy import Grant

# What one would do; the programme without EPS has its own meeting.
LABELS = {
    "APPELER": "Appeler la famille",
    "REAFFECTER": "Changer de référent",
    "NOMMER": "Choisir un référent",
    "EPS": "Mettre à la prochaine EPS",
    "PAUSE": "Mettre en pause",
    "REPORTER": "Reporter de deux semaines",
    "SORTIE": "Préparer la sortie",
    "CLORE": TURN_DOWN.words,
    "TERMINER": END.words,
    "LAISSER": "Laisser le référent agir",
    "ATTENDRE": "Laisser en l'état cette semaine",
}
# Nobody follows it: nobody is left to act.
UNFOLLOWED = {"REAFFECTER": "NOMMER", "LAISSER": "ATTENDRE"}
CITE_LABELS = LABELS | {"APPELER": "Appeler la personne", "EPS": "Mettre à la prochaine réunion"}
TRIED = 5


@dataclass(frozen=True)
class Tried:
    """A contact or an appointment: day, what it was in words, by whom."""

    on: date
    words: str
    by: str


@dataclass(frozen=True)
class Earlier:
    """A decision of a week before, in words."""

    on: date
    words: str
    by: str


@dataclass(frozen=True)
class File:
    """All that one page of the review shows."""

    line: JourneyLine
    alerts: PersonAlerts
    backup: str
    away_until: date | None
    replaced_by: str
    tried: tuple[Tried, ...]
    answers: tuple[tuple[Happened, str], ...]
    earlier: tuple[Earlier, ...]
    labels: dict[str, str]
    # Decision -> the code that says the same here in other words.
    said_here: dict[str, str]
    # Its agreement is refused or withdrawn.
    frozen: bool

    @property
    def choices(self) -> list[tuple[int, str, str]]:
        """(key, code, label) of what can be decided; a decision keeps its key from file to file."""
        offered = [
            (key, self.said_here.get(decision, decision))
            for key, decision in enumerate(DECISIONS, 1)
            if not (self.frozen and decision in NOT_ONCE_REFUSED)
        ]
        return [(key, code, self.labels[code]) for key, code in offered]


@dataclass(frozen=True)
class Decided:
    journey_id: uuid.UUID
    decision: str
    on: date
    by: str
    until: date | None
    this_week: bool
    # Where its exit is noted, or that it is turned down.
    way_out: Awaited

    @property
    def same_as(self) -> str:
        """The decision that its code is, whatever its words."""
        return SAME_AS.get(self.decision, self.decision)


@dataclass(frozen=True)
class Sum:
    """What the week decided, per decision in their order, and every wish of an EPS that stands."""

    by_decision: dict[str, tuple[Decided, ...]]
    wishes: tuple[Decided, ...]
    people: dict[uuid.UUID, Person]
    left: int

    @property
    def total(self) -> int:
        return sum(len(mine) for mine in self.by_decision.values())


def file(grant: Grant, journey_id: uuid.UUID, today: date) -> File | None:
    """The file of a person of the queue; a fixed number of statements."""
    found = lines(grant, today, [journey_id], with_alerts=False)
    stands = by_person(serious_alerts(today, [journey_id]))
    if not found or not stands:
        return None
    waiting = stands[0]
    journey = db.session.execute(
        select(
            Journey.referent_id,
            Journey.backup_id,
            Journey.programme,
            Journey.agreement_status,
            Journey.stage,
        ).where(Journey.id == journey_id)
    ).one()
    leave = db.session.execute(
        select(Leave.until_on, Leave.backup_id).where(
            Leave.account_id == journey.referent_id, Leave.from_on <= today, Leave.until_on >= today
        )
    ).first()
    contacts = db.session.execute(
        select(Contact.on_date, Contact.mode, Contact.outcome, Contact.author_id)
        .where(Contact.journey_id == journey_id)
        .order_by(Contact.on_date.desc(), Contact.position.desc())
        .limit(TRIED)
    ).all()
    appointments = db.session.execute(
        select(Appointment.on_date, Appointment.status)
        .where(
            Appointment.journey_id == journey_id,
            Appointment.on_date <= today,
            Appointment.status.not_in(PENDING),
        )
        .order_by(Appointment.on_date.desc(), Appointment.position.desc())
        .limit(TRIED)
    ).all()
    happened = sorted(
        (
            line
            for mine in history([a.id for a in waiting.alerts]).values()
            for line in mine
            if line.by_id is not None
        ),
        key=lambda line: line.on,
    )
    past = db.session.execute(
        select(WeekDecision.on_date, WeekDecision.decision, WeekDecision.by_id)
        .where(WeekDecision.journey_id == journey_id, WeekDecision.week < monday(today))
        .order_by(WeekDecision.week.desc())
        .limit(3)
    ).all()
    names = account_names(
        {c.author_id for c in contacts if c.author_id}
        | {line.by_id for line in happened if line.by_id}
        | {p.by_id for p in past}
        | {id_ for id_ in (journey.backup_id, leave.backup_id if leave else None) if id_}
    )
    labels = LABELS if journey.programme == "PRE" else CITE_LABELS
    frozen = journey.agreement_status in FROZEN
    out = way_out(journey.programme, journey.stage, journey.agreement_status)
    said_here = {} if journey.referent_id else dict(UNFOLLOWED)
    if frozen or out.turns_down:
        said_here["SORTIE"] = "CLORE" if out.turns_down else "TERMINER"
    return File(
        line=found[0],
        alerts=waiting,
        backup=names.get(journey.backup_id, ""),
        away_until=leave.until_on if leave else None,
        replaced_by=names.get(journey.backup_id or leave.backup_id, "") if leave else "",
        tried=tuple(
            sorted(
                (
                    *(
                        Tried(c.on_date, _contact(c.mode, c.outcome), names.get(c.author_id, ""))
                        for c in contacts
                    ),
                    *(Tried(a.on_date, _appointment(a.status), "") for a in appointments),
                ),
                key=lambda one: one.on,
                reverse=True,
            )[:TRIED]
        ),
        answers=tuple((line, names.get(line.by_id, "") if line.by_id else "") for line in happened[-TRIED:]),
        earlier=tuple(Earlier(p.on_date, labels[p.decision], names.get(p.by_id, "")) for p in past),
        labels=labels,
        said_here=said_here,
        frozen=frozen,
    )


def _appointment(status: str) -> str:
    return f"Rendez-vous, {reference.label('appointment_status', status).lower()}"


def _contact(mode: str, outcome: str | None) -> str:
    said = reference.label("contact_mode", mode)
    return f"{said}, {reference.label('contact_outcome', outcome).lower()}" if outcome else said


def sum_of(grant: Grant, today: date, left: int) -> Sum:
    """What was decided this week by the coordination of the actor's programmes."""
    rows = db.session.execute(
        select(WeekDecision, Journey.programme, Journey.stage, Journey.agreement_status)
        .join(Journey, Journey.id == WeekDecision.journey_id)
        .where(
            (WeekDecision.week == monday(today))
            | (
                (WeekDecision.decision == "EPS")
                & WeekDecision.settled_on.is_(None)
                & Journey.runs
                & (WeekDecision.week >= today - timedelta(days=366))
            )
        )
        .order_by(WeekDecision.on_date, WeekDecision.position)
    ).all()
    decided = [row for row, *_ in rows]
    frozen = {row.journey_id for row, _, _, agreed in rows if agreed in FROZEN}
    names = account_names({row.by_id for row in decided})
    lines = [
        (
            row,
            Decided(
                row.journey_id,
                row.decision,
                row.on_date,
                names.get(row.by_id, ""),
                row.until_on,
                row.week == monday(today),
                way_out(programme, stage, agreed),
            ),
        )
        for row, programme, stage, agreed in rows
    ]
    by_decision: dict[str, tuple[Decided, ...]] = {
        code: tuple(line for row, line in lines if row.decision == code and line.this_week) for code in LABELS
    }
    wishes: dict[uuid.UUID, Decided] = {}
    for row, line in lines:
        if row.decision == "EPS" and row.settled_on is None and row.journey_id not in frozen:
            wishes.setdefault(row.journey_id, line)
    ids: Sequence[uuid.UUID] = list({row.journey_id for row in decided})
    named = people(grant, ids) if ids else {}
    return Sum(by_decision, tuple(wishes.values()), named, left)
