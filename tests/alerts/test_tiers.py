"""Who hears of an alert first, when the coordination does, which partner is to be proposed."""

from __future__ import annotations

import pytest

from coordination.alerts.catalogue import rules
from coordination.alerts.tiers import reaches_coordination, speaks_to_follower, to_propose


@pytest.mark.parametrize(
    ("rule", "follower", "coordination"),
    [
        ("A01", True, False),
        ("A02", True, True),
        ("A09", True, False),
        ("T10", False, True),
        ("I09", False, True),
        ("T14", True, False),
        ("S09", True, False),
        ("S26", False, True),
    ],
)
def test_first_tier(rule: str, follower: bool, coordination: bool) -> None:
    assert speaks_to_follower(rule) is follower
    assert reaches_coordination(rule, escalated=False, orphan=False) is coordination


def test_everything_reaches_the_coordination_in_the_end() -> None:
    for rule in rules():
        assert reaches_coordination(rule, escalated=True, orphan=False)
        assert reaches_coordination(rule, escalated=False, orphan=True)
        assert speaks_to_follower(rule) or reaches_coordination(rule, escalated=False, orphan=False), rule


def test_a_partner_without_access_is_proposed_and_no_other() -> None:
    assert to_propose("S15", {"REFERENT_PRE"}) == ("le CCAS",)
    assert to_propose("S15", {"REFERENT_PRE", "CCAS"}) == ()
    assert to_propose("S09", {"CONSEILLER_ML"}) == ("le PLIE",)
    assert to_propose("A01", ()) == ()
