"""Who opens a folder to whom: the functions of the wall cannot be abused, and grants follow an oracle."""

from __future__ import annotations

import random
import uuid
from datetime import datetime, timedelta

import pytest

from coordination import clock
from coordination.accounts.commands import operator_actor
from tests.privacy.access_kit import Refused, ask, folders_seen, grant, revoke
from tests.privacy.wall_kit import as_web
from tests.privacy.wall_world import Db, account
from tests.support import folder_id, journey_id


def test_a_referent_opens_one_volet_to_a_receiver_and_takes_it_back(db: Db) -> None:
    grant(db, "ref1", "centre", "PRE-1", "social")
    assert folders_seen(db, "centre") == {folder_id("PRE-1", "social")}
    assert ask(db, "centre", "UPDATE barrier SET version = 2 RETURNING 1") == []
    revoke(db, "ref1", "centre", "PRE-1", "social")
    assert folders_seen(db, "centre") == set()
    grant(db, "ref1", "centre", "PRE-1", "social")
    assert folders_seen(db, "centre") == {folder_id("PRE-1", "social")}


@pytest.mark.parametrize(
    ("by", "to", "ref", "volet", "basis", "until"),
    [
        pytest.param("ref1", "ref1", "PRE-1", "social", "receiver", "NULL", id="oneself"),
        pytest.param("ml", "ml", "CITE-1", "social", "receiver", "NULL", id="oneself, role that receives"),
        pytest.param(
            "ref1", "ref2", "PRE-1", "social", "referent", "NULL", id="basis that follows from facts"
        ),
        pytest.param("ref1", "centre", "PRE-1", "social", "operator", "NULL", id="basis of the operator"),
        pytest.param("ref1", "centre", "PRE-1", "social", "opening", "NULL", id="basis of an opening"),
        pytest.param("ref1", "coord.cite", "PRE-1", "coordination", "coordinator", "NULL", id="coordinator"),
        pytest.param("ref2", "centre", "PRE-1", "social", "receiver", "NULL", id="foreign journey"),
        pytest.param("ml", "centre", "PRE-1", "social", "receiver", "NULL", id="other programme"),
        pytest.param("ref1", "centre", "PRE-1", "protection", "receiver", "NULL", id="volet not one's own"),
        pytest.param("ref1", "centre", "PRE-1", "sante", "receiver", "NULL", id="volet its role never sees"),
        pytest.param("ref1", "pilotage", "PRE-1", "coordination", "receiver", "NULL", id="steering role"),
        pytest.param("ref1", "dpo", "PRE-1", "coordination", "receiver", "NULL", id="DPO"),
        pytest.param("ref1", "admin", "PRE-1", "coordination", "receiver", "NULL", id="administrator"),
        pytest.param("ref1", "ecole", "PRE-1", "scolarite", "meeting", "NULL", id="meeting without an end"),
        pytest.param(
            "ref1", "ecole", "PRE-1", "social", "meeting", "now() + interval '1h'", id="school, social"
        ),
        pytest.param("ref1", "ml", "PRE-1", "coordination", "receiver", "NULL", id="PRE file to the MIPE"),
        pytest.param("centre", "centre", "PRE-1", "social", "receiver", "NULL", id="outsider"),
    ],
)
def test_grants_that_are_refused(
    db: Db, by: str, to: str, ref: str, volet: str, basis: str, until: str
) -> None:
    before = folders_seen(db, to)
    with pytest.raises(Refused):
        grant(db, by, to, ref, volet, basis, until)
    assert folders_seen(db, to) == before


def test_a_receiver_passes_nothing_on(db: Db) -> None:
    grant(db, "ref1", "centre", "PRE-1", "social")
    with pytest.raises(Refused):
        grant(db, "centre", "ccas", "PRE-1", "social")
    with pytest.raises(Refused):
        revoke(db, "centre", "centre", "PRE-1", "social")


@pytest.mark.parametrize(
    "fault", ["suspended_at = now()", "charter_expires_on = now()", "secrecy_basis = 'AUCUN'"]
)
def test_whoever_sees_nothing_grants_nothing(db: Db, fault: str) -> None:
    grant(db, "ref1", "ccas", "PRE-1", "social")
    db.execute(f"UPDATE account SET {fault} WHERE email = 'ref1@ex.fr'")  # type: ignore[arg-type]
    with pytest.raises(Refused):
        grant(db, "ref1", "centre", "PRE-1", "social")
    with pytest.raises(Refused):
        revoke(db, "ref1", "ccas", "PRE-1", "social")


