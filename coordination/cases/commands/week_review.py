"""The coordination's weekly review: one decision per journey and week, taken back as long as the week lasts."""

from __future__ import annotations

import uuid
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select, update

from coordination.alerts.commands import postpone_all, take_up_again
from coordination.cases.models import Journey
from coordination.cases.models_review import WeekDecision
from coordination.cases.stages import FROZEN
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.records import writable_folder
from coordination.privacy.volets import Volet
from coordination.privacy.work import work

# In the order of their keys on the page.
DECISIONS = ("APPELER", "REAFFECTER", "EPS", "PAUSE", "REPORTER", "SORTIE", "LAISSER")
# What a key says where nobody follows the journey, or where it ends otherwise: kept as it was pressed, so that it
# reads the same whatever the journey becomes. Code -> the decision that it is.
SAME_AS = {"NOMMER": "REAFFECTER", "CLORE": "SORTIE", "TERMINER": "SORTIE", "ATTENDRE": "LAISSER"}
# They bring somebody else in, or go on with the journey: not once the agreement is refused or withdrawn.
SHARING = frozenset({"REAFFECTER", "EPS", "PAUSE"})
# Nor is a family that refused called again for the sake of the review.
NOT_ONCE_REFUSED = SHARING | {"APPELER"}
POSTPONED_BY = timedelta(days=14)


def monday(day: date) -> date:
    """The first day of the week of `day`."""
    return day - timedelta(days=day.weekday())


def decide(actor: Actor, journey_id: uuid.UUID, decision: str, now: datetime) -> bool:
    """Keep what is decided this week; False if somebody already decided, whose decision stands.

    REPORTER also postpones the alerts that nobody has in hand. Raises BadInput, NotFound, Forbidden.
    """
    today = paris_date(now)
    with work(actor, Action.REVIEW_WEEK, now) as w:
        grant = w.require(journey_id)
        if SAME_AS.get(decision, decision) not in DECISIONS:
            raise BadInput("Choisissez une des décisions proposées.")
        # Of two coordinators at once, the second one finds what the first decided.
        agreed = db.session.scalar(select(Journey.agreement_status).where(Journey.id == journey_id))
        if SAME_AS.get(decision, decision) in NOT_ONCE_REFUSED and agreed in FROZEN:
            raise BadInput("L'accord est refusé ou retiré : plus rien ne se partage. Choisissez autre chose.")
        standing = db.session.scalar(
            select(WeekDecision.id).where(
                WeekDecision.journey_id == journey_id, WeekDecision.week == monday(today)
            )
        )
        if standing is None:
            until = today + POSTPONED_BY if decision == "REPORTER" else None
            db.session.execute(
                insert(WeekDecision).values(
                    id=uuid.uuid4(),
                    journey_id=journey_id,
                    folder_id=writable_folder(grant, journey_id, Volet.COORDINATION),
                    week=monday(today),
                    decision=decision,
                    on_date=today,
                    by_id=actor.id,
                    until_on=until,
                )
            )
            if until:
                postpone_all(actor, journey_id, until, today)
        w.audit(grant, ["week_decision"])
        return standing is None


def take_back(actor: Actor, journey_id: uuid.UUID, now: datetime) -> None:
    """Remove this week's decision: the journey comes again, and with it what it postponed. Raises NotFound."""
    with work(actor, Action.REVIEW_WEEK, now) as w:
        grant = w.require(journey_id)
        gone = db.session.execute(
            delete(WeekDecision)
            .where(WeekDecision.journey_id == journey_id, WeekDecision.week == monday(paris_date(now)))
            .returning(WeekDecision.by_id, WeekDecision.on_date, WeekDecision.until_on)
        ).first()
        if gone is None:
            raise NotFound("Rien n'a été décidé cette semaine pour ce parcours.")
        if gone.until_on is not None:
            postponed = gone.by_id, gone.on_date, gone.until_on
            take_up_again(actor, journey_id, postponed, paris_date(now))
        w.audit(grant, ["week_decision"])


def settle_wish(actor: Actor, journey_id: uuid.UUID, now: datetime) -> None:
    """The journey has been on the agenda of an EPS, or need not be any more. Raises NotFound."""
    with work(actor, Action.REVIEW_WEEK, now) as w:
        grant = w.require(journey_id)
        settled = db.session.execute(
            update(WeekDecision)
            .where(
                WeekDecision.journey_id == journey_id,
                WeekDecision.decision == "EPS",
                WeekDecision.settled_on.is_(None),
            )
            .values(settled_on=paris_date(now), version=WeekDecision.version + 1)
            .returning(WeekDecision.id)
        ).first()
        if settled is None:
            raise NotFound("Ce parcours n'attend pas d'EPS.")
        w.audit(grant, ["week_decision"])
