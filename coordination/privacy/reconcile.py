"""Keys without a folder, folders without a key: put right at start and by `coordination keys reconcile`."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings
from coordination.console import count
from coordination.embedded import BEFORE, connected, replaced_databases, role_url
from coordination.privacy import keys as on_disk
from coordination.privacy import tombstones
from coordination.privacy.keystore import Keystore
from coordination.privacy.tombstones import Tombstones, named

# A key is committed before its folder: a younger one may belong to a work still open.
ORPHAN_AFTER = timedelta(hours=1)

Ids = set[uuid.UUID]


@dataclass(frozen=True)
class Reconciled:
    """How many keys went, and how many of them of erased folders; what is not in order, by ids of folders.

    While a kept database is not read, no key goes but those of erased folders. `unproven`: erasures that the
    application did not decide. `standing`: folders that were erased and have their row again, or still.
    """

    removed: int
    folders_without_key: list[str]
    unread: list[str]
    erased: int = 0
    unproven: list[str] = field(default_factory=list)
    standing: list[str] = field(default_factory=list)

    @property
    def warning(self) -> str:
        """What to say of the kept databases; empty where all was read."""
        if not self.unread:
            return ""
        return (
            f"Attention : base gardée par une restauration et illisible ({', '.join(self.unread)}). Les clés sans"
            " volet restent jusqu'à ce qu'elle se lise, ou que « coordination restore --drop-old » la supprime."
        )

    @property
    def anomalies(self) -> list[str]:
        """What somebody has to look into: a sentence for each kind."""
        told = []
        if self.folders_without_key:
            missing = count(
                len(self.folders_without_key), "volet sans clé, illisible", "volets sans clé, illisibles"
            )
            told.append(f"Anomalie : {missing} ({named(self.folders_without_key)}).")
        if self.unproven:
            told.append(tombstones.anomaly(self.unproven))
        if self.standing:
            standing = count(len(self.standing), "volet effacé est encore", "volets effacés sont encore")
            told.append(
                f"Anomalie : {standing} dans la base ({named(self.standing)}). Rien n'a été supprimé pour autant."
            )
        return told


@dataclass
class _Held:
    """What databases hold: folders, the keys of drafts without a journey, folders that were erased."""

    folders: Ids
    drafts: Ids
    buried: Tombstones

    @classmethod
    def by(cls, url: URL, settings: Settings) -> _Held:
        # One state of the database: an erasure takes the folder away as it writes the tombstone.
        with connected(url, isolation_level="REPEATABLE READ") as connection:
            return cls(
                _ids(connection, "SELECT id FROM folder"),
                # Each has a key of its own, as long as it lasts.
                _ids(connection, "SELECT folder_id FROM draft WHERE journey_id IS NULL"),
                tombstones.read(connection, settings),
            )


def open_keystore(settings: Settings) -> Keystore:
    """The keystore, outside any application."""
    return Keystore.connect(
        role_url(settings, "keystore"), on_disk.load_keks(settings), on_disk.recovery_public(settings)
    )


def reconcile_keys(settings: Settings, now: datetime) -> Reconciled:
    """Delete the keys that an interrupted work, an erasure or the sweep of drafts left; name folders without one.

    A restore leaves the database that it replaced beside the one in service, and `--undo` puts it back: its keys
    stay as long as it does, except those of what was erased since. An erasure counts where it is proven, and where
    its folder is gone from the database in service. Two reconciliations at once find the same keys and delete them
    once: nothing to lock. Reads of ids, whatever is sealed.
    """
    url = role_url(settings, "maintenance")
    store = open_keystore(settings)
    try:
        # Keys are listed first: one that is old now belongs to a folder that is there, or to none.
        with store.engine.connect() as connection:
            aged = _ids(
                connection, "SELECT folder_id FROM dek WHERE created_at < :limit", limit=now - ORPHAN_AFTER
            )
        kept = {name: held for name in _kept(url) if (held := _read(url.set(database=name), settings))}
        here = _Held.by(url, settings)
        # Listed again: one that took the place of another meanwhile was not read under its name.
        unread = [name for name in _kept(url) if name not in kept]
        everywhere, buried = [here, *kept.values()], here.buried
        for held in kept.values():
            buried |= held.buried
        needed = (
            aged if unread else set[uuid.UUID]().union(*(held.folders | held.drafts for held in everywhere))
        )
        # And again after the folders: each of those has had its key since before it was there.
        present = store.folder_ids()
        gone = (present & buried.proven) - here.folders
        erased = store.destroy(list(gone))
        removed = erased + store.destroy(list(aged - needed - gone))
        return Reconciled(
            removed,
            _sorted(here.folders - buried.proven - present),
            unread,
            erased,
            _sorted(buried.unproven),
            _sorted(here.folders & buried.proven),
        )
    finally:
        store.engine.dispose()


def _sorted(ids: Ids | frozenset[uuid.UUID]) -> list[str]:
    return sorted(map(str, ids))


def _kept(url: URL) -> list[str]:
    """Databases that a restore may put back in service; of a server that does not list them, what to look for."""
    try:
        return replaced_databases(url)
    except psycopg.Error:
        return [f"{url.database}{BEFORE}*"]


def _read(url: URL, settings: Settings) -> _Held | None:
    """None: it is damaged, older than this version, closed to us, or gone by now."""
    try:
        return _Held.by(url, settings)
    except SQLAlchemyError:
        return None


def _ids(connection: Connection, query: str, **values: object) -> Ids:
    return set(connection.scalars(text(query), values))
