"""S10 to S18 and S23 (rights that end), S19, S21, S24 (events)."""

from __future__ import annotations

from itertools import permutations

import pytest

from coordination.alerts.deadlines import Deadline
from coordination.privacy.volets import Volet
from tests.cases.rules_kit import D, cite, due, event, fires_first_on, found, one, pre, right, standing

BOTH = (pre, cite)
RIGHTS = [
    ("CDDI_CDD", "S10", (cite,), "2026-11-02", Volet.EMPLOI),  # 60 days
    ("PASS_IAE", "S11", (cite,), "2026-07-05", Volet.EMPLOI),  # 180
    ("FORMATION", "S12", (cite,), "2026-11-17", Volet.EMPLOI),  # 45
    ("CEJ", "S13", (cite,), "2026-11-02", Volet.EMPLOI),  # 60
    ("ARE_ASS", "S18", (cite,), "2026-11-02", Volet.EMPLOI),  # 60
    ("CSS", "S15", BOTH, "2026-09-03", Volet.SOCIAL),  # 120
    ("TITRE_SEJOUR", "S16", BOTH, "2026-09-03", Volet.SOCIAL),  # 120
    ("MDPH", "S17", BOTH, "2026-07-05", Volet.SANTE),  # 180
    ("MESURE_ASE", "S23", (pre,), "2026-11-02", Volet.PROTECTION),  # 60
]


@pytest.mark.parametrize(("kind", "rule", "makes", "expected", "volet"), RIGHTS)
def test_before_the_end_of_a_right(kind: str, rule: str, makes, expected: str, volet: Volet) -> None:
    for make in BOTH:
        journey = make(rights=(right(kind, "2027-01-01"),))
        if make in makes:
            fires_first_on(journey, expected, rule, "lead", "d1")
            assert one(journey, rule, "lead", "d1") == Deadline(
                D(expected), D("2027-01-01"), "right_end", volet, kind
            )
        else:
            assert rule not in standing(journey)


@pytest.mark.parametrize(("kind", "rule", "makes", "expected", "volet"), RIGHTS)
def test_a_later_end_of_the_kind_takes_over(kind: str, rule: str, makes, expected: str, volet: Volet) -> None:
    lines = (
        right(kind, "2027-01-01", "d1"),
        right(kind, "2028-01-01", "d2"),
        right(kind, "2026-01-01", "d3"),
    )
    for order in permutations(lines):
        keys = {key for key in found(makes[0](rights=order)) if key[0] == rule}
        assert keys == {(rule, "lead", "d2")}


def test_kinds_do_not_replace_each_other() -> None:
    journey = cite(rights=(right("CSS", "2027-01-01", "d1"), right("MDPH", "2028-01-01", "d2")))
    assert {key for key in found(journey) if key[1] == "lead"} == {
        ("S15", "lead", "d1"),
        ("S17", "lead", "d2"),
    }


def test_a_right_without_end_in_sight() -> None:
    assert due(cite(rights=(right("CSS", "9999-12-31"),)), "S15", "lead", "d1") == D("9999-09-02")


@pytest.mark.parametrize(
    ("kind", "rule", "makes"),
    [
        ("SANCTION_REVENU", "S19", (cite,)),
        ("DEMENAGEMENT", "S21", BOTH),
        ("EXPULSION_RELOGEMENT", "S24", BOTH),
    ],
)
def test_events_fire_on_their_day_until_handled(kind: str, rule: str, makes) -> None:
    for make in BOTH:
        journey = make(events=(event(kind, "2026-05-04"), event(kind, "2026-05-20", id="e2")))
        if make not in makes:
            assert rule not in standing(journey)
            continue
        fires_first_on(journey, "2026-05-04", rule, "overdue", "e1")
        fires_first_on(journey, "2026-05-20", rule, "overdue", "e2")
        assert one(journey, rule, "overdue", "e1") == Deadline(
            D("2026-05-04"), D("2026-05-04"), "event", Volet.COORDINATION
        )
        handled = make(events=(event(kind, "2026-05-04", "2026-05-04"), event(kind, "2026-05-20", id="e2")))
        assert {key[2] for key in found(handled) if key[0] == rule} == {"e2"}


@pytest.mark.parametrize("kind", ["EVENEMENT_VIE", "ARRET_ANTICIPE", "CHANGEMENT_ETABLISSEMENT"])
def test_other_events_are_not_of_the_core(kind: str) -> None:
    for make in BOTH:
        assert found(make(events=(event(kind, "2026-05-04"),))) == found(make())
