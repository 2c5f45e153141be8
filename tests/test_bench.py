"""The bench counts right. How fast things are is for `make bench` to say: no test here reads a clock."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from bench.fill import DEADLINES_EACH, DUE_DAYS, DUE_EACH_DAY, STRIDE
from bench.large import LARGE, SMALL, Day, told
from bench.measure import Pair, in_turn, line, machine, milliseconds, p95
from bench.pages import LOAD, NOT_PAGES, page_names, write_simulated
from bench.site import NOTED, NOTES, write_territory
from coordination.cases.kinds_facts import ALL_ADDED


def test_a_ratio_is_the_quotient_of_medians() -> None:
    assert Pair((3.0, 100.0, 4.0), (2.0, 2.0, 0.1)).ratio == 2.0


def test_runs_alternate_and_warm_up_is_not_counted() -> None:
    called: list[str] = []

    def a() -> float:
        called.append("a")
        return float(len(called))

    def b() -> float:
        called.append("b")
        return 1.0

    pair = in_turn(a, b, runs=3, warm_up=2)
    assert "".join(called) == "ab" * 5
    assert pair.a == (5.0, 7.0, 9.0)
    assert pair.b == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (19, 19), (20, 19), (100, 95), (101, 96)])
def test_95th_percentile_is_a_value_that_was_measured(count: int, expected: int) -> None:
    assert p95(tuple(float(n) for n in range(count, 0, -1))) == expected


def test_a_line_says_whether_the_goal_holds() -> None:
    assert "au plus 1.1 : ok" in line("x", 1.1, 1.1)
    assert "au plus 1.1 : au-dessus" in line("x", 1.101, 1.1)
    assert "pour information" in line("x", 7, None)
    assert milliseconds((0.001, 0.002, 0.003)) == "médiane 2.0 ms, p95 3.0 ms"
    assert "cœurs" in machine()


def test_scan_lines_compare_what_they_name() -> None:
    small = [Day(range=1.0, finding=1.0, taking=1.25, writes=3.0, scan=5.0, idle=2.0, log=2.1)] * 3
    large = [Day(range=1.0, finding=1.5, taking=2.5, writes=4.0, scan=6.0, idle=3.0, log=52.4)] * 3
    verdicts = (
        "1.50  au plus 2 : ok",
        "2.50  au plus 2 : au-dessus",
        "1.20  au plus 2 : ok",
        "6.00  au plus 2 : au-dessus",
        "1.50  au plus 1.2 : au-dessus",
        "2.00  pour information",
        "1.50  au plus 1.2 : au-dessus",
        "1.20  au plus 1.2 : ok",
        "1.33  pour information",
        "52.4, petite base 2.1",
    )
    assert [expected in found for expected, found in zip(verdicts, told(small, large), strict=True)] == [
        True
    ] * 10


@pytest.mark.parametrize("journeys", [SMALL, LARGE])
def test_as_many_deadlines_are_due_each_day_whatever_the_size(journeys: int) -> None:
    total = journeys * DEADLINES_EACH
    assert total % STRIDE
    assert total > DUE_DAYS * DUE_EACH_DAY
    if journeys == SMALL:
        assert len({n * STRIDE % total for n in range(total)}) == total


def test_territory_has_two_journeys_alike_with_the_notes_and_others_without(tmp_path: Path) -> None:
    write_territory(tmp_path / "b", 10, date(2026, 11, 22))
    with (tmp_path / "b" / "contacts.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    of = {ref: [row["on"] for row in rows if row["journey"] == ref] for ref in (*NOTED, "PRE-00002")}
    assert of[NOTED[0]] == of[NOTED[1]]
    assert len(of[NOTED[0]]) == NOTES
    assert len(of["PRE-00002"]) == 2


def test_referents_of_the_measured_territory_are_loaded_as_in_life(tmp_path: Path) -> None:
    write_simulated(tmp_path, 400, date(2026, 11, 22))

    def column(file: str, name: str) -> list[str]:
        with (tmp_path / file).open(encoding="utf-8") as stream:
            return [row[name] for row in csv.DictReader(stream)]

    loads = Counter(column("journeys.csv", "referent"))
    del loads[""]
    assert max(loads.values()) == LOAD < 400 / 3
    assert set(loads) <= set(column("users.csv", "email"))


def test_every_page_is_measured_or_named_as_no_page(app: Flask) -> None:
    gets = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    measured = {name.split()[0] for rule in app.url_map.iter_rules() for name in page_names(rule)}
    assert measured == gets - NOT_PAGES
    assert gets > NOT_PAGES
    assert {f"cases.add_record {slug}" for slug in ALL_ADDED} < {
        name for rule in app.url_map.iter_rules() for name in page_names(rule)
    }
