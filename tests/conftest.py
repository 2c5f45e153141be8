"""One PostgreSQL server per run, one pair of databases per parallel worker, copied from a template.

Fixtures: `settings` and `app` (empty tables), `territory` (a small invented territory, imported), `site` (the same
after its first scans, at NOW, with people who can sign in).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import fasteners
import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask, g, request_started
from jinja2 import FileSystemBytecodeCache
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session, SessionTransaction

from config.settings import Settings
from coordination import clock, embedded
from coordination.accounts import passwords
from coordination.db import db
from tests.order import pytest_collection_modifyitems as pytest_collection_modifyitems

TODAY = date(2026, 11, 22)
HOME = "COORDINATION_TEST_HOME"
# Bytes that must be free in memory before a run is put there.
ROOM = 4 * 2**30
TEMPLATE = "coordination"
TERRITORY = "territory"
FOLLOWED = "followed"
# Tables that no test fills: the table of rights, the version of the tables.
KEPT = ["volet_right", "alembic_version"]
# Emptying by TRUNCATE makes new files for every table, 300 ms; DELETE takes 10, and leaves room to give back.
TRUNCATE_EVERY = 40
_WIPES = itertools.count()


# A loaded machine draws slowly: that says nothing of the code.
hypothesis.settings.register_profile(
    "suite", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None
)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """The process that leads the run owns the server's folder; parallel workers inherit its name."""
    if not hasattr(config, "workerinput") and HOME not in os.environ:
        os.environ[HOME] = tempfile.mkdtemp(prefix="coordination-tests-", dir=_fastest())
        config.stash[_OWNER] = True


def _fastest() -> str | None:
    """Memory, where there is room for a run: a test's copy of a database is a thousand files, 500 ms on a disk.

    None: the usual place for temporary files. What must outlive a crash has a server of its own, on the disk.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= ROOM:
        return str(memory)
    return None


_OWNER = pytest.StashKey[bool]()
_CLOCK = clock.now


@event.listens_for(db.session, "after_transaction_create")
def _same_clock(session: Session, _transaction: SessionTransaction) -> None:
    """Where a test sets the clock, the wall goes by it too: else what a test says ends with the real year."""
    # What a test told the session itself stands.
    if session.info.get("now", "") == session.info.get("followed", ""):
        told = "" if clock.now is _CLOCK else clock.now().isoformat()
        session.info["now"] = session.info["followed"] = told


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(_OWNER, False):
        home = Path(os.environ.pop(HOME))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            embedded.stop(Settings(home=home))
        shutil.rmtree(home, ignore_errors=True)


@request_started.connect
def _own_memory(_app: Flask, **_: Any) -> None:
    """In life each request has its own `g`; the context that a test stands in would share it among them all."""
    for name in ("agreements", "turns"):
        g.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def light_hashes() -> PasswordHasher:
    """Passwords of tests cost nothing to check; the hasher of real life, for the test of its figures."""
    real = passwords._HASHER
    passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return real


@pytest.fixture(scope="session")
def cluster() -> Settings:
    """The run's server, its roles, keys and template database, made by whoever comes first."""
    from coordination.privacy.keys import init_keys
    from coordination.provision import provision

    base = Settings(home=Path(os.environ[HOME]), secure_cookies=False, testing=True)
    base.home.mkdir(parents=True, exist_ok=True)
    with fasteners.InterProcessLock(base.home / ".tests-lock"):
        if not (base.home / ".ready").exists():
            init_keys(base)
            admin = embedded.start(base)
            with psycopg.connect(embedded.dsn(admin), autocommit=True) as connection:
                # A crash of the whole machine loses a test run, nothing else.
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
                connection.execute("SELECT pg_reload_conf()")
            provision(base)
            (base.home / ".ready").touch()
    return base


def _worker() -> str:
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


@pytest.fixture(scope="session")
def _worker_settings(cluster: Settings) -> Settings:
    return copy_databases(cluster, TEMPLATE, f"test_{_worker()}")


@pytest.fixture
def settings(_worker_settings: Settings) -> Settings:
    """Settings of this worker's databases, all their tables empty (but those KEPT)."""
    emptied = next(_WIPES) % TRUNCATE_EVERY
    for keys in (False, True):
        with line(_worker_settings, keys=keys) as connection:
            if emptied == 0:
                names = [sql.Identifier(name) for name in tables(connection)]
                connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
            else:
                with connection.transaction():
                    empty(connection)
            connection.execute(
                "SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences"
            )
    return _worker_settings


