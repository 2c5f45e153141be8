"""The rows of a test's databases, kept in this process: the same world is imported once, then copied back.

An import checks, seals and audits each line, 200 ms for a small world; five hundred tests begin with the same one.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from config.settings import Settings
from tests.databases import empty, held, line, tables


@dataclass(frozen=True)
class Snapshot:
    """What both databases held, and what the import that filled them returned."""

    result: Any
    tables: dict[bool, dict[str, bytes]] = field(default_factory=dict)
    sequences: list[tuple[str, int]] = field(default_factory=list)


_KEPT: dict[Hashable, Snapshot] = {}
# Databases, those of the keys or not, and what was put back there -> what `held` tells of each table since.
_LEFT: dict[tuple[str | None, bool, Hashable], dict[str, tuple[int, int]]] = {}


def recall(settings: Settings, key: Hashable) -> Snapshot | None:
    """Put back what was kept under `key`, in place of all that the databases hold; None: nothing was."""
    found = _KEPT.get(key)
    if found is None:
        return None
    for keys, kept in found.tables.items():
        with line(settings, keys=keys) as connection, connection.transaction():
            _put_back(connection, kept, _LEFT.setdefault((settings.database_url, keys, key), {}))
            if not keys:
                for name, value in found.sequences:
                    connection.execute("SELECT setval(%s, %s)", (name, value))
    return found


def _put_back(
    connection: psycopg.Connection, kept: dict[str, bytes], left: dict[str, tuple[int, int]]
) -> None:
    """Tables that still are as they were `left` when this was last put back stay: a test touches few of fifty."""
    changed = {
        name: number
        for name, (number, newest) in held(connection).items()
        if left.get(name) != (number, newest)
    }
    empty(connection, [name for name, number in changed.items() if number])
    (now,) = connection.execute("SELECT pg_current_xact_id()::text::bigint").fetchone() or (0,)
    for name in changed:
        number = 0
        if name in kept:
            cursor = connection.cursor()
            with cursor.copy(_copy(name, "FROM STDIN")) as copy:
                copy.write(kept[name])
            number = cursor.rowcount
        left[name] = (number, now if number else 0)


def keep(settings: Settings, key: Hashable, result: Any) -> None:
    """Keep what both databases hold under `key`."""
    made = Snapshot(result)
    for keys in (False, True):
        with line(settings, keys=keys) as connection:
            made.tables[keys] = kept = {}
            for name in tables(connection):
                with connection.cursor().copy(_copy(name, "TO STDOUT")) as copy:
                    content = b"".join(bytes(part) for part in copy)
                # An empty table is a header and an end.
                if len(content) > 21:
                    kept[name] = content
            if not keys:
                made.sequences.extend(
                    connection.execute(
                        "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_sequences"
                        " WHERE last_value IS NOT NULL"
                    ).fetchall()
                )
    _KEPT[key] = made


def _copy(name: str, way: str) -> sql.Composed:
    return sql.SQL("COPY {} " + way + " (FORMAT binary)").format(sql.Identifier(name))
