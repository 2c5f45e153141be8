"""The database session, and what every table shares.

Each transaction carries its actor (`app.actor`) for row-level security, and is READ ONLY unless a `work`
opened it. A transaction without an actor sees nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Select,
    Uuid,
    any_,
    bindparam,
    event,
    literal,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, scoped_session

from coordination.connections import ENGINE_OPTIONS, ReadingConnection

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
NOBODY = uuid.UUID(int=0)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: DateTime(timezone=True), bytes: LargeBinary}

    def __repr__(self) -> str:
        """The kind and the opaque id, never a value."""
        return f"<{type(self).__name__} {getattr(self, 'id', '?')}>"


db = SQLAlchemy(session_options={"expire_on_commit": False}, engine_options=ENGINE_OPTIONS)


def sealed(padding: int = 32, *, parts_of: str = "") -> Any:
    """A sealed column: ciphertext that loads only when a query holding a Grant asks for it.

    `padding`: bytes; the plaintext is padded to a multiple of it (32 for short fields, 128 for those whose length
    tells one from another, 256 for notes). `parts_of`: the column that names the owner of a content sealed in
    parts (`sealing.seal_part`), which opens as no text.
    """
    info = {"padding": padding, "parts_of": parts_of}
    return mapped_column(LargeBinary, nullable=True, deferred=True, deferred_raiseload=True, info=info)


class Row:
    """Opaque id made by the application (so that a seal can be bound to it before INSERT)."""

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)


class InOrder:
    """Order of arrival: an import gives its line number, what people write later comes after."""

    position: Mapped[int] = mapped_column(BigInteger, Identity(always=False, start=1_000_000_000))


class InFolder(Row, InOrder):
    """A record of a volet: hangs on one folder of one journey, keeps its version."""

    journey_id: Mapped[uuid.UUID] = mapped_column()
    folder_id: Mapped[uuid.UUID] = mapped_column()
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    @declared_attr.directive
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            ForeignKeyConstraint(
                ["folder_id", "journey_id"],
                ["folder.id", "folder.journey_id"],
                deferrable=True,
                initially="DEFERRED",
                ondelete="CASCADE",
            ),
            Index(None, "journey_id"),
            Index(None, "folder_id"),
        )


def act_as(session: Session | scoped_session[Any], actor: uuid.UUID | None) -> None:
    """Say who acts in the next transactions of this session; ends the present one."""
    session.rollback()
    session.info["actor"] = actor


def among(column: Any, ids: Any) -> ColumnElement[bool]:
    """`column` is one of `ids`: many ids as one array parameter, so that the statement stays the same and short.

    `ids` may also be a subquery.
    """
    if isinstance(ids, Select):
        return column.in_(ids)
    return column == any_(literal(list(ids), ARRAY(Uuid)))


def many(name: str) -> ColumnElement[Any]:
    """`column == many("ids")`: one of the ids given when a statement kept for later is run."""
    return any_(bindparam(name, type_=ARRAY(Uuid)))


def narrow(journey_ids: Iterable[uuid.UUID]) -> None:
    """Keep the rest of this transaction to these journeys: what is visible can only shrink.

    Row-level security then looks at a few access rows instead of all those of a coordinator.
    """
    _scope("{" + ",".join(str(id_) for id_ in journey_ids) + "}")


@contextmanager
def narrowed(journey_ids: Iterable[uuid.UUID]) -> Iterator[None]:
    """The same for one question, then as before; an error inside ends the transaction, and its scope with it."""
    db.session.connection()  # its beginning says that nothing is narrowed yet
    before = db.session.info["scope"]
    narrow(journey_ids)
    yield
    _scope(before)


_LOOPS = text("SELECT set_config('enable_nestloop', :loops, true)")


@contextmanager
def for_many() -> Iterator[None]:
    """Inside, tables are joined as suits thousands of lines.

    The planner takes what the wall lets through for ten lines, and a loop within a loop for the best way. An error
    inside ends the transaction, and this with it.
    """
    db.session.execute(_LOOPS, {"loops": "off"})
    yield
    db.session.execute(_LOOPS, {"loops": "on"})


_IN_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:what, 7))")


def in_turn(*what: object) -> None:
    """One transaction at a time from here to its end: who else writes `what` waits, then reads what this wrote."""
    db.session.execute(_IN_TURN, {"what": ":".join(map(str, what))})


# A plan that is kept knows no value. Over a few journeys any will do; over all that somebody sees it took seconds.
_ANY_PLAN, _OWN_PLAN = "auto", "force_custom_plan"
_SCOPE = text("SELECT set_config('app.scope', :scope, true), set_config('plan_cache_mode', :plans, true)")


def _scope(scope: str) -> None:
    any_plan = scope or db.session.info.get("writing")
    db.session.execute(_SCOPE, {"scope": scope, "plans": _ANY_PLAN if any_plan else _OWN_PLAN})
    db.session.info["scope"] = scope


def memory() -> dict[Any, Any]:
    """What this transaction has read already, within what it is kept to; a transaction that writes has none."""
    session = db.session()
    transaction = session.get_transaction()
    if transaction is None or transaction is not session.info.get("began"):
        session.connection()  # its beginning forgets what the last one read
    known: dict[Any, Any] = {}
    if not session.info.get("writing"):
        known = session.info["read"].setdefault(session.info["scope"], known)
    return known


Value = TypeVar("Value")


def remembered(place: Any, read: Callable[[], Value]) -> Value:
    """What `read` gives, asked once in a transaction that reads."""
    known = memory()
    if place not in known:
        known[place] = read()
    found: Value = known[place]
    return found


_BEGIN = text(
    "SELECT set_config('app.actor', :actor, true), set_config('app.now', :now, true),"
    " set_config('plan_cache_mode', :plans, true), set_config('transaction_read_only', :read_only, true),"
    " set_config('lock_timeout', :patience, true)"
)


def _begin(session: Session, transaction: Any, connection: Connection) -> None:
    session.info["began"] = transaction
    session.info["scope"] = ""
    session.info["read"] = {}
    writes = bool(session.info.get("writing"))
    line = connection.connection.driver_connection
    assert isinstance(line, ReadingConnection)
    line.only_reads = not writes
    connection.execute(
        _BEGIN,
        {
            "actor": str(session.info.get("actor") or NOBODY),
            "now": session.info.get("now", ""),
            "read_only": "off" if writes else "on",
            "patience": session.info.get("patience", "0"),
            # Who writes asks by id, an import thousands of times.
            "plans": _ANY_PLAN if writes else _OWN_PLAN,
        },
    )


event.listen(db.session, "after_begin", _begin)
