"""Openings of journeys and of volets through the database's functions, and what they refuse."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import psycopg
import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.cases.references import is_usual
from coordination.privacy.access import call, sync_access
from tests.privacy.access_kit import Refused, ask, folders_seen, grant
from tests.privacy.wall_world import Db, account, superuser_transaction
from tests.support import folder_id, journey_id, writing

DAYS = [
    pytest.param("started_at = %s", timedelta(seconds=-1), False, id="begins in a moment"),
    pytest.param("started_at = %s", timedelta(0), True, id="begins now"),
    pytest.param("started_at = %s", timedelta(seconds=1), True, id="has begun"),
    pytest.param("ended_at = %s", timedelta(seconds=-1), True, id="ends in a moment"),
    pytest.param("ended_at = %s", timedelta(0), False, id="ends now"),
]


def date_roles(db: Db, name: str, change: str, at: datetime) -> None:
    """`change`: `started_at = %s` or `ended_at = %s`."""
    db.execute(f"UPDATE membership SET {change} WHERE account_id = %s", (at, account(name)))  # type: ignore[arg-type]


@pytest.mark.parametrize(("change", "after", "opens"), DAYS)
def test_a_role_opens_and_numbers_journeys_from_its_first_day_to_its_last(
    db: Db, change: str, after: timedelta, opens: bool
) -> None:
    at = clock.now()
    date_roles(db, "ref1", change, at - after)
    for query, values in (
        ("SELECT open_journeys(%s, %s, 'PRE')", ([uuid.uuid4()], [uuid.uuid4()])),
        ("SELECT next_ref('PRE')", ()),
    ):
        if opens:
            assert ask(db, "ref1", query, *values, at=at)
        else:
            with pytest.raises(Refused):
                ask(db, "ref1", query, *values, at=at)


@pytest.mark.parametrize(("change", "after", "opens"), DAYS)
def test_a_role_receives_from_its_first_day_to_its_last(
    db: Db, change: str, after: timedelta, opens: bool
) -> None:
    at = clock.now()
    date_roles(db, "centre", change, at - after)
    query = "SELECT grant_access(%s, %s, 'receiver', NULL)"
    values = (account("centre"), folder_id("PRE-1", "social"))
    if opens:
        ask(db, "ref1", query, *values, at=at)
    else:
        with pytest.raises(Refused):
            ask(db, "ref1", query, *values, at=at)
    assert bool(folders_seen(db, "centre", at)) == opens


def test_a_role_of_one_programme_opens_and_receives_nothing_of_the_other(db: Db) -> None:
    """A role that both programmes know, given for one of them."""
    db.execute("UPDATE membership SET programme = 'CITE_EMPLOI' WHERE account_id = %s", (account("centre"),))
    with pytest.raises(Refused):
        grant(db, "ref1", "centre", "PRE-1", "social")
    db.execute("UPDATE membership SET programme = 'PRE' WHERE account_id = %s", (account("centre"),))
    grant(db, "ref1", "centre", "PRE-1", "social")
    for query, values in (
        ("SELECT open_journeys(%s, %s, 'CITE_EMPLOI')", ([uuid.uuid4()], [uuid.uuid4()])),
        ("SELECT next_ref('CITE_EMPLOI')", ()),
    ):
        with pytest.raises(Refused):
            ask(db, "ref1", query, *values)
    db.execute("UPDATE membership SET programme = 'CITE_EMPLOI' WHERE account_id = %s", (account("ref1"),))
    for query, values in (
        ("SELECT open_journeys(%s, %s, 'PRE')", ([uuid.uuid4()], [uuid.uuid4()])),
        ("SELECT next_ref('PRE')", ()),
    ):
        with pytest.raises(Refused):
            ask(db, "ref1", query, *values)


def test_an_opening_of_the_pre_becomes_no_journey_of_the_cite(db: Db) -> None:
    """Hand-written SQL: neither on insertion nor afterwards."""
    journey, folder = uuid.uuid4(), uuid.uuid4()
    ask(db, "ref1", "SELECT open_journeys(%s, %s, 'PRE')", [journey], [folder])
    new = "INSERT INTO journey (id, ref, programme) VALUES (%s, 'NEW', %s)"
    with pytest.raises(Refused):
        ask(db, "ref1", new, journey, "CITE_EMPLOI")
    ask(db, "ref1", new, journey, "PRE")
    for target in (journey, journey_id("PRE-1")):
        with pytest.raises(Refused):
            ask(db, "ref1", "UPDATE journey SET programme = 'CITE_EMPLOI' WHERE id = %s", target)
    assert ask(db, "ref1", "UPDATE journey SET programme = 'PRE' WHERE id = %s RETURNING 1", journey)


def test_opening_takes_no_id_that_exists(db: Db) -> None:
    for journey, folder in (
        (journey_id("PRE-2"), uuid.uuid4()),
        (uuid.uuid4(), folder_id("PRE-2", "coordination")),
    ):
        with pytest.raises(Refused):
            ask(db, "ref1", "SELECT open_journeys(%s, %s, 'PRE')", [journey], [folder])
    for journeys, folders in (([uuid.uuid4()], []), ([], [uuid.uuid4()])):
        with pytest.raises(psycopg.Error):
            ask(db, "ref1", "SELECT open_journeys(%s, %s, 'PRE')", journeys, folders)


@pytest.mark.parametrize("target", ["PRE-2", "PRE-1"])
def test_an_opening_plants_no_folder_in_another_journey(db: Db, target: str) -> None:
    """Neither in a foreign file nor, past the agreement, in one's own."""
    volet = "eps"
    new_journey, new_folder = uuid.uuid4(), uuid.uuid4()
    ask(db, "ref1", "SELECT open_journeys(%s, %s, 'PRE')", [new_journey], [new_folder])
    with pytest.raises(Refused):
        ask(
            db,
            "ref1",
            "INSERT INTO folder (id, journey_id, volet) VALUES (%s, %s, %s)",
            new_folder,
            journey_id(target),
            volet,
        )