@pytest.mark.parametrize("change", ["from_at = now() + interval '1h'", "until_at = now() - interval '1h'"])
def test_an_access_that_is_over_or_to_come_grants_nothing(db: Db, change: str) -> None:
    grant(db, "ref1", "ccas", "PRE-1", "social")
    db.execute(f"UPDATE access SET {change} WHERE actor_id = %s", (account("ref1"),))  # type: ignore[arg-type]
    with pytest.raises(Refused):
        grant(db, "ref1", "centre", "PRE-1", "social")
    with pytest.raises(Refused):
        revoke(db, "ref1", "ccas", "PRE-1", "social")


def test_what_follows_from_facts_cannot_be_revoked(db: Db) -> None:
    for name, basis in (("ref1", "referent"), ("coord.pre", "coordinator")):
        with pytest.raises(Refused):
            revoke(db, "ref1", name, "PRE-1", "coordination", basis)


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
def test_withdrawal_freezes_sharing_at_once(db: Db, status: str) -> None:
    """The team keeps the coordination volet, receivers and attendees lose all, nothing more is shared."""
    grant(db, "ref1", "centre", "PRE-1", "social")
    grant(db, "ref1", "ecole", "PRE-1", "scolarite", "meeting", "now() + interval '1 hour'")
    assert len(folders_seen(db, "ref1")) == 4 and len(folders_seen(db, "centre")) == 1
    mine = [journey_id("PRE-1")]
    db.execute("UPDATE journey SET agreement_status = %s WHERE id = %s", (status, mine[0]))
    ask(db, "ref1", "SELECT sync_journey_access(%s)", mine)
    only = {folder_id("PRE-1", "coordination")}
    assert folders_seen(db, "ref1") == only
    assert folders_seen(db, "coord.pre") & {folder_id("PRE-1", v) for v in ("social", "sante")} == set()
    assert folders_seen(db, "centre") == folders_seen(db, "ecole") == set()
    with pytest.raises(Refused):
        grant(db, "ref1", "centre", "PRE-1", "coordination")
    db.execute("UPDATE journey SET agreement_status = 'SIGNE' WHERE id = %s", mine)
    ask(db, "ref1", "SELECT sync_journey_access(%s)", mine)
    assert len(folders_seen(db, "ref1")) == 4
    # What had been shared is asked anew: a signature does not bring it back.
    assert folders_seen(db, "centre") == set()


def test_syncing_takes_no_wish_from_its_caller(db: Db) -> None:
    """What stands follows from the facts, before and after; who does not see the journey may not even ask."""
    everything = "SELECT actor_id, folder_id, basis, can_write FROM access ORDER BY 1, 2, 3"
    before = db.execute(everything).fetchall()
    ask(db, "ref1", "SELECT sync_journey_access(%s)", [journey_id("PRE-1")])
    assert db.execute(everything).fetchall() == before
    for who, refs in (("centre", ["PRE-1"]), ("ref1", ["PRE-1", "PRE-2"]), ("admin", ["PRE-1"])):
        with pytest.raises(Refused):
            ask(db, who, "SELECT sync_journey_access(%s)", [journey_id(ref) for ref in refs])


def test_a_new_referent_sees_at_once_and_the_former_no_more(db: Db) -> None:
    db.execute("UPDATE journey SET referent_id = %s WHERE ref = 'PRE-1'", (account("ref2"),))
    ask(db, "coord.pre", "SELECT sync_journey_access(%s)", [journey_id("PRE-1")])
    assert folders_seen(db, "ref1") == set() and len(folders_seen(db, "ref2")) == 8


@pytest.mark.parametrize("who", ["centre", "ccas", "sante", "ecole", "pilotage", "dpo", "admin", "ml"])
def test_who_opens_no_journey_of_the_pre(db: Db, who: str) -> None:
    with pytest.raises(Refused):
        ask(db, who, "SELECT open_journeys(%s, %s, 'PRE')", [uuid.uuid4()], [uuid.uuid4()])


@pytest.mark.parametrize("after", [timedelta(days=-1), timedelta(0), timedelta(days=1)])
def test_a_sync_opens_nothing_before_the_first_day(db: Db, after: timedelta) -> None:
    """The row is there and begins by itself."""
    at = clock.now()
    begins = at - after
    db.execute("UPDATE membership SET started_at = %s WHERE account_id = %s", (begins, account("ref2")))
    db.execute("UPDATE journey SET referent_id = %s WHERE ref = 'PRE-1'", (account("ref2"),))
    db.execute("DELETE FROM access WHERE actor_id = %s", (account("ref2"),))
    both = [journey_id("PRE-1"), journey_id("PRE-2")]
    ask(db, "coord.pre", "SELECT sync_journey_access(%s)", both, at=at)
    assert bool(folders_seen(db, "ref2", at)) == (begins <= at)
    assert folders_seen(db, "ref2", begins) or begins < at


