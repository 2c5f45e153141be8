"""Builds what a picture draws from the rows that the actor may see: what lies in a hidden volet never comes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import Date, String, bindparam, cast, exists, literal, null, select, union_all
from sqlalchemy.orm import aliased

from coordination import reference
from coordination.accounts.models import Account
from coordination.alerts.catalogue import rules, severity
from coordination.alerts.known import is_known
from coordination.alerts.models import Alert
from coordination.alerts.queries import ON_SCREEN, coming_deadlines, open_alerts
from coordination.alerts.running import TURNED_DOWN
from coordination.alerts.sentences import SEVERITY_LABELS
from coordination.cases.models import (
    Action,
    Agreement,
    Appointment,
    Contact,
    Journey,
    LifeEvent,
    Pause,
    Review,
    Right,
)
from coordination.cases.models_life import RELAY, Turn, changes_hands
from coordination.cases.picture.facts import Break, Lane, Moment, PictureFacts, Segment
from coordination.cases.queries.people import structure_names
from coordination.cases.queries.picture_course import STEPS, Handed, Turned, course_moments
from coordination.cases.vocabulary import EVENT_LABELS, RIGHT_LABELS, action_label, axis_label
from coordination.db import db
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, Read, open_journey_rows

LaneSource = Callable[[Grant, uuid.UUID], list[Lane]]
AHEAD = timedelta(days=70)
MOST_COMING = 6
_APPOINTMENTS = {
    "HONORE": "kept",
    "ABS_EXCUSEE": "excused",
    "ABS_NON_EXCUSEE": "missed",
    "A_VENIR": "planned",
    "ANNULE_SERVICE": "cancelled",
}
EVENTS = Read(LifeEvent, ("kind", "on_date", "handled_on"))
RIGHTS = Read(Right, ("kind", "ends_on"))
# What the shape of an alert tells.
_LEVELS = {code: label.lower() for code, label in SEVERITY_LABELS.items()} | {
    code: f"alerte {SEVERITY_LABELS[code].lower()}" for code in ("HAUTE", "CRITIQUE")
}
_ATTEMPTS = {"SANS_REPONSE": "no-answer", "MESSAGE": "message", "INVALIDE": "invalid"}


def picture_facts(grant: Grant, journey_id: uuid.UUID, today: date) -> PictureFacts:
    """The facts of one journey that the grant covers. Bounded statements."""
    columns = [Journey.__table__.c[name] for name, *_ in STEPS]
    journey = db.session.execute(
        select(
            Journey.programme, Journey.stage, Journey.agreement_status, Journey.agreement_on, *columns
        ).where(Journey.id == journey_id)
    ).one()
    facts = small_facts(journey_id, journey, today)
    moments = (
        *facts.moments,
        *_events(grant, journey_id),
        *_rights(grant, journey_id),
        *_closed_alerts(journey_id),
    )
    sources: tuple[LaneSource, ...] = current_app.extensions["picture_sources"]
    lanes = [
        *_actions(grant, journey_id, journey.programme, today),
        *(lane for source in sources for lane in source(grant, journey_id)),
        *_alerts(journey_id, today),
    ]
    return replace(facts, moments=moments, lanes=tuple(lanes))


def small_facts(journey_id: uuid.UUID, journey: Any, today: date) -> PictureFacts:
    """What the small picture shows, all in clear: one statement. `journey`: its row, whole or those columns."""
    dated = _dated(journey_id)
    # Before its agreement a PRE journey awaits nobody. With it, what is told is true: no exchange since the
    # opening. The clock of the alerts starts at the agreement.
    awaited = journey.opened_on if journey.programme != "PRE" or journey.agreement_on else None
    turned = [Turned(*row[:3]) for row in dated["turn"]]
    handed = [Handed(*row[:3]) for row in dated["relay"]]
    down = [turn.on for turn in turned if turn.kind == journey.stage == TURNED_DOWN]
    return PictureFacts(
        first=journey.opened_on,
        silent_from=awaited,
        exit_on=journey.exit_on or max(down, default=None),
        moments=(
            *(_contact(*row) for row in dated["contact"]),
            *(_appointment(*row) for row in dated["appointment"]),
            *course_moments(journey, [(row[0], row[1]) for row in dated["agreement"]], turned, handed),
            *(_review(today, row[0], row[3]) for row in dated["review"]),
        ),
        pauses=tuple(Break(row[0], row[3], row[4]) for row in dated["pause"]),
    )


@cache
def _dates() -> Any:
    """Contacts, appointments, pauses, reviews, agreements, turns of a journey, all in clear.

    Rows: table, on, code, code, day, day.
    """
    no_day, no_code = cast(null(), Date), cast(null(), String)
    journey_id: Any = bindparam("journey_id")
    cancelling, to, before = aliased(Agreement), aliased(Account), aliased(Account)
    return union_all(
        select(literal("contact"), Contact.on_date, Contact.outcome, Contact.mode, no_day, no_day).where(
            Contact.journey_id == journey_id
        ),
        select(
            literal("appointment"), Appointment.on_date, Appointment.status, no_code, no_day, no_day
        ).where(Appointment.journey_id == journey_id),
        select(
            literal("pause"), Pause.from_on, no_code, no_code, Pause.expected_return, Pause.returned_on
        ).where(Pause.journey_id == journey_id),
        select(literal("review"), Review.due_on, no_code, no_code, Review.held_on, no_day).where(
            Review.journey_id == journey_id
        ),
        select(literal("agreement"), Agreement.on_date, Agreement.status, no_code, no_day, no_day).where(
            Agreement.journey_id == journey_id,
            Agreement.on_date.is_not(None),
            ~exists().where(cancelling.cancels == Agreement.id, cancelling.journey_id == journey_id),
        ),
        select(literal("turn"), Turn.on_date, Turn.kind, Account.display_name, no_day, no_day)
        .outerjoin(Account, Account.id == Turn.by_id)
        .where(Turn.journey_id == journey_id, Turn.kind != RELAY),
        select(literal("relay"), Turn.on_date, to.display_name, before.display_name, no_day, no_day)
        .join(to, to.id == Turn.to_id)
        .outerjoin(before, before.id == Turn.from_id)
        .where(Turn.journey_id == journey_id, Turn.kind == RELAY, changes_hands()),
    )


def _dated(journey_id: uuid.UUID) -> dict[str, list[Any]]:
    """What `_dates` finds, by table: one statement."""
    tables = ("contact", "appointment", "pause", "review", "agreement", "turn", "relay")
    found: dict[str, list[Any]] = {table: [] for table in tables}
    for table, *rest in db.session.execute(_dates(), {"journey_id": journey_id}):
        found[table].append(rest)
    return found


def _contact(on: date, outcome: str | None, mode: str, *_: Any) -> Moment:
    reached = outcome == "ABOUTI" and mode != "TIERS"
    shape = "exchange" if reached else _ATTEMPTS.get(outcome or "", "third")
    way = reference.within(reference.label("contact_mode", mode))
    words = f"{reference.label('contact_outcome', outcome)} ({way})"
    return Moment("exchange", on, shape, words, is_exchange=reached)


def _appointment(on: date, status: str | None, *_: Any) -> Moment:
    words = f"Rendez-vous : {reference.label('appointment_status', status).lower()}"
    shape = _APPOINTMENTS.get(status or "", "unsaid")
    return Moment("exchange", on, shape, words, is_exchange=status == "HONORE")


def _review(today: date, due: date, held: date | None) -> Moment:
    if held:
        return Moment("milestone", held, "review", "Bilan tenu", "Bilan")
    if due < today:
        return Moment("milestone", due, "review-late", "Bilan prévu, non tenu", "Bilan non tenu")
    return Moment("milestone", due, "review-due", "Bilan prévu", "Bilan prévu")


def _events(grant: Grant, journey_id: uuid.UUID) -> Iterable[Moment]:
    for row in open_journey_rows(grant, journey_id, EVENTS):
        label = EVENT_LABELS.get(row["kind"], "Événement")
        words = label if row["handled_on"] else f"{label} (reste à prendre en compte)"
        yield Moment("event", row["on_date"], "event", words, label)


def _rights(grant: Grant, journey_id: uuid.UUID) -> Iterable[Moment]:
    for row in open_journey_rows(grant, journey_id, RIGHTS):
        label = f"Fin de droit : {RIGHT_LABELS.get(row['kind'], 'droit')}"
        yield Moment("event", row["ends_on"], "right", label, label)


def _actions(grant: Grant, journey_id: uuid.UUID, programme: str, today: date) -> list[Lane]:
    columns = (
        "kind",
        "axis_or_barrier",
        "detail",
        "status",
        "structure_id",
        "planned_start",
        "started_on",
        "planned_end",
        "ended_on",
    )
    rows = open_journey_rows(grant, journey_id, Read(Action, columns))
    volets = {
        id_: volet
        for id_, volet in db.session.execute(
            select(Folder.id, Folder.volet).where(Folder.journey_id == journey_id)
        )
    }
    structures = structure_names({row["structure_id"] for row in rows if row["structure_id"]})
    lanes = [_action(row, volets[row["folder_id"]], programme, structures, today) for row in rows]
    return sorted((lane for lane in lanes if lane.segments), key=lambda lane: lane.segments[0].since)


def _action(row: Opened, volet: str, programme: str, structures: dict[uuid.UUID, str], today: date) -> Lane:
    what = action_label(programme, row["kind"], row["axis_or_barrier"], row["detail"])
    axis = axis_label(programme, row["axis_or_barrier"])
    who = structures.get(row["structure_id"], "")
    status = reference.label("action_status", row["status"]).lower()
    detail = ", ".join(part for part in (axis if axis != what else "", who, status) if part)
    caption = f"{what} ({who})" if who else what
    row_kind = f"action-{volet}"
    ending = row["ended_on"] or row["planned_end"]
    stopped = row["status"] == "ABANDONNEE"
    marks = (
        (Moment(row_kind, row["ended_on"], "stopped", f"Arrêt : {what}"),)
        if stopped and row["ended_on"]
        else ()
    )
    return Lane(row_kind, caption, f"{what} : {detail}", tuple(_spans(row, ending, today)), marks)


def _spans(row: Opened, ending: date | None, today: date) -> Iterable[Segment]:
    """What was done, then what is still planned."""
    start = row["started_on"]
    if row["status"] == "PREVUE" or (start is None and row["ended_on"] is None):
        if row["planned_start"]:
            yield Segment(
                row["planned_start"], max(ending or row["planned_start"], row["planned_start"]), "planned"
            )
    elif row["ended_on"]:
        since = min(start or row["ended_on"], row["ended_on"])
        yield Segment(since, row["ended_on"], "done")
    else:
        yield Segment(start, None, "suspended" if row["status"] == "SUSPENDUE" else "running")
        if ending and ending > today:
            yield Segment(today + timedelta(days=1), ending, "planned")


def _alerts(journey_id: uuid.UUID, today: date) -> Iterable[Lane]:
    for alert in open_alerts(today, [journey_id]):
        shape = f"alert-{alert.severity.lower()}"
        words = f"{alert.sentence} ({_LEVELS[alert.severity]})"
        mark = Moment("alert", alert.due_on, shape, words)
        yield Lane("alert", alert.sentence, words, (Segment(alert.due_on, None, "alert"),), (mark,))
    for deadline in coming_deadlines(today, today + AHEAD, [journey_id])[:MOST_COMING]:
        mark = Moment("deadline", deadline.due_on, "due", deadline.sentence)
        yield Lane("deadline", deadline.sentence, deadline.sentence, (), (mark,))


def _closed_alerts(journey_id: uuid.UUID) -> Iterable[Moment]:
    for rule, kind, due_on, status in db.session.execute(
        select(Alert.rule, Alert.kind, Alert.due_on, Alert.status).where(
            Alert.journey_id == journey_id, Alert.status.not_in(ON_SCREEN), is_known(Alert)
        )
    ):
        how = {"REPORTEE": "reportée", "SANS_OBJET": "sans objet"}.get(status, "résolue")
        shape = f"past-{severity(rule, kind).lower()}"
        yield Moment("past-alert", due_on, shape, f"Alerte {how} : {rules()[rule].signal}")