def test_an_opening_is_of_the_coordination_volet(db: Db) -> None:
    journey, folder = uuid.uuid4(), uuid.uuid4()
    ask(db, "ref1", "SELECT open_journeys(%s, %s, 'PRE')", [journey], [folder])
    ask(db, "ref1", "INSERT INTO journey (id, ref, programme) VALUES (%s, 'NEW', 'PRE')", journey)
    new = "INSERT INTO folder (id, journey_id, volet) VALUES (%s, %s, %s)"
    with pytest.raises(Refused):
        ask(db, "ref1", new, folder, journey, "sante")
    ask(db, "ref1", new, folder, journey, "coordination")


@pytest.mark.parametrize("status", [None, "A_DEMANDER", "PRESENTE", "ORAL", "REFUS", "RETIRE"])
def test_no_volet_opens_before_a_signature(db: Db, status: str | None) -> None:
    db.execute("DELETE FROM folder WHERE id = %s", (folder_id("PRE-1", "social"),))
    db.execute("UPDATE journey SET agreement_status = %s WHERE ref = 'PRE-1'", (status,))
    journey = journey_id("PRE-1")
    with pytest.raises(Refused):
        ask(db, "ref1", "SELECT open_folder(gen_random_uuid(), %s, 'social', true)", journey)
    db.execute("UPDATE journey SET agreement_status = 'SIGNE' WHERE ref = 'PRE-1'")
    ask(db, "ref1", "SELECT open_folder(gen_random_uuid(), %s, 'social', true)", journey)
    for outsider in ("ref2", "centre", "ml"):
        with pytest.raises(Refused):
            ask(db, outsider, "SELECT open_folder(gen_random_uuid(), %s, 'emploi', true)", journey)


@pytest.mark.parametrize("who", ["ref1", "coord.pre", "admin", "dpo"])
def test_the_operator_s_functions_are_the_operator_s(db: Db, who: str) -> None:
    for query in (
        "SELECT operator_access(ARRAY(SELECT id FROM journey))",
        "SELECT * FROM operator_journeys()",
    ):
        with pytest.raises(Refused):
            ask(db, who, query)


def test_the_operator_s_access_ends_with_the_command(wall: Flask) -> None:
    operator = operator_actor()
    with superuser_transaction() as db:
        assert db.execute("SELECT count(*) FROM access WHERE actor_id = %s", (operator.id,)).fetchone() == (
            0,
        )
    with writing(operator):
        call("operator_access", [journey_id("PRE-1")])
        sync_access([journey_id("PRE-1")])
        call("operator_access", [])
    with superuser_transaction() as db:
        assert db.execute("SELECT count(*) FROM access WHERE actor_id = %s", (operator.id,)).fetchone() == (
            0,
        )


