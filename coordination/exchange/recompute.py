"""Every deadline from scratch, with all rules of all features; walks the territory as the operator, in batches."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text

from coordination import clock
from coordination.alerts.sources import recount
from coordination.console import count
from coordination.db import act_as, db
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.halves import Unread, in_halves, raise_if_none_opens
from coordination.privacy.policy import Action
from coordination.privacy.work import refuse_unless_allowed, work

BATCH = 200
# References of journeys that a sentence names.
MOST_NAMED = 10


class JourneyName(NamedTuple):
    id: uuid.UUID
    ref: str
    programme: str


def territory(actor: Actor) -> list[JourneyName]:
    """Id, reference and programme of every journey, for the operator."""
    act_as(db.session, actor.id)
    rows = db.session.execute(text("SELECT id, ref, programme FROM operator_journeys()")).all()
    db.session.rollback()
    return [JourneyName(*row) for row in rows]


def batches(names: Sequence[JourneyName], size: int = BATCH) -> Iterator[list[uuid.UUID]]:
    for start in range(0, len(names), size):
        yield [name.id for name in names[start : start + size]]


@dataclass(frozen=True)
class Recounted:
    """`journeys`: how many were counted; `changed`: deadlines; `unread`: references of those that do not open."""

    journeys: int
    changed: int
    unread: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        return {"journeys": self.journeys, "changed": self.changed, "unread": len(self.unread)}

    def words(self) -> str:
        """For the operator."""
        changed = count(self.changed, "échéance modifiée", "échéances modifiées")
        said = f"{self.journeys} parcours, {changed}."
        if not self.unread:
            return said
        left = count(
            len(self.unread),
            "parcours n'a pas pu être lu et garde ses échéances d'avant",
            "parcours n'ont pas pu être lus et gardent leurs échéances d'avant",
        )
        named, more = ", ".join(self.unread[:MOST_NAMED]), len(self.unread) - MOST_NAMED
        others = f" et {more} de plus" if more > 0 else ""
        return f"{said}\n{left} : {named}{others}. La clé est absente, ou une donnée est abîmée."


def recompute(actor: Actor, now: datetime, today: date, *, pending: bool = False) -> dict[str, int]:
    """As `count_again`, in numbers."""
    return count_again(actor, now, today, pending=pending).counts()


def count_again(actor: Actor, now: datetime, today: date, *, pending: bool = False) -> Recounted:
    """Recompute the whole territory, a short transaction per batch, so that pages are not blocked.

    `pending`: only the journeys that wait for a new threshold to be taken up. One whose key is absent or whose
    cells are broken is left as it is. Raises Forbidden; KeyUnavailable or SealBroken where not one opens.
    """
    refuse_unless_allowed(actor, Action.RECOMPUTE, now)
    names = territory(actor)
    if pending:
        waiting = _pending(actor)
        names = [name for name in names if name.id in waiting]
    changed = 0

    def count_batch(ids: Sequence[uuid.UUID]) -> None:
        nonlocal changed
        with work(actor, Action.RECOMPUTE, now) as w:
            grant = w.require()
            call("operator_access", ids)
            found = recount(grant, ids, today, "recalcul des échéances")
            call("operator_access", [])
            w.audit(grant, [f"parcours={len(ids)}"])
        changed += found

    unread: Unread = {}
    groups = list(batches(names))
    for number, ids in enumerate(groups):
        unread |= in_halves(ids, count_batch)
        if number == 0 and len(unread) == len(ids):
            # One of each batch tells a fault of all keys, before thousands are tried one by one.
            some = [group[0] for group in groups]
            raise_if_none_opens(in_halves(some, count_batch), len(some))
    raise_if_none_opens(unread, len(names))
    return Recounted(
        len(names) - len(unread), changed, tuple(name.ref for name in names if name.id in unread)
    )


def keep_up(actor: Actor) -> Recounted:
    """Take up the journeys that wait for it, if there are any. Raises as `count_again`."""
    if not _pending(actor):
        return Recounted(0, 0, ())
    return count_again(actor, clock.now(), clock.today(), pending=True)


def _pending(actor: Actor) -> frozenset[uuid.UUID]:
    act_as(db.session, actor.id)
    found = call("pending_journeys")
    db.session.rollback()
    return frozenset(found)
