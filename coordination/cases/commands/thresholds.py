"""Setting a threshold: tried on the territory's own past, then decided with its days."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import rules
from coordination.alerts.in_force import Place, live
from coordination.alerts.models_thresholds import (
    IN_FORCE,
    LIVE,
    OVER,
    TO_COME,
    WITHDRAWN,
    Threshold,
    ThresholdTrial,
)
from coordination.alerts.settings import FIELDS, Values, check, first_overlap, standing
from coordination.alerts.trial import Outcome
from coordination.cases.queries.followers import coordinated
from coordination.cases.queries.threshold_pages import rules_of
from coordination.cases.queries.trial import try_on_the_past
from coordination.clock import paris_date
from coordination.db import NOBODY, db, in_turn
from coordination.errors import BadInput, Forbidden, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import work
from coordination.web.filters import long_date

FRESH = timedelta(days=1)
"""How long a trial is good for: the past has moved on after that."""
FARTHEST = 366
NO_SUCH = "Ce réglage n'existe pas, ou vous n'y avez pas accès."
PERIODS = {"6": 26, "12": 52}
"""Months, as people say, and the weeks they stand for."""


@dataclass(frozen=True)
class NewTrial:
    """`months`: a key of PERIODS."""

    place: Place
    values: Values
    months: str = "6"


def make_trial(
    actor: Actor, trial_id: uuid.UUID, new: NewTrial, now: datetime, *, key: str = "", answer: str = ""
) -> None:
    """Try a setting on the past that the actor coordinates, kept under `trial_id`. Nothing changes yet.

    Raises BadInput (a field per number), NotFound for what the actor does not coordinate, Forbidden, AlreadyDone.
    """
    today = paris_date(now)
    with work(actor, Action.SET_THRESHOLDS, now) as w:
        grant = w.require()
        require_place(actor, new.place)
        if key:
            w.once(key, repr(new).encode(), answer)
        settings = live(new.place)
        present = standing(settings, new.place.rule, today)
        check(new.place.rule, new.values, lambda other: standing(settings, other, today))
        if new.values.code() == present.code():
            raise BadInput(
                "C'est déjà le réglage actuel.",
                {_first_field(new.values): "C'est déjà le réglage actuel : il n'y a rien à essayer."},
            )
        weeks = PERIODS.get(new.months, PERIODS["6"])
        last = today - timedelta(days=1)
        first = last - timedelta(days=7 * weeks - 1)
        outcome = try_on_the_past(grant, new.place, settings, new.values, (first, last), Calendar.load())
        row = _trial_row(outcome, new, present)
        db.session.add(ThresholdTrial(id=trial_id, made_by=actor.id, made_at=now, **row))
        w.audit(grant, ["essai", new.place.rule, new.place.programme, f"parcours={outcome.journeys}"])


def _first_field(values: Values) -> str:
    return next((name for name in FIELDS if getattr(values, name) is not None), "switched_on")


def _trial_row(outcome: Outcome, new: NewTrial, present: Values) -> dict[str, Any]:
    who = sorted(outcome.before.by_referent.keys() | outcome.after.by_referent.keys(), key=str)
    return {
        **new.place.columns(),
        **new.values.columns(),
        "from_on": outcome.first,
        "until_on": outcome.last,
        "present": present.code(),
        "journeys": outcome.journeys,
        "unread": outcome.unread,
        "weeks_before": list(outcome.before.weeks),
        "weeks_after": list(outcome.after.weeks),
        # Journeys without référent count under the zero id.
        "referents": [each or NOBODY for each in who],
        "referents_before": [outcome.before.by_referent.get(each, 0) for each in who],
        "referents_after": [outcome.after.by_referent.get(each, 0) for each in who],
        "breaks": outcome.breaks,
        "found_before": outcome.before.found,
        "found_after": outcome.after.found,
        "days_gained": outcome.days_gained,
        "needless_before": outcome.before.needless,
        "needless_after": outcome.after.needless,
    }


@dataclass(frozen=True)
class Decision:
    """`valid_until` None: until another setting follows."""

    trial_id: uuid.UUID
    valid_from: date | None
    valid_until: date | None = None


def decide(actor: Actor, decision: Decision, now: datetime, *, key: str = "", answer: str = "") -> int:
    """Set what a trial of less than a day ago has tried; how many journeys wait for a recount then.

    An open-ended setting of the same place is replaced by an open-ended one, and comes back after one with an end.
    Raises BadInput (`valid_from`, `valid_until`, or none: the trial is too old), NotFound, Forbidden, AlreadyDone.
    """
    today = paris_date(now)
    with work(actor, Action.SET_THRESHOLDS, now) as w:
        grant = w.require()
        trial = _trial(actor, decision.trial_id)
        if key:
            w.once(key, repr(decision).encode(), answer)
        # Two coordinators who decide at once: the second sees what the first decided.
        in_turn("threshold")
        place, values = Place.of(trial), Values.of(trial)
        since = _check_days(decision, today)
        _check_trial(trial, place, values, now, today, since)
        _make_room(place, since, decision.valid_until, today)
        _add(place, values, since, decision.valid_until, today, trial.id, actor, now)
        queued = _queue(place)
        w.audit(grant, ["seuil", place.rule, place.programme])
        return queued


def _queue(place: Place) -> int:
    """The journeys concerned wait for a recount; how many."""
    queued = db.session.scalar(
        text("SELECT queue_recompute(CAST(:programme AS text), CAST(:structure AS uuid))"),
        {"programme": place.programme, "structure": place.structure_id},
    )
    return int(queued or 0)


def _trial(actor: Actor, trial_id: uuid.UUID) -> Any:
    trial = db.session.execute(
        select(ThresholdTrial.__table__).where(ThresholdTrial.id == trial_id)
    ).one_or_none()
    if trial is None:
        raise NotFound("Cet essai n'existe pas, ou vous n'y avez pas accès.", f"threshold_trial={trial_id}")
    require_place(actor, Place.of(trial))
    return trial


def _check_days(decision: Decision, today: date) -> date:
    problems: dict[str, str] = {}
    since, until = decision.valid_from, decision.valid_until
    if since is None:
        problems["valid_from"] = "Indiquez le premier jour de ce réglage."
    elif since < today:
        problems["valid_from"] = "Ce jour est passé : un réglage commence au plus tôt aujourd'hui."
    elif (since - today).days > FARTHEST:
        problems["valid_from"] = "Au plus un an à l'avance : l'essai sur le passé ne vaudrait plus."
    if since is not None and until is not None and until < since:
        problems["valid_until"] = "Ce jour vient avant le premier jour du réglage."
    if problems or since is None:
        raise BadInput("Ces dates ne sont pas possibles.", problems)
    return since


def _check_trial(trial: Any, place: Place, values: Values, now: datetime, today: date, since: date) -> None:
    if now - trial.made_at > FRESH:
        raise BadInput("Cet essai date de plus d'un jour : refaites-le avant d'appliquer ce réglage.")
    settings = live(place)
    if standing(settings, place.rule, today).code() != trial.present:
        raise BadInput("Le réglage actuel a changé depuis cet essai : refaites-le.")
    check(place.rule, values, lambda other: standing(settings, other, since))


def _make_room(place: Place, since: date, until: date | None, today: date) -> None:
    """Raises BadInput where another period stands. An open-ended setting that goes on does not: the new one goes
    before it, and where the new one ends the other one stands again."""
    rows = db.session.execute(
        select(Threshold.__table__).where(*place.criteria(Threshold), Threshold.status.in_(LIVE))
    ).all()
    going_on = [row for row in rows if row.valid_until is None and row.valid_from <= since]
    others = [(row.valid_from, row.valid_until) for row in rows if row not in going_on]
    if taken := first_overlap(others, since, until):
        raise BadInput("Ces dates ne sont pas possibles.", {"valid_from": _taken(taken)})
    if until is None:
        for row in going_on:
            # For good: what it replaces from its first day was never there, else it ends on the eve.
            eve = since - timedelta(days=1)
            if row.valid_from == since:
                change: dict[str, Any] = {"status": WITHDRAWN}
            elif since <= today:
                change = {"valid_until": eve, "status": OVER}
            else:
                continue
            db.session.execute(update(Threshold).where(Threshold.id == row.id).values(**change))


def _taken(period: tuple[date, date | None]) -> str:
    since, until = period
    days = f"du {long_date(since)} au {long_date(until)}" if until else f"à partir du {long_date(since)}"
    return (
        f"Un autre réglage de cette règle est déjà prévu {days} : choisissez d'autres dates, ou retirez-le."
    )


def _add(
    place: Place,
    values: Values,
    since: date,
    until: date | None,
    today: date,
    trial_id: uuid.UUID,
    actor: Actor,
    now: datetime,
) -> None:
    db.session.flush()
    db.session.add(
        Threshold(
            **place.columns(),
            **values.columns(),
            valid_from=since,
            valid_until=until,
            status=IN_FORCE if since <= today else TO_COME,
            trial_id=trial_id,
            decided_by=actor.id,
            decided_at=now,
        )
    )
    db.session.flush()


def withdraw(actor: Actor, threshold_id: uuid.UUID, now: datetime) -> None:
    """Take back a setting that has not begun. Raises NotFound, Forbidden, BadInput once it has begun."""
    with work(actor, Action.SET_THRESHOLDS, now) as w:
        grant = w.require()
        row = db.session.execute(
            select(Threshold.__table__).where(Threshold.id == threshold_id)
        ).one_or_none()
        if row is None or row.programme not in coordinated(actor):
            raise NotFound(NO_SUCH, f"threshold={threshold_id}")
        if row.status != TO_COME:
            raise BadInput("Ce réglage a déjà commencé : essayez et appliquez celui qui doit le remplacer.")
        db.session.execute(update(Threshold).where(Threshold.id == row.id).values(status=WITHDRAWN))
        _queue(Place.of(row))
        w.audit(grant, ["retrait", row.rule, row.programme])


def require_place(actor: Actor, place: Place) -> None:
    """Raises NotFound unless the actor coordinates the programme and the rule is one of its rules to set."""
    if place.programme not in coordinated(actor) or place.rule not in {
        r.id for r in rules_of(place.programme)
    }:
        # The log keeps a rule of ours, not whatever was typed in an address.
        raise NotFound(NO_SUCH, f"rule={place.rule}" if place.rule in rules() else "")
    if not db.session.scalar(select(func.may_see_journeys(actor.id))):
        # The trial would look at an empty past.
        raise Forbidden("Votre charte ou votre base de secret n'est plus en règle.")
