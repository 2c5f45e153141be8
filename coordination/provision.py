"""Databases, roles and tables: what `coordination init` makes, and makes again safely."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from config.settings import Settings
from coordination import embedded

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
# Who steals one of these passwords does not keep everybody else out. The pages and the keys need as many as they
# have threads: whoever runs the server sets that, and it stays (README).
MOST_CONNECTIONS = {"owner": 20, "maintenance": 20, "worker": 20}
LOGIN_ROLES = ("owner", "maintenance", "web", "worker", "keystore")


def provision(settings: Settings) -> None:
    """Create what is missing: roles, both databases, tables. Safe to run again."""
    base = embedded.admin_url(settings)
    secrets = embedded.passwords(settings)
    web = embedded.role_url(settings, "web", base)
    keystore = embedded.role_url(settings, "keystore", base)
    if base.username != embedded.PREFIX + "web":
        # Ours may not exist yet; this one always does.
        with psycopg.connect(embedded.dsn(base.set(database="postgres")), autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(715517)")
            make_roles(connection, secrets)
            make_database(connection, web.database or "", "owner")
            make_database(connection, keystore.database or "", "keystore")
            _close_to_others(connection)
        with psycopg.connect(embedded.dsn(base.set(database=web.database)), autocommit=True) as connection:
            prepare_database(connection, web.database or "")
    _make_keystore(keystore)
    migrate(embedded.role_url(settings, "owner", base))


def make_roles(connection: psycopg.Connection, secrets: dict[str, str]) -> None:
    """The login roles with their passwords, and the role that owns the functions and cannot log in."""
    for name in (*LOGIN_ROLES, "definer"):
        role = sql.Identifier(embedded.PREFIX + name)
        exists = connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", (embedded.PREFIX + name,)
        ).fetchone()
        if not exists:
            connection.execute(sql.SQL("CREATE ROLE {}").format(role))
        if name == "definer":
            connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN BYPASSRLS").format(role))
            continue
        _forget_settings(connection, embedded.PREFIX + name)
        if name in MOST_CONNECTIONS:
            most = sql.Literal(MOST_CONNECTIONS[name])
            connection.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT {}").format(role, most))
        bypass = sql.SQL("BYPASSRLS" if name == "maintenance" else "NOBYPASSRLS")
        connection.execute(
            sql.SQL("ALTER ROLE {} LOGIN {} PASSWORD {}").format(role, bypass, sql.Literal(secrets[name]))
        )
    # With its rights: who restores a dump gives out those on the functions too. Passing the wall is none of them.
    connection.execute("GRANT coord_definer TO coord_owner WITH INHERIT TRUE, SET TRUE")


def _forget_settings(connection: psycopg.Connection, name: str) -> None:
    """A role may give itself settings (a timeout, a search path) that outlive whoever stole its password."""
    role = sql.Identifier(name)
    connection.execute(sql.SQL("ALTER ROLE {} RESET ALL").format(role))
    databases = connection.execute(
        "SELECT d.datname FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase"
        " JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = %s",
        (name,),
    ).fetchall()
    for (database,) in databases:
        in_database = sql.SQL("ALTER ROLE {} IN DATABASE {} RESET ALL")
        connection.execute(in_database.format(role, sql.Identifier(database)))


def make_database(connection: psycopg.Connection, name: str, owner: str) -> None:
    """An empty database of one of our roles, if there is none of this name."""
    if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        return
    connection.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
            sql.Identifier(name), sql.Identifier(embedded.PREFIX + owner)
        )
    )
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))


def _close_to_others(connection: psycopg.Connection) -> None:
    """Our roles enter our databases only: by default everybody enters these two, and makes temporary tables."""
    owned = connection.execute(
        "SELECT datname FROM pg_database WHERE datname IN ('postgres', 'template1')"
        " AND pg_has_role(datdba, 'USAGE')"
    ).fetchall()
    for (name,) in owned:
        connection.execute(
            sql.SQL("REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))
        )


def _close_large_objects(connection: psycopg.Connection) -> None:
    """Large objects lie outside every table and its rights; nobody here needs one."""
    functions = connection.execute(
        "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
        " AND (proname LIKE 'lo\\_%%' OR proname IN ('loread', 'lowrite')) AND pg_has_role(proowner, 'USAGE')"
    ).fetchall()
    for (function,) in functions:
        connection.execute(sql.SQL("REVOKE ALL ON FUNCTION {} FROM PUBLIC").format(sql.SQL(function)))


def prepare_database(connection: psycopg.Connection, name: str) -> None:
    """Only our roles connect; nobody but the definer makes temporary tables; the schema is the owner's."""
    # Nothing that the owner of this database laid in it is called by the account that prepares it.
    connection.execute("SET search_path = pg_catalog, pg_temp")
    database = sql.Identifier(name)
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    _close_large_objects(connection)
    for role in ("maintenance", "web", "worker"):
        grantee = sql.Identifier(embedded.PREFIX + role)
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, grantee))
    connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO coord_definer").format(database))
    connection.execute("ALTER SCHEMA public OWNER TO coord_owner")
    connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    connection.execute("GRANT USAGE ON SCHEMA public TO coord_web, coord_worker, coord_maintenance")
    connection.execute("GRANT USAGE, CREATE ON SCHEMA public TO coord_definer")


def _make_keystore(url: URL) -> None:
    with psycopg.connect(embedded.dsn(url), autocommit=True) as connection:
        connection.execute((MIGRATIONS / "sql" / "keystore.sql").read_text("utf-8"))


def alembic_config(url: URL) -> Config:
    """Alembic's configuration for a database, without any ini file."""
    # Imported here: it takes a fifth of the start of every command, and two of them migrate.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = embedded.sqlalchemy_url(url)
    return config


def migrate(url: URL, revision: str = "head") -> None:
    """Bring the tables up to `revision`, as the owner."""
    from alembic import command

    command.upgrade(alembic_config(url), revision)
