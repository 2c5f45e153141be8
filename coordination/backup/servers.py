"""pg_dump and pg_restore through pipes (nothing of a dump ever lies on a disk in clear), and a server set aside."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.engine import URL

from config.settings import Settings
from coordination import embedded
from coordination.backup.check import Steps
from coordination.errors import CoordinationError
from coordination.provision import make_database, make_roles

_READ = 1 << 18
_LONGEST_COMPLAINT = 200
# What libpq reads from the environment: a password on a command line would show in the list of processes.
_PG = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "options": "PGOPTIONS",
}


def _tool(name: str) -> str:
    """pg_dump and pg_restore come with the embedded server, in several versions: the newest reads them all."""
    found = list(Path(embedded.library().__file__).parent.glob(f"pginstall*/bin/{name}"))
    if not found:
        raise CoordinationError(f"L'outil {name} est introuvable : lancez « make install ».")
    return str(max(found, key=lambda path: int(path.parts[-3].removeprefix("pginstall") or 0)))


def _environment(url: URL) -> dict[str, str]:
    """What a child needs to reach this database, and nothing else of ours."""
    given = conninfo_to_dict(embedded.dsn(url))
    reached = {_PG[name]: str(value) for name, value in given.items() if name in _PG and value is not None}
    kept = {n: v for n, v in os.environ.items() if n in ("PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR")}
    return kept | reached | {"LC_MESSAGES": "C"}


class _Complaint(threading.Thread):
    """Reads what a child says on its error output and keeps its first line (the next ones may quote rows)."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.stream, self.said = stream, ""
        self.start()

    def run(self) -> None:
        with self.stream:
            for raw in self.stream:
                line = raw.decode(errors="replace").strip()
                if not self.said and "error" in line.casefold():
                    self.said = line[:_LONGEST_COMPLAINT]

    def text(self) -> str:
        self.join(5)
        return self.said or "sans explication"


def dump(url: URL, snapshot: str | None = None) -> Iterator[bytes]:
    """The database as pg_dump writes it (custom format), in pieces. `snapshot`: as exported by a transaction."""
    arguments = [_tool("pg_dump"), "--format=custom", "--compress=gzip:6", "--no-password"]
    if snapshot:
        arguments.append(f"--snapshot={snapshot}")
    process = subprocess.Popen(
        arguments, env=_environment(url), stdout=subprocess.PIPE, stderr=subprocess.PIPE, close_fds=True
    )
    assert process.stdout and process.stderr
    complaint = _Complaint(process.stderr)
    try:
        while part := process.stdout.read(_READ):
            yield part
        if process.wait():
            raise CoordinationError(f"La base n'a pas pu être copiée ({complaint.text()}).")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        complaint.join(5)


def fill_data(settings: Settings, database: str, parts: Iterable[bytes]) -> None:
    """Restore the data into an empty database of that server, all or nothing, as the owner of its tables.

    A dump holds functions, and filling a table calls those that its checks name: whoever could write them into the
    database would act as whoever restores it. That is never the account of administration (ADR 19).
    """
    _fill(embedded.role_url(settings, "owner").set(database=database), parts)


def fill_keys(settings: Settings, parts: Iterable[bytes]) -> None:
    """The same for the key database of that server, as its owner."""
    _fill(embedded.role_url(settings, "keystore"), parts)


def _fill(url: URL, parts: Iterable[bytes]) -> None:
    # What lies outside our schema (rights on the system's own functions) is prepared by us, not by a dump.
    wanted = ["--schema=public", "--exit-on-error", "--single-transaction", "--no-password"]
    process = subprocess.Popen(
        [_tool("pg_restore"), *wanted, f"--dbname={url.database}"],
        env=_environment(url),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        close_fds=True,
    )
    assert process.stdin and process.stderr
    complaint = _Complaint(process.stderr)
    try:
        # Where it stopped reading, its exit code and its complaint say why.
        with suppress(BrokenPipeError):
            for part in parts:
                process.stdin.write(part)
            process.stdin.close()
        if process.wait():
            raise CoordinationError(f"La sauvegarde n'a pas pu être rejouée ({complaint.text()}).")
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        complaint.join(5)


@contextmanager
def aside(settings: Settings, steps: Steps) -> Iterator[Settings]:
    """A server of its own, empty, with our roles and both databases; gone at the end.

    It lies beside the embedded one. Those left by a process that was killed are removed first.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    _sweep(settings.home)
    home = Path(tempfile.mkdtemp(prefix=f"aside-{os.getpid()}-", dir=settings.home))
    other = Settings(home=home)
    try:
        steps.take("Serveur à part", lambda: _prepare(other))
        yield other
    finally:
        _remove(home)


def _prepare(other: Settings) -> str:
    admin = embedded.start(other)
    with psycopg.connect(embedded.dsn(admin), autocommit=True) as connection:
        # What is lost with this server is a copy: no need to wait for the disk.
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
        make_roles(connection, embedded.passwords(other))
        make_database(connection, embedded.DATABASE, "owner")
        make_database(connection, embedded.KEYSTORE, "keystore")
    return "démarré"


def _sweep(home: Path) -> None:
    for left in home.glob("aside-*-*"):
        owner = left.name.split("-")[1]
        if not (owner.isdigit() and _alive(int(owner))):
            _remove(left)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _remove(home: Path) -> None:
    embedded.stop(Settings(home=home))
    shutil.rmtree(home, ignore_errors=True)


def admin_on(settings: Settings, database: str) -> URL:
    """The account that may create databases: never connected to one of ours, whose owner could have laid functions
    there for it to call.
    """
    return embedded.admin_url(settings).set(database=database)


def all_of(settings: Settings, database: str) -> URL:
    """Where every row of one of our databases is read and written: by the role of maintenance, no superuser."""
    return embedded.role_url(settings, "maintenance").set(database=database)


def drop(settings: Settings, name: str) -> None:
    """Drop a database and whoever is connected to it."""
    with psycopg.connect(embedded.dsn(admin_on(settings, "postgres")), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
