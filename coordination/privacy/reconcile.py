"""Keys without a folder, folders without a key: put right at start and by `coordination keys reconcile`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from coordination.embedded import BEFORE, replaced_databases, role_url, sqlalchemy_url
from coordination.privacy import keys as on_disk
from coordination.privacy.keystore import Keystore

# A key is committed before its folder: a younger one may belong to a work still open.
ORPHAN_AFTER = timedelta(hours=1)

Ids = set[uuid.UUID]


@dataclass(frozen=True)
class Reconciled:
    """How many keys went; the ids of the folders that nobody can open; the kept databases that were not read.

    While one of these is not, no key goes but those of erased folders.
    """

    removed: int
    folders_without_key: list[str]
    unread: list[str]

    @property
    def warning(self) -> str:
        """What to say of those; empty where all was read."""
        if not self.unread:
            return ""
        return (
            f"Attention : base gardée par une restauration et illisible ({', '.join(self.unread)}). Les clés sans"
            " volet restent jusqu'à ce qu'elle se lise, ou que « coordination restore --drop-old » la supprime."
        )


@dataclass
class _Held:
    """What databases hold: folders, the keys of drafts without a journey, folders that were erased."""

    folders: Ids
    drafts: Ids
    buried: Ids

    @classmethod
    def by(cls, url: URL) -> _Held:
        with _connected(url) as connection:
            return cls(
                _ids(connection, "SELECT id FROM folder"),
                # Each has a key of its own, as long as it lasts.
                _ids(connection, "SELECT folder_id FROM draft WHERE journey_id IS NULL"),
                _ids(connection, "SELECT folder_id FROM tombstone"),
            )


def open_keystore(settings: Settings) -> Keystore:
    """The keystore, outside any application."""
    return Keystore.connect(
        role_url(settings, "keystore"), on_disk.load_keks(settings), on_disk.recovery_public(settings)
    )


def reconcile_keys(settings: Settings, now: datetime) -> Reconciled:
    """Delete the keys that an interrupted work, an erasure or the sweep of drafts left; name folders without one.

    A restore leaves the database that it replaced beside the one in service, and `--undo` puts it back: its keys
    stay as long as it does, except those of what was erased since. Two reconciliations at once find the same keys
    and delete them once: nothing to lock. Reads of ids, whatever is sealed.
    """
    url = role_url(settings, "maintenance")
    store = open_keystore(settings)
    try:
        # Keys are listed first: one that is old now belongs to a folder that is there, or to none.
        with store.engine.connect() as connection:
            aged = _ids(
                connection, "SELECT folder_id FROM dek WHERE created_at < :limit", limit=now - ORPHAN_AFTER
            )
        kept = {name: held for name in _kept(url) if (held := _read(url.set(database=name)))}
        here = _Held.by(url)
        # Listed again: one that took the place of another meanwhile was not read under its name.
        unread = [name for name in _kept(url) if name not in kept]
        everywhere = [here, *kept.values()]
        buried = set[uuid.UUID]().union(*(held.buried for held in everywhere))
        needed = (
            aged if unread else set[uuid.UUID]().union(*(held.folders | held.drafts for held in everywhere))
        )
        # And again after the folders: each of those has had its key since before it was there.
        present = store.folder_ids()
        removed = store.destroy(list((aged - needed) | (present & buried)))
        return Reconciled(removed, sorted(str(f) for f in here.folders - buried - present), unread)
    finally:
        store.engine.dispose()


def _kept(url: URL) -> list[str]:
    """Databases that a restore may put back in service; of a server that does not list them, what to look for."""
    try:
        return replaced_databases(url)
    except psycopg.Error:
        return [f"{url.database}{BEFORE}*"]


def _read(url: URL) -> _Held | None:
    """None: it is damaged, older than this version, closed to us, or gone by now."""
    try:
        return _Held.by(url)
    except SQLAlchemyError:
        return None


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(sqlalchemy_url(url), hide_parameters=True)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _ids(connection: Connection, query: str, **values: object) -> Ids:
    return set(connection.scalars(text(query), values))
