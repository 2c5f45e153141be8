"""The rules of all features side by side: each owned once, each with a fact that brings it about."""

from __future__ import annotations

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.calendar import Calendar
from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import BECAUSE
from coordination.alerts.sources import all_deadlines, follow_all, sources
from coordination.cases.commands.deadlines import _READS
from coordination.cases.queries.facts import EVERYTHING
from coordination.cases.rules import CASE_RULES, GROUPS
from coordination.exchange.recompute import territory as names_of
from coordination.privacy.access import call
from coordination.privacy.policy import Action
from coordination.privacy.work import work
from coordination.referrals.source import SOURCE as REFERRALS
from tests.support import day, import_rows, journey_id, person, rows, world


def test_each_rule_has_one_owner_known_to_the_catalogue(app: Flask) -> None:
    owned = [rule for source in sources() for rule in source.rules]
    assert len(owned) == len(set(owned)) and set(owned) <= set(rules())
    assert set(owned) == CASE_RULES | REFERRALS.rules
    assert CASE_RULES.isdisjoint(REFERRALS.rules)


def test_each_rule_with_an_exact_clock_has_an_owner(app: Flask) -> None:
    """The rules of "Exact clocks of the core rules", read from the page by hand."""
    core = "A01 A02 A03 A04 A08 A09 A10 A11 A13 A14 I01 I02 I03 I04 I05 T06 T08 T09 T10 T11 T14 T15 T16 T17 T18 T19"
    core += " S06 S07 S08 S09"
    assert set(core.split()) <= {rule for source in sources() for rule in source.rules}


def test_a_source_gives_only_rules_it_owns(territory: Flask) -> None:
    operator = operator_actor()
    ids = [name.id for name in names_of(operator)]
    seen: set[str] = set()
    with work(operator, Action.RECOMPUTE, clock.now()) as w:
        grant = w.require()
        call("operator_access", ids)
        for source in sources():
            found = source.wanted(grant, ids, Calendar.load(), Thresholds.default())
            assert found.keys() <= set(ids)
            for deadlines in found.values():
                assert {rule for rule, _, _ in deadlines} <= source.rules
                assert {one.because for one in deadlines.values()} <= BECAUSE
                seen |= {rule for rule, _, _ in deadlines}
        w.audit(grant)
        call("operator_access", [])
    assert len(seen) > 8


def test_codes_of_facts_fit_their_column() -> None:
    assert max(map(len, BECAUSE)) <= 24


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_what_a_group_of_facts_moves_is_what_its_rules_read(group: str) -> None:
    assert GROUPS[group] <= CASE_RULES
    assert set(_READS.get(group, EVERYTHING)) <= EVERYTHING


@pytest.mark.parametrize(
    ("name", "moved"), [("ref1", True), ("coord.pre", True), ("ref2", False), ("dpo", False)]
)
def test_only_who_writes_in_a_journey_moves_its_deadlines(app: Flask, name: str, moved: bool) -> None:
    import_rows(world(pre=["ref1", "ref2"], cite=[]))
    rows("DELETE FROM deadline")
    journey, actor = journey_id("PRE-1"), person(name)
    action = Action.LOG_CONTACT if moved else Action.SIGN_IN
    with work(actor, action, clock.now()) as w:
        grant = w.require(journey if moved else None)
        changed = follow_all(grant, [journey], day(), "essai")
        w.audit(grant)
    assert bool(changed) == moved == bool(rows("SELECT 1 FROM deadline LIMIT 1"))


def test_what_a_referent_and_a_coordinator_compute_is_the_same(app: Flask) -> None:
    """A deadline does not depend on who happens to change a fact, whichever volets they see."""
    import_rows(world(pre=["ref1"], cite=["ml"]))
    for ref, people in (("PRE-1", ("ref1", "coord.pre")), ("CITE-1", ("ml", "coord.cite"))):
        found = []
        for name in people:
            with work(person(name), Action.LOG_CONTACT, clock.now()) as w:
                grant = w.require(journey_id(ref))
                found.append(all_deadlines(grant, [journey_id(ref)]))
                w.audit(grant)
        assert found[0] == found[1] != {}
