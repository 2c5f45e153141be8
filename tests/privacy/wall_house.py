"""What the leak detector tries on the tables of the house: accounts, keys, absences, thresholds."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.privacy.wall_world import THRESHOLD, TRIAL, Db


@dataclass(frozen=True)
class Truth:
    """What an account may, at an instant, told from the rows alone."""

    read: frozenset[uuid.UUID]
    write: frozenset[uuid.UUID]
    journeys: frozenset[uuid.UUID]
    skeletons: frozenset[uuid.UUID]
    dpo: bool
    manages: bool
    active: bool
    coordinates: bool
    sets: frozenset[str]
    sees_journeys: bool


def attempt(connection: Db, query: str, *values: Any) -> int:
    """How many rows a statement touched; -1 if it was refused."""
    return attempt_with(connection, query, values or None)


def attempt_with(connection: Db, query: str, values: Any) -> int:
    """As `attempt`, with values by name."""
    connection.execute("SAVEPOINT attempt")
    try:
        return connection.execute(query, values).rowcount  # type: ignore[arg-type]
    except psycopg.errors.InsufficientPrivilege:
        return -1
    finally:
        connection.execute("ROLLBACK TO SAVEPOINT attempt")


def manages(connection: Db, may: Truth) -> Iterator[str]:
    """Accounts, roles and structures: who manages them writes them, the own account's few columns aside."""
    persons = "SELECT count(*) FROM account WHERE kind = 'person' AND id IS DISTINCT FROM app_actor()"
    (people,) = connection.execute(persons).fetchone() or (0,)
    held = "SELECT count(*) FROM membership WHERE account_id IS DISTINCT FROM app_actor()"
    (roles,) = connection.execute(held).fetchone() or (0,)
    (structures,) = connection.execute("SELECT count(*) FROM structure").fetchone() or (0,)
    new = "(gen_random_uuid(), gen_random_uuid(), 'x')"
    role = "INSERT INTO membership (id, account_id, role) SELECT gen_random_uuid(), id, 'COORD_CITE' FROM account"
    wanted = {
        "UPDATE account SET display_name = 'x' WHERE id IS DISTINCT FROM app_actor()": (people, 0),
        f"INSERT INTO account (id, email, display_name) VALUES {new}": (1, -1),
        f"{role} WHERE id IS DISTINCT FROM app_actor() AND kind = 'operator'": (1, -1),
        "UPDATE membership SET ended_at = now() WHERE account_id IS DISTINCT FROM app_actor()": (roles, 0),
        f"INSERT INTO structure (id, code, name) VALUES {new}": (1, -1),
        "UPDATE structure SET name = 'x'": (structures, 0),
    }
    for query, (managing, else_) in wanted.items():
        if attempt(connection, query) != (managing if may.manages else else_):
            yield f"manages: {query}"
    if may.active and attempt(connection, f"{role} WHERE id = app_actor()") != -1:
        yield "gives itself a role"
    if attempt(connection, "UPDATE membership SET ended_at = NULL WHERE account_id = app_actor()") != 0:
        yield "changes its own role"
    mine = int(may.active)
    if attempt(connection, "UPDATE account SET password_hash = 'x' WHERE id = app_actor()") != mine:
        yield "changes its own password"
    if mine and not may.manages:
        for change in ("secrecy_basis = 'CONTRACTUEL'", "display_name = 'x'", "suspended_at = now()"):
            if attempt(connection, f"UPDATE account SET {change} WHERE id = app_actor()") != -1:
                yield f"changes its own {change}"


