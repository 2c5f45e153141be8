"""The ways out of an alert: seen, taken in hand, postponed, set aside."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from coordination import reference
from coordination.alerts.catalogue import severity
from coordination.alerts.known import is_known
from coordination.alerts.life import AT_REVIEW
from coordination.alerts.models import OPEN_STATUSES, Alert, StoredDeadline
from coordination.clock import paris_date
from coordination.db import db, in_turn
from coordination.errors import BadInput, Conflict, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.nir import holds_nir
from coordination.privacy.policy import Action
from coordination.privacy.vault import keystore, sealed_row
from coordination.privacy.work import work

CHANGED_MEANWHILE = (
    "Quelqu'un d'autre vient de traiter cette alerte. Relisez ce qui en est dit, puis enregistrez votre réponse"
    " si elle est encore utile."
)
LONGEST_POSTPONEMENT = timedelta(days=180)


@dataclass(frozen=True)
class Answer:
    """`status`: VUE, PRISE_EN_CHARGE, REPORTEE (with `until`) or SANS_OBJET (with `reason`)."""

    status: str
    until: date | None = None
    reason: str | None = None
    comment: str = ""


def answer_alert(actor: Actor, alert_id: uuid.UUID, answer: Answer, version: int, now: datetime) -> uuid.UUID:
    """Note what a person does about an alert; the journey's id.

    Raises BadInput (a field per problem), NotFound, Forbidden, Conflict.
    """
    today = paris_date(now)
    with work(actor, Action.ANSWER_ALERT, now) as w:
        alert = db.session.execute(
            select(Alert.journey_id, Alert.folder_id, Alert.status).where(Alert.id == alert_id)
        ).first()
        if alert is None:
            raise NotFound("Cette alerte n'existe pas, ou vous n'y avez pas accès.", f"alert={alert_id}")
        grant = w.require(alert.journey_id)
        # A comment is sealed for its volet: not while the alert follows its record to another.
        in_turn("volets", alert.journey_id)
        _check(answer, today)
        if alert.status not in OPEN_STATUSES and not _comes_back(alert_id, alert.status, answer):
            raise Conflict("Cette alerte est déjà close.")
        values = {
            "status": answer.status,
            "acted_on": today,
            "acted_by": actor.id,
            "way_out": answer.reason,
        }
        # Seen is not acted upon: the delay before the coordination is told still runs from the return.
        if answer.status != "VUE" or alert.status == "SANS_OBJET":
            values["postponed_until"] = answer.until if answer.status == "REPORTEE" else None
        comment = answer.comment.strip()
        data_key = keystore().get([alert.folder_id])[alert.folder_id]
        cell = sealed_row(data_key, Alert, alert_id, {"comment": comment})["comment"]
        # Without a word, an earlier one stays; the cell is filled all the same.
        values["comment"] = cell if comment else func.coalesce(Alert.comment, cell)
        changed = db.session.execute(
            update(Alert)
            .where(Alert.id == alert_id, Alert.version == version)
            .values(**values, version=Alert.version + 1)
            .returning(Alert.id)
        ).first()
        if changed is None:
            raise Conflict(CHANGED_MEANWHILE)
        w.audit(grant, ["alert", "status"])
        journey_id: uuid.UUID = alert.journey_id
        return journey_id


def _comes_back(alert_id: uuid.UUID, status: str, answer: Answer) -> bool:
    """Set aside by mistake: it can be looked at again as long as the fact behind it stands."""
    return status == "SANS_OBJET" and answer.status == "VUE" and deadline_stands(alert_id)


def deadline_stands(alert_id: uuid.UUID) -> bool:
    """Whether what an alert says is still so."""
    found = select(StoredDeadline.alert_id).where(StoredDeadline.alert_id == alert_id)
    return db.session.scalar(found) is not None


def postpone_all(actor: Actor, journey_id: uuid.UUID, until: date, today: date) -> int:
    """Postpone what nobody has in hand on a journey, inside a `work` that required it; how many alerts."""
    in_turn("volets", journey_id)
    waiting = db.session.execute(
        select(Alert.id, Alert.folder_id, Alert.rule, Alert.kind).where(
            Alert.journey_id == journey_id, Alert.status.in_(("OUVERTE", "VUE")), is_known(Alert)
        )
    ).all()
    rows = [row for row in waiting if severity(row.rule, row.kind) != "INFO"]
    keys = keystore().get(sorted({row.folder_id for row in rows})) if rows else {}
    for row in rows:
        cell = sealed_row(keys[row.folder_id], Alert, row.id, {"comment": ""})["comment"]
        db.session.execute(
            update(Alert)
            .where(Alert.id == row.id, Alert.status.in_(("OUVERTE", "VUE")))
            .values(
                status="REPORTEE",
                acted_on=today,
                acted_by=actor.id,
                postponed_until=until,
                way_out=AT_REVIEW,
                comment=func.coalesce(Alert.comment, cell),
                version=Alert.version + 1,
            )
        )
    return len(rows)


def take_up_again(
    actor: Actor, journey_id: uuid.UUID, postponed: tuple[uuid.UUID, date, date], today: date
) -> None:
    """Undo what `postpone_all` did: by whom, on which day, until which day; inside the same kind of `work`."""
    by_id, on, until = postponed
    db.session.execute(
        update(Alert)
        .where(
            Alert.journey_id == journey_id,
            Alert.status == "REPORTEE",
            Alert.way_out == AT_REVIEW,
            Alert.acted_by == by_id,
            Alert.acted_on == on,
            Alert.postponed_until == until,
        )
        .values(
            status="VUE",
            acted_on=today,
            acted_by=actor.id,
            postponed_until=None,
            way_out=None,
            version=Alert.version + 1,
        )
    )


def _check(answer: Answer, today: date) -> None:
    problems: dict[str, str] = {}
    if answer.status not in ("VUE", "PRISE_EN_CHARGE", "REPORTEE", "SANS_OBJET"):
        problems["status"] = "Choisissez une des réponses proposées."
    if answer.status == "REPORTEE":
        if answer.until is None or answer.until <= today:
            problems["until"] = "Indiquez une date à venir."
        elif answer.until > today + LONGEST_POSTPONEMENT:
            problems["until"] = "Au plus six mois : une alerte reportée plus loin serait oubliée."
    if answer.status in ("REPORTEE", "SANS_OBJET") and answer.reason not in reference.labels(
        "alert_dismiss_reason"
    ):
        problems["reason"] = "Choisissez un motif."
    if len(answer.comment) > 2000:
        problems["comment"] = "Ce texte est trop long : 2000 caractères au plus."
    elif holds_nir(answer.comment):
        problems["comment"] = "Ce texte contient un numéro de sécurité sociale. Retirez-le."
    if problems:
        raise BadInput("Rien n'a été enregistré : corrigez les champs signalés.", problems)
