"""A refusal or a withdrawal that was noted outlives an older bundle; what takes its place leaves its trace."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.cases.commands.agreements import NewAgreement, record_agreement, take_back_agreement
from coordination.cases.commands.records import add_fact
from coordination.cases.kinds import BARRIER
from coordination.errors import Conflict
from coordination.exchange.bundle.faults import Fault
from coordination.exchange.bundle.reader import Known, KnownJourney, read_bundle
from coordination.exchange.bundle.report import as_text
from coordination.exchange.store import store_bundle
from coordination.exchange.stored import known
from coordination.privacy.volets import Volet
from tests.cases.records_kit import filled
from tests.exchange.bundle_examples import Rows, good, read, write
from tests.support import (
    day,
    import_rows,
    journey_id,
    journey_line,
    people_lines,
    person,
    rows,
    scalar,
    world,
)

HISTORY = "SELECT status, on_date FROM agreement WHERE journey_id = %s ORDER BY position"
STANDS = "SELECT agreement_status, agreement_on FROM journey WHERE id = %s"


def withdraw(journey: uuid.UUID, on: date, status: str = "RETIRE") -> None:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    record_agreement(person("ref1"), journey, NewAgreement(status, on), version, clock.now())


def open_volets(journey: uuid.UUID) -> set[str]:
    return {volet for (volet,) in rows("SELECT volet FROM folder WHERE journey_id = %s AND open", journey)}


def checked(bundle: Rows, folder: Path) -> list[Fault]:
    operator = operator_actor()
    return read_bundle(write(folder, bundle), as_of=day(), known=known(operator)).faults


def lone(**line: str) -> Rows:
    """A journey whose lines need no other volet than coordination."""
    structure = {"code": "ESCAL", "name": "C", "type": "CENTRE_SOCIAL", "commune": "62525"}
    return {
        "structures.csv": [structure],
        "users.csv": people_lines(),
        "journeys.csv": [journey_line("PRE-1", "ref1", **line)],
    }


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world(pre=["ref1"], cite=[]))
    yield journey_id("PRE-1")


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
def test_an_older_bundle_does_not_undo_what_a_page_noted(
    journey: uuid.UUID, tmp_path: Path, status: str
) -> None:
    withdraw(journey, day(-3), status)
    closed = open_volets(journey)
    (found,) = checked(world(pre=["ref1"], cite=[]), tmp_path)
    assert (found.file, found.line, found.column, found.value) == (
        "journeys.csv",
        2,
        "agreement_status",
        "SIGNE",
    )
    assert str(day(-3)) in found.reason and f"écrivez {status} dans agreement_status" in found.reason
    # What the sentence asks for is enough.
    bundle = world(pre=["ref1"], cite=[])
    bundle["journeys.csv"][0] |= {"agreement_status": status, "agreement_on": str(day(-3))}
    assert checked(bundle, tmp_path) == []
    import_rows(bundle)
    assert rows(STANDS, journey) == [(status, day(-3))] and open_volets(journey) == closed


@pytest.mark.parametrize(
    ("status", "on", "refused"),
    [
        ("SIGNE", "2026-02-01", True),
        ("SIGNE", "2026-03-01", True),
        ("SIGNE", "", True),
        ("", "", True),
        ("", "2026-03-20", True),
        ("REFUS", "2026-02-01", True),
        ("PRESENTE", "2026-02-01", True),
        ("SIGNE", "2026-03-02", False),
        ("RETIRE", "2026-02-01", False),
        ("RETIRE", "", False),
    ],
)
def test_only_a_later_date_takes_its_place(tmp_path: Path, status: str, on: str, refused: bool) -> None:
    bundle = good()
    bundle["journeys.csv"][0] |= {"agreement_status": status, "agreement_on": on}
    stored = KnownJourney("PRE", agreement_status="RETIRE", agreement_on=date(2026, 3, 1))
    found = read(tmp_path, bundle, Known(journeys={"PRE-1": stored})).faults
    assert [(f.line, f.column) for f in found] == ([(2, "agreement_status")] if refused else [])


def test_one_without_a_date_is_replaced_on_the_page_only(tmp_path: Path) -> None:
    result = read(tmp_path, good(), Known(journeys={"PRE-1": KnownJourney("PRE", agreement_status="REFUS")}))
    assert "un refus de l’accord sans date est enregistré" in as_text(result)
    assert "laissez agreement_on vide" in as_text(result)


def test_a_bundle_that_says_nothing_of_the_agreement_changes_nothing(tmp_path: Path) -> None:
    stored = KnownJourney("PRE", agreement_status="RETIRE", agreement_on=date(2026, 3, 1))
    (tmp_path / "journeys.csv").write_text("ref,programme,stage\nPRE-1,PRE,EN_COURS\n", "utf-8")
    assert read(tmp_path, {}, Known(journeys={"PRE-1": stored})).faults == []


def test_one_noted_after_the_check_stops_the_import(journey: uuid.UUID, tmp_path: Path) -> None:
    operator = operator_actor()
    bundle = write(tmp_path, world(pre=["ref1"], cite=[]))
    result = read_bundle(bundle, as_of=day(), known=known(operator))
    withdraw(journey, day())
    for commit in (False, True):
        with pytest.raises(Conflict, match="un retrait de l’accord"):
            store_bundle(operator, result.lines, as_of=day(), now=clock.now(), commit=commit)
    assert rows(STANDS, journey) == [("RETIRE", day())]


def test_a_later_agreement_stands_in_the_history_and_can_be_taken_back(journey: uuid.UUID) -> None:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    first = rows(STANDS, journey)[0]
    signed = NewAgreement("SIGNE", day(-30), (Volet.SOCIAL,))
    record_agreement(person("ref1"), journey, signed, version, clock.now())
    covered = open_volets(journey)
    withdraw(journey, day(-3))
    bundle = world(pre=["ref1"], cite=[])
    bundle["journeys.csv"][0]["agreement_on"] = str(day(-1))
    import_rows(bundle)
    said = [first, ("SIGNE", day(-30)), ("RETIRE", day(-3)), ("SIGNE", day(-1))]
    assert rows(HISTORY, journey) == said and open_volets(journey) == covered
    import_rows(bundle)
    assert rows(HISTORY, journey) == said
    last = scalar("SELECT id FROM agreement ORDER BY position DESC LIMIT 1")
    take_back_agreement(person("ref1"), journey, last, clock.now())
    assert rows(STANDS, journey) == [("RETIRE", day(-3))] and "social" not in open_volets(journey)


def test_a_refusal_that_an_import_brought_stands_in_the_history_too(app: Flask) -> None:
    """And the agreement that follows opens the volets as any imported one: at the first record that needs them."""
    import_rows(lone(agreement_status="REFUS", agreement_on=str(day(-40))))
    journey = journey_id("PRE-1")
    assert rows(HISTORY, journey) == []
    import_rows(lone(agreement_on=str(day(-20))))
    assert rows(HISTORY, journey) == [("REFUS", day(-40)), ("SIGNE", day(-20))]
    add_fact(person("ref1"), BARRIER, journey, filled(BARRIER, barrier="GARDE"), clock.now())
    assert "social" in open_volets(journey)
    last = scalar("SELECT id FROM agreement ORDER BY position DESC LIMIT 1")
    take_back_agreement(person("ref1"), journey, last, clock.now())
    assert rows(STANDS, journey) == [("REFUS", day(-40))] and open_volets(journey) == {"coordination"}
