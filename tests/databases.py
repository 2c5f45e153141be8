"""Databases of tests: copies of a template, the application on one, its rows put back after each test."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakSet

import psycopg
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from config.settings import Settings
from coordination import embedded
from coordination.db import db
from coordination.kept import Findings

HOME = "COORDINATION_TEST_HOME"
TEMPLATE = "coordination"
# Tables that no test fills: the table of rights, the version of the tables.
KEPT = ["volet_right", "alembic_version"]


def worker() -> str:
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


def copy_databases(base: Settings, source: str, name: str) -> Settings:
    """Fresh copies of `source` and its keystore under another name; the settings that point to them."""
    admin = embedded.start(base)
    with psycopg.connect(embedded.dsn(admin), autocommit=True) as connection:
        for suffix, owner in (("", "coord_owner"), ("_keys", "coord_keystore")):
            target = sql.Identifier(name + suffix)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(target))
            connection.execute(
                # Copied as files: twice as quick here as through the log of writes, which nothing would read.
                sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY {}").format(
                    target,
                    sql.Identifier(source + suffix),
                    sql.Identifier(owner),
                    sql.SQL("WAL_LOG" if suffix else "FILE_COPY"),
                )
            )
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(target))
        _grant_connect(connection, name)
    return replace(base, database_url=embedded.dsn(admin.set(database=name)))


def _grant_connect(connection: psycopg.Connection, name: str) -> None:
    database = sql.Identifier(name)
    for role in ("coord_maintenance", "coord_web", "coord_worker"):
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, sql.Identifier(role))
        )
    connection.execute(sql.SQL("GRANT TEMPORARY ON DATABASE {} TO coord_definer").format(database))


def tables(connection: psycopg.Connection) -> list[str]:
    """Those that tests fill."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT relname = ANY (%s) ORDER BY 1",
        (KEPT,),
    )
    return [name for (name,) in found]


# Connections on which the question of `held` is prepared: to plan it costs twice what it costs to answer.
_ASKED: WeakSet[psycopg.Connection] = WeakSet()


def held(connection: psycopg.Connection) -> dict[str, tuple[int, int]]:
    """Of each table that tests fill: how many rows it holds, and the transaction that wrote the newest.

    Whatever is done to a table changes one of the two: a row that comes or changes is newer than all the others.
    """
    if connection not in _ASKED:
        each = [
            sql.SQL("SELECT {}, count(*), coalesce(max(xmin::text::bigint), 0) FROM {}").format(
                sql.Literal(name), sql.Identifier(name)
            )
            for name in tables(connection)
        ]
        connection.execute(sql.SQL("PREPARE held AS ") + sql.SQL(" UNION ALL ").join(each))
        _ASKED.add(connection)
    return {name: (number, newest) for name, number, newest in connection.execute("EXECUTE held")}


def empty(connection: psycopg.Connection, names: Iterable[str]) -> None:
    """Delete their rows, within a transaction that until its end checks no reference and fires no trigger."""
    connection.execute("SET LOCAL session_replication_role = replica")
    every = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in names]
    connection.execute(sql.SQL(";").join(every))


def restart(connection: psycopg.Connection) -> None:
    """Every sequence begins anew."""
    connection.execute(
        "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences"
    )


def stop_others(connection: psycopg.Connection) -> None:
    """Whatever is still at work in this database would wait for its rows, or these for it."""
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND state <> 'idle'"
    )


_LINES: dict[str, psycopg.Connection] = {}


@contextlib.contextmanager
def line(settings: Settings, *, keys: bool = False) -> Iterator[psycopg.Connection]:
    """A superuser's connection on which each statement commits at once.

    On this worker's own databases it stays open from test to test: a new one costs 10 ms, then all of its caches.
    Others must be left free to be copied.
    """
    target = superuser(settings, keys=keys)
    if not target.partition("?")[0].removesuffix("_keys").endswith(f"_{worker()}"):
        with psycopg.connect(target, autocommit=True) as connection:
            yield connection
        return
    kept = _LINES.get(target)
    if kept is None or not _alive(kept):
        kept = _LINES[target] = psycopg.connect(target, autocommit=True, prepare_threshold=None)
    yield kept


def _alive(connection: psycopg.Connection) -> bool:
    """Whether the database is still the one that was connected to: a copy takes the place of another."""
    try:
        connection.execute("SELECT 1")
    except psycopg.OperationalError:
        connection.close()
        return False
    return True


def superuser(settings: Settings, *, keys: bool = False) -> str:
    """Connection string of the superuser: what a thief of the whole server would have."""
    if settings.database_url:
        return _spelled(_read(settings.database_url), keys)
    return _spelled(embedded.start(settings), keys)


@cache
def _read(address: str) -> URL:
    return make_url(address)


@cache
def _spelled(url: URL, keys: bool) -> str:
    """Asked some ten times a test, always the same."""
    return embedded.dsn(url.set(database=f"{url.database}_keys") if keys else url)


_MADE: dict[Settings, tuple[Flask, dict[str, Any]]] = {}


class CheckedFindings(Findings):
    """Reads each time, and holds what is read against what would have come from memory."""

    def get(self, key: Hashable) -> Any:
        return None

    def put(self, key: Hashable, found: Any) -> None:
        assert super().get(key) in (None, found), "memory would have told something else"
        super().put(key, found)


def application(settings: Settings) -> Flask:
    """The application as `wsgi.py` makes it, made once per process and databases: 88 addresses take it 50 ms.

    Whatever an application remembers is forgotten; the templates are compiled once per run.
    """
    from coordination import create_app

    if settings not in _MADE:
        compiled = Path(os.environ[HOME]) / "templates"
        compiled.mkdir(exist_ok=True)
        made = create_app(settings)
        made.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(compiled))
        _MADE[settings] = made, dict(made.config)
    made, config = _MADE[settings]
    made.config.clear()
    made.config.update(config)
    made.extensions["keystore"].opened.clear()
    made.extensions["findings"] = CheckedFindings()
    made.extensions.pop("last_scan", None)
    return made


def let_go(app: Flask) -> None:
    """Nobody holds a line to its database any more."""
    with app.app_context():
        db.session.remove()
        # Who holds a line when the pool goes loses it unclosed, and a later test would fail of that.
        patience = time.monotonic() + 10
        while db.engine.pool.checkedout() and time.monotonic() < patience:  # type: ignore[attr-defined]
            time.sleep(0.01)
        assert db.engine.pool.checkedout() == 0, "something still holds a line to the database"  # type: ignore[attr-defined]


def close(app: Flask) -> None:
    """Give an application's connections back; after `let_go` where others want to copy or drop its database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["keystore"].engine.dispose()
