"""All rules together, over random journeys: order, subsets, groups of facts, shape of what is given."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coordination.alerts.catalogue import Thresholds, rules
from coordination.alerts.deadlines import BECAUSE
from coordination.cases.facts import (
    ActionFact,
    ApplicationFact,
    AppointmentFact,
    ChildFact,
    ContactFact,
    EventFact,
    InvitationFact,
    JourneyFacts,
    PauseFact,
    ReviewFact,
    RightFact,
)
from coordination.cases.rules import CASE_RULES, GROUPS, deadlines
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import (
    CALENDAR,
    DEFAULT,
    ENDED,
    D,
    action,
    application,
    appointment,
    child,
    contact,
    found,
    full_cite,
    full_pre,
    invitation,
    pause,
    review,
)

DAYS = st.integers(0, 500).map(lambda offset: date(2025, 9, 1) + timedelta(offset))
MAYBE = st.none() | DAYS
SOME = 5


def lines(make: Any, *parts: Any, numbered: bool = True) -> Any:
    rows = st.lists(st.tuples(*parts), max_size=SOME)
    return rows.map(
        lambda found: tuple(
            make(*((f"id{rank}", *row) if numbered else row)) for rank, row in enumerate(found)
        )
    )


CONTACTS = lines(
    ContactFact,
    DAYS,
    st.sampled_from(["TELEPHONE", "SMS", "TIERS", "VAD"]),
    st.sampled_from(["ABOUTI", "MESSAGE", "SANS_REPONSE", "INVALIDE", None]),
    numbered=False,
)
APPOINTMENTS = lines(
    AppointmentFact,
    DAYS,
    st.sampled_from(["HONORE", "ABS_NON_EXCUSEE", "ABS_EXCUSEE", "A_VENIR", None]),
    numbered=False,
)
ACTIONS = lines(
    ActionFact,
    st.sampled_from("abcdef"),
    st.sampled_from(["PREVUE", "EN_COURS", "SUSPENDUE", "TERMINEE_ATTEINTE", None]),
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
    st.sampled_from(Volet),
)
FACTS = {
    "contacts": CONTACTS,
    "appointments": APPOINTMENTS,
    # Keys are unique within a journey.
    "actions": ACTIONS.map(lambda found: tuple({one.key: one for one in found}.values())),
    "pauses": lines(PauseFact, DAYS, MAYBE, MAYBE),
    "reviews": lines(ReviewFact, DAYS, MAYBE),
    "rights": lines(RightFact, st.sampled_from(["CSS", "MDPH", "MESURE_ASE", "CEJ", "FORMATION"]), DAYS),
    "events": lines(EventFact, DAYS, st.sampled_from(["DEMENAGEMENT", "SANCTION_REVENU", "AUTRE"]), MAYBE),
    "birth_date": st.none() | st.dates(date(1999, 1, 1), date(2020, 12, 31)),
    "planned_rhythm_days": st.none() | st.integers(0, 90),
    "scheme": st.sampled_from([None, "CEJ", "PLIE"]),
    "orientation_path": st.sampled_from([None, "SOCIAL", "EMPLOI"]),
    "exit_reason": st.sampled_from([None, "EMPLOI_DURABLE", "DEMENAGEMENT"]),
    "invitations": lines(InvitationFact, DAYS, MAYBE),
    "applications": lines(ApplicationFact, DAYS, MAYBE),
    "children": lines(ChildFact, DAYS.map(lambda day: day.replace(year=day.year - 6, day=1))),
    "follow_ups": st.lists(DAYS, max_size=SOME).map(tuple),
    "retention_decisions": st.lists(DAYS, max_size=SOME).map(tuple),
}
JOURNEYS = st.builds(
    JourneyFacts,
    programme=st.sampled_from(["PRE", "CITE_EMPLOI"]),
    stage=st.sampled_from([None, "EN_COURS", "EN_COURS", "NON_RETENU"]),
    opened_on=MAYBE,
    agreement_status=st.sampled_from(["SIGNE", "SIGNE", "SIGNE", "REFUS", "RETIRE", "ORAL", None]),
    agreement_on=MAYBE,
    entered_on=MAYBE,
    validated_on=MAYBE,
    oriented_on=MAYBE,
    exit_on=st.sampled_from([None, None, None, date(2026, 8, 1)]),
    **FACTS,
)


def test_core_rules_are_those_of_the_table() -> None:
    assert {
        *("A01", "A02", "A03", "A04", "A08", "A09", "A10", "A11", "A13", "A14"),
        *("I01", "I02", "I03", "I04", "I05"),
        *("T06", "T08", "T09", "T10", "T11", "T19"),
        *("S06", "S07", "S08", "S09", "S10", "S11", "S12", "S13", "S15", "S16", "S17", "S18", "S19"),
        *("S21", "S23", "S24"),
        *("A17", "T28", "S20", "T31", "S26", "S14", "T32"),
    } == CASE_RULES
    assert set(rules()) >= CASE_RULES


def test_groups_are_fields_of_the_facts_and_hold_every_rule() -> None:
    assert set(GROUPS) - {"journey"} <= {field.name for field in fields(JourneyFacts)}
    assert set(GROUPS) - {"journey"} == set(FACTS) == set(OTHER_VALUES)
    assert frozenset().union(*GROUPS.values()) == GROUPS["journey"] == CASE_RULES


OTHER_VALUES = {
    "contacts": [(), (contact("2026-05-20"),)],
    "appointments": [(), (appointment("2026-05-20", "HONORE"),)],
    "actions": [(), (action("b", "TERMINEE_ATTEINTE", started="2026-05-01", ended="2026-05-20"),)],
    "pauses": [(), (pause("2026-05-20"),), (pause("2026-05-20", "2026-06-20"),)],
    "reviews": [()],
    "rights": [()],
    "events": [()],
    "birth_date": [None],
    "planned_rhythm_days": [90],
    "scheme": ["CEJ", "PLIE"],
    "orientation_path": [None],
    "exit_reason": [None],
    "invitations": [(), (invitation("2026-05-20"),)],
    "applications": [(), (application("2026-05-20"),)],
    "children": [(), (child("2020-01"),)],
    "follow_ups": [(D("2026-12-30"),)],
    "retention_decisions": [(D("2026-12-30"),)],
}


@pytest.mark.parametrize("group", sorted(OTHER_VALUES))
def test_a_group_is_neither_too_small_nor_too_large(group: str) -> None:
    moved = set()
    long_held = (review("2027-12-01", "2027-12-01"),)
    ended = full_cite(
        **ENDED, contacts=(contact("2026-07-20"),), appointments=(appointment("2026-07-20", "HONORE"),)
    )
    others = full_cite(scheme="CEJ"), full_cite(scheme="PLIE"), full_cite(scheme="PLIE", reviews=long_held)
    for journey in (full_pre(), full_cite(), *others, full_cite(**ENDED), ended):
        for value in OTHER_VALUES[group]:
            before, after = found(journey), found(replace(journey, **{group: value}))
            moved |= {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert moved == GROUPS[group]


@given(JOURNEYS, st.data())
def test_nothing_depends_on_the_order_of_lines(journey: JourneyFacts, data: st.DataObject) -> None:
    tuples = ["contacts", "appointments", "actions", "pauses", "reviews", "rights", "events"]
    tuples += ["invitations", "applications", "children", "follow_ups", "retention_decisions"]
    shuffled = {name: tuple(data.draw(st.permutations(getattr(journey, name)))) for name in tuples}
    assert found(replace(journey, **shuffled)) == found(journey)


@given(JOURNEYS, st.sets(st.sampled_from(sorted(CASE_RULES))))
def test_a_subset_is_the_whole_filtered(journey: JourneyFacts, wanted: set[str]) -> None:
    some = deadlines(journey, CALENDAR, DEFAULT, frozenset(wanted))
    assert some == {key: deadline for key, deadline in found(journey).items() if key[0] in wanted}


@settings(max_examples=300)
@given(JOURNEYS, st.sampled_from(sorted(FACTS)), st.data())
def test_a_group_of_facts_moves_its_own_rules_only(
    journey: JourneyFacts, group: str, data: st.DataObject
) -> None:
    changed = replace(journey, **{group: data.draw(FACTS[group])})
    before, after = found(journey), found(changed)
    moved = {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert moved <= GROUPS[group]


@given(JOURNEYS)
def test_facts_that_no_wanted_rule_reads_may_be_left_empty(journey: JourneyFacts) -> None:
    for wanted in GROUPS.values():
        unread = {name: getattr(JourneyFacts("PRE"), name) for name in FACTS if not GROUPS[name] & wanted}
        lighter = replace(journey, **unread)
        assert deadlines(lighter, CALENDAR, DEFAULT, wanted) == deadlines(journey, CALENDAR, DEFAULT, wanted)


@given(JOURNEYS)
def test_shape_of_what_is_given(journey: JourneyFacts) -> None:
    for (rule, kind, subject), deadline in found(journey).items():
        assert rules()[rule].concerns(journey.programme)
        assert kind in ("lead", "overdue")
        assert isinstance(subject, str)
        assert deadline.because in BECAUSE
        assert len(deadline.because) <= 24
        assert isinstance(deadline.volet, Volet)
        assert (deadline.subject_label is None) == (rule not in RIGHTS and rule != "T19")
        per_line = rule in RIGHTS or rule in LINES or rule.startswith("I")
        assert bool(subject) == per_line


RIGHTS = GROUPS["rights"]
LINES = {"T08", "T19", "S19", "S21", "S24", "A17", "T28", "S20"}
# Their facts count from a date that a threshold gives.
FROM_THE_LEAD_ON = {"T31", "T32"}


@given(JOURNEYS, DAYS)
def test_an_exchange_today_leaves_no_loss_of_contact_dated_today_or_before(
    journey: JourneyFacts, today: date
) -> None:
    exchange = ContactFact(today, "VAD", "ABOUTI")
    after = found(replace(journey, contacts=(*journey.contacts, exchange)))
    for rule in ("A03", "A11", "A13", "A04"):
        deadline = after.get((rule, "overdue", ""))
        assert deadline is None or deadline.due_on > today
    for rule in ("A01", "A02", "A08", "A09", "A10"):
        deadline = after.get((rule, "overdue", ""))
        assert deadline is None or deadline.since >= today


@given(JOURNEYS)
def test_since_does_not_depend_on_thresholds_but_for_ages(journey: JourneyFacts) -> None:
    doubled = Thresholds(
        {
            rule.id: (
                None if rule.threshold_days is None else 2 * rule.threshold_days + 1,
                None if rule.lead_days is None else 2 * rule.lead_days + 1,
            )
            for rule in rules().values()
        }
    )
    usual, changed = found(journey), found(journey, doubled)
    assert {k for k in usual if k[0] not in FROM_THE_LEAD_ON} == {
        k for k in changed if k[0] not in FROM_THE_LEAD_ON
    }
    for key in usual.keys() & changed.keys():
        if key[0] not in GROUPS["birth_date"] | GROUPS["children"]:
            assert usual[key].since == changed[key].since
