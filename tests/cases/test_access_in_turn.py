"""Two who change at once what decides who opens a journey: the later one sees what the earlier one wrote."""

from __future__ import annotations

import pytest

from coordination import clock
from coordination.accounts import commands
from coordination.accounts.commands import NewMembership
from coordination.cases.commands.agreements import NewAgreement, record_agreement
from coordination.cases.commands.journeys import NewJourney, open_journey
from coordination.cases.commands.team import (
    Handover,
    NewLeave,
    Replacement,
    choose_replacement,
    hand_over,
    plan_leave,
)
from coordination.cases.models import Right
from coordination.errors import BadInput
from coordination.privacy import work
from coordination.privacy.policy import Action
from coordination.privacy.records import add_record
from coordination.privacy.volets import Volet
from tests.cases.records_kit import Act, AtOnce
from tests.support import account_of, day, journey_id, person, rows, scalar

COORDINATES = NewMembership("COORD_PRE", "ESCAL", "PRE")
FOLLOWS = NewMembership("REFERENT_PRE", "ESCAL", "PRE")
ENDS = day(777)


def version(ref: str = "PRE-1") -> int:
    return int(scalar("SELECT version FROM journey WHERE id = %s", journey_id(ref)))


def withdrawn() -> None:
    agreement = NewAgreement("RETIRE", day())
    record_agreement(person("coord.pre"), journey_id("PRE-1"), agreement, version(), clock.now())


def handed_over() -> None:
    passed = Handover(account_of("ref2"), note="Relais.")
    hand_over(person("coord.pre"), journey_id("PRE-1"), passed, version(), clock.now())


def noted() -> None:
    """A record in a volet that the withdrawal closes."""
    journey = journey_id("PRE-1")
    with work.work(person("ref1"), Action.WRITE_RECORD, clock.now()) as w:
        grant = w.require(journey)
        add_record(grant, Right, journey, Volet.SANTE, {"kind": "MDPH", "ends_on": ENDS})
        w.audit(grant, ["kind"])


def coordinates() -> None:
    commands.add_membership(commands.operator_actor(), account_of("ref2"), COORDINATES, clock.now())


def leaves() -> None:
    commands.end_membership(commands.operator_actor(), account_of("ref2"), FOLLOWS, clock.now())


def opens() -> None:
    sheet = {"first_name": "Lina", "last_name": "Roux", "commune": "62765", "birth_date": day(-4000)}
    new = NewJourney("PRE", "PRE-77", day(-1), account_of("ref1"), sheet)
    open_journey(person("ref1"), new, clock.now())


def coordinates_no_more() -> None:
    commands.end_membership(commands.operator_actor(), account_of("coord.pre"), COORDINATES, clock.now())


def away() -> None:
    plan_leave(person("ref1"), NewLeave(day(2), day(9), account_of("ref2")), clock.now())


def away_alone() -> None:
    plan_leave(person("ref1"), NewLeave(day(2), day(9), None), clock.now())


def replaced() -> None:
    leave_id = scalar("SELECT id FROM leave WHERE account_id = %s", account_of("ref1"))
    chosen = Replacement(account_of("ref2"), None)
    choose_replacement(person("ref1"), leave_id, chosen, clock.now())


def second_to_first() -> None:
    passed = Handover(account_of("ref1"), note="Relais.")
    hand_over(person("coord.pre"), journey_id("PRE-2"), passed, version("PRE-2"), clock.now())


OPEN = (
    "SELECT count(*) FROM access a JOIN folder f ON f.id = a.folder_id WHERE a.actor_id = %s AND a.journey_id = %s"
    " AND (a.until_at IS NULL OR a.until_at > now()) AND f.volet {volet} 'coordination'"
)


def opened(name: str, beyond_coordination: bool = False) -> int:
    query = OPEN.format(volet="<>" if beyond_coordination else "=")
    return int(scalar(query, account_of(name), journey_id("PRE-1")))


