"""Every deadline from scratch, with all rules of all features; walks the territory as the operator, in batches."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds
from coordination.alerts.deadlines import Deadline, Key
from coordination.alerts.reconcile import reconcile
from coordination.cases.queries.facts import journey_facts
from coordination.cases.rules import CASE_RULES
from coordination.cases.rules import deadlines as case_deadlines
from coordination.db import act_as, db
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work
from coordination.referrals.queries import referral_facts
from coordination.referrals.rules import REFERRAL_RULES
from coordination.referrals.rules import deadlines as referral_deadlines

BATCH = 200
ALL_RULES = CASE_RULES | REFERRAL_RULES


class JourneyName(NamedTuple):
    id: uuid.UUID
    ref: str
    programme: str


def all_deadlines(
    grant: Grant, journey_ids: Sequence[uuid.UUID], calendar: Calendar, thresholds: Thresholds
) -> dict[uuid.UUID, dict[Key, Deadline]]:
    """What should stand on each journey, from all its facts. Never reads today."""
    facts = journey_facts(grant, journey_ids)
    referrals = referral_facts(journey_ids)
    return {
        journey_id: {
            **case_deadlines(one, calendar, thresholds),
            **referral_deadlines(one, tuple(referrals.get(journey_id, ())), calendar, thresholds),
        }
        for journey_id, one in facts.items()
    }


def reconcile_all(grant: Grant, journey_ids: Sequence[uuid.UUID], today: date, fact: str) -> int:
    """Recompute and store every deadline of journeys that the actor writes in; how many changed."""
    wanted = all_deadlines(grant, journey_ids, Calendar.load(), Thresholds.default())
    return reconcile(ALL_RULES, wanted, today, fact)


def territory(actor: Actor) -> list[JourneyName]:
    """Id, reference and programme of every journey, for the operator."""
    act_as(db.session, actor.id)
    rows = db.session.execute(text("SELECT id, ref, programme FROM operator_journeys()")).all()
    db.session.rollback()
    return [JourneyName(*row) for row in rows]


def batches(names: Sequence[JourneyName], size: int = BATCH) -> Iterator[list[uuid.UUID]]:
    for start in range(0, len(names), size):
        yield [name.id for name in names[start : start + size]]


def recompute(actor: Actor, now: datetime, today: date) -> dict[str, int]:
    """Recompute the whole territory, a short transaction per batch, so that pages are not blocked."""
    names = territory(actor)
    changed = 0
    for ids in batches(names):
        with work(actor, Action.RECOMPUTE, now) as w:
            grant = w.require()
            call("operator_access", ids)
            changed += reconcile_all(grant, ids, today, "recalcul des échéances")
            call("operator_access", [])
            w.audit(grant, [f"parcours={len(ids)}"])
    return {"journeys": len(names), "changed": changed}
