"""A leak detector: what each person sees and changes in the database, against what the rows say they may.

The oracle below reads `access` and `account` as a superuser and knows nothing of the wall's functions.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from coordination import clock
from tests.privacy.wall_house import Truth, attempt, is_away, keeps, manages, sets_thresholds
from tests.privacy.wall_world import EXTRA, IN_FOLDER, NEEDED, Db, account
from tests.support import PEOPLE

# Rows that pages add and read, and never change or delete.
APPEND_ONLY = {"revision", "agreement", "saisine", "turn"}


# Rows that stay when what they held is erased; rows that are erased and never changed.
NEVER_DELETED = APPEND_ONLY | {"document"}


NEVER_CHANGED = APPEND_ONLY | {"document_part"}


def truth(connection: Db, actor: uuid.UUID | None, at: datetime) -> Truth:
    """Read by a superuser."""
    known = connection.execute(
        "SELECT suspended_at, kind, secrecy_basis, charter_signed_on, charter_expires_on FROM account"
        " WHERE id = %s",
        (actor,),
    ).fetchone()
    paris = clock.paris_date(at)
    may = known is not None and known[0] is None
    if may and known is not None and known[1] != "operator":
        _, _, basis, signed, expires = known
        may = (
            basis != "AUCUN"
            and signed is not None
            and signed <= paris
            and expires is not None
            and expires > paris
        )
    held = connection.execute(
        "SELECT a.folder_id, a.journey_id, a.can_write, a.from_at, a.until_at, f.volet FROM access a"
        " JOIN folder f ON f.id = a.folder_id WHERE a.actor_id = %s",
        (actor,),
    ).fetchall()
    now = [row for row in held if may and row[3] <= at and (row[4] is None or row[4] > at)]
    roles = connection.execute(
        "SELECT role FROM membership WHERE account_id = %s AND (ended_at IS NULL OR ended_at > %s)"
        " AND (started_at IS NULL OR started_at <= %s)",
        (actor, at, at),
    ).fetchall()
    return Truth(
        frozenset(row[0] for row in now),
        frozenset(row[0] for row in now if row[2]),
        frozenset(row[1] for row in now),
        frozenset(row[1] for row in now if row[2] and row[5] == "coordination"),
        ("DPO",) in roles and known is not None and known[0] is None,
        known is not None and (known[1] == "operator" or (("ADMIN",) in roles and known[0] is None)),
        known is not None and known[0] is None,
        bool({("COORD_PRE",), ("COORD_CITE",)} & set(roles)) and known is not None and known[0] is None,
        frozenset(
            programme
            for programme, role in (("PRE", "COORD_PRE"), ("CITE_EMPLOI", "COORD_CITE"))
            if (role,) in roles and known is not None and known[0] is None
        ),
        may,
    )


@contextmanager
def as_web(connection: Db, actor: uuid.UUID | None, at: datetime | None = None) -> Iterator[None]:
    """Inside a superuser's transaction: the web role with this actor; what it does is undone."""
    connection.execute("SAVEPOINT person")
    connection.execute(
        "SELECT set_config('app.actor', %s, true), set_config('app.now', %s, true)",
        (str(actor or ""), at.isoformat() if at else ""),
    )
    connection.execute("SET LOCAL ROLE coord_web")
    try:
        yield
    finally:
        connection.execute("ROLLBACK TO SAVEPOINT person")
        connection.execute("RESET ROLE")


def everybody() -> dict[str, uuid.UUID | None]:
    found: dict[str, uuid.UUID | None] = {name: account(name) for name in (*PEOPLE, *EXTRA)}
    return found | {"nobody": None, "stranger": uuid.UUID(int=99)}


