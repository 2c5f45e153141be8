"""Keys without a folder, folders without a key: put right at start and by `coordination keys reconcile`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import create_engine, text

from config.settings import Settings
from coordination.embedded import role_url, sqlalchemy_url
from coordination.privacy import keys as on_disk
from coordination.privacy.keystore import Keystore

# A key is committed before its folder: a younger one may belong to a work still open.
ORPHAN_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Reconciled:
    """How many keys went, and the ids of the folders that nobody can open."""

    removed: int
    folders_without_key: list[str]


def open_keystore(settings: Settings) -> Keystore:
    """The keystore, outside any application."""
    return Keystore.connect(
        role_url(settings, "keystore"), on_disk.load_keks(settings), on_disk.recovery_public(settings)
    )


def reconcile_keys(settings: Settings, now: datetime) -> Reconciled:
    """Delete the keys that an interrupted work, an erasure or the sweep of drafts left; name folders without one.

    Two at once find the same keys and delete them once: nothing to lock. Two reads of ids, whatever is sealed.
    """
    engine = create_engine(sqlalchemy_url(role_url(settings, "maintenance")), hide_parameters=True)
    store = open_keystore(settings)
    try:
        # Keys are listed first: one that is old now belongs to a folder that is there, or to none.
        with store.engine.connect() as connection:
            aged = set(
                connection.scalars(
                    text("SELECT folder_id FROM dek WHERE created_at < :limit"), {"limit": now - ORPHAN_AFTER}
                )
            )
        with engine.connect() as connection:
            folders = set(connection.scalars(text("SELECT id FROM folder")))
            # A draft without a journey has a key of its own, as long as it lasts.
            drafts = set(connection.scalars(text("SELECT folder_id FROM draft WHERE journey_id IS NULL")))
            buried = set(connection.scalars(text("SELECT folder_id FROM tombstone")))
        # And again after the folders: each of those has had its key since before it was there.
        present = store.folder_ids()
        removed = store.destroy(list((aged - folders - drafts) | (present & buried)))
        return Reconciled(removed, sorted(str(f) for f in folders - buried - present))
    finally:
        engine.dispose()
        store.engine.dispose()
