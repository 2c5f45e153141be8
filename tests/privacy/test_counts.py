"""Counts for those who may see no person: no cell under 5, neither shown nor found by subtraction."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence

import psycopg
import pytest
from flask import Flask

from tests.privacy.wall_kit import Db, account, as_web, superuser_transaction
from tests.support import import_rows, world

STAGES = ["SAISINE", "ACCORD_PARENTAL", "DIAGNOSTIC", "EN_COURS", "BILAN", "SUSPENDU"]
Cells = dict[tuple[str, str], int | None]


@pytest.fixture
def db(app: Flask) -> Iterator[Db]:
    import_rows(world(pre=[], cite=[]))
    with superuser_transaction() as connection:
        yield connection


def counts(db: Db, sizes: Sequence[int], name: str = "pilotage", programme: str = "PRE") -> Cells:
    """What is shown when each stage holds so many people."""
    db.execute("DELETE FROM journey")
    for stage, size in zip(STAGES, sizes, strict=False):
        db.execute(
            "INSERT INTO journey (id, ref, programme, stage) SELECT gen_random_uuid(), gen_random_uuid(), %s, %s"
            " FROM generate_series(1, %s)",
            (programme, stage, size),
        )
    with as_web(db, account(name)):
        found = db.execute("SELECT programme, heading, code, people FROM pilotage_counts()").fetchall()
    return {(heading, code): people for place, heading, code, people in found if place == programme}


def hidden_as(sizes: Sequence[int], shown: Cells) -> tuple[int | None, ...]:
    return tuple(shown[("stage", stage)] for stage, size in zip(STAGES, sizes, strict=False) if size)


@pytest.mark.parametrize(
    ("sizes", "visible"),
    [
        ((5, 6, 7), (5, 6, 7)),
        ((4, 6, 7), (None, None, 7)),
        ((1, 1, 9, 8), (None, None, 9, None)),
        ((3, 4, 9), (None, None, 9)),
        ((40,), (40,)),
        ((4,), (None,)),
    ],
)
def test_small_cells_are_hidden(db: Db, sizes: tuple[int, ...], visible: tuple[int | None, ...]) -> None:
    assert hidden_as(sizes, counts(db, sizes)) == visible


def test_a_small_total_is_hidden(db: Db) -> None:
    assert counts(db, (2, 1))[("total", "")] is None
    assert counts(db, (9,))[("total", "")] == 9
    assert counts(db, ()) == {}


def possible(shown: tuple[int | None, ...], total: int | None) -> list[set[int]]:
    """What a reader who knows that what is hidden is under 5, but for one more cell, can deduce of each."""
    places = [number for number, value in enumerate(shown) if value is None]
    if total is None or not places:
        return [set(range(1, 5)) for _ in shown]
    rest = total - sum(value or 0 for value in shown)
    deduced: list[set[int]] = [{value} if value is not None else set() for value in shown]
    # All under 5, or one of them at least 5.
    for big in (None, *places):
        small = [place for place in places if place != big]
        for values in itertools.product(range(1, 5), repeat=len(small)):
            left = rest - sum(values)
            if (big is None and left == 0) or (big is not None and left >= 5):
                for place, value in zip(small, values, strict=True):
                    deduced[place].add(value)
                if big is not None:
                    deduced[big].add(left)
    return deduced


def test_no_hidden_cell_is_found_by_subtraction(db: Db) -> None:
    drawn = random.Random(5)
    cases = [(1, 1, 1, 1, 1), (4, 4), (4, 4, 9), (1, 1, 1, 1, 1, 30), (4,), (1, 30), (4, 4, 4, 12), (2, 5)]
    cases += [
        tuple(drawn.choice((1, 2, 3, 4, 5, 6, 30)) for _ in range(drawn.randint(1, 6))) for _ in range(60)
    ]
    found_out = []
    for sizes in cases:
        shown = counts(db, sizes)
        visible = hidden_as(sizes, shown)
        for size, value, candidates in zip(
            sizes, visible, possible(visible, shown[("total", "")]), strict=True
        ):
            assert value is None or value == size >= 5
            if size < 5 and len(candidates) < 2:
                found_out.append((sizes, visible))
    assert found_out == []


@pytest.mark.parametrize("name", ["ref1", "centre", "dpo", "admin", "ml", "ecole"])
def test_other_roles_get_no_count(db: Db, name: str) -> None:
    with as_web(db, account(name)), pytest.raises(psycopg.errors.InsufficientPrivilege):
        db.execute("SELECT * FROM pilotage_counts()")


def test_steering_sees_no_row_of_any_journey(db: Db) -> None:
    counts(db, (9,))
    with as_web(db, account("pilotage")):
        for table in ("journey", "folder", "access", "deadline", "alert", "sheet", "contact", "audit_entry"):
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)  # type: ignore[arg-type]


def test_a_coordinator_gets_the_counts_of_the_own_programme_only(db: Db) -> None:
    for name, programme, other in (("coord.pre", "PRE", "CITE_EMPLOI"), ("coord.cite", "CITE_EMPLOI", "PRE")):
        assert counts(db, (9,), name, programme)[("total", "")] == 9
        assert counts(db, (9,), name, other) == {}
