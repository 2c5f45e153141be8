"""A leak detector: what each person sees and changes in the database, against what the rows say they may.

The oracle below reads `access` and `account` as a superuser and knows nothing of the wall's functions.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from flask import current_app

from coordination import clock
from tests.conftest import superuser
from tests.support import PEOPLE, day, email, folder_id, import_rows, journey_id, rows, scalar, world

IN_FOLDER = (
    "sheet",
    "schooling",
    "agreement",
    "saisine",
    "turn",
    "representative",
    "contact",
    "appointment",
    "objective",
    "action",
    "pause",
    "review",
    "barrier",
    "right_end",
    "life_event",
    "school_absence",
    "referral",
    "revision",
    "document",
    "document_part",
    "draft",
    "attendance",
    "invitation",
    "iae_application",
    "household_child",
    "follow_up",
    "retention_decision",
    "week_decision",
)
# Rows that pages add and read, and never change or delete.
APPEND_ONLY = {"revision", "agreement", "saisine", "turn"}
# Rows that stay when what they held is erased; rows that are erased and never changed.
NEVER_DELETED = APPEND_ONLY | {"document"}
NEVER_CHANGED = APPEND_ONLY | {"document_part"}
# Rows that only their author sees (here: half of them are of DRAFTER).
OWN = {"draft"}
DRAFTER = "ref1"
# What an INSERT cannot leave out, beside the ids.
NEEDED = {
    "schooling": (", school_year", ", 2026"),
    "agreement": (", status, recorded_by", ", 'SIGNE', (SELECT id FROM account LIMIT 1)"),
    "saisine": (", on_date", ", current_date"),
    "turn": (", kind, on_date, by_id", ", 'SORTIE', current_date, (SELECT id FROM account LIMIT 1)"),
    "contact": (", on_date, mode", ", current_date, 'VAD'"),
    "appointment": (", on_date", ", current_date"),
    "objective": (", set_on", ", current_date"),
    "action": (", key", ", gen_random_uuid()"),
    "pause": (", from_on", ", current_date"),
    "review": (", due_on", ", current_date"),
    "barrier": (", identified_on", ", current_date"),
    "right_end": (", ends_on", ", current_date"),
    "life_event": (", on_date", ", current_date"),
    "school_absence": (", on_date", ", current_date"),
    "referral": (", key", ", gen_random_uuid()"),
    "invitation": (", sent_on", ", current_date"),
    "iae_application": (", applied_on", ", current_date"),
    "follow_up": (", on_date", ", current_date"),
    "retention_decision": (", on_date", ", current_date"),
    "attendance": (
        ", action_id, on_date, status",
        ", COALESCE((SELECT id FROM action LIMIT 1), gen_random_uuid()), current_date, 'PRESENT'",
    ),
    "week_decision": (
        ", week, decision, on_date, by_id",
        ", current_date, 'EPS', current_date, (SELECT id FROM account LIMIT 1)",
    ),
    "revision": (
        ", of_table, of_id, at, by_id, removed",
        ", 'contact', gen_random_uuid(), now(), (SELECT id FROM account LIMIT 1), false",
    ),
    "document": (", added_at, author_id", ", now(), (SELECT id FROM account LIMIT 1)"),
    # The reference waits for the end of the transaction: whoever sees no document may still try.
    "document_part": (
        ", document_id, number",
        ", COALESCE((SELECT id FROM document LIMIT 1), gen_random_uuid()), trunc(random() * 1e9)",
    ),
    "draft": (
        ", author_id, form, of_id, saved_at",
        f", (SELECT id FROM account WHERE email = '{email(DRAFTER)}'), 'f', gen_random_uuid(), now()",
    ),
}
Db = psycopg.Connection[Any]
EXTRA = ("suspended", "unsigned", "expired", "early", "late", "no.basis", "ended", "apart")


def build_world() -> None:
    """PEOPLE, a row of every table in every folder, grants of every kind, accounts that may see nothing."""
    import_rows(world())
    for name in EXTRA:
        rows(
            "INSERT INTO account (id, email, display_name) VALUES (gen_random_uuid(), %s, %s)",
            email(name),
            name,
        )
    signed = {"secrecy_basis": "PROFESSION", "charter_signed_on": day(-30), "charter_expires_on": day(30)}
    faults: dict[str, dict[str, Any]] = {
        "suspended": {"suspended_at": clock.now()},
        "unsigned": {"charter_signed_on": None},
        "expired": {"charter_expires_on": day()},
        "no.basis": {"secrecy_basis": "AUCUN"},
    }
    for name in EXTRA:
        values = signed | faults.get(name, {})
        assigned = ", ".join(f"{column} = %s" for column in values)
        rows(f"UPDATE account SET {assigned} WHERE email = %s", *values.values(), email(name))
    fill_folders()
    now = clock.now()
    for name in EXTRA:
        give(name, "PRE-1", "social", "receiver", write=True)
        # "apart" writes in one volet and not in the skeleton of the journey, which "ended" only reads.
        if name != "apart":
            give(name, "PRE-1", "coordination", "receiver", write=name != "ended")
    rows("UPDATE access SET from_at = %s WHERE actor_id = %s", now + timedelta(hours=1), account("early"))
    rows("UPDATE access SET until_at = %s WHERE actor_id = %s", now - timedelta(hours=1), account("late"))
    give("centre", "PRE-1", "social", "receiver")
    give("ccas", "CITE-1", "coordination", "receiver", until=now + timedelta(days=1))
    give("ecole", "PRE-2", "scolarite", "meeting", until=now + timedelta(hours=2))
    for programme, role_code in (("PRE", "COORD_PRE"), ("PRE", "DPO"), ("PRE", "PILOTAGE")):
        rows(
            "INSERT INTO membership (id, account_id, role, programme, ended_at) VALUES"
            " (gen_random_uuid(), %s, %s, %s, now() - interval '1 hour')",
            account("ended"),
            role_code,
            programme,
        )
    rows(
        "INSERT INTO membership (id, account_id, role, started_at) VALUES"
        " (gen_random_uuid(), %s, 'DPO', now() + interval '1 hour')",
        account("early"),
    )
    rows("INSERT INTO coded_label (list, code, label, position) VALUES ('pause_reason', 'SANTE', 'Santé', 0)")
    rows("INSERT INTO school_year VALUES ('2026-09-01', '2027-07-05', 1, gen_random_uuid())")
    rows(
        "INSERT INTO password_link (token_hash, account_id, expires_at)"
        " SELECT convert_to(email, 'UTF8'), id, now() FROM account WHERE kind = 'person'"
    )
    rows(
        "INSERT INTO mail (id, account_id, kind, on_date, subject, body, queued_at, next_at)"
        " SELECT gen_random_uuid(), id, 'RESUME', '2026-11-23', 's', 'b', now(), now()"
        " FROM account WHERE kind = 'person'"
    )


def fill_folders() -> None:
    """A row of every table that hangs on a folder in each of them, a deadline and an alert."""
    with superuser_transaction() as connection:
        for table in IN_FOLDER:
            names, values = NEEDED.get(table, ("", ""))
            connection.execute(
                f"INSERT INTO {table} (id, journey_id, folder_id{names})"  # type: ignore[arg-type]
                f" SELECT gen_random_uuid(), journey_id, id{values} FROM folder"
            )
        # And drafts of somebody else, in the very same folders.
        connection.execute(
            "INSERT INTO draft (id, journey_id, folder_id, author_id, form, of_id, saved_at)"
            " SELECT gen_random_uuid(), journey_id, id, (SELECT id FROM account WHERE email = %s), 'f',"
            " gen_random_uuid(), now() FROM folder",
            (email("coord.pre"),),
        )
        # Everybody is away once, replaced by the next one.
        connection.execute(
            "INSERT INTO leave (id, account_id, backup_id, from_on, until_on) SELECT gen_random_uuid(), id, next,"
            " current_date, current_date FROM (SELECT id, lead(id) OVER (ORDER BY id) AS next FROM account"
            " WHERE kind = 'person') AS everybody WHERE next IS NOT NULL"
        )
        # A threshold and its trial in each programme; every journey waits for a recount.
        for programme in ("PRE", "CITE_EMPLOI"):
            connection.execute(_TRIAL, {"programme": programme, "by": None})
        connection.execute("UPDATE threshold_trial SET id = %s WHERE programme = 'PRE'", (_TRIED,))
        for programme in ("PRE", "CITE_EMPLOI"):
            connection.execute(_THRESHOLD, {"programme": programme, "by": None})
        connection.execute(
            "INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO deadline (journey_id, folder_id, rule, kind, subject_id, due_on, since, because)"
            " SELECT journey_id, id, 'X1', 'overdue', volet, current_date, current_date, 'exchange' FROM folder"
        )
        connection.execute(
            "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, due_on, since, because,"
            " opened_on, status, initial) SELECT gen_random_uuid(), journey_id, id, 'X1', 'overdue', volet,"
            " current_date, current_date, 'exchange', current_date, 'OUVERTE', false FROM folder"
        )
        connection.execute(
            "INSERT INTO alert_event (id, alert_id, journey_id, folder_id, what, on_date)"
            " SELECT gen_random_uuid(), id, journey_id, folder_id, 'OUVERTE', current_date FROM alert"
        )
        connection.commit()


def give(
    name: str, ref: str, volet: str, basis: str, *, write: bool = False, until: datetime | None = None
) -> None:
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, until_at)"
        " VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, now() - interval '1 minute', %s)",
        account(name),
        journey_id(ref),
        folder_id(ref, volet),
        basis,
        write,
        until,
    )


def account(name: str) -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM account WHERE email = %s", email(name))))


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
    drafts = connection.execute("SELECT author_id, folder_id FROM draft").fetchall()
    authors = {author: {f for a, f in drafts if a == author} for author, _ in drafts}
    places = connection.execute("SELECT id, journey_id FROM folder").fetchall()
    lines = connection.execute("SELECT structure_id, sequence, journey_id FROM audit_entry").fetchall()
    grants = connection.execute("SELECT id, actor_id, journey_id FROM access").fetchall()
    absences = connection.execute("SELECT id, account_id, backup_id FROM leave").fetchall()
    for name, actor in people.items():
        may = truth(connection, actor, at)
        with as_web(connection, actor, at):
            seen = _seen(connection, tables)
            wanted: dict[str, set[Any]] = {table: set(may.read) & set(sizes[table]) for table in sizes}
            mine = authors.get(actor, set())
            if "draft" in tables:
                wanted["draft"] = set(may.write) & mine
            wanted["folder"], wanted["journey"] = set(may.read), set(may.journeys)
            wanted["access"] = {g[0] for g in grants if g[1] == actor or g[2] in may.journeys}
            wanted["audit_entry"] = {line[:2] for line in lines if may.dpo or line[2] in may.journeys}
            yield from (f"{name} sees {table}" for table in wanted if seen[table] != wanted[table])
            own = {"draft": dict.fromkeys(mine, 1)}
            for faults in (
                _writes(connection, may, sizes | own, places, tables),
                _manages(connection, may),
                _keeps(connection, name == "admin"),
                _is_away(connection, actor, may, absences),
                _sets_thresholds(connection, actor, may),
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
    connection: Db, may: Truth, sizes: dict[str, Any], places: list[Any], tables: Collection[str]
) -> Iterator[str]:
    foreign = next(((f, j) for f, j in places if f not in may.write), None)
    for table in tables:
        mine = sum(sizes[table].get(folder, 0) for folder in may.write)
        if attempt(connection, f"UPDATE {table} SET version = 7") != (-1 if table in NEVER_CHANGED else mine):
            yield f"changes {table}"
        if attempt(connection, f"DELETE FROM {table}") != (-1 if table in NEVER_DELETED else mine):
            yield f"removes from {table}"
        if foreign and mine and attempt(connection, f"UPDATE {table} SET folder_id = %s", foreign[0]) != -1:
            yield f"moves {table} elsewhere"
        if foreign and attempt(connection, _insertion(table), foreign[1], foreign[0]) != -1:
            yield f"adds to {table}"
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


def _manages(connection: Db, may: Truth) -> Iterator[str]:
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


def _keeps(connection: Db, admin: bool) -> Iterator[str]:
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


def _is_away(connection: Db, actor: uuid.UUID | None, may: Truth, absences: list[Any]) -> Iterator[str]:
    """Absences: seen by who is away, who replaces and who coordinates; the own written. Families: never."""
    seen = {row[0] for row in connection.execute("SELECT id FROM leave")}
    if seen != {a[0] for a in absences if may.coordinates or actor in a[1:]}:
        yield "sees absences"
    if attempt(connection, "DELETE FROM leave") != sum(a[1] == actor for a in absences):
        yield "removes absences"
    foreign = next(a for a in absences if a[1] != actor)
    new = (
        "INSERT INTO leave (id, account_id, backup_id, from_on, until_on) VALUES (gen_random_uuid(), %s, %s,"
    )
    if attempt(connection, f"{new} current_date, current_date)", *foreign[1:]) != -1:
        yield "is away in another's name"
    if attempt(connection, "SELECT 1 FROM household_member") != -1:
        yield "reads families"


# The trial that every threshold of these tests refers to: who adds one need not see it.
_TRIED = uuid.UUID(int=15)
_SOMEBODY = (
    "COALESCE(CAST(%(by)s AS uuid), (SELECT id FROM account WHERE id IS DISTINCT FROM app_actor() LIMIT 1))"
)
_TRIAL = (
    "INSERT INTO threshold_trial (id, rule, programme, from_on, until_on, made_by, made_at, present, journeys,"
    " weeks_before, weeks_after, referents, referents_before, referents_after, breaks, found_before, found_after,"
    " needless_before, needless_after) VALUES (gen_random_uuid(), 'A01', %(programme)s, current_date,"
    f" current_date, {_SOMEBODY}, now(), '', 0, '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 0, 0, 0, 0, 0)"
)
_THRESHOLD = (
    "INSERT INTO threshold (id, rule, programme, valid_from, valid_until, status, trial_id, decided_by, decided_at)"
    " VALUES (gen_random_uuid(), 'A01', %(programme)s, current_date - (random() * 100000)::integer, NULL, 'FINI',"
    f" '{_TRIED}', {_SOMEBODY}, now())"
)


def _sets_thresholds(connection: Db, actor: uuid.UUID | None, may: Truth) -> Iterator[str]:
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
        for what, query in (("trial", _TRIAL), ("threshold", _THRESHOLD)):
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


def _insertion(table: str) -> str:
    names, values = NEEDED.get(table, ("", ""))
    return (
        f"INSERT INTO {table} (id, journey_id, folder_id{names}) VALUES (gen_random_uuid(), %s, %s{values})"
    )


@contextmanager
def superuser_transaction() -> Iterator[Db]:
    """A superuser's transaction, undone at the end."""
    with psycopg.connect(superuser(current_app.config["SETTINGS"])) as connection:
        yield connection
        connection.rollback()
