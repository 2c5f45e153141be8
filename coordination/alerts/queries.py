"""Reads of alerts and deadlines, under row-level security."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from coordination.alerts.catalogue import replaced, rules, severity
from coordination.alerts.models import Alert, StoredDeadline
from coordination.alerts.sentences import BREAKS, coming_sentence, sentence
from coordination.db import among, db

ON_SCREEN = ("OUVERTE", "VUE", "PRISE_EN_CHARGE")
# Answered, so not shown; while their deadline stands they still speak for the alerts that they replace.
ANSWERED = ("REPORTEE", "SANS_OBJET")


@dataclass(frozen=True)
class AlertView:
    """An open alert as a page shows it; no name."""

    id: uuid.UUID
    journey_id: uuid.UUID
    rule: str
    kind: str
    subject_id: str
    severity: str
    break_type: str
    break_label: str
    sentence: str
    since: date
    due_on: date
    opened_on: date
    status: str
    initial: bool
    escalated: bool
    version: int


@dataclass(frozen=True)
class DeadlineView:
    """A deadline still to come."""

    journey_id: uuid.UUID
    rule: str
    kind: str
    due_on: date
    sentence: str


def open_alerts(today: date, journey_ids: Sequence[uuid.UUID] | Any) -> list[AlertView]:
    """Alerts that stand on journeys (ids, or a subquery of them), worst first.

    Those that a worse one replaces are hidden, also while the worse one is postponed or set aside: an answer must
    not bring back the same words.
    """
    table = Alert.__table__
    names = (
        "id",
        "journey_id",
        "rule",
        "kind",
        "subject_id",
        "because",
        "since",
        "due_on",
        "opened_on",
        "status",
        "initial",
        "escalated_on",
        "version",
    )
    rows = db.session.execute(
        select(*(table.c[name] for name in names)).where(
            among(Alert.journey_id, journey_ids),
            or_(Alert.status.in_(ON_SCREEN), Alert.status.in_(ANSWERED) & _its_deadline_stands()),
        )
    ).all()
    hidden: set[tuple[uuid.UUID, tuple[str, str, str]]] = set()
    by_journey: dict[uuid.UUID, list[Any]] = {}
    for row in rows:
        by_journey.setdefault(row.journey_id, []).append(row)
    for journey_id, mine in by_journey.items():
        hidden |= {(journey_id, key) for key in replaced((r.rule, r.kind, r.subject_id) for r in mine)}
    shown = [
        _view(row, today)
        for row in rows
        if row.status in ON_SCREEN and (row.journey_id, (row.rule, row.kind, row.subject_id)) not in hidden
    ]
    return sorted(shown, key=_order)


def closed_by(journey_id: uuid.UUID, fact: str, today: date) -> int:
    """How many alerts of a journey the fact named has closed today."""
    found = db.session.scalar(
        select(func.count()).where(
            Alert.journey_id == journey_id, Alert.resolved_on == today, Alert.resolved_because == fact
        )
    )
    return found or 0


def _its_deadline_stands() -> ColumnElement[bool]:
    return exists().where(StoredDeadline.journey_id == Alert.journey_id, StoredDeadline.alert_id == Alert.id)


def _view(row: Any, today: date) -> AlertView:
    rule = rules()[row.rule]
    return AlertView(
        id=row.id,
        journey_id=row.journey_id,
        rule=row.rule,
        kind=row.kind,
        subject_id=row.subject_id,
        severity=severity(row.rule, row.kind),
        break_type=rule.break_type,
        break_label=BREAKS[rule.break_type],
        sentence=sentence(row.rule, row.kind, row.since, today, row.because),
        since=row.since,
        due_on=row.due_on,
        opened_on=row.opened_on,
        status=row.status,
        initial=row.initial,
        escalated=row.escalated_on is not None,
        version=row.version,
    )


_RANK = {"CRITIQUE": 0, "HAUTE": 1, "VIGILANCE": 2, "INFO": 3}


def _order(alert: AlertView) -> tuple[int, date, str]:
    return _RANK[alert.severity], alert.due_on, alert.rule


@dataclass(frozen=True)
class PersonAlerts:
    """The alerts of one person on one line: the worst severity speaks."""

    journey_id: uuid.UUID
    severity: str
    alerts: tuple[AlertView, ...]

    @property
    def in_hand(self) -> bool:
        """Whether somebody has taken charge of every one of them."""
        return all(alert.status == "PRISE_EN_CHARGE" for alert in self.alerts)


def by_person(alerts: Iterable[AlertView]) -> list[PersonAlerts]:
    """Alerts grouped by journey: what nobody has in hand first, then the worst, then the oldest."""
    grouped: dict[uuid.UUID, list[AlertView]] = {}
    for alert in alerts:
        grouped.setdefault(alert.journey_id, []).append(alert)
    people = [PersonAlerts(j, found[0].severity, tuple(found)) for j, found in grouped.items()]
    return sorted(people, key=lambda p: (p.in_hand, _order(p.alerts[0])))


def coming_deadlines(
    today: date, until: date, journey_ids: Sequence[uuid.UUID] | Any, limit: int = 200
) -> list[DeadlineView]:
    """Deadlines due from tomorrow to `until`, soonest first."""
    rows = db.session.execute(
        select(
            StoredDeadline.journey_id,
            StoredDeadline.rule,
            StoredDeadline.kind,
            StoredDeadline.due_on,
            StoredDeadline.since,
        )
        .where(
            among(StoredDeadline.journey_id, journey_ids),
            StoredDeadline.alert_id.is_(None),
            StoredDeadline.due_on > today,
            StoredDeadline.due_on <= until,
        )
        .order_by(StoredDeadline.due_on, StoredDeadline.rule)
        .limit(limit)
    )
    return [
        DeadlineView(
            r.journey_id, r.rule, r.kind, r.due_on, coming_sentence(r.rule, r.kind, r.since, r.due_on)
        )
        for r in rows
    ]
