"""Lines to a server: kept in a pool, asked whether they live, binary, and what they have prepared is kept."""

from __future__ import annotations

import select
import time
from typing import Any

import psycopg
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, Pool

# A connection used a moment ago, on which nothing has come since, is alive: asking costs a trip each time.
ASKED_AFTER = 5.0


@event.listens_for(Pool, "checkin")
def _note_use(connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()
    # Whoever takes it next says anew what it may do; nobody else's word is kept.
    if connection is not None:
        connection.only_reads = False


@event.listens_for(Pool, "checkout")
def _refuse_dead(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Like SQLAlchemy's own ping, without its trip: a server that goes says so, or closes the line."""
    used_at = record.info.get("used_at")
    if used_at is None:
        return
    listening = select.poll()
    try:
        listening.register(connection.fileno(), select.POLLIN)
        if listening.poll(0) or time.monotonic() - used_at > ASKED_AFTER:
            connection.execute("SELECT 1")
            connection.rollback()
    except (psycopg.Error, OSError, ValueError) as error:
        raise DisconnectionError from error


class ReadingConnection(psycopg.Connection[Any]):
    """Ends by COMMIT a transaction that could only read.

    At a ROLLBACK psycopg forgets every statement that it has prepared (an object might be gone with it), and each
    would be planned anew on every page.
    """

    only_reads = False

    def rollback(self) -> None:
        if self.only_reads and self.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            self.commit()
        else:
            super().rollback()


@event.listens_for(Engine, "do_connect")
def _connect(_dialect: Any, _record: ConnectionPoolEntry, given: Any, named: Any) -> ReadingConnection:
    return ReadingConnection.connect(*given, **named)


class BinaryCursor(psycopg.Cursor[Any]):
    """Results travel in binary: ids and sealed cells cost half as much to read as in text."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.format = psycopg.pq.Format.BINARY


ENGINE_OPTIONS: dict[str, Any] = {
    "hide_parameters": True,
    # A server that dies may leave a line that nobody answers: the page says so after these seconds, not after 130.
    "connect_args": {"cursor_factory": BinaryCursor, "connect_timeout": 10},
    # The connection used last: it knows its tables, and what is prepared.
    "pool_use_lifo": True,
}
