"""Databases in service, beside and kept: read, put in place, put back, dropped."""

from __future__ import annotations

import time
import uuid
from datetime import datetime

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from config.settings import Settings
from coordination import embedded
from coordination.backup import servers, witness
from coordination.backup.witness import Begun
from coordination.embedded import BEFORE, PREFIX, role_url
from coordination.errors import BadInput, CoordinationError
from coordination.privacy import tombstones
from coordination.privacy.tombstones import Tombstones
from coordination.provision import migrate

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
    return f"{live}{BEFORE}{now:%Y%m%d%H%M%S%f}"


def is_empty(settings: Settings, live: str) -> bool:
    """Whether nothing would be lost: no journey, and no account but the operator's."""
    return not read_ids(settings, live, "SELECT id FROM journey LIMIT 1") and not read_ids(
        settings, live, "SELECT id FROM account WHERE kind = 'person' LIMIT 1"
    )


def read_ids(settings: Settings, database: str, query: str) -> set[uuid.UUID]:
    """Ids that a query gives on a database; none where it is so damaged that it has no such table."""
    with psycopg.connect(embedded.dsn(servers.all_of(settings, database)), autocommit=True) as connection:
        try:
            return {row[0] for row in connection.execute(query)}
        except psycopg.errors.UndefinedTable:
            return set()


def buried_in(settings: Settings, database: str) -> Tombstones:
    """The erasures that a database knows; none where it is so damaged that it has no such table."""
    with embedded.connected(servers.all_of(settings, database)) as connection:
        try:
            return tombstones.read(connection, settings)
        except ProgrammingError as error:
            if isinstance(error.orig, psycopg.errors.UndefinedTable):
                return Tombstones()
            raise


def put_in_place(settings: Settings, live: str, beside: str, begun: Begun) -> str:
    """`beside` comes into service and what bears witness to it; `live` is kept. A stop in between is `settle`d."""
    witness.begin(settings, live, begun)
    found = _change_names(settings, live, beside, begun.kept)
    witness.finish(settings, live, begun)
    return found


def settle(settings: Settings, live: str) -> Begun | None:
    """Finish the change of places that a stop left half done; None where the databases had not moved."""
    begun = witness.begun(settings, live)
    if begun is None:
        return None
    if begun.kept in kept_databases(settings):
        witness.finish(settings, live, begun)
        return begun
    witness.give_up(settings, live)
    return None


def _change_names(settings: Settings, live: str, beside: str, kept: str) -> str:
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
    return embedded.replaced_databases(servers.all_of(settings, live_database(settings)))


def put_back(settings: Settings, now: datetime) -> tuple[str, str]:
    """Put the latest replaced database back in service; (its name, the name the present one takes).

    What was erased since stays erased, and nobody is let in again by it. Raises BadInput where none is kept.
    """
    live = live_database(settings)
    stopped = settle(settings, live)
    if stopped and stopped.back:
        # The run before this one was going there.
        return stopped.back, stopped.kept
    kept = kept_databases(settings)
    if not kept:
        raise BadInput("Aucune base remplacée n'est gardée : il n'y a rien à remettre.")
    # It may be of a version that proved nothing.
    migrate(role_url(settings, "owner").set(database=kept[-1]))
    with embedded.connected(servers.all_of(settings, kept[-1])) as connection:
        tombstones.bury(connection, settings, buried_in(settings, live).proven, now)
        let_nobody_in(settings, live, connection, now)
        connection.commit()
    present = kept_name(live, now)
    begun = Begun(present, kept[-1], witness.of_kept(settings, kept[-1]))
    put_in_place(settings, live, kept[-1], begun)
    return kept[-1], present


def let_nobody_in(settings: Settings, live: str, connection: Connection, now: datetime) -> int:
    """In what is about to replace `live`: sessions and links of passwords end, accounts suspended since stay so.

    Whole within the caller's transaction. How many of these accounts there are.
    """
    suspended = read_ids(settings, live, "SELECT id FROM account WHERE suspended_at IS NOT NULL")
    connection.execute(
        text("UPDATE sign_in_session SET revoked_at = :now WHERE revoked_at IS NULL"), {"now": now}
    )
    # One that was used since would serve once more.
    connection.execute(text("UPDATE password_link SET used_at = :now WHERE used_at IS NULL"), {"now": now})
    return connection.execute(
        text("UPDATE account SET suspended_at = :now WHERE id = ANY(:ids) AND suspended_at IS NULL"),
        {"now": now, "ids": list(suspended)},
    ).rowcount


def drop_kept(settings: Settings) -> list[str]:
    """Drop every replaced database; their names."""
    settle(settings, live_database(settings))
    kept = kept_databases(settings)
    for name in kept:
        servers.drop(settings, name)
    return kept
