"""Opening and sealing the cells of rows, for those who hold a Grant. One vault per application."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import Select, bindparam, func, select

from coordination.db import db, many, remembered
from coordination.privacy.keystore import Keystore
from coordination.privacy.policy import Grant
from coordination.privacy.sealing import DataKey, seal_values, unseal_rows

_ALWAYS = ("id", "folder_id", "journey_id")


def keystore() -> Keystore:
    """The keystore of this application."""
    store = current_app.extensions["keystore"]
    assert isinstance(store, Keystore)
    return store


def _keys_that_open(folder_ids: Sequence[bytes]) -> list[DataKey | None]:
    """For lists, which the lost key of one person must not close: None for it, and its folder in the log, once."""
    keys = keystore().get_open(folder_ids)
    told: set[bytes] = current_app.extensions.setdefault("folders_told", set())
    if told or not all(keys):
        gone = {folder_id for folder_id, key in zip(folder_ids, keys, strict=True) if key is None}
        for folder_id in sorted(gone - told):
            current_app.logger.error("No key opens folder %s", uuid.UUID(bytes=folder_id))
        # One that opens again is told again, were it to go.
        told.difference_update(set(folder_ids) - gone)
        told |= gone
    return keys


class Opened(dict[str, Any]):
    """One row with its cells opened: clear columns keep their type, sealed ones are text or None."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Never a value: this may end in a log."""
        return f"<opened row of {len(self)} columns>"


class Closed(Opened):
    """One row in a list whose key is absent or does not open: its sealed cells are None."""

    __slots__ = ()


def open_rows(
    grant: Grant,
    model: Any,
    columns: Sequence[str],
    *criteria: Any,
    order: Sequence[Any] = (),
    keys: Mapping[uuid.UUID, DataKey] | None = None,
    limit: int | None = None,
    listed: bool = False,
) -> list[Opened]:
    """Rows of `model` that the actor sees, with `columns` (clear or sealed) opened.

    `keys` spares a second look into the keystore. `id`, `folder_id` and `journey_id` always come along.
    `listed`: for a list of many people, where a row without its key comes `Closed`; never for what is counted or
    written from the cells. Raises KeyUnavailable or SealBroken; never returns ciphertext.
    """
    assert isinstance(grant, Grant)
    table = model.__table__
    names = list(dict.fromkeys((*_ALWAYS, *columns)))
    statement: Select[Any] = select(*(table.c[name] for name in names)).where(*criteria).order_by(*order)
    if limit is not None:
        statement = statement.limit(limit)
    rows = db.session.execute(statement).all()
    # Plain dictionaries: SQLAlchemy's mappings cost more than opening the cells.
    return open_result(model, [Opened(zip(names, row, strict=True)) for row in rows], keys, listed)


class Read(NamedTuple):
    """What is read of one journey in one table.

    `order` names a column, "-" before it: the latest first. It always comes along, as do the ids.
    """

    model: Any
    columns: tuple[str, ...]
    order: str = ""
    limit: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(filter(None, dict.fromkeys((*_ALWAYS, *self.columns, self.sorted_by))))

    @property
    def sorted_by(self) -> str:
        return self.order.removeprefix("-")

    @property
    def latest_first(self) -> bool:
        return self.order.startswith("-")


@cache
def _of_journey(read: Read) -> Select[Any]:
    """Put together once: it costs as much as running it."""
    return _select(read).where(read.model.__table__.c.journey_id == bindparam("journey_id"))


def _select(read: Read) -> Select[Any]:
    table = read.model.__table__
    statement = select(*(table.c[name] for name in read.names))
    if read.order:
        column = table.c[read.sorted_by]
        statement = statement.order_by(column.desc() if read.latest_first else column)
    return statement if read.limit is None else statement.limit(read.limit)


def open_journey_rows(grant: Grant, journey_id: uuid.UUID, read: Read) -> list[Opened]:
    """As `open_rows`, those of one journey. What this transaction has read already is not read again."""
    assert isinstance(grant, Grant)
    return remembered((journey_id, read), lambda: _run(read, _of_journey(read), {"journey_id": journey_id}))


def open_rows_of(grant: Grant, journey_ids: Sequence[uuid.UUID], read: Read) -> list[Opened]:
    """As `open_rows`, those of several journeys, listed."""
    assert isinstance(grant, Grant)
    return _run(read, _of_journeys(read), {"ids": list(journey_ids)}, listed=True)