@pytest.mark.parametrize("acts", [(coordinates, withdrawn), (withdrawn, coordinates)])
def test_a_role_given_while_an_agreement_is_withdrawn(at_once: AtOnce, acts: tuple[Act, Act]) -> None:
    assert at_once(*acts) == []
    assert opened("ref2") == 1, "the new coordinator coordinates"
    assert not opened("ref2", beyond_coordination=True), "and opens nothing of what was withdrawn"
    assert not opened("ref1", beyond_coordination=True)


@pytest.mark.parametrize("acts", [(handed_over, leaves), (leaves, handed_over)])
def test_a_journey_handed_to_somebody_whose_role_ends(at_once: AtOnce, acts: tuple[Act, Act]) -> None:
    """Whoever hands it over after the role has ended is told so, and the journey stays where it was."""
    refused = acts[0] is leaves
    assert [type(error) for error in at_once(*acts)] == ([BadInput] if refused else [])
    keeps = account_of("ref1" if refused else "ref2")
    assert rows("SELECT referent_id FROM journey WHERE id = %s", journey_id("PRE-1")) == [(keeps,)]
    assert not opened("ref2") and not opened("ref2", beyond_coordination=True)
    assert bool(opened("ref1")) is refused


def test_a_record_comes_before_a_withdrawal_or_not_at_all(at_once: AtOnce) -> None:
    assert at_once(noted, withdrawn) == []
    places = (
        "SELECT f.volet, f.open FROM right_end r JOIN folder f ON f.id = r.folder_id WHERE r.ends_on = %s"
    )
    kept = rows(places, ENDS)
    assert kept == [("sante", False)], "noted first: it stands in the volet that was closed after it"


def test_a_record_that_waited_for_a_withdrawal_is_refused(at_once: AtOnce) -> None:
    refused = at_once(withdrawn, noted)
    assert [type(error) for error in refused] == [BadInput], refused
    assert scalar("SELECT count(*) FROM right_end WHERE ends_on = %s", ENDS) == 0


@pytest.mark.parametrize("acts", [(opens, coordinates_no_more), (coordinates_no_more, opens)])
def test_a_journey_opened_while_the_role_of_a_coordinator_ends(
    at_once: AtOnce, acts: tuple[Act, Act]
) -> None:
    assert at_once(*acts) == []
    still_open = (
        "SELECT count(*) FROM access WHERE actor_id = %s AND journey_id = %s"
        " AND (until_at IS NULL OR until_at > now())"
    )
    assert scalar(still_open, account_of("ref1"), journey_id("PRE-77")) == 1
    assert scalar(still_open, account_of("coord.pre"), journey_id("PRE-77")) == 0


@pytest.mark.parametrize("acts", [(second_to_first, away), (away, second_to_first)])
def test_a_journey_handed_to_somebody_who_notes_an_absence(at_once: AtOnce, acts: tuple[Act, Act]) -> None:
    """Whoever replaces during the absence replaces on this journey too."""
    assert at_once(*acts) == []
    covered = "SELECT DISTINCT journey_id FROM access WHERE actor_id = %s AND leave_id IS NOT NULL"
    assert {id_ for (id_,) in rows(covered, account_of("ref2"))} == {journey_id("PRE-1"), journey_id("PRE-2")}


@pytest.mark.parametrize("acts", [(second_to_first, replaced), (replaced, second_to_first)])
def test_a_replacement_chosen_while_a_journey_is_handed_over(at_once: AtOnce, acts: tuple[Act, Act]) -> None:
    """None of the two ends in a deadlock."""
    assert at_once(*acts, away_alone) == []
    covered = "SELECT DISTINCT journey_id FROM access WHERE actor_id = %s AND leave_id IS NOT NULL"
    assert {id_ for (id_,) in rows(covered, account_of("ref2"))} == {journey_id("PRE-1"), journey_id("PRE-2")}
