"""Counts for those who may see no person: no cell under 5, neither shown nor found by subtraction."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Iterator, Sequence
from functools import cache

import psycopg
import pytest
from flask import Flask

from tests.privacy.wall_kit import as_web
from tests.privacy.wall_world import Db, account, superuser_transaction
from tests.support import import_rows, world

STAGES = ["SAISINE", "ACCORD_PARENTAL", "DIAGNOSTIC", "EN_COURS", "BILAN", "SUSPENDU"]
Cells = dict[tuple[str, str], int | None]


@pytest.fixture
def db(app: Flask) -> Iterator[Db]:
    import_rows(world(pre=[], cite=[]))
    signed_in_as.cache_clear()
    with superuser_transaction() as connection:
        yield connection


@cache
def signed_in_as(name: str) -> uuid.UUID:
    return account(name)


def counts(db: Db, sizes: Sequence[int], name: str = "pilotage", programme: str = "PRE") -> Cells:
    """What is shown when each stage holds so many people."""
    db.execute("DELETE FROM journey")
    for stage, size in zip(STAGES, sizes, strict=False):
        db.execute(
            "INSERT INTO journey (id, ref, programme, stage) SELECT gen_random_uuid(), gen_random_uuid(), %s, %s"
            " FROM generate_series(1, %s)",
            (programme, stage, size),
        )
    with as_web(db, signed_in_as(name)):
        found = db.execute("SELECT programme, heading, code, people FROM pilotage_counts()").fetchall()
    return {(heading, code): people for place, heading, code, people in found if place == programme}


def hidden_as(sizes: Sequence[int], shown: Cells) -> tuple[int | None, ...]:
    return tuple(shown[("stage", stage)] for stage, size in zip(STAGES, sizes, strict=False) if size)


@pytest.mark.parametrize(
    ("sizes", "visible", "total"),
    [
        ((4,), (None,), None),
        ((5,), (5,), 5),
        ((7, 8), (5, 10), 15),
        ((12, 13), (10, 15), 25),
        ((40, 109), (40, 110), 150),
        ((4, 6, 7), (None, 5, 5), 15),
        ((1, 6, 7), (None, 5, 5), 15),
        ((2, 1), (None, None), None),
        ((4, 4), (None, None), None),
    ],
)
def test_figures_are_rounded_and_small_ones_hidden(
    db: Db, sizes: tuple[int, ...], visible: tuple[int | None, ...], total: int | None
) -> None:
    shown = counts(db, sizes)
    assert hidden_as(sizes, shown) == visible
    assert shown[("total", "")] == total


def test_nobody_there_is_no_figure(db: Db) -> None:
    assert counts(db, ()) == {}


def test_what_is_hidden_cannot_be_found(db: Db) -> None:
    """Whoever knows the whole rule and sees all figures still holds any of 1 to 4 possible for each hidden one."""
    drawn = random.Random(5)
    cases = list(itertools.product(range(1, 8), repeat=2))
    cases += [tuple(drawn.choice((1, 2, 3, 4, 5, 6, 7, 30)) for _ in range(6)) for _ in range(15)]
    for sizes in cases:
        shown = counts(db, sizes)
        for place, size in enumerate(sizes):
            if size < 5:
                others = [(*sizes[:place], other, *sizes[place + 1 :]) for other in (1, 2, 3, 4)]
                assert all(counts(db, other) == shown for other in others), sizes


def break_counts(db: Db, alerts: dict[str, int], programme: str = "PRE") -> dict[str, int | None]:
    """What is shown of rules, each open for the first so many of 30 journeys."""
    counts(db, (30,), programme=programme)
    for rule, size in alerts.items():
        db.execute(
            "WITH some_of AS (SELECT id, row_number() OVER (ORDER BY ref) AS rank FROM journey),"
            " volet AS (INSERT INTO folder (id, journey_id, volet) SELECT gen_random_uuid(), id, %s FROM some_of"
            " WHERE rank <= %s RETURNING id, journey_id)"
            " INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because,"
            " opened_on, status, initial) SELECT gen_random_uuid(), journey_id, id, %s, 'overdue', '',"
            " current_date, current_date, 'exchange', current_date, 'OUVERTE', false FROM volet",
            (rule, size, rule),
        )
    with as_web(db, signed_in_as("pilotage")):
        found = db.execute("SELECT code, people FROM pilotage_counts() WHERE heading = 'break'").fetchall()
    return dict(found)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("A01", "A02"), ("A09", "A10"), ("T09", "T10"), ("T10", "T11"), ("T14", "T15"), ("T15", "T16")],
)
def test_a_person_counts_once_at_the_highest_step(db: Db, lower: str, higher: str) -> None:
    """Of 13 people whom the first step concerns, the second concerns 10: the other three are not found."""
    assert break_counts(db, {lower: 13, higher: 10}) == {lower: None, higher: 10}
    assert break_counts(db, {lower: 20, higher: 12, "I09": 6}) == {lower: 10, higher: 10, "I09": 5}


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
        assert counts(db, (9,), name, programme)[("total", "")] == 10
        assert counts(db, (9,), name, other) == {}