def _run(
    read: Read, statement: Select[Any], asked: Mapping[str, Any], *, listed: bool = False
) -> list[Opened]:
    rows = [Opened(zip(read.names, row, strict=True)) for row in db.session.execute(statement, asked)]
    return open_result(read.model, rows, listed=listed)


@cache
def _of_journeys(read: Read) -> Select[Any]:
    return _select(read).where(read.model.__table__.c.journey_id == many("ids"))


def open_result(
    model: Any,
    rows: Iterable[Mapping[Any, Any]],
    keys: Mapping[uuid.UUID, DataKey] | None = None,
    listed: bool = False,
) -> list[Opened]:
    """Open the sealed cells of rows already selected as mappings (with id and folder_id)."""
    opened = [row if isinstance(row, Opened) else Opened(row) for row in rows]
    table = model.__table__
    if not opened:
        return []
    sealed = [name for name in opened[0] if name in table.c and "padding" in table.c[name].info]
    # Only rows that hold something sealed need a key.
    holding = [row for row in opened if any(row[name] is not None for name in sealed)]
    if not holding:
        return opened
    if keys is None and listed:
        ids = list({row["folder_id"] for row in holding})
        found = _keys_that_open([folder_id.bytes for folder_id in ids])
        keys = {folder_id: key for folder_id, key in zip(ids, found, strict=True) if key}
        if len(keys) < len(ids):
            closed = set(ids) - keys.keys()
            holding = [row for row in holding if row["folder_id"] not in closed]
            opened = [
                Closed(row | dict.fromkeys(sealed)) if row["folder_id"] in closed else row for row in opened
            ]
    elif keys is None:
        keys = keystore().get(list({row["folder_id"] for row in holding}))
    using = [keys[row["folder_id"]] for row in holding]
    row_ids = (row["id"].bytes for row in holding)
    cells = (tuple(row[name] for name in sealed) for row in holding)
    for row, texts in zip(holding, unseal_rows(table.name, sealed, using, row_ids, cells), strict=True):
        # What was sealed empty is absent, as is NULL.
        row.update((name, text or None) for name, text in zip(sealed, texts, strict=True))
    return opened


def open_columns(grant: Grant, model: Any, columns: Sequence[str]) -> tuple[list[bytes], list[list[str]]]:
    """All rows of `model` that the actor sees: journeys, and per sealed column its texts ("" if empty).

    For thousands of rows at once, where a dictionary or an object for each would cost more than opening it: a
    journey is the bytes of its id (`uuid.UUID(bytes=...)` for the few that are shown). The rows are always those
    that the database shows now; their texts are kept in memory as long as their keys, for the next search. One
    whose key is absent is left out. Raises KeyUnavailable or SealBroken; never returns ciphertext.
    """
    assert isinstance(grant, Grant)
    rows = db.session.execute(_in_bytes(model, tuple(columns))).all()
    found = _keys_that_open([row[1] for row in rows])
    keys = [key for key in found if key]
    if len(keys) < len(found):
        rows = [row for row, key in zip(rows, found, strict=True) if key]
    row_ids, _, journey_ids, *sealed = zip(*rows, strict=True) if rows else ((),) * (3 + len(columns))
    cells = zip(*sealed, strict=True)
    opened = unseal_rows(model.__table__.name, columns, keys, row_ids, cells, remember=True)
    texts = map(list, zip(*opened, strict=True)) if opened else ([] for _ in columns)
    return list(journey_ids), list(texts)


@cache
def _in_bytes(model: Any, columns: tuple[str, ...]) -> Select[Any]:
    table = model.__table__
    ids = (func.uuid_send(table.c[name]) for name in _ALWAYS)
    return select(*ids, *(table.c[name] for name in columns))


def sealed_row(key: DataKey, model: Any, row_id: uuid.UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a new row with its personal fields sealed; clear columns pass through."""
    table = model.__table__
    personal = {k: v for k, v in values.items() if "padding" in table.c[k].info}
    clear = {k: v for k, v in values.items() if k not in personal}
    return {"id": row_id, **clear, **seal_values(key, model, row_id, personal)}


def new_row(key: DataKey, model: Any, row_id: uuid.UUID, values: Mapping[str, Any]) -> dict[str, Any]:
    """As `sealed_row`, every sealed column of the model filled: which ones are empty does not show."""
    every = {column.name: None for column in model.__table__.c if "padding" in column.info}
    return sealed_row(key, model, row_id, every | dict(values))