def leaks(
    connection: Db, people: dict[str, uuid.UUID | None], tables: Collection[str] = IN_FOLDER
) -> Iterator[str]:
    """Every difference between the wall and the truth. `connection`: a superuser's, in a transaction.

    `tables`: among those of a folder, the ones to look at; the others are always looked at.
    """
    at = clock.now()
    sizes = {
        table: dict(connection.execute(f"SELECT folder_id, count(*) FROM {table} GROUP BY 1").fetchall())  # type: ignore[arg-type]
        for table in (*tables, "deadline", "alert", "alert_event")
    }
    drafts = connection.execute("SELECT author_id, folder_id, journey_id FROM draft").fetchall()
    authors = {author: {f for a, f, j in drafts if a == author and j} for author, _, _ in drafts}
    alone = {author: {f for a, f, j in drafts if a == author and not j} for author, _, _ in drafts}
    places = connection.execute("SELECT id, journey_id FROM folder").fetchall()
    lines = connection.execute("SELECT structure_id, sequence, journey_id FROM audit_entry").fetchall()
    grants = connection.execute("SELECT id, actor_id, journey_id FROM access").fetchall()
    absences = connection.execute(
        "SELECT id, account_id, backup_id, ARRAY(SELECT DISTINCT j.programme FROM journey j"
        " WHERE j.referent_id = l.account_id AND j.exit_on IS NULL) FROM leave l"
    ).fetchall()
    for name, actor in people.items():
        may = truth(connection, actor, at)
        with as_web(connection, actor, at):
            seen = _seen(connection, tables)
            wanted: dict[str, set[Any]] = {table: set(may.read) & set(sizes[table]) for table in sizes}
            mine = authors.get(actor, set())
            # Without a journey there is no folder to be let into: whoever may be let into one has their own.
            by_themselves = alone.get(actor, set()) if may.sees_journeys else set()
            if "draft" in tables:
                wanted["draft"] = set(may.write) & mine | by_themselves
            wanted["folder"], wanted["journey"] = set(may.read), set(may.journeys)
            wanted["access"] = {g[0] for g in grants if g[1] == actor or g[2] in may.journeys}
            wanted["audit_entry"] = {line[:2] for line in lines if may.dpo or line[2] in may.journeys}
            yield from (f"{name} sees {table}" for table in wanted if seen[table] != wanted[table])
            own = {"draft": dict.fromkeys(mine, 1)}
            for faults in (
                _writes(connection, may, sizes | own, places, tables, len(by_themselves)),
                manages(connection, may),
                keeps(connection, name == "admin"),
                is_away(connection, actor, may, absences),
                sets_thresholds(connection, actor, may),
            ):
                yield from (f"{name}: {fault}" for fault in faults)


def _seen(connection: Db, tables: Collection[str]) -> dict[str, set[Any]]:
    seen = {}
    for table in (*tables, "deadline", "alert", "alert_event"):
        seen[table] = {row[0] for row in connection.execute(f"SELECT folder_id FROM {table}")}  # type: ignore[arg-type]
    for table in ("folder", "journey", "access"):
        seen[table] = {row[0] for row in connection.execute(f"SELECT id FROM {table}")}  # type: ignore[arg-type]
    seen["audit_entry"] = set(connection.execute("SELECT structure_id, sequence FROM audit_entry"))
    return seen


def _writes(
    connection: Db,
    may: Truth,
    sizes: dict[str, Any],
    places: list[Any],
    tables: Collection[str],
    drafts_alone: int,
) -> Iterator[str]:
    foreign = next(((f, j) for f, j in places if f not in may.write), None)
    for table in tables:
        mine = sum(sizes[table].get(folder, 0) for folder in may.write)
        mine += drafts_alone if table == "draft" else 0
        if attempt(connection, f"UPDATE {table} SET version = 7") != (-1 if table in NEVER_CHANGED else mine):
            yield f"changes {table}"
        if attempt(connection, f"DELETE FROM {table}") != (-1 if table in NEVER_DELETED else mine):
            yield f"removes from {table}"
        if foreign and mine and attempt(connection, f"UPDATE {table} SET folder_id = %s", foreign[0]) != -1:
            yield f"moves {table} elsewhere"
        if foreign and attempt(connection, _insertion(table), foreign[1], foreign[0]) != -1:
            yield f"adds to {table}"
    begun = (
        "INSERT INTO draft (id, folder_id, author_id, form, of_id, saved_at)"
        " VALUES (gen_random_uuid(), gen_random_uuid(), app_actor(), 'f', gen_random_uuid(), now())"
    )
    if attempt(connection, begun) != (1 if may.sees_journeys else -1):
        yield "begins a draft without a journey"
    open_alerts = sum(sizes["alert"].get(folder, 0) for folder in may.read)
    if attempt(connection, "UPDATE alert SET status = 'VUE', acted_by = app_actor()") != open_alerts:
        yield "changes alert"
    answer = (
        "UPDATE alert SET status = 'VUE', acted_by = (SELECT id FROM account WHERE id <> app_actor() LIMIT 1)"
    )
    if open_alerts and attempt(connection, answer) != -1:
        yield "answers an alert in another's name"
    if attempt(connection, "UPDATE journey SET version = 7") != len(may.skeletons):
        yield "changes journey"
    if may.skeletons and attempt(connection, "UPDATE journey SET id = gen_random_uuid()") != -1:
        yield "moves journey"
    new = "INSERT INTO journey (id, ref, programme) VALUES (gen_random_uuid(), 'NEW', 'PRE')"
    if attempt(connection, new) != -1:
        yield "adds journey"
    for _, journey in places[:1]:
        new = "INSERT INTO folder (id, journey_id, volet) VALUES (gen_random_uuid(), %s, 'x')"
        if attempt(connection, new, journey) != -1:
            yield "adds folder"


def _insertion(table: str) -> str:
    names, values = NEEDED.get(table, ("", ""))
    return (
        f"INSERT INTO {table} (id, journey_id, folder_id{names}) VALUES (gen_random_uuid(), %s, %s{values})"
    )
