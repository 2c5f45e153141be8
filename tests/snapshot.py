"""The rows of a test's databases, kept in this process: the same world is imported once, then copied back.

An import checks, seals and audits each line, 200 ms for a small world; five hundred tests begin with the same one.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from config.settings import Settings
from tests.databases import empty, line, tables


@dataclass(frozen=True)
class Snapshot:
    """What both databases held, and what the import that filled them returned."""

    result: Any
    tables: dict[bool, dict[str, bytes]] = field(default_factory=dict)
    sequences: list[tuple[str, int]] = field(default_factory=list)


_KEPT: dict[Hashable, Snapshot] = {}


def recall(settings: Settings, key: Hashable) -> Snapshot | None:
    """Put back what was kept under `key`, in place of all that the databases hold; None: nothing was."""
    found = _KEPT.get(key)
    if found is None:
        return None
    for keys, held in found.tables.items():
        with line(settings, keys=keys) as connection, connection.transaction():
            empty(connection)
            for name, content in held.items():
                with connection.cursor().copy(_copy(name, "FROM STDIN")) as copy:
                    copy.write(content)
            if not keys:
                for name, value in found.sequences:
                    connection.execute("SELECT setval(%s, %s)", (name, value))
    return found


def keep(settings: Settings, key: Hashable, result: Any) -> None:
    """Keep what both databases hold under `key`."""
    made = Snapshot(result)
    for keys in (False, True):
        with line(settings, keys=keys) as connection:
            made.tables[keys] = held = {}
            for name in tables(connection):
                with connection.cursor().copy(_copy(name, "TO STDOUT")) as copy:
                    content = b"".join(bytes(part) for part in copy)
                # An empty table is a header and an end.
                if len(content) > 21:
                    held[name] = content
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
