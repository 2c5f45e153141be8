"""The wall in the database: each person sees and changes what the access rows say, and a hole in it is noticed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import datetime, time, timedelta

import psycopg
import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from migrations.models import Base
from tests.privacy.wall_house import attempt
from tests.privacy.wall_kit import NEVER_CHANGED, NEVER_DELETED, as_web, everybody, leaks
from tests.privacy.wall_world import EXTRA, IN_FOLDER, Db, account, build_world, superuser_transaction
from tests.support import close, day, journey_id, module_app, role, rows, seen_by

# What is not a row of a journey: sessions, keys of forms, the state of the house.
OPEN_TO_ALL = {
    "sign_in_session",
    "sign_in_attempt",
    "idempotency",
    "import_run",
    "scan_run",
    "tombstone",
    "volet_right",
    "audit_checkpoint",
    "written",
}
# Everybody reads who works here.
EQUIVALENT = {(table, "see", "using") for table in ("account", "membership", "structure")}
MANAGED = ("account", "membership", "structure")


# Who chooses a password by a link is not signed in: the token is the proof, only its hash is kept.
EQUIVALENT |= {("password_link", "see", "using")}
# Of a draft the pages change what it says and when; no column by which it is somebody's.
EQUIVALENT |= {("draft", "change", "check")}
# An absence is seen, added, changed, removed.
ABSENCES = 4
# What happened to alerts is only seen.
HISTORY = 1
# Thresholds (add, change), their trials (see, add), journeys that wait for a recount (see, remove).
THRESHOLDS = 6
# What became of mails is seen by the administrator.
MAILS = 1
# The state of the house: what the operator adds.
STATE = 1
# Policies on lists, areas, school years (add, change) and links (see, add, change).
KEPT_BY_ADMIN = 3 * 2 + 3


@pytest.fixture(scope="module")
def wall(cluster: Settings) -> Iterator[Flask]:
    """One world for the module: whatever its tests try is rolled back."""
    application = module_app(cluster, "wall")
    with application.app_context():
        build_world()
        yield application
    close(application)


def noticed(connection: Db, people: dict[str, uuid.UUID | None], tables: Collection[str] = IN_FOLDER) -> bool:
    """Whether the detector says anything; it stops at its first word."""
    with closing(leaks(connection, people, tables)) as found:
        return next(found, None) is not None


def test_each_person_sees_and_changes_what_the_rows_say(wall: Flask) -> None:
    with superuser_transaction() as connection:
        assert list(leaks(connection, everybody())) == []


def test_every_hole_in_a_policy_is_noticed(wall: Flask) -> None:
    """Each policy of the pages, its USING and its CHECK made true in turn: the detector turns red."""
    people = {name: actor for name, actor in everybody().items() if name in ("ref1", "nobody")}
    unnoticed = []
    with superuser_transaction() as connection:
        policies = connection.execute(
            "SELECT tablename, policyname, qual IS NOT NULL, with_check IS NOT NULL FROM pg_policies"
            " WHERE roles = '{coord_web}'"
        ).fetchall()
        wanted = 4 * len(IN_FOLDER) - len(NEVER_CHANGED) - len(NEVER_DELETED) + 10 + 3 * len(MANAGED)
        wanted += KEPT_BY_ADMIN + ABSENCES + HISTORY + THRESHOLDS + MAILS + STATE
        assert len(policies) == wanted
        for table, policy, using, check in policies:
            for clause, there in (("using", using), ("check", check)):
                if not there or (table, policy, clause) in EQUIVALENT:
                    continue
                connection.execute("SAVEPOINT hole")
                word = "USING" if clause == "using" else "WITH CHECK"
                connection.execute(f"ALTER POLICY {policy} ON {table} {word} (true)")  # type: ignore[arg-type]
                # Noticed on the table itself: what is seen elsewhere would be another's hole.
                if not noticed(connection, people, {table} & set(IN_FOLDER)):
                    unnoticed.append((table, policy, clause))
                connection.execute("ROLLBACK TO SAVEPOINT hole")
        assert list(leaks(connection, people)) == []
    assert unnoticed == []


def test_a_table_without_row_level_security_is_noticed(wall: Flask) -> None:
    people = {"nobody": None}
    with superuser_transaction() as connection:
        for table in (
            *IN_FOLDER,
            *MANAGED,
            "journey",
            "folder",
            "access",
            "deadline",
            "alert",
            "alert_event",
            "audit_entry",
        ):
            connection.execute("SAVEPOINT hole")
            connection.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")  # type: ignore[arg-type]
            assert noticed(connection, people, {table} & set(IN_FOLDER)), table
            connection.execute("ROLLBACK TO SAVEPOINT hole")


CLAUSES = [
    (function, clause)
    for function in ("my_folders", "my_writable_folders", "my_journeys", "my_writable_journeys")
    for clause in ("from_at <= v_now", "until_at > v_now", "may_see_journeys(v_actor)")
]
CLAUSES += [("my_writable_folders", "can_write"), ("my_writable_journeys", "a.can_write")]
CLAUSES += [("my_writable_journeys", "f.volet = 'coordination'")]
CLAUSES += [
    ("may_see_journeys", "suspended_at IS NULL"),
    ("may_see_journeys", "secrecy_basis <> 'AUCUN'"),
    ("may_see_journeys", "charter_signed_on <= (app_now() AT TIME ZONE 'Europe/Paris')::date"),
    ("may_see_journeys", "charter_expires_on > (app_now() AT TIME ZONE 'Europe/Paris')::date"),
    ("manages_accounts", "has_role('ADMIN')"),
    ("is_operator", "kind = 'operator'"),
    ("has_role", "a.id = app_actor()"),
    ("has_role", "m.role = p_role"),
    ("has_role", "m.ended_at > app_now()"),
    ("has_role", "m.started_at <= app_now()"),
]


def test_every_clause_of_the_wall_s_functions_matters(wall: Flask) -> None:
    """A clause replaced by true lets somebody see or change what is not theirs."""
    people = {name: actor for name, actor in everybody().items() if name in (*EXTRA, "coord.pre")}
    unnoticed = []
    with superuser_transaction() as connection:
        for function, clause in CLAUSES:
            row = connection.execute(
                "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname = %s", (function,)
            ).fetchone()
            assert row and clause in row[0], (function, clause)
            connection.execute("SAVEPOINT hole")
            connection.execute(re.sub(rf"(\ba\.)?{re.escape(clause)}", "true", row[0]))
            if not noticed(connection, people):
                unnoticed.append((function, clause))
            connection.execute("ROLLBACK TO SAVEPOINT hole")
    assert unnoticed == []


def test_row_level_security_is_forced_on_every_table_of_a_journey(wall: Flask) -> None:
    found = rows(
        "SELECT relname, relrowsecurity AND relforcerowsecurity FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'alembic_version'"
    )
    assert {name for name, forced in found if not forced} == OPEN_TO_ALL
    assert {name for name, _ in found} == set(Base.metadata.tables)
    # Whatever hangs on a journey or a folder is behind the wall.
    hanging = {t.name for t in Base.metadata.tables.values() if {"journey_id", "folder_id"} & set(t.c.keys())}
    assert hanging & OPEN_TO_ALL == {"tombstone"}


def test_the_owner_is_behind_the_wall_too(wall: Flask) -> None:
    with role(wall.config["SETTINGS"], "owner") as connection:
        for table in (*IN_FOLDER, "journey", "folder", "access"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # type: ignore[arg-type]
            assert connection.execute(f"DELETE FROM {table}").rowcount == 0  # type: ignore[arg-type]


def test_revocation_and_expiry_act_at_the_next_request(wall: Flask) -> None:
    ccas, now = account("ccas"), clock.now()
    with superuser_transaction() as connection:
        for hours, wanted in ((0, 1), (23, 1), (25, 0)):
            assert journeys_seen(connection, ccas, now + timedelta(hours=hours)) == wanted
        connection.execute("UPDATE access SET until_at = %s WHERE actor_id = %s", (now, ccas))
        assert journeys_seen(connection, ccas, now) == 0
        assert journeys_seen(connection, ccas, now - timedelta(seconds=1)) == 1


@pytest.mark.parametrize(("offset", "wanted"), [(-31, 0), (-30, 1), (334, 1), (335, 0)])
def test_a_charter_counts_by_paris_days(wall: Flask, offset: int, wanted: int) -> None:
    """Signed on day -30, it opens that day; expiring on day 335, it closes that day."""
    at = datetime.combine(day(offset), time(0, 30), clock.PARIS)
    with superuser_transaction() as connection:
        connection.execute("UPDATE access SET from_at = '2000-01-01'")
        assert journeys_seen(connection, account("ref1"), at) == wanted


def journeys_seen(connection: Db, actor: uuid.UUID, at: datetime) -> int:
    with as_web(connection, actor, at):
        found = connection.execute("SELECT count(*) FROM journey").fetchone()
    assert found is not None
    return int(found[0])


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis) SELECT gen_random_uuid(), app_actor(),"
        " journey_id, id, 'referent' FROM folder",
        "UPDATE access SET until_at = NULL",
        "DELETE FROM access",
        "INSERT INTO deadline SELECT * FROM deadline",
        "DELETE FROM deadline",
        "INSERT INTO alert SELECT * FROM alert",
        "UPDATE alert SET folder_id = folder_id",
        "UPDATE alert SET due_on = current_date",
        "UPDATE folder SET open = true",
        "DELETE FROM folder",
        "DELETE FROM journey",
        "INSERT INTO volet_right SELECT * FROM volet_right",
        "UPDATE volet_right SET can_write = true",
        "INSERT INTO tombstone (folder_id) VALUES (gen_random_uuid())",
        "DELETE FROM audit_entry",
        "DELETE FROM account",
        "UPDATE account SET kind = 'operator'",
        "INSERT INTO account (id, email, display_name, kind) VALUES (gen_random_uuid(), 'x', 'x', 'operator')",
        "UPDATE membership SET role = 'ADMIN'",
        "UPDATE membership SET account_id = app_actor()",
        "UPDATE state SET value = '1'",
        "UPDATE import_run SET scanned = true",
        "INSERT INTO audit_checkpoint SELECT * FROM audit_checkpoint",
        "SELECT append_audit(gen_random_uuid(), 1, NULL, 'x', 'fait', '')",
        "SELECT sync_journey_access(ARRAY(SELECT gen_random_uuid()))",
        "SELECT lo_create(0)",
        "SELECT lo_from_bytea(0, 'x')",
        "CREATE TEMP TABLE t (x int)",
        "CREATE TABLE t (x int)",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE coord_definer",
        "SET ROLE coord_owner",
        "SET row_security = off; SELECT * FROM journey",
        "COPY journey TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_authid",
    ],
)
def test_the_pages_role_may_not(wall: Flask, statement: str) -> None:
    with (
        seen_by(wall.config["SETTINGS"], account("ref1")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)  # type: ignore[arg-type]


def test_there_is_one_operator_and_nobody_becomes_it(wall: Flask) -> None:
    """Not even the operator's own session writes `kind`, and the function that makes it does so once."""
    operator = rows("SELECT id FROM account WHERE kind = 'operator'")
    with superuser_transaction() as connection:
        for actor in (account("ref1"), account("admin"), operator[0][0]):
            with as_web(connection, actor):
                assert attempt(connection, "UPDATE account SET kind = 'operator'") == -1
                connection.execute("SELECT make_operator(gen_random_uuid(), 'x', 'x')")
                found = connection.execute("SELECT id FROM account WHERE kind = 'operator'").fetchall()
                assert found == operator


