"""All rules together, over random journeys: order, subsets, groups of facts, shape of what is given."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from coordination.alerts.catalogue import OFF_BY_DEFAULT, Thresholds, rules
from coordination.alerts.deadlines import BECAUSE, Deadline, Key
from coordination.cases.facts import (
    ActionFact,
    ApplicationFact,
    AppointmentFact,
    BarrierFact,
    ChildFact,
    ContactFact,
    EventFact,
    InvitationFact,
    JourneyFacts,
    LeaveFact,
    PauseFact,
    ReviewFact,
    RightFact,
    SchoolAbsenceFact,
    SchoolFact,
    SessionFact,
    TeamFact,
)
from coordination.cases.rules import CASE_RULES, GROUPS, deadlines
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import (
    CALENDAR,
    CORE,
)

DEFAULT = Thresholds(switched_on=OFF_BY_DEFAULT)


def found(facts: JourneyFacts, thresholds: Thresholds = DEFAULT) -> dict[Key, Deadline]:
    return deadlines(facts, CALENDAR, thresholds)


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
    lambda id, on, status: AppointmentFact(on, status, id),
    DAYS,
    st.sampled_from(["HONORE", "ABS_NON_EXCUSEE", "ABS_EXCUSEE", "A_VENIR", None]),
)
ACTIONS = lines(
    ActionFact,
    st.sampled_from("abcdef"),
    st.sampled_from(["PREVUE", "EN_COURS", "SUSPENDUE", "ABANDONNEE", "TERMINEE_ATTEINTE", None]),
    MAYBE,
    MAYBE,
    MAYBE,
    MAYBE,
    st.sampled_from(Volet),
    MAYBE,
    st.sampled_from([None, "QUALIF", "MOBILITE"]),
)
SESSIONS = st.lists(
    st.tuples(st.sampled_from(["id0", "id1"]), DAYS, st.sampled_from(["PRESENT", "ABSENT", "EXCUSE"])),
    max_size=8,
    unique_by=lambda one: one[:2],
).map(lambda found: tuple(SessionFact(*one) for one in found))
LEAVES = lines(
    lambda id, on, days, backed: LeaveFact(id, on, on + timedelta(days), backed),
    DAYS,
    st.integers(0, 40),
    st.booleans(),
)
EVENT_KINDS = st.sampled_from(
    [
        *("DEMENAGEMENT", "SANCTION_REVENU", "AUTRE", "ARRET_ANTICIPE", "EVENEMENT_VIE"),
        *("CHANGEMENT_ETABLISSEMENT", "SITUATION_SANS_SOLUTION", "FIN_SANS_SOLUTION"),
    ]
)
FACTS = {
    "contacts": CONTACTS,
    "appointments": APPOINTMENTS,
    # Keys are unique within a journey.
    "actions": ACTIONS.map(lambda found: tuple({one.key: one for one in found}.values())),
    "pauses": lines(PauseFact, DAYS, MAYBE, MAYBE),
    "reviews": lines(ReviewFact, DAYS, MAYBE),
    "rights": lines(RightFact, st.sampled_from(["CSS", "MDPH", "MESURE_ASE", "CEJ", "FORMATION"]), DAYS),
    "events": lines(EventFact, DAYS, EVENT_KINDS, MAYBE),
    "birth_date": st.none() | st.dates(date(1999, 1, 1), date(2020, 12, 31)),
    "planned_rhythm_days": st.none() | st.integers(0, 90),
    "scheme": st.sampled_from([None, "CEJ", "PLIE"]),
    "orientation_path": st.sampled_from([None, "SOCIAL", "EMPLOI"]),
    "exit_reason": st.sampled_from([None, "EMPLOI_DURABLE", "DEMENAGEMENT"]),
    "invitations": lines(InvitationFact, DAYS, MAYBE),
    "applications": lines(ApplicationFact, DAYS, MAYBE),
    "children": lines(ChildFact, DAYS.map(lambda day: day.replace(year=day.year - 6, day=1))),
    "stay_decisions": st.lists(DAYS, max_size=SOME).map(tuple),
    "follow_ups": st.lists(DAYS, max_size=SOME).map(tuple),
    "retention_decisions": st.lists(DAYS, max_size=SOME).map(tuple),
    "sessions": SESSIONS,
    "barriers": lines(
        BarrierFact, st.sampled_from(["QUALIF", "MOBILITE"]), st.sampled_from(["FORT", "MOYEN"]), DAYS, MAYBE
    ),
    "school_absences": lines(SchoolAbsenceFact, DAYS, st.integers(1, 12), numbered=False),
    "school": st.builds(
        SchoolFact,
        st.sampled_from([None, "GS", "CM2", "3E", "CP"]),
        st.booleans(),
        st.none() | st.integers(2024, 2027),
    ),
    "team": st.builds(TeamFact, st.booleans(), st.booleans(), MAYBE, LEAVES),
    # In the base it always stands.
    "written_on": DAYS,
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
    exit_on=st.sampled_from([None, None, None, date(2026, 8, 1)]),
    diagnosis_on=MAYBE,
    rsa_opened_on=MAYBE,
    oriented_on=MAYBE,
    contract_signed_on=MAYBE,
    **FACTS,
)


def test_rules_are_those_of_the_page_but_for_what_has_no_fact_yet() -> None:
    later = {"T01", "T02", "T03", "T04", "T05", "T07", "T12", "T13"}
    of_referrals = {"T14", "T15", "T16", "T17", "T18"}
    assert set(rules()) - later - of_referrals == CASE_RULES
    assert CORE < CASE_RULES


def test_groups_are_fields_of_the_facts_and_hold_every_rule() -> None:
    assert set(GROUPS) - {"journey"} <= {field.name for field in fields(JourneyFacts)}
    assert set(GROUPS) - {"journey"} == set(FACTS)
    assert frozenset().union(*GROUPS.values()) == GROUPS["journey"] == CASE_RULES


@given(JOURNEYS, st.data())
def test_nothing_depends_on_the_order_of_lines(journey: JourneyFacts, data: st.DataObject) -> None:
    tuples = [name for name in FACTS if isinstance(getattr(journey, name), tuple)]
    shuffled = {name: tuple(data.draw(st.permutations(getattr(journey, name)))) for name in tuples}
    assert found(replace(journey, **shuffled)) == found(journey)


@settings(max_examples=60)
@given(JOURNEYS, st.sets(st.sampled_from(sorted(CASE_RULES))))
def test_a_subset_is_the_whole_filtered(journey: JourneyFacts, wanted: set[str]) -> None:
    some = deadlines(journey, CALENDAR, DEFAULT, frozenset(wanted))
    assert some == {key: deadline for key, deadline in found(journey).items() if key[0] in wanted}


@settings(max_examples=150)
@given(JOURNEYS, st.sampled_from(sorted(FACTS)), st.data())
def test_a_group_of_facts_moves_its_own_rules_only(
    journey: JourneyFacts, group: str, data: st.DataObject
) -> None:
    changed = replace(journey, **{group: data.draw(FACTS[group])})
    before, after = found(journey), found(changed)
    moved = {key[0] for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert moved <= GROUPS[group]


@settings(max_examples=60)
@given(JOURNEYS)
def test_facts_that_no_wanted_rule_reads_may_be_left_empty(journey: JourneyFacts) -> None:
    for wanted in GROUPS.values():
        unread = {name: getattr(JourneyFacts("PRE"), name) for name in FACTS if not GROUPS[name] & wanted}
        lighter = replace(journey, **unread)
        assert deadlines(lighter, CALENDAR, DEFAULT, wanted) == deadlines(journey, CALENDAR, DEFAULT, wanted)


@settings(max_examples=60)
@given(JOURNEYS)
def test_shape_of_what_is_given(journey: JourneyFacts) -> None:
    for (rule, kind, subject), deadline in found(journey).items():
        assert rules()[rule].concerns(journey.programme)
        assert kind in ("lead", "overdue")
        assert isinstance(subject, str)
        assert deadline.because in BECAUSE
        assert len(deadline.because) <= 24
        assert isinstance(deadline.volet, Volet)
        named = rule in RIGHTS or rule in ("T19", "I06", "T29")
        assert named == (deadline.subject_label is not None) or rule in ("A05", "A12")
        assert bool(subject) == (rule in RIGHTS or rule in PER_LINE)


PER_LINE = frozenset(
    {
        *("A17", "T28", "S20"),
        *("T08", "T19", "T25", "T26", "T27", "T29", "T30", "S19", "S21", "S22", "S24", "A05", "A12"),
        *("I01", "I02", "I03", "I04", "I05", "I06", "I07", "I12"),
    }
)
RIGHTS = GROUPS["rights"]


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
        },
        switched_on=OFF_BY_DEFAULT,
    )
    usual, changed = found(journey), found(journey, doubled)
    # A window may hold more sessions, an absence may be too short for a longer threshold; a follow-up counts from
    # the lead on.
    windows = {"A05", "I07", "T31", "T32"}
    assert {key for key in usual.keys() ^ changed.keys() if key[0] not in windows} == set()
    by_age = GROUPS["birth_date"] | GROUPS["children"]
    for key in usual.keys() & changed.keys():
        if not (key[0] in by_age and key[1] == "lead"):
            assert usual[key].since == changed[key].since or key[0] in windows
