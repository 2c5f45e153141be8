"""One alert with all that its page says: why it stands, what was answered, what can be."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import func, or_, select

from coordination.accounts.models import Membership
from coordination.alerts.catalogue import rules, severity
from coordination.alerts.commands import deadline_stands
from coordination.alerts.explain import Explanation, explain
from coordination.alerts.in_force import present
from coordination.alerts.known import is_known
from coordination.alerts.life import Happened, history
from coordination.alerts.models import OPEN_STATUSES, Alert
from coordination.alerts.sentences import BREAKS, sentence
from coordination.alerts.tiers import to_propose
from coordination.alerts.ways import MEANWHILE
from coordination.cases.models import Journey
from coordination.cases.queries.explained import Dates, dates_of, who_set
from coordination.cases.queries.people import Person, account_names, people
from coordination.cases.seen import ACROSS, sees_all_writings
from coordination.db import db
from coordination.errors import NotFound
from coordination.privacy.models import Access
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows


@dataclass(frozen=True)
class AlertPage:
    """An alert, closed or not. `acted_by` is the account that answered last."""

    id: uuid.UUID
    person: Person
    rule: str
    subject_id: str
    signal: str
    severity: str
    break_label: str
    sentence: str
    opened_on: date
    status: str
    is_open: bool
    acted_on: date | None
    acted_by: uuid.UUID | None
    acted_by_name: str
    postponed_until: date | None
    version: int
    history: tuple[tuple[Happened, str], ...]
    propose: tuple[str, ...]
    comment: str
    may_come_back: bool
    meanwhile: str
    dates: Dates
    more: Explanation
    setting: str
    folder_id: uuid.UUID

    def __repr__(self) -> str:
        return f"<AlertPage {self.id}>"

    @property
    def journey_id(self) -> uuid.UUID:
        return self.person.journey_id


def journey_of_alert(alert_id: uuid.UUID) -> uuid.UUID:
    """The journey of an alert that the actor sees. Raises NotFound."""
    journey_id = db.session.scalar(select(Alert.journey_id).where(Alert.id == alert_id, is_known(Alert)))
    if journey_id is None:
        raise NotFound("Cette alerte n'existe pas, ou vous n'y avez pas accès.", f"alert={alert_id}")
    return journey_id


def alert_page(grant: Grant, journey_id: uuid.UUID, alert_id: uuid.UUID, today: date) -> AlertPage:
    """The alert of a journey that the grant covers."""
    names = (
        "rule",
        "subject_id",
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
        "folder_id",
    )
    table = Alert.__table__
    row = db.session.execute(
        select(*(table.c[name] for name in names), Journey.programme)
        .join(Journey, Journey.id == Alert.journey_id)
        .where(Alert.id == alert_id)
    ).one()
    rule = rules()[row.rule]
    in_force = present(journey_id)
    happened = history([alert_id])[alert_id]
    closed = not sees_all_writings(row.programme, grant.readable)
    authors = account_names({id_ for id_ in (row.acted_by, *(line.by_id for line in happened)) if id_})
    return AlertPage(
        id=alert_id,
        person=people(grant, [journey_id])[journey_id],
        rule=row.rule,
        subject_id=row.subject_id,
        signal=rule.signal,
        severity=severity(row.rule, row.kind),
        break_label=BREAKS[rule.break_type],
        sentence=sentence(
            row.rule, row.kind, row.since, today, row.because, in_force.thresholds, due_on=row.due_on
        ),
        opened_on=row.opened_on,
        status=row.status,
        is_open=row.status in OPEN_STATUSES,
        acted_on=row.acted_on,
        acted_by=row.acted_by,
        acted_by_name=authors.get(row.acted_by, ""),
        postponed_until=row.postponed_until,
        version=row.version,
        history=tuple(
            (_told(line, row.rule, closed), authors.get(line.by_id, "") if line.by_id else "")
            for line in happened
        ),
        propose=_to_propose(row.rule, row.folder_id, today) if row.status in OPEN_STATUSES else (),
        comment=open_rows(grant, Alert, ("comment",), Alert.id == alert_id)[0]["comment"] or "",
        may_come_back=row.status == "SANS_OBJET" and deadline_stands(alert_id),
        meanwhile=MEANWHILE.get(row.rule, "") if row.status in OPEN_STATUSES else "",
        dates=dates_of(row, in_force.thresholds),
        more=explain(row.rule, in_force),
        setting=who_set(in_force.origins, [row.rule]).get(row.rule, ""),
        folder_id=row.folder_id,
    )


def _told(line: Happened, rule_id: str, closed: bool) -> Happened:
    """A line of the history; without what was written where the alert may have ended by another volet.

    `closed`: somebody may write in a volet that the reader does not have.
    """
    if not closed or line.what != "RESOLUE" or rule_id not in ACROSS:
        return line
    return replace(line, why=f"saisie du {line.on:%d/%m/%Y}")


def _to_propose(rule_id: str, folder_id: uuid.UUID, today: date) -> tuple[str, ...]:
    """Partners named by the rule who have no access to the volet of the alert: a referral can be proposed."""
    if not to_propose(rule_id, ()):
        return ()
    roles = db.session.scalars(
        select(Membership.role)
        .join(Access, Access.actor_id == Membership.account_id)
        .where(
            Access.folder_id == folder_id,
            Membership.ended_at.is_(None),
            func.date(Access.from_at) <= today,
            or_(Access.until_at.is_(None), func.date(Access.until_at) > today),
        )
    )
    return to_propose(rule_id, set(roles))