def test_an_audit_line_bears_the_hour_of_the_server(wall: Flask) -> None:
    """An instant a little beside it is the request's own; another is not believed, nor is a clock one sets."""
    now = clock.now()
    for offset, believed in ((0, True), (-200, True), (-400, False), (400, False), (-(10**7), False)):
        wanted = int((now + timedelta(seconds=offset)).timestamp() * 1_000_000)
        with seen_by(wall.config["SETTINGS"], account("dpo"), now + timedelta(seconds=offset)) as connection:
            connection.execute(
                "SELECT append_audit(%s, %s, NULL, 'hour', 'fait', '')", (uuid.UUID(int=0), wanted)
            )
            found = connection.execute("SELECT at_us FROM audit_entry WHERE action = 'hour'").fetchone()
        assert found and (found[0] == wanted) is believed, offset
        assert abs(found[0] - now.timestamp() * 1_000_000) < 300 * 1_000_000


def test_without_an_actor_there_is_nothing(wall: Flask) -> None:
    with role(wall.config["SETTINGS"], "web") as connection:
        for table in (
            *IN_FOLDER,
            "journey",
            "folder",
            "access",
            "deadline",
            "alert",
            "alert_event",
            "audit_entry",
        ):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # type: ignore[arg-type]


def test_one_programme_sees_none_of_the_other(wall: Flask) -> None:
    for name, refs in (("coord.pre", {"PRE-1", "PRE-2"}), ("coord.cite", {"CITE-1", "CITE-2"})):
        with seen_by(wall.config["SETTINGS"], account(name)) as connection:
            assert {r for (r,) in connection.execute("SELECT ref FROM journey")} == refs
            other = journey_id("CITE-1" if name == "coord.pre" else "PRE-1")
            for table in (*IN_FOLDER, "deadline", "alert", "alert_event", "access", "folder"):
                query = f"SELECT count(*) FROM {table} WHERE journey_id = %s"
                assert connection.execute(query, (other,)).fetchone() == (0,)  # type: ignore[arg-type]


def test_the_detector_undoes_what_it_tries(wall: Flask) -> None:
    with superuser_transaction() as connection:
        before = connection.execute("SELECT count(*) FROM contact").fetchone()
        with as_web(connection, account("ref1")):
            assert connection.execute("DELETE FROM contact").rowcount > 0
        assert connection.execute("SELECT count(*) FROM contact").fetchone() == before
