"""What the pages of thresholds show: the rules with what stands, one rule, one trial, who waits for a recount."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text

from coordination.alerts.catalogue import Rule, rules
from coordination.alerts.in_force import Place, live, setting_of
from coordination.alerts.models_thresholds import LIVE, RecomputeQueue, Threshold, ThresholdTrial
from coordination.alerts.running import RUNS
from coordination.alerts.sentences import BREAKS
from coordination.alerts.settings import Values, catalogue_values, standing, tunable_rules
from coordination.alerts.sources import sources
from coordination.alerts.trial import by_referent
from coordination.alerts.trial_chart import Chart, draw
from coordination.cases.models import Journey
from coordination.cases.queries.people import account_names, structure_names
from coordination.db import NOBODY, db
from coordination.errors import NotFound
from coordination.privacy.policy import Grant

_ANSWERS = text(
    "SELECT opened, set_aside, (SELECT min(on_date) FROM scan_run) FROM"
    " answers_of_rule(:rule, :programme, :first, :last)"
)


@dataclass(frozen=True)
class Decided:
    """A setting that somebody decided, in force or to come. `where`: None for the whole programme."""

    id: uuid.UUID
    words: str
    where: str | None
    since: date
    until: date | None
    begun: bool
    by: str
    at: datetime
    trial_id: uuid.UUID


@dataclass(frozen=True)
class RuleLine:
    """A rule that may be set; `words`: what stands for the programme today."""

    rule: Rule
    words: str
    usual: str
    changed: bool
    decided: tuple[Decided, ...]


@dataclass(frozen=True)
class Waiting:
    """Journeys of the programmes that the actor coordinates: how many still wait for a new threshold."""

    left: int
    total: int


def rules_of(programme: str) -> list[Rule]:
    """Rules of a programme that have something to set."""
    return tunable_rules(programme, frozenset[str]().union(*(source.rules for source in sources())))


def rule_lines(_grant: Grant, programme: str, today: date) -> list[tuple[str, list[RuleLine]]]:
    """The rules under the French name of what they watch, in catalogue order. A fixed number of statements."""
    rows = db.session.execute(
        select(Threshold.__table__)
        .where(Threshold.programme == programme, Threshold.status.in_(LIVE))
        .order_by(Threshold.valid_from, Threshold.decided_at)
    ).all()
    people = account_names({row.decided_by for row in rows})
    places = structure_names({row.structure_id for row in rows if row.structure_id})
    settings = [setting_of(row) for row in rows if row.structure_id is None]
    grouped: dict[str, list[RuleLine]] = {}
    for rule in rules_of(programme):
        mine = tuple(_decided(row, people, places) for row in rows if row.rule == rule.id)
        now, usual = (
            values.words(rule.id)
            for values in (standing(settings, rule.id, today), catalogue_values(rule.id))
        )
        grouped.setdefault(BREAKS[rule.break_type], []).append(RuleLine(rule, now, usual, now != usual, mine))
    return list(grouped.items())


def _decided(row: Any, people: dict[uuid.UUID, str], places: dict[uuid.UUID, str]) -> Decided:
    return Decided(
        row.id,
        Values.of(row).words(row.rule),
        places.get(row.structure_id, "une structure") if row.structure_id else None,
        row.valid_from,
        row.valid_until,
        setting_of(row).begun,
        people.get(row.decided_by, "compte inconnu"),
        row.decided_at,
        row.trial_id,
    )


def waiting(programmes: Iterable[str]) -> Waiting:
    """How far the recount is, among the journeys that the actor sees."""
    mine = Journey.programme.in_(list(programmes))
    whole = db.session.scalar(select(func.count()).select_from(Journey).where(mine))
    return Waiting(left_to_recount(programmes), whole or 0)


def left_to_recount(programmes: Iterable[str]) -> int:
    """Journeys that the actor sees, whose deadlines wait for a recount. One statement."""
    left = (
        select(func.count())
        .select_from(RecomputeQueue)
        .join(Journey, Journey.id == RecomputeQueue.journey_id)
        .where(Journey.programme.in_(list(programmes)))
    )
    return db.session.scalar(left) or 0


def present_values(place: Place, today: date) -> Values:
    """What stands at a place today, whoever set it."""
    return standing(live(place), place.rule, today)


def structures_of(programme: str) -> dict[str, str]:
    """id -> name of the structures where référents of the programme's journeys work."""
    rows = db.session.execute(
        text(
            "SELECT DISTINCT s.id, s.name FROM structure s JOIN (SELECT DISTINCT"
            " referent_structure(j.referent_id, j.programme) AS id FROM (SELECT DISTINCT referent_id, programme"
            f" FROM journey WHERE programme = :programme AND {RUNS}) j) used ON used.id = s.id"
            " ORDER BY s.name"
        ),
        {"programme": programme},
    )
    return {str(id_): name for id_, name in rows}


@dataclass(frozen=True)
class TrialPage:
    """A trial as its page shows it. `empty`: nothing in the past to try on."""

    id: uuid.UUID
    rule: Rule
    place: Place
    where: str | None
    present: str
    proposed: str
    trial: Any
    chart: Chart
    referents: list[tuple[str, int, int, float, float]]
    answered: int
    set_aside: int
    # The day of the first scan: before it no alert was opened, whatever the trial would have raised.
    scanned_from: date | None

    @property
    def empty(self) -> bool:
        return self.trial.journeys == 0

    @property
    def silent(self) -> bool:
        """Neither setting would have raised anything."""
        return not any(self.trial.weeks_before) and not any(self.trial.weeks_after)


def trial_page(_grant: Grant, trial_id: uuid.UUID) -> TrialPage:
    """Raises NotFound for a trial that the actor does not see."""
    row = db.session.execute(
        select(ThresholdTrial.__table__).where(ThresholdTrial.id == trial_id)
    ).one_or_none()
    if row is None:
        raise NotFound("Cet essai n'existe pas, ou vous n'y avez pas accès.", f"threshold_trial={trial_id}")
    names = account_names({id_ for id_ in row.referents if id_ != NOBODY})

    def name(who: uuid.UUID | None) -> str:
        return "Aucun référent" if who in (None, NOBODY) else names.get(who, "compte inconnu")

    before = dict(zip(row.referents, row.referents_before, strict=True))
    after = dict(zip(row.referents, row.referents_after, strict=True))
    answered, set_aside, scanned_from = _answers(row)
    return TrialPage(
        row.id,
        rules()[row.rule],
        Place.of(row),
        structure_names({row.structure_id}).get(row.structure_id) if row.structure_id else None,
        Values.read(row.present).words(row.rule),
        Values.of(row).words(row.rule),
        row,
        draw(row.from_on, row.weeks_before, row.weeks_after),
        by_referent(before, after, len(row.weeks_before), name),
        answered,
        set_aside,
        scanned_from,
    )


def _answers(row: Any) -> tuple[int, int, date | None]:
    """(alerts of the rule really opened in the period, those that people set aside, day of the first scan)."""
    asked = {"rule": row.rule, "programme": row.programme, "first": row.from_on, "last": row.until_on}
    opened, set_aside, scanned_from = db.session.execute(_ANSWERS, asked).one()
    return opened, set_aside, scanned_from