def tables(connection: psycopg.Connection) -> list[str]:
    """Those that tests fill."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND NOT relname = ANY (%s) ORDER BY 1",
        (KEPT,),
    )
    return [name for (name,) in found]


def empty(connection: psycopg.Connection) -> None:
    """Delete every row, within a transaction that until its end checks no reference and fires no trigger."""
    connection.execute("SET LOCAL session_replication_role = replica")
    every = [sql.SQL("DELETE FROM {}").format(sql.Identifier(name)) for name in tables(connection)]
    connection.execute(sql.SQL(";").join(every))


_LINES: dict[str, psycopg.Connection] = {}


@contextlib.contextmanager
def line(settings: Settings, *, keys: bool = False) -> Iterator[psycopg.Connection]:
    """A superuser's connection on which each statement commits at once.

    On this worker's own databases it stays open from test to test: a new one costs 10 ms, then all of its caches.
    Others must be left free to be copied.
    """
    target = superuser(settings, keys=keys)
    if not str(embedded.admin_url(settings).database).endswith(f"_{_worker()}"):
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
    url: URL = embedded.admin_url(settings)
    return embedded.dsn(url.set(database=f"{url.database}_keys") if keys else url)


_MADE: dict[Settings, tuple[Flask, dict[str, Any]]] = {}


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
    made.extensions.pop("last_scan", None)
    return made


def _close(app: Flask) -> None:
    """Let go of databases that others may want to copy or drop."""

    with app.app_context():
        db.session.remove()
        # Who holds a line when the pool goes loses it unclosed, and a later test would fail of that.
        patience = time.monotonic() + 10
        while db.engine.pool.checkedout() and time.monotonic() < patience:  # type: ignore[attr-defined]
            time.sleep(0.01)
        assert db.engine.pool.checkedout() == 0, "something still holds a line to the database"  # type: ignore[attr-defined]
        db.engine.dispose()
    app.extensions["keystore"].engine.dispose()


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application on empty tables, with the operator's account, inside its context."""
    from coordination.accounts.commands import ensure_operator

    made = application(settings)
    with made.app_context():
        ensure_operator(clock.now())
        yield made


@pytest.fixture(scope="session")
def _territory_template(cluster: Settings) -> str:
    """A small invented territory (14 PRE + 16 Cité de l'emploi journeys), imported once per run."""
    with fasteners.InterProcessLock(cluster.home / ".territory-lock"):
        if not (cluster.home / ".territory").exists():
            made = copy_databases(cluster, TEMPLATE, TERRITORY)
            _fill(made)
            (cluster.home / ".territory").touch()
    return TERRITORY


def _fill(settings: Settings) -> None:
    from coordination.accounts.commands import ensure_operator, operator_actor
    from coordination.exchange.bundle.reader import read_bundle
    from coordination.exchange.demo import sign_all_charters
    from coordination.exchange.simulate import simulate, write_bundle
    from coordination.exchange.store import store_bundle
    from tests.cases.pages_kit import NOW

    made = application(settings)
    with made.app_context(), tempfile.TemporaryDirectory() as folder:
        # What it opens is open at NOW, whenever the suite is run.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clock, "now", lambda: NOW)
            ensure_operator(clock.now())
            write_bundle(simulate(pre=14, cite=16, months=12, seed=13, as_of=TODAY), Path(folder) / "bundle")
            result = read_bundle(Path(folder) / "bundle", as_of=TODAY)
            store_bundle(operator_actor(), result.lines, as_of=TODAY, now=clock.now(), commit=True)
        # Charters are read with the real clock, whatever the day of the territory.
        sign_all_charters(clock.today(), clock.now())
    _close(made)


@pytest.fixture
def territory(cluster: Settings, _territory_template: str) -> Iterator[Flask]:
    """The application on a fresh copy of the small territory, inside its context."""
    made = application(copy_databases(cluster, _territory_template, f"territory_{_worker()}"))
    with made.app_context():
        yield made
    _close(made)


@pytest.fixture(scope="session")
def _followed_template(cluster: Settings, _territory_template: str) -> str:
    """The small territory once people can sign in and two scans were made; as `pages_kit.prepare` leaves it."""
    from tests.cases.pages_kit import prepare

    with fasteners.InterProcessLock(cluster.home / ".followed-lock"):
        if not (cluster.home / ".followed").exists():
            made = application(copy_databases(cluster, _territory_template, FOLLOWED))
            with made.app_context(), pytest.MonkeyPatch.context() as patch:
                prepare(made, patch)
            _close(made)
            (cluster.home / ".followed").touch()
    return FOLLOWED


@pytest.fixture
def site(cluster: Settings, _followed_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on a fresh copy of the territory that is followed, inside its context, at NOW."""
    from tests.cases.pages_kit import NOW

    made = application(copy_databases(cluster, _followed_template, f"territory_{_worker()}"))
    monkeypatch.setattr(clock, "now", lambda: NOW)
    with made.app_context():
        yield made
    _close(made)
