"""`coordination backup`: two encrypted archives and their manifest, proven by restoring them elsewhere."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, create_engine, text

from config.settings import Settings
from coordination import embedded
from coordination.backup import archive, check, manifest, servers
from coordination.backup.check import Steps
from coordination.backup.manifest import FILES, Backup, Manifest, Stored
from coordination.console import reason_of, writing_into
from coordination.embedded import connected, role_url, sqlalchemy_url
from coordination.errors import BadInput
from coordination.privacy import tombstones
from coordination.privacy.keys import load_keks, recovery_public
from coordination.privacy.keystore import Keystore
from coordination.provision import prepare_database

# The role that reads every row of each database.
ROLES = {"data": "maintenance", "keys": "keystore"}
_NAMES = {"data": "Copie chiffrée des données", "keys": "Copie chiffrée des clés"}


@dataclass
class _Copied:
    """What the copies said on the way: filled as they are written."""

    keys: dict[str, bytes] = field(default_factory=dict, repr=False)
    archives: dict[str, Stored] = field(default_factory=dict)
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    heads: list[dict[str, Any]] = field(default_factory=list)
    revision: str = ""
    server: str = ""


def backup(settings: Settings, folder: Path, now: datetime, steps: Steps) -> Manifest:
    """Write a backup into an empty folder and prove it. Nothing is left of one that fails.

    The data are copied first: every key they need was committed before them, so the keys copied after them hold
    all of these. A volet erased in between is told by its tombstone, read last.
    """
    with writing_into(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        taken = any(folder.iterdir())
    if taken:
        raise BadInput(f"Le dossier « {folder} » n'est pas vide : donnez-en un nouveau à chaque sauvegarde.")
    identity, copied = uuid.uuid4(), _Copied()
    try:
        for kind in manifest.KINDS:
            steps.take(_NAMES[kind], lambda kind=kind: _copy(settings, folder, identity, kind, copied))  # type: ignore[misc]
        made = Manifest(
            identity,
            now,
            version("coordination"),
            copied.revision,
            copied.server,
            copied.archives,
            copied.counts,
            copied.heads,
            _erased(settings, steps),
        )
        prove(settings, Backup(folder, made, copied.keys), steps)
        manifest.write(folder, made, copied.keys)
        manifest.open_backup(folder, load_keks(settings))
    except BaseException as error:
        for name in (*FILES.values(), manifest.MANIFEST):
            (folder / name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise BadInput(f"La sauvegarde n'a pas pu être écrite : {reason_of(error)}.") from None
        raise
    return made


def _copy(settings: Settings, folder: Path, identity: uuid.UUID, kind: str, copied: _Copied) -> str:
    url = role_url(settings, ROLES[kind])
    header, key = archive.new_header(kind, identity, load_keks(settings), recovery_public(settings))
    with _frozen(url) as (connection, snapshot):
        copied.counts[kind] = check.row_counts(connection)
        if kind == "data":
            copied.revision, copied.heads = check.revision(connection), check.heads(connection)
            copied.server = str(connection.scalar(text("SHOW server_version")))
        handle = os.open(folder / FILES[kind], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            size, digest = archive.write_archive(out, header, key, servers.dump(url, snapshot))
            out.flush()
            os.fsync(handle)
    copied.keys[kind], copied.archives[kind] = key, Stored(size, digest)
    return f"{sum(copied.counts[kind].values())} lignes, {size / 1e6:.1f} Mo"


@contextmanager
def _frozen(url: Any) -> Iterator[tuple[Connection, str]]:
    """One state of the database, for our counts and for pg_dump alike, while others go on writing."""
    with connected(url, isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        yield connection, str(connection.scalar(text("SELECT pg_export_snapshot()")))


def _erased(settings: Settings, steps: Steps) -> list[str]:
    """What the manifest tells of: it is sealed under the key-encryption key, so nothing unproven goes in."""
    with connected(role_url(settings, "maintenance")) as connection:
        found = tombstones.read(connection, settings)
    steps.unproven |= found.unproven
    return sorted(map(str, found.proven))


def prove(settings: Settings, data: Backup, steps: Steps, keys: Backup | None = None) -> None:
    """Restore a backup (its keys perhaps from a later one) on a server set aside, and check the copy.

    Raises if it does not stand.
    """
    keys = keys or data
    with servers.aside(settings, steps) as other:
        steps.take("Restauration ailleurs", lambda: _restore(other, data, keys))
        with keys_of(other, settings) as store:
            engine = create_engine(sqlalchemy_url(role_url(other, "maintenance")), hide_parameters=True)
            try:
                check.check_copy(steps, engine, store, data.manifest, keys.manifest, settings)
            finally:
                engine.dispose()


def _restore(other: Settings, data: Backup, keys: Backup) -> str:
    admin = servers.admin_on(other, embedded.DATABASE)
    with psycopg.connect(embedded.dsn(admin), autocommit=True) as connection:
        prepare_database(connection, embedded.DATABASE)
    servers.fill_data(other, embedded.DATABASE, data.chunks("data"))
    servers.fill_keys(other, keys.chunks("keys"))
    return "les deux bases, sur un serveur à part"


@contextmanager
def keys_of(other: Settings, settings: Settings) -> Iterator[Keystore]:
    """The keystore restored on `other`, opened with our key-encryption keys."""
    store = Keystore.connect(role_url(other, "keystore"), load_keks(settings), recovery_public(settings))
    try:
        yield store
    finally:
        store.engine.dispose()
