"""Every rule that concerns a journey and where it stands there: the page « Règles de ce parcours »."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from coordination.alerts.catalogue import Rule, Thresholds, rules
from coordination.alerts.explain import Explanation, explain
from coordination.alerts.in_force import present
from coordination.alerts.known import is_known
from coordination.alerts.models import Alert, StoredDeadline
from coordination.alerts.queries import ON_SCREEN
from coordination.alerts.sentences import BREAKS, coming_sentence, sentence
from coordination.alerts.sources import sources
from coordination.cases.queries.explained import Dates, dates_of, who_set
from coordination.cases.queries.facts import journey_facts
from coordination.cases.queries.people import Person, person_of
from coordination.cases.rules import standing_rules
from coordination.cases.rules.missing import missing
from coordination.cases.seen import BY_ACTIONS, seen, sees_all_actions
from coordination.db import db
from coordination.privacy.policy import Grant

OUT, DUE, POSTPONED, STANDS, CLOSED = "OUT", "DUE", "POSTPONED", "STANDS", "CLOSED"
"""Of a date: its alert is out; its day has come since the last scan; its alert is postponed; it is to come; its
alert was closed. A rule with several dates is in the first of these that one of them is in."""
LACKING, OFF, IDLE, ELSEWHERE, UNTOLD = "LACKING", "OFF", "IDLE", "ELSEWHERE", "UNTOLD"
"""Of a rule without a date: a fact is missing; switched off; nothing to count from; behind a gate; not told, since
it also counts facts of volets that the reader does not have."""
_OF_DATES = (OUT, DUE, POSTPONED, STANDS, CLOSED)
_SHOWN_FIRST = (OUT, DUE, POSTPONED, LACKING, STANDS, CLOSED)


@dataclass(frozen=True)
class Standing:
    """One date of a rule. `alert_id`: the alert that came of it, open or not."""

    sentence: str
    state: str
    dates: Dates
    alert_id: uuid.UUID | None
    postponed_until: date | None


@dataclass(frozen=True)
class RuleState:
    """A rule on this journey, in plain French. `setting`: who set what stands, empty for the catalogue."""

    rule: Rule
    state: str
    dates: tuple[Standing, ...]
    lacks: str | None
    more: Explanation
    setting: str

    @property
    def facts(self) -> list[tuple[str, date]]:
        """What its dates count from, each once: an announcement and what follows it have one fact."""
        found = ((one.dates.fact, one.dates.since) for one in self.dates if one.dates.fact)
        return list(dict.fromkeys(found))

    @property
    def announced(self) -> list[Dates]:
        return [one.dates for one in self.dates if one.dates.announced]

    @property
    def postponed_until(self) -> date | None:
        return next((one.postponed_until for one in self.dates if one.state == POSTPONED), None)


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
    facts = seen(journey_facts(grant, [journey_id])[journey_id], grant.readable)
    in_force = present(journey_id)
    dates = _dates(journey_id, in_force.thresholds, today)
    computed = frozenset[str]().union(*(source.rules for source in sources()))
    lacking, gate = missing(facts), standing_rules(facts)
    # « Rien à compter » where a date is expected would tell of an action that is not seen.
    untold = frozenset() if sees_all_actions(grant.readable) else BY_ACTIONS
    shown = [rule for rule in rules().values() if rule.concerns(facts.programme) and rule.id in computed]
    settings = who_set(in_force.origins, {rule.id for rule in shown})
    states = []
    for rule in shown:
        mine = dates.get(rule.id, ())
        state = _state(rule.id, mine, lacking.get(rule.id), rule.id in gate, in_force.thresholds)
        if state == IDLE and rule.id in untold:
            state = UNTOLD
        states.append(
            RuleState(
                rule=rule,
                state=state,
                dates=mine if state in _OF_DATES else (),
                lacks=lacking[rule.id] if state == LACKING else None,
                more=explain(rule.id, in_force),
                setting=settings.get(rule.id, ""),
            )
        )
    groups = []
    for code, label in BREAKS.items():
        of_type = [state for state in states if state.rule.break_type == code]
        speaking = [state for kind in _SHOWN_FIRST for state in of_type if state.state == kind]
        quiet = [state for state in of_type if state.state not in _SHOWN_FIRST]
        groups.append(BreakGroup(label, tuple(speaking), tuple(quiet)))
    return RulesPage(person_of(grant, journey_id), tuple(groups))


def _dates(journey_id: uuid.UUID, thresholds: Thresholds, today: date) -> dict[str, tuple[Standing, ...]]:
    """Rule -> its dates, soonest first, with the alert that came of each."""
    deadline = StoredDeadline.__table__.c
    names = ("rule", "kind", "due_on", "since", "because")
    of_alert = (Alert.status, Alert.postponed_until)
    rows = db.session.execute(
        select(*(deadline[name] for name in names), Alert.id.label("alert_id"), *of_alert)
        .outerjoin(Alert, Alert.id == deadline.alert_id)
        .where(deadline.journey_id == journey_id, is_known(StoredDeadline))
        .order_by(deadline.due_on, deadline.rule, deadline.kind, deadline.subject_id)
    )
    found: dict[str, list[Standing]] = {}
    for row in rows:
        found.setdefault(row.rule, []).append(_standing(row, thresholds, today))
    return {rule: tuple(mine) for rule, mine in found.items()}


def _standing(row: Any, thresholds: Thresholds, today: date) -> Standing:
    if row.alert_id is None and row.due_on > today:
        said = coming_sentence(row.rule, row.kind, row.since, row.due_on)
    else:
        said = sentence(row.rule, row.kind, row.since, today, row.because, thresholds, due_on=row.due_on)
    until = row.postponed_until if row.status == "REPORTEE" else None
    return Standing(said, _date_state(row, today), dates_of(row, thresholds), row.alert_id, until)


def _date_state(row: Any, today: date) -> str:
    if row.alert_id is None:
        return DUE if row.due_on <= today else STANDS
    if row.status in ON_SCREEN:
        return OUT
    return POSTPONED if row.status == "REPORTEE" else CLOSED


def _state(
    rule_id: str, dates: tuple[Standing, ...], lacks: str | None, in_gate: bool, thresholds: Thresholds
) -> str:
    if rule_id in thresholds.off:
        return OFF
    if dates:
        return min((one.state for one in dates), key=_OF_DATES.index)
    if lacks:
        return LACKING
    return IDLE if in_gate else ELSEWHERE
