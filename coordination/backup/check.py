"""What a restored pair of databases must show before anybody relies on it. No value is ever printed."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, TextClause, text

from config.settings import Settings
from coordination.backup.manifest import Manifest
from coordination.console import count
from coordination.db import Base
from coordination.errors import CoordinationError
from coordination.privacy import audit, tombstones
from coordination.privacy.keystore import Keystore
from coordination.privacy.sealing import unseal, unseal_part
from coordination.privacy.tombstones import Tombstones

# Cells of each sealed column that a check opens.
SAMPLE = 20
_BATCH = 5_000
_TABLES = text(
    "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname"
)


class Unsound(CoordinationError):
    """A restored copy does not show what its manifest says."""


@dataclass(frozen=True)
class Step:
    """One thing done or checked: its French name, how long it took (seconds), what was found."""

    name: str
    seconds: float
    found: str

    def as_json(self) -> dict[str, Any]:
        return {"step": self.name, "seconds": round(self.seconds, 2), "found": self.found}


@dataclass
class Steps:
    """The steps of a backup or of a restore, in order; and the erasures met on the way that nothing proves."""

    done: list[Step] = field(default_factory=list)
    unproven: set[uuid.UUID] = field(default_factory=set)
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Since the first of them began, what lies between them included."""
        return time.perf_counter() - self.started

    def take(self, name: str, act: Callable[[], str]) -> None:
        start = time.perf_counter()
        found = act()
        self.done.append(Step(name, time.perf_counter() - start, found))


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table of ours holds."""
    return {
        name: int(connection.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0)
        for name in connection.scalars(_TABLES)
    }


def revision(connection: Connection) -> str:
    """The version of the tables. Raises Unsound where none is written."""
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if found is None:
        raise Unsound("La base ne dit pas à quelle version sont ses tables.")
    return str(found)


def heads(connection: Connection) -> list[dict[str, Any]]:
    """The last line of each audit chain, in the shape of checkpoints."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (structure_id) structure_id, sequence, hash FROM audit_entry"
            " ORDER BY structure_id, sequence DESC"
        )
    )
    return [{"structure": str(s), "sequence": n, "hash": bytes(h).hex()} for s, n, h in rows]


def check_copy(
    steps: Steps, data: Engine, store: Keystore, of_data: Manifest, of_keys: Manifest, settings: Settings
) -> None:
    """Every check of a restored copy, before erasures are replayed on it. Raises Unsound at the first fault."""
    with data.connect() as connection:
        told = buried(connection, settings, of_data, of_keys)
        steps.unproven |= told.unproven
        steps.take("Nombre de lignes par table", lambda: _counts(connection, store, of_data, of_keys))
        steps.take("Chaînes du journal des accès", lambda: _chains(connection, of_data))
        steps.take("Une clé par volet", lambda: _keys(connection, store, told, of_data, of_keys))
        steps.take("Données protégées qui s'ouvrent", lambda: _cells(connection, store, SAMPLE))


def _counts(connection: Connection, store: Keystore, of_data: Manifest, of_keys: Manifest) -> str:
    with store.engine.connect() as other:
        found = {"data": row_counts(connection), "keys": row_counts(other)}
    for kind, wanted in (("data", of_data.counts["data"]), ("keys", of_keys.counts["keys"])):
        for table in sorted({*wanted, *found[kind]}):
            if wanted.get(table) != found[kind].get(table):
                raise Unsound(
                    f"La table {table} devait compter {wanted.get(table)} lignes,"
                    f" la copie en a {found[kind].get(table)}."
                )
    if revision(connection) != of_data.revision:
        raise Unsound("La copie n'est pas à la version de tables annoncée.")
    total = sum(sum(tables.values()) for tables in found.values())
    return f"{total} lignes, {sum(map(len, found.values()))} tables, version {of_data.revision}"


def _chains(connection: Connection, of_data: Manifest) -> str:
    result = audit.verify(connection, of_data.heads)
    if result.problems:
        first = result.problems[0]
        raise Unsound(f"Le journal des accès ne tient pas : {first.place}, {first.reason}.")
    return f"{count(result.entries, 'ligne', 'lignes')}, {count(result.chains, 'chaîne', 'chaînes')}"


def _keys(
    connection: Connection, store: Keystore, told: Tombstones, of_data: Manifest, of_keys: Manifest
) -> str:
    folders = set(connection.scalars(text("SELECT id FROM folder")))
    present = store.folder_ids()
    without = folders - told.proven - present
    if without and of_keys.backup == of_data.backup:
        raise Unsound(f"{len(without)} volets n'ont pas de clé dans cette sauvegarde.")
    for some in batches(folders & present):
        # Each one unwraps, or this raises.
        store.get(some)
    store.opened.clear()
    return f"{len(folders & present)} clés ouvertes, {len(folders - present)} volets effacés"


def buried(connection: Connection, settings: Settings, *manifests: Manifest) -> Tombstones:
    """Volets erased, as the copy and the manifests know them."""
    found = tombstones.read(connection, settings)
    for manifest in manifests:
        found |= manifest.buried
    return found


def batches(ids: Iterable[uuid.UUID]) -> Iterable[list[uuid.UUID]]:
    """Ids in lists short enough for one statement."""
    ordered = sorted(ids)
    return (ordered[start : start + _BATCH] for start in range(0, len(ordered), _BATCH))


class SealedColumn(NamedTuple):
    """`parts_of`: where a content is sealed in parts, the column that names its owner."""

    table: str
    column: str
    parts_of: str


def sealed_columns(connection: Connection) -> list[SealedColumn]:
    """Each sealed column that this copy has."""
    there = {
        (row.table_name, row.column_name)
        for row in connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            )
        )
    }
    return [
        SealedColumn(table.name, column.name, column.info["parts_of"])
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if "padding" in column.info and {(table.name, column.name), (table.name, "folder_id")} <= there
    ]


def _cells(connection: Connection, store: Keystore, sample: int) -> str:
    opened, columns = 0, sealed_columns(connection)
    present = store.folder_ids()
    for one in columns:
        rows = connection.execute(_sample_of(one), {"sample": sample}).all()
        rows = [row for row in rows if row.folder_id in present]
        keys = store.get([row.folder_id for row in rows])
        for row in rows:
            key = keys[row.folder_id]
            if one.parts_of:
                unseal_part(key, one.table, one.column, row.owner, row.number, row.total, row.cell)
            else:
                unseal(key, one.table, one.column, row.id, row.cell)
        opened += len(rows)
    return f"{opened} cellules de {len(columns)} colonnes, aucune montrée"


def _sample_of(one: SealedColumn) -> TextClause:
    """Cells of a column drawn at random; with each part, which one it is and of how many."""
    more = ""
    if one.parts_of:
        total = f"(SELECT count(*) FROM {one.table} p WHERE p.{one.parts_of} = t.{one.parts_of})"
        more = f", {one.parts_of} AS owner, number, {total} AS total"
    return text(
        f"SELECT id, folder_id, {one.column} AS cell{more} FROM {one.table} t WHERE {one.column} IS NOT NULL"
        " ORDER BY random() LIMIT :sample"
    )
