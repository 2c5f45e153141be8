"""What a long statement found stays in memory, as long as nothing that it reads was written since (ADR 18).

The lists of a whole team count thousands of alerts and deadlines, again and again while somebody goes to and fro
between them. What is kept belongs to one actor, and to one list of volets: the wall is asked each time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar

from flask import current_app
from sqlalchemy import BigInteger, DateTime, text
from sqlalchemy.orm import Mapped, mapped_column

from coordination.db import Base, db, memory, remembered

# Findings of a process, of at most some thousand lines each; the one asked for longest ago goes first.
MOST = 48


class Written(Base):
    """That a transaction wrote to a table that lists are counted from (0047_written.sql)."""

    __tablename__ = "written"

    mark: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, server_default=text("uuid_hash_extended(gen_random_uuid(), 0)")
    )
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=text("now()"))


# Volets say which journeys, alerts and deadlines are seen. Marks are random: together they tell one state of the
# tables from any other, also after a restore.
_STAMP = text(
    "SELECT hash_array_extended(my_folders(), 0), marks.*"
    " FROM (SELECT count(*), bit_xor(mark) FROM written) AS marks"
)
Found = TypeVar("Found")


class Findings:
    """Key -> what was found, for the threads of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Hashable, found: Any) -> None:
        with self._lock:
            self._found[key] = found
            while len(self._found) > MOST:
                self._found.popitem(last=False)


def kept(what: Hashable, read: Callable[[], Found]) -> Found:
    """What `read` finds, from memory where nothing was written since; never None, and nobody changes it.

    `what` says the question whole, its day included. `read` looks at journeys, alerts, deadlines and days of stages
    only, under the wall: other tables leave no mark. A transaction that writes, or that is narrowed, reads.
    """
    memory()  # the beginning of a transaction says what it is
    session = db.session
    if session.info.get("writing") or session.info["scope"]:
        return read()
    # Asked before what it stands for: what is read may be younger than its stamp, never older.
    key = (session.info.get("actor"), remembered(_STAMP, _stamp), what)
    findings: Findings = current_app.extensions["findings"]
    found: Found | None = findings.get(key)
    if found is None:
        found = read()
        findings.put(key, found)
    return found


def question(name: str, asked: Mapping[str, Any]) -> Hashable:
    """What a statement with these parameters asks."""
    told = {key: tuple(value) if isinstance(value, list) else value for key, value in asked.items()}
    return (name, *sorted(told.items()))


def _stamp() -> tuple[Any, ...]:
    return tuple(db.session.execute(_STAMP).one())
