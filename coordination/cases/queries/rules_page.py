"""Every rule that concerns a journey and where it stands there: the page « Règles de ce parcours »."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from coordination.alerts.catalogue import Rule, Thresholds, rules
from coordination.alerts.explain import BASES, FACTS, ends, formula, reason
from coordination.alerts.in_force import present
from coordination.alerts.models import OPEN_STATUSES, Alert, StoredDeadline
from coordination.alerts.sentences import BREAKS, coming_sentence, sentence
from coordination.alerts.sources import sources
from coordination.cases.queries.facts import journey_facts
from coordination.cases.queries.people import Person, person_of
from coordination.cases.rules import standing_rules
from coordination.cases.rules.missing import missing
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.volets import Volet

OUT, STANDS, LACKING, OFF, IDLE, ELSEWHERE = "OUT", "STANDS", "LACKING", "OFF", "IDLE", "ELSEWHERE"
"""An alert is out; a date is set; a fact is missing; switched off; nothing to count from; behind a gate."""
_SHOWN_FIRST = (OUT, LACKING, STANDS)


@dataclass(frozen=True)
class Standing:
    """One date of a rule. `alert_id`: its alert, while it is open."""

    sentence: str
    fact: str
    since: date
    due_on: date
    alert_id: uuid.UUID | None
    status: str | None


@dataclass(frozen=True)
class RuleState:
    """A rule on this journey, in plain French. `usual`: the catalogue's formula where another is in force."""

    rule: Rule
    state: str
    dates: tuple[Standing, ...]
    lacks: str | None
    formula: str
    usual: str | None
    ends: str
    reason: str
    basis: str


@dataclass(frozen=True)
class BreakGroup:
    """The rules of one type of break: those that say something, and the quiet ones."""

    label: str
    speaking: tuple[RuleState, ...]
    quiet: tuple[RuleState, ...]


@dataclass(frozen=True)
class RulesPage:
    person: Person
    groups: tuple[BreakGroup, ...]

    def __repr__(self) -> str:
        return f"<RulesPage {self.person.journey_id}>"


def rules_page(grant: Grant, journey_id: uuid.UUID, today: date) -> RulesPage:
    """The rules of the journey's programme that are computed here; dates of the volets that the actor sees.

    A fixed number of statements.
    """
    facts = journey_facts(grant, [journey_id])[journey_id]
    thresholds = present(journey_id)
    dates = _dates(journey_id, today)
    computed = frozenset[str]().union(*(source.rules for source in sources()))
    lacking, gate = missing(facts), standing_rules(facts)
    if not grant.readable >= frozenset(Volet):
        # Clocks see the actions of all volets: that one of them stopped is not for everybody.
        lacking.pop("I06", None)
    states = [
        _state(rule, dates.get(rule.id, ()), lacking.get(rule.id), rule.id in gate, thresholds)
        for rule in rules().values()
        if rule.concerns(facts.programme) and rule.id in computed
    ]
    groups = []
    for code, label in BREAKS.items():
        mine = [state for state in states if state.rule.break_type == code]
        speaking = [state for kind in _SHOWN_FIRST for state in mine if state.state == kind]
        quiet = [state for state in mine if state.state not in _SHOWN_FIRST]
        groups.append(BreakGroup(label, tuple(speaking), tuple(quiet)))
    return RulesPage(person_of(grant, journey_id), tuple(groups))


def _dates(journey_id: uuid.UUID, today: date) -> dict[str, tuple[Standing, ...]]:
    """Rule -> its dates, soonest first, with the alert that came of each."""
    deadline = StoredDeadline.__table__.c
    names = ("rule", "kind", "due_on", "since", "because")
    rows = db.session.execute(
        select(*(deadline[name] for name in names), Alert.id.label("alert_id"), Alert.status)
        .outerjoin(Alert, Alert.id == deadline.alert_id)
        .where(deadline.journey_id == journey_id)
        .order_by(deadline.due_on, deadline.rule, deadline.kind, deadline.subject_id)
    )
    found: dict[str, list[Standing]] = {}
    for row in rows:
        found.setdefault(row.rule, []).append(_standing(row, today))
    return {rule: tuple(mine) for rule, mine in found.items()}


def _standing(row: Any, today: date) -> Standing:
    if row.alert_id is None:
        said = coming_sentence(row.rule, row.kind, row.since, row.due_on)
    else:
        said = sentence(row.rule, row.kind, row.since, today)
    open_one = row.alert_id if row.status in OPEN_STATUSES else None
    return Standing(said, FACTS[row.because], row.since, row.due_on, open_one, row.status)


def _state(
    rule: Rule, dates: tuple[Standing, ...], lacks: str | None, in_gate: bool, thresholds: Thresholds
) -> RuleState:
    if rule.id in thresholds.off:
        state = OFF
    elif any(one.alert_id for one in dates):
        state = OUT
    elif dates:
        state = STANDS
    elif lacks:
        state = LACKING
    else:
        state = IDLE if in_gate else ELSEWHERE
    now, usual = formula(rule.id, thresholds), formula(rule.id, Thresholds.default())
    return RuleState(
        rule=rule,
        state=state,
        dates=dates if state in (OUT, STANDS) else (),
        lacks=lacks if state == LACKING else None,
        formula=now,
        usual=usual if usual != now else None,
        ends=ends(rule.id),
        reason=reason(rule.id),
        basis=BASES[rule.basis],
    )
