"""`coordination restore`: everything is checked beside the installation, then one transaction puts it in place.

The data go into a database beside the one in service; the keys into a server set aside, from which the missing
ones join the key database in service (which is never replaced: an erased key must not come back, and the databases
put aside must still open). The swap is two renamings in one transaction: before it nothing has changed for anybody,
after it everything has.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import create_engine

from config.settings import Settings
from coordination import embedded
from coordination.backup import check, manifest, servers, swap, witness
from coordination.backup.check import Steps
from coordination.backup.make import keys_of, prove
from coordination.backup.manifest import Backup
from coordination.backup.witness import Begun
from coordination.embedded import role_url, sqlalchemy_url
from coordination.errors import BadInput
from coordination.privacy import tombstones
from coordination.privacy.keys import load_keks
from coordination.privacy.keystore import Keystore
from coordination.privacy.tombstones import Tombstones
from coordination.provision import alembic_config, make_database, migrate, prepare_database


@dataclass(frozen=True)
class Restored:
    """`kept`: the name of the database that was replaced (None where there was nothing); `erased`: volets."""

    backup: uuid.UUID
    taken_at: datetime
    kept: str | None
    erased: int
    suspended: int


def open_checked(settings: Settings, folder: Path, keys_from: Path | None) -> tuple[Backup, Backup]:
    """(backup of the data, backup of the keys), each checked from end to end. Raises BadInput, KeyUnavailable."""
    keks = load_keks(settings)
    if keys_from is None:
        both = manifest.open_backup(folder, keks)
        return both, both
    data = manifest.open_backup(folder, keks, ("data",))
    keys = manifest.open_backup(keys_from, keks, ("keys",))
    if keys.manifest.taken_at < data.manifest.taken_at:
        raise BadInput("Les clés doivent être de la même sauvegarde que les données, ou d'une plus récente.")
    return data, keys


def drill(settings: Settings, folder: Path, keys_from: Path | None, steps: Steps) -> Backup:
    """Restore on a server set aside and check everything; touches nothing else."""
    data, keys = open_checked(settings, folder, keys_from)
    _refuse_newer(settings, data)
    prove(settings, data, steps, keys)
    return data


def restore(
    settings: Settings,
    folder: Path,
    now: datetime,
    steps: Steps,
    *,
    replace: bool,
    keys_from: Path | None = None,
) -> Restored:
    """Check a backup beside the installation, then put it in place. Raises with nothing touched."""
    with only_one(settings):
        data, keys = open_checked(settings, folder, keys_from)
        _refuse_newer(settings, data)
        live = swap.live_database(settings)
        swap.settle(settings, live)
        if not swap.is_empty(settings, live) and not replace:
            raise BadInput(
                "Cette installation contient déjà des comptes ou des parcours."
                " Ajoutez --replace pour la remplacer (elle sera gardée à côté)."
            )
        beside = f"{live}_restore"
        servers.drop(settings, beside)
        try:
            with servers.aside(settings, steps) as other:
                steps.take("Base à côté", lambda: _fill(settings, other, beside, data, keys))
                engine = create_engine(sqlalchemy_url(servers.all_of(settings, beside)), hide_parameters=True)
                try:
                    with keys_of(other, settings) as store:
                        check.check_copy(steps, engine, store, data.manifest, keys.manifest, settings)
                        # Before erasures are replayed: a copy of an older version has no place for their proof.
                        steps.take("Tables à jour", lambda: _migrate(settings, beside))
                        found = _erased(settings, live, engine, data, keys)
                        erased = found.proven
                        steps.unproven = (steps.unproven | found.unproven) - erased
                        steps.take(
                            "Effacements rejoués", lambda: _replay(settings, engine, store, erased, now)
                        )
                        steps.take("Clés remises", lambda: _merge_keys(settings, store, erased))
                        with engine.begin() as connection:
                            suspended = swap.let_nobody_in(settings, live, connection, now)
                finally:
                    engine.dispose()
            kept = swap.kept_name(live, now)
            # The chains of what comes into service end where the backup was taken.
            begun = Begun(kept, None, witness.up_to(settings, data.manifest.heads))
            steps.take("Mise en place", lambda: swap.put_in_place(settings, live, beside, begun))
        finally:
            servers.drop(settings, beside)
    return Restored(data.manifest.backup, data.manifest.taken_at, kept, len(erased), suspended)


def undo(settings: Settings, now: datetime) -> tuple[str, str]:
    """Put the latest replaced database back in service: (its name, the name the present one takes)."""
    with only_one(settings):
        return swap.put_back(settings, now)


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """One restore of an installation at a time on this machine."""
    name = role_url(settings, "web").database
    handle = os.open(
        embedded.private_folder(settings.keys_dir) / f".restore-{name}", os.O_RDWR | os.O_CREAT, 0o600
    )
    try:
        # The lock goes with the process, killed or not.
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BadInput("Une restauration est déjà en cours.") from None
    finally:
        os.close(handle)


def _refuse_newer(settings: Settings, data: Backup) -> None:
    from alembic.script import ScriptDirectory
    from alembic.util.exc import CommandError

    known = ScriptDirectory.from_config(alembic_config(role_url(settings, "owner")))
    try:
        known.get_revision(data.manifest.revision)
    except CommandError:
        raise BadInput(
            "Cette sauvegarde vient d'une version plus récente de l'application"
            f" (tables {data.manifest.revision}) : installez cette version d'abord."
        ) from None


def _fill(settings: Settings, other: Settings, beside: str, data: Backup, keys: Backup) -> str:
    with psycopg.connect(embedded.dsn(servers.admin_on(settings, "postgres")), autocommit=True) as connection:
        make_database(connection, beside, "owner")
    admin = servers.admin_on(settings, beside)
    with psycopg.connect(embedded.dsn(admin), autocommit=True) as connection:
        prepare_database(connection, beside)
    servers.fill_data(settings, beside, data.chunks("data"))
    servers.fill_keys(other, keys.chunks("keys"))
    return "données et clés, sans toucher celles en service"


def _erased(settings: Settings, live: str, engine: Any, data: Backup, keys: Backup) -> Tombstones:
    """Every volet erased so far, as the copy, the manifests and the installation in service know them."""
    with engine.connect() as connection:
        found = check.buried(connection, settings, data.manifest, keys.manifest)
    return found | swap.buried_in(settings, live)


def _replay(
    settings: Settings, engine: Any, store: Keystore, erased: frozenset[uuid.UUID], now: datetime
) -> str:
    """What was erased stays erased: its tombstone, no row, no key."""
    with engine.begin() as connection:
        gone, folders = tombstones.bury(connection, settings, erased, now)
    store.destroy(list(erased))
    return f"{len(erased)} volets effacés ; retirés de la copie : {gone} parcours, {folders} autres volets"


def _merge_keys(settings: Settings, restored: Keystore, erased: frozenset[uuid.UUID]) -> str:
    """Bring what is missing or no longer opens into the key database in service; an erased key stays destroyed."""
    with keys_of(settings, settings) as store:
        added = sum(store.take_back(restored, some) for some in check.batches(restored.folder_ids() - erased))
        store.destroy(list(erased))
    return f"{added} clés remises"


def _migrate(settings: Settings, beside: str) -> str:
    url = role_url(settings, "owner").set(database=beside)
    migrate(url)
    with embedded.connected(url) as connection:
        return f"version {check.revision(connection)}"