CLOCKS = (
    "right_clocks",
    "action_clocks",
    "page_fact_clocks",
    "session_clocks",
    "barrier_clocks",
    "school_absence_clocks",
    "team_clocks",
)


def test_clocks_tell_only_those_who_write_in_the_journey(db: Db) -> None:
    both = [journey_id("PRE-1"), journey_id("PRE-2")]
    for who, seen in (("ref1", {both[0]}), ("coord.pre", set(both)), ("ml", set()), ("centre", set())):
        for function in CLOCKS:
            found = ask(db, who, f"SELECT journey_id FROM {function}(%s)", both)
            assert {row[0] for row in found} <= seen
        assert bool(ask(db, who, "SELECT 1 FROM right_clocks(%s)", both)) == bool(seen)
    grant(db, "ref1", "centre", "PRE-1", "coordination")
    assert ask(db, "centre", "SELECT 1 FROM right_clocks(%s)", both) == []
    nothing = "SELECT reconcile_deadlines(%s, ARRAY['A01', 'A02'], '[]', current_date, 'x')"
    before = db.execute("SELECT count(*) FROM deadline").fetchone()
    assert ask(db, "ml", nothing, both) == ask(db, "centre", nothing, both) == [(0,)]
    assert db.execute("SELECT count(*) FROM deadline").fetchone() == before


@pytest.mark.parametrize("function", CLOCKS)
def test_clocks_ask_once_which_journeys_one_writes_in(db: Db, function: str) -> None:
    """Also where the planner, knowing nothing yet of the tables, takes the journeys one by one."""
    for setting in ("track_functions = pl", "enable_hashjoin = off", "enable_mergejoin = off"):
        db.execute(f"SET LOCAL {setting}")
    journeys = [row[0] for row in db.execute("SELECT id FROM journey")]
    assert len(journeys) > 2
    calls = "SELECT sum(calls) FROM pg_stat_xact_user_functions WHERE funcname = 'my_writable_journeys'"
    ask(db, "coord.pre", f"SELECT count(*) FROM {function}(%s)", journeys)
    assert db.execute(calls).fetchone() == (1,)


def proposed_after(db: Db, *refs: str) -> object:
    """What is proposed where these references stand, and no other."""
    db.execute("UPDATE journey SET ref = 'X' || id")
    db.execute(
        "INSERT INTO journey (id, ref, programme)"
        " SELECT gen_random_uuid(), ref, 'PRE' FROM unnest(%s::text[]) AS ref",
        (list(refs),),
    )
    return ask(db, "ref1", "SELECT next_ref('PRE')")[0][0]


@pytest.mark.parametrize(
    ("stand", "proposed"),
    [
        ((), "PRE-0001"),
        (("PRE-0001", "PRE-0002"), "PRE-0003"),
        # The 10,000th, and the one after.
        (("PRE-9998", "PRE-9999"), "PRE-10000"),
        (("PRE-9999", "PRE-10000"), "PRE-10001"),
        (("PRE-0001", "PRE-0002", "PRE-0900"), "PRE-0901"),
        # One far away decides for nobody, below as above.
        (("PRE-0001", "PRE-0002", "PRE-999999"), "PRE-0003"),
        (("PRE-0001", "PRE-5001", "PRE-5002"), "PRE-5003"),
        (("PRE-999999",), "PRE-0001"),
        (("PRE-0001", "PRE-0003", "PRE-999998", "PRE-999999", "PRE-999997"), "PRE-0002"),
        # Not of the usual form: more than six figures, other words.
        (("PRE-0001", "PRE-2026001", "PRE-0612345678", "CITE-0007", "PRE-0005bis"), "PRE-0002"),
        (("PRE-7", "PRE-0007"), "PRE-0008"),
    ],
)
def test_the_next_number_follows_the_run_and_is_free(db: Db, stand: tuple[str, ...], proposed: str) -> None:
    assert proposed_after(db, *stand) == proposed
    assert is_usual(proposed, "PRE") and proposed not in stand
