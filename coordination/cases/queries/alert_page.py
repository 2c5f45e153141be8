"""One alert with all that its page says: why it stands, what was answered, what can be."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from coordination.alerts.catalogue import Thresholds, rules, severity
from coordination.alerts.explain import Explanation, explain
from coordination.alerts.models import OPEN_STATUSES, Alert
from coordination.alerts.sentences import BREAKS, sentence
from coordination.cases.queries.people import Person, account_names, people
from coordination.db import db
from coordination.errors import NotFound
from coordination.privacy.policy import Grant


@dataclass(frozen=True)
class AlertPage:
    """An alert, closed or not. `acted_by` is the account that answered last."""

    id: uuid.UUID
    person: Person
    rule: str
    signal: str
    severity: str
    break_label: str
    sentence: str
    since: date
    due_on: date
    opened_on: date
    status: str
    is_open: bool
    acted_on: date | None
    acted_by: uuid.UUID | None
    acted_by_name: str
    postponed_until: date | None
    version: int
    more: Explanation


def journey_of_alert(alert_id: uuid.UUID) -> uuid.UUID:
    """The journey of an alert that the actor sees. Raises NotFound."""
    journey_id = db.session.scalar(select(Alert.journey_id).where(Alert.id == alert_id))
    if journey_id is None:
        raise NotFound("Cette alerte n'existe pas, ou vous n'y avez pas accès.", f"alert={alert_id}")
    return journey_id


def alert_page(grant: Grant, journey_id: uuid.UUID, alert_id: uuid.UUID, today: date) -> AlertPage:
    """The alert of a journey that the grant covers."""
    names = (
        "rule",
        "kind",
        "because",
        "since",
        "due_on",
        "opened_on",
        "status",
        "acted_on",
        "acted_by",
        "postponed_until",
        "version",
    )
    table = Alert.__table__
    row = db.session.execute(select(*(table.c[name] for name in names)).where(Alert.id == alert_id)).one()
    rule = rules()[row.rule]
    authors = account_names({row.acted_by} if row.acted_by else set())
    return AlertPage(
        id=alert_id,
        person=people(grant, [journey_id])[journey_id],
        rule=row.rule,
        signal=rule.signal,
        severity=severity(row.rule, row.kind),
        break_label=BREAKS[rule.break_type],
        sentence=sentence(row.rule, row.kind, row.since, today),
        since=row.since,
        due_on=row.due_on,
        opened_on=row.opened_on,
        status=row.status,
        is_open=row.status in OPEN_STATUSES,
        acted_on=row.acted_on,
        acted_by=row.acted_by,
        acted_by_name=authors.get(row.acted_by, ""),
        postponed_until=row.postponed_until,
        version=row.version,
        more=explain(row.rule, row.kind, row.because, Thresholds.default()),
    )