def keeps(connection: Db, admin: bool) -> Iterator[str]:
    """Lists, areas, school years, links: the administrator writes them; a person uses the own link."""
    new = {
        "coded_label (list, code, label, position)": "('pause_reason', 'X', 'x', 1)",
        "area (code, label, commune)": "('X_X', 'x', '62765')",
        "school_year (id, starts_on, ends_on)": "(gen_random_uuid(), '2020-09-01', '2021-07-05')",
        "state (name, value)": "('x', '1')",
        "password_link (token_hash, account_id, expires_at)": "('x', (SELECT id FROM account LIMIT 1), now())",
    }
    for place, values in new.items():
        wanted = 1 if admin and not place.startswith("state") else -1
        if attempt(connection, f"INSERT INTO {place} VALUES {values}") != wanted:
            yield f"adds {place}"
    for table in ("coded_label", "area", "school_year"):
        (held,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone() or (0,)  # type: ignore[arg-type]
        if attempt(connection, f"UPDATE {table} SET version = 7") != (held if admin else 0) or not held:
            yield f"changes {table}"
    links = "SELECT count(*) FROM password_link" + ("" if admin else " WHERE account_id = app_actor()")
    (held,) = connection.execute(links).fetchone() or (0,)  # type: ignore[arg-type]
    if attempt(connection, "UPDATE password_link SET used_at = now()") != held:
        yield "uses a link"
    (mails,) = connection.execute("SELECT count(*) FROM mail").fetchone() or (0,)
    if bool(mails) != admin:
        yield "sees mails"


def is_away(connection: Db, actor: uuid.UUID | None, may: Truth, absences: list[Any]) -> Iterator[str]:
    """Absences: seen by who is away, who replaces and who coordinates; the own written. Families: never.

    `absences`: (id, who is away, who replaces, programmes of what the first follows). Who coordinates all of these
    also says who replaces.
    """
    seen = {row[0] for row in connection.execute("SELECT id FROM leave")}
    if seen != {a[0] for a in absences if may.coordinates or actor in a[1:3]}:
        yield "sees absences"
    if attempt(connection, "DELETE FROM leave") != sum(a[1] == actor for a in absences):
        yield "removes absences"
    arranged = sum(
        a[1] == actor or (bool(may.journeys and a[3]) and set(a[3] or ()) <= may.sets) for a in absences
    )
    if attempt(connection, "UPDATE leave SET backup_id = NULL") != arranged:
        yield "says who replaces"
    if attempt(connection, "UPDATE leave SET until_on = until_on") != -1:
        yield "moves absences"
    foreign = next(a for a in absences if a[1] != actor)
    new = (
        "INSERT INTO leave (id, account_id, backup_id, from_on, until_on) VALUES (gen_random_uuid(), %s, %s,"
    )
    if attempt(connection, f"{new} current_date, current_date)", *foreign[1:3]) != -1:
        yield "is away in another's name"
    if attempt(connection, "SELECT 1 FROM household_member") != -1:
        yield "reads families"


def sets_thresholds(connection: Db, actor: uuid.UUID | None, may: Truth) -> Iterator[str]:
    """Read by all; set by who coordinates the programme, in the own name. Trials stay with them."""
    count = "SELECT count(*) FROM "
    if connection.execute(count + "threshold").fetchone() != (2,):
        yield "does not see what stands"
    if connection.execute(count + "threshold_trial").fetchone() != (len(may.sets),):
        yield "sees trials"
    if attempt(connection, "UPDATE threshold SET valid_until = '2099-01-01'") != len(may.sets):
        yield "changes thresholds"
    if (
        attempt(connection, "DELETE FROM threshold") != -1
        or attempt(connection, "DELETE FROM threshold_trial") != -1
    ):
        yield "erases what was decided"
    for programme in ("PRE", "CITE_EMPLOI"):
        for what, query in (("trial", TRIAL), ("threshold", THRESHOLD)):
            wanted = 1 if programme in may.sets else -1
            if attempt_with(connection, query, {"programme": programme, "by": actor}) != wanted:
                yield f"adds a {what} of {programme}"
            if attempt_with(connection, query, {"programme": programme, "by": None}) != -1 and actor:
                yield f"adds a {what} in another's name"
    waiting = {row[0] for row in connection.execute("SELECT journey_id FROM recompute_queue")}
    if waiting != may.journeys:
        yield "sees who waits for a recount"
    if (
        attempt(
            connection, "INSERT INTO recompute_queue SELECT journey_id, now() FROM recompute_queue LIMIT 1"
        )
        != -1
    ):
        yield "fills the queue"
    if attempt(connection, "DELETE FROM recompute_queue") != len(may.skeletons):
        yield "empties the queue"
