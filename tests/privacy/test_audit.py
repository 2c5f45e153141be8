"""The audit chain: no fork under eight writers, no tampering unseen."""

from __future__ import annotations

import hashlib
import json
import random
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.db import NOBODY, db
from coordination.embedded import role_url, sqlalchemy_url
from coordination.privacy.actor import Actor, Role
from coordination.privacy.audit import body_of, checkpoint, read_witness, verify
from coordination.privacy.keys import audit_key
from coordination.privacy.policy import Action
from coordination.privacy.work import consult, work
from tests.databases import superuser
from tests.support import role, rows, run, scalar, seen_by

ONE, TWO = uuid.UUID(int=1), uuid.UUID(int=2)


def member(structure: uuid.UUID) -> Actor:
    """Somebody of this structure: a line goes into no other's chain."""
    operator = operator_actor()
    rows(
        "INSERT INTO structure (id, code, name) VALUES (%s, %s, '') ON CONFLICT DO NOTHING",
        structure,
        str(structure),
    )
    rows(
        "INSERT INTO membership (id, account_id, role, structure_id) VALUES (gen_random_uuid(), %s, 'X', %s)"
        " ON CONFLICT DO NOTHING",
        operator.id,
        structure,
    )
    return Actor(operator.id, (Role("X", structure),), kind="operator")


def write_lines(count: int, *structures: uuid.UUID) -> None:
    """Lines as a work writes them, in the chains of these structures."""
    actors = [member(structure) for structure in structures]
    for number in range(count):
        actor = actors[number % len(actors)]
        with consult(actor, Action.SIGN_IN, clock.now()) as r:
            r.audit(r.require(), [f"ligne {number}", "é", ""])


@pytest.fixture
def chains(app: Flask) -> Flask:
    write_lines(24, ONE, TWO)
    return app


def maintained(app: Flask, ask: Callable[[Connection], Any]) -> Any:
    engine = create_engine(sqlalchemy_url(role_url(app.config["SETTINGS"], "maintenance")))
    try:
        with engine.connect() as connection:
            return ask(connection)
    finally:
        engine.dispose()


def sign(app: Flask, witness: Path) -> list[dict[str, Any]]:
    def make(connection: Connection) -> list[dict[str, Any]]:
        made = checkpoint(connection, audit_key(app.config["SETTINGS"]), clock.now(), witness)
        connection.commit()
        return made

    found: list[dict[str, Any]] = maintained(app, make)
    return found


def test_an_honest_chain_holds(chains: Flask, tmp_path: Path) -> None:
    sign(chains, tmp_path / "witness")
    kept, forged = read_witness(tmp_path / "witness", audit_key(chains.config["SETTINGS"]).public_key())
    assert {c["structure"] for c in kept} >= {str(ONE), str(TWO)} and forged == []
    write_lines(3, ONE)
    found = maintained(chains, lambda c: verify(c, kept))
    assert found.problems == () and found.entries == 24 + 3 + 1 and found.chains == 3


def test_the_python_body_is_the_one_the_database_hashed(chains: Flask) -> None:
    for row in rows(
        "SELECT structure_id, sequence, at_us, actor_id, journey_id, action, result, detail, body, previous, hash"
        " FROM audit_entry"
    ):
        assert body_of(*row[:8]) == bytes(row[8])
        assert hashlib.sha256(bytes(row[9]) + bytes(row[8])).digest() == bytes(row[10])
    assert body_of("a", "bc") != body_of("ab", "c") and body_of("1:a") != body_of("1", "a")
    assert body_of("é") == b"2:\xc3\xa9"


def test_eight_writers_never_fork_a_chain(app: Flask) -> None:
    def write() -> None:
        with app.app_context():
            write_lines(15, ONE)
            db.session.remove()

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = rows("SELECT sequence, previous FROM audit_entry WHERE structure_id = %s ORDER BY sequence", ONE)
    assert [sequence for sequence, _ in found] == list(range(1, 121))
    assert len({bytes(previous) for _, previous in found}) == 120
    assert maintained(app, verify).problems == ()


def test_the_database_itself_refuses_a_fork(chains: Flask) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        rows(
            "INSERT INTO audit_entry SELECT structure_id, 99, previous, hash, body, at_us, actor_id, journey_id,"
            " action, result, detail FROM audit_entry WHERE structure_id = %s AND sequence = 3",
            ONE,
        )


