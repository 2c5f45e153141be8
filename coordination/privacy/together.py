"""Rows of several tables of one journey in one statement: a page of a journey would make a trip for each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Column, TextClause, text
from sqlalchemy.dialects import postgresql

from coordination.db import db, memory
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, Read, open_result

_DIALECT = postgresql.dialect()
Pick = Callable[[Sequence[Any]], tuple[Any, ...]]


class _Statement(NamedTuple):
    """`picks`: per read, its columns among those of the statement."""

    text: TextClause
    picks: tuple[Pick, ...]


def read_together(grant: Grant, journey_id: uuid.UUID, reads: tuple[Read, ...]) -> None:
    """One statement; `open_journey_rows` then answers each of `reads` from it, until the transaction ends.

    Raises KeyUnavailable or SealBroken; never returns ciphertext.
    """
    assert isinstance(grant, Grant)
    known = memory()
    statement = _statement(reads)
    found: list[list[Opened]] = [[] for _ in reads]
    names = [read.names for read in reads]
    for row in db.session.execute(statement.text, {"journey_id": journey_id}).all():
        number = row[0]
        found[number].append(Opened(zip(names[number], statement.picks[number](row), strict=True)))
    for read, rows in zip(reads, found, strict=True):
        known[journey_id, read] = open_result(read.model, _in_order(rows, read))


def _in_order(rows: list[Opened], read: Read) -> list[Opened]:
    """As the part of the statement gave them: a union promises no order."""
    if not read.order:
        return rows
    name = read.sorted_by
    return sorted(rows, key=lambda row: (row[name] is None, row[name]), reverse=read.latest_first)


@cache
def _statement(reads: tuple[Read, ...]) -> _Statement:
    """Every read a part of one union: columns of a type share the columns of that type, the rest is NULL.

    Names of our own tables and columns, none of them from outside.
    """
    slots: dict[tuple[str, int], int] = {}
    placed: list[dict[int, str]] = []
    for read in reads:
        taken: dict[str, int] = {}
        columns = {}
        for name in read.names:
            kind = _type(read.model.__table__.c[name])
            taken[kind] = taken.get(kind, 0) + 1
            columns[slots.setdefault((kind, taken[kind]), len(slots))] = name
        placed.append(columns)
    parts = [
        _part(number, read, [columns.get(slot, f"CAST(NULL AS {kind})") for (kind, _), slot in slots.items()])
        for number, (read, columns) in enumerate(zip(reads, placed, strict=True))
    ]
    # The first column says which read a row is of.
    picks = tuple(itemgetter(*(slot + 1 for slot in columns)) for columns in placed)
    return _Statement(text(" UNION ALL ".join(parts)), picks)


def _part(number: int, read: Read, columns: Sequence[str]) -> str:
    part = f"SELECT {number}, {', '.join(columns)} FROM {read.model.__table__.name} WHERE journey_id = :journey_id"
    if read.order:
        part += f" ORDER BY {read.sorted_by}{' DESC' if read.latest_first else ''}"
    return f"({part}{'' if read.limit is None else f' LIMIT {read.limit}'})"


def _type(column: Column[Any]) -> str:
    """Without its length: texts of all lengths go together."""
    return column.type.compile(dialect=_DIALECT).partition("(")[0]
