"""Each kind of fault of a bundle, through the command: exit code 2, every fault told, nothing written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.exchange.bundle_examples import AS_OF, Rows, good, write
from tests.support import Done, counts, run

Spoil = Callable[[Path], None]
NIR = "185057800608491"


def cell(file: str, index: int, column: str, value: str) -> Spoil:
    def spoil(directory: Path) -> None:
        bundle = good()
        bundle[file][index][column] = value
        write(directory, bundle)

    return spoil


def again(file: str) -> Spoil:
    def spoil(directory: Path) -> None:
        bundle: Rows = good()
        bundle[file].append(dict(bundle[file][0]))
        write(directory, bundle)

    return spoil


def raw(file: str, change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(directory: Path) -> None:
        path = directory / file
        path.write_bytes(change(path.read_bytes() if path.exists() else b""))

    return spoil


FAULTS: list[tuple[str, Spoil, str, int | None, str | None]] = [
    ("unknown file", raw("notes.csv", lambda _: b"a\n"), "notes.csv", None, None),
    (
        "unknown column",
        raw("reviews.csv", lambda b: b.replace(b"held_on", b"heldon")),
        "reviews.csv",
        1,
        "heldon",
    ),
    ("not UTF-8", raw("contacts.csv", lambda b: b + b"\xff\xfe"), "contacts.csv", None, None),
    ("unknown code", cell("journeys.csv", 0, "stage", "ENCOURS"), "journeys.csv", 2, "stage"),
    (
        "code of the other programme",
        cell("journeys.csv", 0, "stage", "EN_ACTION"),
        "journeys.csv",
        2,
        "stage",
    ),
    ("unknown reference", cell("contacts.csv", 0, "journey", "PRE-9"), "contacts.csv", 2, "journey"),
    ("unknown author", cell("contacts.csv", 0, "author", "x@ex.fr"), "contacts.csv", 2, "author"),
    ("unknown structure", cell("appointments.csv", 0, "structure", "X"), "appointments.csv", 2, "structure"),
    ("unreadable date", cell("reviews.csv", 0, "due_on", "31/12/2025"), "reviews.csv", 2, "due_on"),
    ("impossible date", cell("reviews.csv", 0, "due_on", "2026-02-30"), "reviews.csv", 2, "due_on"),
    (
        "unreadable number",
        cell("school_absences.csv", 0, "half_days", "deux"),
        "school_absences.csv",
        2,
        "half_days",
    ),
    (
        "unreadable yes or no",
        cell("representatives.csv", 0, "interpreter", "oui"),
        "representatives.csv",
        2,
        "interpreter",
    ),
    ("empty identity", cell("rights.csv", 0, "ends_on", ""), "rights.csv", 2, "ends_on"),
    ("repeated identity", again("rights.csv"), "rights.csv", 3, None),
    (
        "dates out of order",
        cell("actions.csv", 0, "planned_end", "2026-01-04"),
        "actions.csv",
        2,
        "planned_end",
    ),
    ("fact to come", cell("contacts.csv", 0, "on", "2026-04-02"), "contacts.csv", 2, "on"),
    ("fact after the exit", cell("events.csv", 0, "handled_on", "2026-02-02"), "events.csv", 2, "handled_on"),
    ("outside the PRE", cell("journeys.csv", 0, "commune", "62014"), "journeys.csv", 2, "commune"),
    ("NIR", cell("contacts.csv", 0, "note", f"numéro {NIR}"), "contacts.csv", 2, "note"),
    (
        "NIR with spaces",
        cell("journeys.csv", 0, "address", "1 85 05 78 006 084 91"),
        "journeys.csv",
        2,
        "address",
    ),
]


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    yield app


def bring(app: Flask, directory: Path, *options: str) -> Done:
    return run(app.config["SETTINGS"], "import", str(directory), "--as-of", str(AS_OF), "--commit", *options)


@pytest.mark.parametrize(
    ("spoil", "file", "line", "column"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS]
)
def test_a_fault_stops_the_import(
    house: Flask, tmp_path: Path, spoil: Spoil, file: str, line: int | None, column: str | None
) -> None:
    write(tmp_path, good())
    spoil(tmp_path)
    before = counts(house.config["SETTINGS"])
    done = bring(house, tmp_path, "--json")
    assert done.returncode == 2
    report = json.loads(done.stdout)
    assert report["written"] is False and report["created"] == {}
    found = [(f["file"], f["line"], f["column"]) for f in report["faults"]]
    assert any(
        f == file and (line is None or n == line) and (column is None or c == column) for f, n, c in found
    ), found
    assert all(fault["reason"] for fault in report["faults"])
    assert NIR not in done.stdout and "084 91" not in done.stdout
    # Not even a line in the log: the import of a faulty bundle never began.
    assert counts(house.config["SETTINGS"]) == before
    told = bring(house, tmp_path)
    assert told.returncode == 2 and told.stdout == "" and file in told.stderr
    assert NIR not in told.stderr and "084 91" not in told.stderr


def test_all_faults_are_told_in_one_run(house: Flask, tmp_path: Path) -> None:
    bundle = good()
    spoilt = [
        f for f in FAULTS if f[0] in ("unknown code", "unreadable date", "unknown author", "NIR with spaces")
    ]
    bundle["journeys.csv"][0] |= {"stage": "ENCOURS", "address": "1 85 05 78 006 084 91"}
    bundle["reviews.csv"][0]["due_on"] = "31/12/2025"
    bundle["contacts.csv"][0]["author"] = "x@ex.fr"
    write(tmp_path, bundle)
    report = json.loads(bring(house, tmp_path, "--json").stdout)
    found = {(f["file"], f["line"], f["column"]) for f in report["faults"]}
    assert found == {fault[2:] for fault in spoilt}


def test_values_are_told_unless_their_column_is_sealed(house: Flask, tmp_path: Path) -> None:
    bundle = good()
    bundle["journeys.csv"][0] |= {"stage": "ENCOURS", "birth_date": "2016-13-45", "sex": "Q"}
    write(tmp_path, bundle)
    done = bring(house, tmp_path, "--json")
    values = {f["column"]: f["value"] for f in json.loads(done.stdout)["faults"]}
    assert values == {"stage": "ENCOURS", "birth_date": None, "sex": None}
    assert "2016-13-45" not in done.stdout + bring(house, tmp_path).stderr


def test_a_good_bundle_passes(house: Flask, tmp_path: Path) -> None:
    write(tmp_path, good())
    assert bring(house, tmp_path).returncode == 0


@pytest.mark.parametrize("arguments", [("nowhere",), (".", "--as-of", "hier"), ()])
def test_a_wrong_call_is_bad_input(house: Flask, arguments: tuple[str, ...]) -> None:
    before = counts(house.config["SETTINGS"])
    done = run(house.config["SETTINGS"], "import", *arguments, "--commit")
    assert done.returncode == 2 and done.stderr and "Traceback" not in done.stderr
    assert counts(house.config["SETTINGS"]) == before
