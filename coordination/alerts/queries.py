"""Reads of alerts and deadlines, under row-level security."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
)

from coordination.alerts.catalogue import SEVERITY_RANK, replaced, rules, severity
from coordination.alerts.known import is_known, is_serious
from coordination.alerts.models import Alert, StoredDeadline
from coordination.alerts.sentences import BREAKS, coming_sentence, sentence
from coordination.alerts.targets import AGES, since_is_target
from coordination.db import among, db, many

ON_SCREEN = ("OUVERTE", "VUE", "PRISE_EN_CHARGE")
# Answered, so not shown; while their deadline stands they still speak for the alerts that they replace.
ANSWERED = ("REPORTEE", "SANS_OBJET")


class AlertView(NamedTuple):
    """An open alert as a page shows it; no name. A tuple: lists read thousands and show fifty."""

    id: uuid.UUID
    journey_id: uuid.UUID
    rule: str
    kind: str
    subject_id: str
    because: str
    since: date
    due_on: date
    opened_on: date
    status: str
    initial: bool
    escalated_on: date | None
    version: int
    folder_id: uuid.UUID
    today: date

    @property
    def severity(self) -> str:
        return severity(self.rule, self.kind)

    @property
    def break_type(self) -> str:
        return rules()[self.rule].break_type

    @property
    def break_label(self) -> str:
        return BREAKS[self.break_type]

    @property
    def sentence(self) -> str:
        return sentence(self.rule, self.kind, self.since, self.today, self.because, due_on=self.due_on)

    @property
    def target(self) -> date | None:
        """The day that an announcement looks forward to, where its fact is that day."""
        return self.since if since_is_target(self.rule, self.kind) else None

    @property
    def from_fact(self) -> bool:
        """Whether `since` is the day of a fact: neither a day to come nor the first of a month of alert."""
        return self.target is None and self.rule not in AGES

    @property
    def escalated(self) -> bool:
        return self.escalated_on is not None


@dataclass(frozen=True)
class DeadlineView:
    """A deadline still to come."""

    journey_id: uuid.UUID
    rule: str
    kind: str
    due_on: date
    sentence: str


def open_alerts(today: date, journey_ids: Sequence[uuid.UUID] | None = None) -> list[AlertView]:
    """Alerts that stand on journeys (None: on every visible one), worst first. At most two statements.

    Those that a worse one replaces are hidden, also while the worse one is postponed or set aside: an answer must
    not bring back the same words.
    """
    return _standing(today, journey_ids, only_serious=False)


def serious_alerts(today: date, journey_ids: Sequence[uuid.UUID] | None = None) -> list[AlertView]:
    """Those of VIGILANCE and above; INFO goes to the weekly digest and to the journey's own page only."""
    # What is INFO hides nothing that is not: it need not be read.
    return _standing(today, journey_ids, only_serious=True)


def _standing(today: date, journey_ids: Sequence[uuid.UUID] | None, *, only_serious: bool) -> list[AlertView]:
    asked = {} if journey_ids is None else {"ids": list(journey_ids)}
    rows = db.session.execute(_unresolved(journey_ids is not None, only_serious), asked).all()
    alerts = [AlertView._make((*row, today)) for row in rows]
    still = _whose_deadline_stands([alert for alert in alerts if alert.status in ANSWERED])
    by_journey: dict[uuid.UUID, list[AlertView]] = {}
    for alert in alerts:
        if alert.status in ON_SCREEN or alert.id in still:
            by_journey.setdefault(alert.journey_id, []).append(alert)
    shown: list[AlertView] = []
    for mine in by_journey.values():
        hidden = replaced((a.rule, a.kind, a.subject_id) for a in mine) if len(mine) > 1 else frozenset()
        shown += (a for a in mine if a.status in ON_SCREEN and (a.rule, a.kind, a.subject_id) not in hidden)
    return sorted(shown, key=_order)


@dataclass(frozen=True)
class PutAside:
    """An alert that was postponed (`until`) or set aside, and whose fact still stands."""

    id: uuid.UUID
    status: str
    sentence: str
    until: date | None


def put_aside(journey_id: uuid.UUID, today: date) -> tuple[PutAside, ...]:
    """What somebody took off the screen of one journey, the first to come back first. One statement."""
    rows = db.session.execute(_put_aside(), {"journey_id": journey_id})
    return tuple(
        PutAside(
            r.id, r.status, sentence(r.rule, r.kind, r.since, today, r.because, due_on=r.due_on), r.until
        )
        for r in rows
    )


