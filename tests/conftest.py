"""One PostgreSQL server per run, one pair of databases per parallel worker, copied from a template.

Fixtures: `settings` and `app` (empty tables), `territory` (a small invented territory, imported), `site` (the same
after its first scans, at NOW, with people who can sign in).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import fasteners
import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from config.settings import Settings
from coordination import clock, embedded, reference
from coordination.accounts import lists, passwords
from coordination.db import db
from tests import snapshot
from tests.databases import (
    HOME,
    TEMPLATE,
    application,
    close,
    copy_databases,
    empty,
    held,
    let_go,
    line,
    restart,
    stop_others,
    tables,
    worker,
)
from tests.order import pytest_collection_modifyitems as pytest_collection_modifyitems

TODAY = date(2026, 11, 22)
# Bytes that must be free in memory before a run is put there.
ROOM = 4 * 2**30
TERRITORY = "territory"
FOLLOWED = "followed"
# Emptying by TRUNCATE makes new files for every table, 300 ms; DELETE takes 10, and leaves room to give back.
TRUNCATE_EVERY = 40
# A copy of a database takes 60 to 200 ms, then each connection learns its tables anew: rows are put back instead.
COPY_EVERY = 40
_WIPES = itertools.count()


# A loaded machine draws slowly: that says nothing of the code.
hypothesis.settings.register_profile(
    "suite", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None
)
hypothesis.settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """The process that leads the run owns the server's folder; parallel workers inherit its name."""
    # A run started in the background ignores Ctrl-C, and so would every command that it starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
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


@pytest.fixture(autouse=True)
def _lists_as_shipped() -> Iterator[None]:
    """The lists are those of the process: what a test edits of them is no other test's."""
    yield
    if reference._current or reference._areas is not None:
        reference.replace_edits({}, None)
        lists._known = lists._Known()


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
                # Passwords of roles are drawn at random, and checked at each of some thousands of connections:
                # one turn of the hash where a server has 4096, 4 ms each. The superuser gives all of them.
                connection.execute("ALTER ROLE postgres SET scram_iterations = 1")
                connection.execute("SET scram_iterations = 1")
                connection.execute(
                    sql.SQL("ALTER ROLE postgres PASSWORD {}").format(sql.Literal(admin.password))
                )
            provision(base)
            (base.home / ".ready").touch()
    return base


@pytest.fixture(scope="session")
def _worker_settings(cluster: Settings) -> Settings:
    return copy_databases(cluster, TEMPLATE, f"test_{worker()}")


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
                    empty(connection, [name for name, (number, _) in held(connection).items() if number])
            restart(connection)
    return _worker_settings


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
    let_go(made)
    close(made)


_COPIES: Counter[str] = Counter()


@contextlib.contextmanager
def on_copy(base: Settings, source: str) -> Iterator[Flask]:
    """The application on this worker's copy of a database, as it was filled, inside its context."""
    name = f"{source}_{worker()}"
    url = embedded.dsn(embedded.admin_url(base).set(database=name))
    made = application(replace(base, database_url=url))
    settings = made.config["SETTINGS"]
    if _COPIES[name] % COPY_EVERY == 0:
        let_go(made)
        close(made)
        copy_databases(base, source, name)
        if not _COPIES[name]:
            snapshot.keep(settings, source, None)
    else:
        with line(settings) as connection:
            stop_others(connection)
            restart(connection)
        snapshot.recall(settings, source)
    _COPIES[name] += 1
    with made.app_context():
        yield made
    let_go(made)


@pytest.fixture
def territory(cluster: Settings, _territory_template: str) -> Iterator[Flask]:
    """The application on the small territory as it was imported, inside its context."""
    with on_copy(cluster, _territory_template) as made:
        yield made


@pytest.fixture(scope="session")
def _followed_template(cluster: Settings, _territory_template: str) -> str:
    """The small territory once people can sign in and two scans were made; as `pages_kit.prepare` leaves it."""
    from tests.cases.pages_kit import prepare

    with fasteners.InterProcessLock(cluster.home / ".followed-lock"):
        if not (cluster.home / ".followed").exists():
            made = application(copy_databases(cluster, _territory_template, FOLLOWED))
            with made.app_context(), pytest.MonkeyPatch.context() as patch:
                prepare(made, patch)
            let_go(made)
            close(made)
            (cluster.home / ".followed").touch()
    return FOLLOWED


@pytest.fixture
def site(cluster: Settings, _followed_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application on the territory that is followed, as it was left, inside its context, at NOW."""
    from tests.cases.pages_kit import NOW

    monkeypatch.setattr(clock, "now", lambda: NOW)
    with on_copy(cluster, _followed_template) as made:
        yield made
