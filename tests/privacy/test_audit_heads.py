"""The head of each chain, kept in the key database: it moves on along the chain that it knows, and no other."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from coordination.db import db
from coordination.privacy.audit import verify
from coordination.privacy.keystore import Keystore
from coordination.privacy.vault import keystore
from tests.databases import superuser
from tests.privacy import test_audit as chain
from tests.privacy.test_audit import ONE, TWO, maintained, write_lines
from tests.support import scalar

Tamper = Callable[[psycopg.Connection, int, random.Random], None]


def kept(structure: object = ONE) -> int:
    found = [head["sequence"] for head in keystore().heads() if head["structure"] == str(structure)]
    return found[0] if found else 0


def last(structure: object = ONE) -> int:
    return int(scalar("SELECT max(sequence) FROM audit_entry WHERE structure_id = %s", structure))


def problems(app: Flask) -> list[str]:
    heads = keystore().heads()
    return [problem.reason for problem in maintained(app, lambda reader: verify(reader, heads)).problems]


def test_the_head_follows_every_line(app: Flask) -> None:
    write_lines(7, ONE, TWO)
    assert (kept(ONE), kept(TWO)) == (last(ONE), last(TWO)) == (4, 3)
    assert problems(app) == []


@pytest.mark.parametrize("tamper", [chain._rewrite, chain._truncate])
def test_a_chain_written_anew_stays_known(
    app: Flask, tamper: Tamper, caplog: pytest.LogCaptureFixture
) -> None:
    """However many pages are opened after it, and however many lines they add."""
    write_lines(12, ONE)
    with psycopg.connect(superuser(app.config["SETTINGS"]), autocommit=True) as connection:
        tamper(connection, 5, random.Random(1))
    for number in (1, 2, 12):
        write_lines(number, ONE)
        assert kept() == 12
        assert "ne correspond pas au point de contrôle" in problems(app) or last() < 12
    assert last() > 12
    assert str(ONE) in caplog.text and "pas celle qui avait été gardée" in caplog.text


def test_a_head_that_was_not_noted_is_caught_up(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    write_lines(3, ONE)
    with monkeypatch.context() as away:

        def fails(*_: Any) -> None:
            raise OperationalError("", {}, Exception())

        away.setattr(Keystore, "note_heads", fails)
        write_lines(2, ONE)
    assert (kept(), last()) == (3, 5)
    write_lines(1, ONE)
    assert (kept(), last()) == (6, 6)
    assert problems(app) == []


def test_lines_of_several_at_once_all_count(app: Flask) -> None:
    def write() -> None:
        with app.app_context():
            write_lines(10, ONE)
            db.session.remove()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    # Two may note at the same instant, and one of them be passed by: the next line catches up.
    assert kept() <= last() == 40
    write_lines(1, ONE)
    assert kept() == last() == 41
    assert problems(app) == []