def test_a_replacement_keeps_the_days_of_the_absence_whatever_the_roles(db: Db) -> None:
    """A role with an end, then one given: neither lengthens nor brings forward the replacement."""
    at = clock.now()
    away = at.date() + timedelta(days=10)
    db.execute("UPDATE journey SET backup_id = NULL WHERE ref = 'PRE-1'")
    db.execute("DELETE FROM access WHERE actor_id = %s", (account("ref2"),))
    db.execute(
        "INSERT INTO leave (id, account_id, backup_id, from_on, until_on)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s)",
        (account("ref1"), account("ref2"), away, away),
    )
    db.execute(
        "UPDATE membership SET ended_at = %s WHERE account_id = %s",
        (at + timedelta(days=90), account("ref2")),
    )
    ask(db, "coord.pre", "SELECT sync_journey_access(%s)", [journey_id("PRE-1")], at=at)
    ask(db, "admin", "SELECT follow_roles(%s, 'PRE')", account("ref2"), at=at)
    theirs = {folder_id("PRE-1", volet) for volet in ("coordination", "scolarite", "social", "sante")}
    assert folders_seen(db, "ref2", at) & theirs == set()
    assert folders_seen(db, "ref2", datetime.combine(away, at.timetz()) + timedelta(days=3)) & theirs == set()
    assert folders_seen(db, "ref2", datetime.combine(away, at.timetz()).replace(hour=12)) & theirs == theirs


@pytest.mark.parametrize("name", ["demo", "lists_version", "x"])
def test_nobody_writes_the_state_of_the_house_by_hand(db: Db, name: str) -> None:
    for who in ("ref1", "coord.pre", "admin"):
        with pytest.raises(Refused):
            ask(db, who, "INSERT INTO state (name, value) VALUES (%s, '1')", name)
    new = "INSERT INTO state (name, value) VALUES (%s, '1') ON CONFLICT DO NOTHING"
    if name == "demo":
        ask(db, operator_actor().id, new, name)
    else:
        with pytest.raises(Refused):
            ask(db, operator_actor().id, new, name)
    ask(db, "admin", "SELECT note_lists_changed()")
    assert ask(db, "ref1", "SELECT 1 FROM state WHERE name = 'lists_version'")


def _follows_the_oracle(db: Db, rounds: int, seed: int) -> None:
    """Random grants, revocations, expiries and withdrawals against a model of ten lines."""
    drawn = random.Random(seed)
    allowed = {"centre": {"coordination", "scolarite", "social"}, "ccas": {"coordination", "social"}}
    allowed["sante"] = {"coordination", "sante"}
    team = {"ref1": {"coordination", "scolarite", "social", "sante"}}
    team["coord.pre"] = team["ref1"] | {"protection"}
    folders = {v: folder_id("PRE-1", v) for v in sorted(team["coord.pre"] | {"emploi"})}
    people = {name: account(name) for name in (*allowed, *team, "ref2", "ml")}
    held: dict[tuple[str, str], datetime | None] = {}
    signed, now = True, clock.now()
    for _ in range(rounds):
        now += timedelta(minutes=drawn.randint(1, 90))
        by, to, volet = drawn.choice(list(people)), drawn.choice(list(allowed)), drawn.choice(list(folders))
        until = drawn.choice([None, now + timedelta(hours=drawn.randint(1, 9))])
        may = volet in team.get(by, ()) and (signed or volet == "coordination")
        what = drawn.choices(("grant", "revoke", "agree"), (6, 3, 1))[0]
        if what == "agree":
            signed = not signed
            status = "SIGNE" if signed else "RETIRE"
            db.execute("UPDATE journey SET agreement_status = %s WHERE ref = 'PRE-1'", (status,))
            ask(db, people["ref1"], "SELECT sync_journey_access(%s)", [journey_id("PRE-1")], at=now)
            held = held if signed else {}
        else:
            query = "SELECT grant_access(%s, %s, 'receiver', %s)"
            values = (people[to], folders[volet], until)
            expected = may and signed and volet in allowed[to]
            if what == "revoke":
                query, values, expected = "SELECT revoke_access(%s, %s, 'receiver')", values[:2], may  # type: ignore[assignment]
            if expected:
                ask(db, people[by], query, *values, at=now)
                held.pop((to, volet), None)
                if what == "grant":
                    held[to, volet] = until
            else:
                with pytest.raises(Refused):
                    ask(db, people[by], query, *values, at=now)
        for name in allowed:
            with as_web(db, people[name], now):
                seen = {row[0] for row in db.execute("SELECT id FROM folder")}
            wanted = {folders[v] for (n, v), end in held.items() if n == name and (end is None or end > now)}
            assert seen == wanted


@pytest.mark.parametrize("seed", [1, 2])
def test_sixty_random_grants_follow_the_oracle(db: Db, seed: int) -> None:
    _follows_the_oracle(db, 60, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100))
def test_ten_thousand_random_grants_follow_the_oracle(db: Db, seed: int) -> None:
    _follows_the_oracle(db, 100, seed)