COLUMNS = ("at_us", "actor_id", "journey_id", "action", "result", "detail", "body", "hash", "previous")


def _edit(cursor: psycopg.Connection, at: int, drawn: random.Random) -> None:
    column = drawn.choice(COLUMNS)
    value: Any = {
        "at_us": drawn.randrange(10**15),
        "actor_id": uuid.UUID(int=drawn.getrandbits(128)),
        "journey_id": uuid.UUID(int=drawn.getrandbits(128)),
    }.get(column, drawn.randbytes(32) if column in ("body", "hash", "previous") else f"x{drawn.random()}"[:9])
    cursor.execute(
        f"UPDATE audit_entry SET {column} = %s WHERE structure_id = %s AND sequence = %s",  # type: ignore[arg-type]
        (value, ONE, at),
    )


def _edit_both(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    """A column, with the body and the hash of this line made to match."""
    row = _line(connection, at)
    row["detail"] = f"rien {drawn.random()}"
    _store(connection, at, row)


def _delete(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    connection.execute("DELETE FROM audit_entry WHERE structure_id = %s AND sequence = %s", (ONE, at))


def _delete_and_close(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    """Removed, and the lines after it moved up so that no number is missing."""
    _delete(connection, at, drawn)
    for sequence in range(at + 1, 13):
        connection.execute(
            "UPDATE audit_entry SET sequence = sequence - 1 WHERE structure_id = %s AND sequence = %s",
            (ONE, sequence),
        )
    if at == 12:
        _edit(connection, 3, drawn)


def _insert(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    for sequence in range(12, at - 1, -1):
        connection.execute(
            "UPDATE audit_entry SET sequence = sequence + 1 WHERE structure_id = %s AND sequence = %s",
            (ONE, sequence),
        )
    connection.execute(
        "INSERT INTO audit_entry SELECT structure_id, %s, %s, hash, body, at_us, actor_id, journey_id, action,"
        " result, detail FROM audit_entry WHERE structure_id = %s ORDER BY sequence LIMIT 1",
        (at, drawn.randbytes(32), ONE),
    )


def _swap(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    other = drawn.choice([n for n in range(1, 13) if n != at])
    for now, then in ((at, 1000), (other, at), (1000, other)):
        connection.execute(
            "UPDATE audit_entry SET sequence = %s WHERE structure_id = %s AND sequence = %s", (then, ONE, now)
        )


def _truncate(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    connection.execute("DELETE FROM audit_entry WHERE structure_id = %s AND sequence >= %s", (ONE, at))


def _rewrite(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    """The whole end written anew, every hash right: only the witness knows."""
    previous: bytes | None = None
    for sequence in range(at, 13):
        row = _line(connection, sequence)
        row["previous"] = previous or row["previous"]
        row["detail"] = f"rien {drawn.random()}" if sequence == at else row["detail"]
        previous = _store(connection, sequence, row)


def _steal_chain(connection: psycopg.Connection, at: int, drawn: random.Random) -> None:
    connection.execute("DELETE FROM audit_entry WHERE structure_id = %s", (ONE,))


def _line(connection: psycopg.Connection, at: int) -> dict[str, Any]:
    cursor = connection.execute(
        "SELECT structure_id, sequence, at_us, actor_id, journey_id, action, result, detail, previous"
        " FROM audit_entry WHERE structure_id = %s AND sequence = %s",
        (ONE, at),
    )
    values = cursor.fetchone()
    assert values is not None and cursor.description is not None
    return dict(zip((c.name for c in cursor.description), values, strict=True))


def _store(connection: psycopg.Connection, at: int, row: dict[str, Any]) -> bytes:
    body = body_of(*(row[name] for name in list(row)[:8]))
    found = hashlib.sha256(bytes(row["previous"]) + body).digest()
    connection.execute(
        "UPDATE audit_entry SET detail = %s, body = %s, previous = %s, hash = %s"
        " WHERE structure_id = %s AND sequence = %s",
        (row["detail"], body, row["previous"], found, ONE, at),
    )
    return found


TAMPERINGS = (
    _edit,
    _edit_both,
    _delete,
    _delete_and_close,
    _insert,
    _swap,
    _truncate,
    _rewrite,
    _steal_chain,
)


def _every_tampering_is_seen(app: Flask, tmp_path: Path, count: int) -> None:
    kept = sign(app, tmp_path / "witness")
    drawn = random.Random(20261122)
    engine = create_engine(sqlalchemy_url(role_url(app.config["SETTINGS"], "maintenance")))
    target = superuser(app.config["SETTINGS"])
    unseen = []
    try:
        with psycopg.connect(target, autocommit=True) as connection, engine.connect() as reader:
            connection.execute("CREATE TABLE honest AS SELECT * FROM audit_entry")
            for number in range(count):
                tamper, at = TAMPERINGS[number % len(TAMPERINGS)], drawn.randint(1, 12)
                tamper(connection, at, drawn)
                if not verify(reader, kept).problems:
                    unseen.append((tamper.__name__, at))
                reader.rollback()
                connection.execute("TRUNCATE audit_entry")
                connection.execute("INSERT INTO audit_entry SELECT * FROM honest")
            assert verify(reader, kept).problems == ()
    finally:
        engine.dispose()
        rows("DROP TABLE IF EXISTS honest")
    assert unseen == []


def test_sixty_tamperings_are_seen(chains: Flask, tmp_path: Path) -> None:
    _every_tampering_is_seen(chains, tmp_path, 60)


@pytest.mark.soak
def test_a_thousand_tamperings_are_seen(chains: Flask, tmp_path: Path) -> None:
    _every_tampering_is_seen(chains, tmp_path, 1000)


def test_a_forged_checkpoint_is_told(chains: Flask, tmp_path: Path) -> None:
    sign(chains, tmp_path)
    (path,) = tmp_path.glob("journal-*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    for field, value in (("sequence", 5), ("hash", "00" * 32), ("structure", str(NOBODY)), ("at_us", 1)):
        changed = [
            c | {field: value} if c["structure"] == str(ONE) else c for c in json.loads(path.read_text())
        ]
        (tmp_path / "journal-0.json").write_text(json.dumps(changed))
        _, forged = read_witness(tmp_path, audit_key(chains.config["SETTINGS"]).public_key())
        assert forged == ["journal-0.json"], field


def test_a_checkpoint_that_cannot_be_read_is_told_like_a_forged_one(chains: Flask, tmp_path: Path) -> None:
    public = audit_key(chains.config["SETTINGS"]).public_key()
    for number, left in enumerate((b"[{", b"{}", b"[1]", b'[{"structure": "x"}]', b"\xff")):
        (tmp_path / f"journal-{number}.json").write_bytes(left)
    assert read_witness(tmp_path, public) == ([], [f"journal-{number}.json" for number in range(5)])


def test_a_witness_that_is_not_there_has_seen_nothing(chains: Flask, tmp_path: Path) -> None:
    """A mistyped folder would else pass for a journal that its witness confirms."""
    told = run(chains.config["SETTINGS"], "audit", "verify", "--witness", str(tmp_path / "away"))
    assert told.returncode == 2 and "away" in told.stderr and told.stdout == ""


def test_a_failed_work_leaves_no_hole(chains: Flask) -> None:
    actor = member(ONE)
    with pytest.raises(ZeroDivisionError), work(actor, Action.SIGN_IN, clock.now()) as w:
        w.audit(w.require())
        db.session.execute(text("SELECT append_audit(:s, 1, NULL, 'x', 'fait', '')"), {"s": ONE})
        raise ZeroDivisionError
    write_lines(1, ONE)
    assert scalar("SELECT max(sequence) FROM audit_entry WHERE structure_id = %s", ONE) == 13
    assert maintained(chains, verify).problems == ()


def test_nobody_writes_the_chain_by_hand(chains: Flask) -> None:
    """Neither the pages nor the worker insert, change or delete a line; nor does the owner of the tables."""
    settings = chains.config["SETTINGS"]
    for statement in (
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET detail = ''",
        "TRUNCATE audit_entry",
    ):
        for name in ("web", "worker"):
            with role(settings, name) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)  # type: ignore[arg-type]
    with role(settings, "owner") as connection:
        assert connection.execute("DELETE FROM audit_entry").rowcount == 0
        connection.rollback()


def test_a_line_names_the_actor_of_the_session_not_one_it_is_given(chains: Flask) -> None:
    settings, me = chains.config["SETTINGS"], uuid.uuid4()
    with seen_by(settings, me) as connection:
        connection.execute("SELECT append_audit(%s, 1, NULL, 'x', 'fait', '')", (NOBODY,))
        connection.commit()
    assert scalar("SELECT actor_id FROM audit_entry WHERE action = 'x'") == me
