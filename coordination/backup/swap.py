"""Databases in service, beside and kept: read, put in place, put back, dropped."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from config.settings import Settings
from coordination import embedded
from coordination.backup import servers
from coordination.embedded import BEFORE, PREFIX, role_url
from coordination.errors import BadInput, CoordinationError

_ATTEMPTS = 20


def live_database(settings: Settings) -> str:
    """The name of the data's database in service. Raises BadInput where the account cannot create one."""
    admin = embedded.admin_url(settings)
    if (admin.username or "").startswith(PREFIX):
        raise BadInput(
            "Une restauration crée une base : donnez dans DATABASE_URL le compte d'administration du serveur."
        )
    name = role_url(settings, "web").database or ""
    with psycopg.connect(embedded.dsn(servers.admin_on(settings, "postgres")), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            raise BadInput("Il n'y a pas encore d'installation ici : lancez d'abord « coordination init ».")
    return name


def kept_name(live: str, now: datetime) -> str:
    """What the database in service is called once it is replaced: as `embedded.replaced_databases` finds it."""
    return f"{live}{BEFORE}{now:%Y%m%d%H%M%S}"


def is_empty(settings: Settings, live: str) -> bool:
    """Whether nothing would be lost: no journey, and no account but the operator's."""
    return not read_ids(settings, live, "SELECT id FROM journey LIMIT 1") and not read_ids(
        settings, live, "SELECT id FROM account WHERE kind = 'person' LIMIT 1"
    )


def read_ids(settings: Settings, database: str, query: str) -> set[uuid.UUID]:
    """Ids that a query gives on a database; none where it is so damaged that it has no such table."""
    with psycopg.connect(embedded.dsn(servers.admin_on(settings, database)), autocommit=True) as connection:
        try:
            return {row[0] for row in connection.execute(query)}
        except psycopg.errors.UndefinedTable:
            return set()


def put_in_place(settings: Settings, live: str, beside: str, kept: str) -> str:
    """Rename `live` to `kept` and `beside` to `live`, both or neither."""
    with psycopg.connect(embedded.dsn(servers.admin_on(settings, "postgres")), autocommit=True) as connection:
        for attempt in range(_ATTEMPTS):
            # Pages and worker connect again by themselves; whoever comes back in between makes us try again.
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s)",
                ([live, beside],),
            )
            try:
                with connection.transaction():
                    _rename(connection, live, kept)
                    _rename(connection, beside, live)
                return f"l'ancienne base est gardée sous le nom {kept}"
            except psycopg.errors.ObjectInUse:
                if attempt == _ATTEMPTS - 1:
                    raise CoordinationError(
                        "La base est sans cesse occupée : arrêtez « coordination serve » et recommencez."
                        " Rien n'a changé."
                    ) from None
                time.sleep(0.1)
    raise AssertionError


def _rename(connection: psycopg.Connection, old: str, new: str) -> None:
    connection.execute(
        sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
    )


def kept_databases(settings: Settings) -> list[str]:
    """Databases replaced by a restore and not dropped yet, oldest first."""
    return embedded.replaced_databases(servers.admin_on(settings, live_database(settings)))


def put_back(settings: Settings, now: datetime) -> tuple[str, str]:
    """Put the latest replaced database back in service; (its name, the name the present one takes).

    What was erased since stays erased. Raises BadInput where none is kept.
    """
    kept = kept_databases(settings)
    if not kept:
        raise BadInput("Aucune base remplacée n'est gardée : il n'y a rien à remettre.")
    live = live_database(settings)
    erased = read_ids(settings, live, "SELECT folder_id FROM tombstone")
    with psycopg.connect(embedded.dsn(servers.admin_on(settings, kept[-1]))) as connection:
        connection.execute(
            "INSERT INTO tombstone (folder_id) SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING",
            (list(erased),),
        )
    present = kept_name(live, now)
    put_in_place(settings, live, kept[-1], present)
    return kept[-1], present


def drop_kept(settings: Settings) -> list[str]:
    """Drop every replaced database; their names."""
    kept = kept_databases(settings)
    for name in kept:
        servers.drop(settings, name)
    return kept


def set_witness_aside(settings: Settings, heads: Sequence[Mapping[str, Any]], now: datetime) -> int:
    """Checkpoints later than the restored chains tell of lines that are no more: kept apart, never deleted.

    Without this `audit verify` would call every line written from now on a forgery. Returns how many files moved.
    """
    last = {head["structure"]: int(head["sequence"]) for head in heads}
    witness, moved = settings.home / "witness", 0
    for path in sorted(witness.glob("journal-*.json")) if witness.is_dir() else []:
        said = json.loads(path.read_text())
        if any(int(one["sequence"]) > last.get(one["structure"], 0) for one in said):
            apart = embedded.private_folder(witness / f"before-restore-{now:%Y%m%d%H%M%S}")
            path.rename(apart / path.name)
            moved += 1
    return moved