@cache
def _put_aside() -> Select[Any]:
    return (
        select(
            Alert.id,
            Alert.status,
            Alert.rule,
            Alert.kind,
            Alert.since,
            Alert.due_on,
            Alert.because,
            case((Alert.status == "REPORTEE", Alert.postponed_until)).label("until"),
        )
        .join(StoredDeadline, StoredDeadline.alert_id == Alert.id)
        .where(Alert.journey_id == bindparam("journey_id"), Alert.status.in_(ANSWERED), is_known(Alert))
        .order_by(Alert.status, Alert.postponed_until, Alert.rule)
    )


def closed_by(journey_id: uuid.UUID, fact: str, today: date) -> int:
    """How many alerts of a journey the fact named has closed today."""
    found = db.session.scalar(
        select(func.count()).where(
            Alert.journey_id == journey_id, Alert.resolved_on == today, Alert.resolved_because == fact
        )
    )
    return found or 0


def _whose_deadline_stands(answered: Sequence[AlertView]) -> set[uuid.UUID]:
    """Ids of those, looked up apart: joined, the wall would look at each deadline once per alert."""
    if not answered:
        return set()
    return set(
        db.session.scalars(
            select(StoredDeadline.alert_id).where(
                among(StoredDeadline.journey_id, {alert.journey_id for alert in answered}),
                StoredDeadline.alert_id.is_not(None),
            )
        )
    )


_COLUMNS = AlertView._fields[:-1]


@cache
def _unresolved(of_journeys: bool, only_serious: bool) -> Select[Any]:
    """Put together once."""
    query = select(*(Alert.__table__.c[name] for name in _COLUMNS)).where(
        # Written out: the partial index is chosen for a value that the database knows beforehand.
        Alert.status != literal_column("'RESOLUE'"),
        is_serious(Alert) if only_serious else is_known(Alert),
    )
    return query.where(Alert.journey_id == many("ids")) if of_journeys else query


def _order(alert: AlertView) -> tuple[int, date, str]:
    return SEVERITY_RANK[alert.severity], alert.due_on, alert.rule


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
    people = []
    for journey_id, found in grouped.items():
        # Of the same severity, what is new speaks before what stood when the files were taken over.
        told = sorted(found, key=lambda alert: (SEVERITY_RANK[alert.severity], alert.initial))
        people.append((_order(found[0]), PersonAlerts(journey_id, found[0].severity, tuple(told))))
    return [person for _, person in sorted(people, key=lambda one: (one[1].in_hand, one[0]))]


def coming_deadlines(
    today: date,
    until: date,
    journey_ids: Sequence[uuid.UUID] | Any,
    limit: int = 200,
    *,
    also_due: bool = False,
    only_serious: bool = False,
) -> list[DeadlineView]:
    """Deadlines due from tomorrow to `until`, soonest first; `also_due`: before them, what the next scan opens."""
    asked: dict[str, Any] = {"after": date.min if also_due else today, "until": until, "most": limit}
    if isinstance(journey_ids, Select):
        query = _coming(only_serious).where(StoredDeadline.journey_id.in_(journey_ids))
    else:
        query, asked = _coming_of(only_serious), asked | {"ids": list(journey_ids)}
    rows = db.session.execute(query, asked)
    return [
        DeadlineView(
            r.journey_id,
            r.rule,
            r.kind,
            r.due_on,
            coming_sentence(r.rule, r.kind, r.since, r.due_on)
            if r.due_on > today
            else sentence(r.rule, r.kind, r.since, today),
        )
        for r in rows
    ]


@cache
def _coming_of(only_serious: bool) -> Any:
    return _coming(only_serious).where(StoredDeadline.journey_id == many("ids"))


@cache
def _coming(only_serious: bool) -> Any:
    return (
        select(
            StoredDeadline.journey_id,
            StoredDeadline.rule,
            StoredDeadline.kind,
            StoredDeadline.due_on,
            StoredDeadline.since,
        )
        .where(
            StoredDeadline.alert_id.is_(None),
            StoredDeadline.due_on > bindparam("after"),
            StoredDeadline.due_on <= bindparam("until"),
            is_serious(StoredDeadline) if only_serious else is_known(StoredDeadline),
        )
        .order_by(StoredDeadline.due_on, StoredDeadline.rule)
        .limit(bindparam("most"))
    )
