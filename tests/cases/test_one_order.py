"""Whoever writes on a journey takes its row first, then its volets: two at once wait, and none is lost."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from coordination import clock
from coordination.cases.commands.agreements import NewAgreement, record_agreement, take_back_agreement
from coordination.cases.commands.endings import Ending, end_journey
from coordination.cases.commands.people import Relative, add_relative, change_relative
from coordination.cases.commands.records import correct_fact
from coordination.cases.commands.team import Handover, hand_over
from coordination.cases.kinds import BARRIER, EXCHANGE, PAUSE, RIGHT
from coordination.db import db
from coordination.errors import CoordinationError
from tests.cases.records_kit import Act, add, filled
from tests.cases.test_documents import PDF, attach
from tests.support import account_of, day, import_rows, journey_id, person, rows, scalar, world

MOTHER = Relative("Awa", "Diop", "mère", "", "", True, True, False, False, False)
ROUNDS = 10


def version(ref: str = "PRE-1") -> int:
    return int(scalar("SELECT version FROM journey WHERE id = %s", journey_id(ref)))


def agreed(status: str, signer: uuid.UUID | None = None, ref: str = "PRE-1") -> None:
    said = NewAgreement(status, day(), signer_id=signer)
    record_agreement(
        person("coord.pre" if signer else "ref1"), journey_id(ref), said, version(ref), clock.now()
    )


def mother() -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM representative WHERE journey_id = %s", journey_id("PRE-1"))))


def withdrawn() -> None:
    agreed("RETIRE")


def signed() -> None:
    agreed("SIGNE", mother())


def taken_back() -> None:
    last = "SELECT id FROM agreement WHERE journey_id = %s ORDER BY position DESC LIMIT 1"
    take_back_agreement(person("ref1"), journey_id("PRE-1"), scalar(last, journey_id("PRE-1")), clock.now())


def passed_on() -> None:
    given = Handover(account_of("ref2"), note="Relais.")
    hand_over(person("coord.pre"), journey_id("PRE-1"), given, version(), clock.now())


def ended() -> None:
    end_journey(
        person("ref1"), journey_id("PRE-1"), Ending("OBJECTIFS_ATTEINTS", day()), version(), clock.now()
    )


def right_noted() -> None:
    add(RIGHT, journey_id("PRE-1"), kind="MDPH")


def right_opens_a_volet() -> None:
    """Nothing was written in it yet: the access that it gives takes its turn too."""
    add(RIGHT, journey_id("PRE-9"), kind="MDPH")


def paused() -> None:
    add(PAUSE, journey_id("PRE-1"))


def document_added() -> None:
    attach(journey_id("PRE-1"), volet="sante", content=PDF + bytes(600_000))


def barrier_moved() -> None:
    found = rows("SELECT id, version FROM barrier WHERE journey_id = %s", journey_id("CITE-1"))[0]
    values = filled(BARRIER, barrier="SANTE")
    correct_fact(person("ml"), BARRIER, found[0], found[1], values, clock.now())


def withdrawn_cite() -> None:
    said = NewAgreement("RETIRE", day())
    record_agreement(person("ml"), journey_id("CITE-1"), said, version("CITE-1"), clock.now())


def mother_corrected() -> None:
    kept = scalar("SELECT version FROM representative WHERE id = %s", mother())
    corrected = Relative("Awa", "Diop", "grand-mère", "", "", True, True, False, False, False)
    change_relative(person("ref1"), mother(), corrected, kept, clock.now())


def agreed_ninth() -> None:
    passed = NewAgreement("RETIRE", day())
    record_agreement(person("ref1"), journey_id("PRE-9"), passed, version("PRE-9"), clock.now())


def furnished() -> None:
    rows_ = world(pre=("ref1", "ref2"))
    rows_["journeys.csv"].append({**rows_["journeys.csv"][0], "ref": "PRE-9", "last_name": "Neuf"})
    import_rows(rows_)
    add_relative(person("ref1"), journey_id("PRE-1"), MOTHER, clock.now())
    add(BARRIER, journey_id("CITE-1"), "ml", barrier="MOBILITE")


def imported() -> None:
    """An exchange that the bundle corrects, and a later one: the last writing of the journey moves."""
    bundle = world()
    exchange = {**bundle["contacts.csv"][1], "note": "Autre chose."}
    told = [exchange, {**exchange, "on": str(day(-1))}]
    import_rows({"contacts.csv": told})


def exchange_corrected() -> None:
    found = rows("SELECT id, version FROM contact WHERE journey_id = %s", journey_id("PRE-2"))[0]
    values = filled(EXCHANGE, on_date=-20, note="Encore autre chose.")
    correct_fact(person("ref2"), EXCHANGE, found[0], found[1], values, clock.now())


class Halfway:
    """Holds one thread just before a statement that begins so, until the other has had time to take its own."""

    def __init__(self) -> None:
        self.mine, self.reached, self.go_on = threading.local(), threading.Event(), threading.Event()

    def __call__(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if getattr(self.mine, "stops", ()) and statement.startswith(self.mine.stops):
            self.mine.stops = ()
            self.reached.set()
            self.go_on.wait(20)


# The writing of a record is noted on its journey last, the volets of an agreement follow last.
LATE = (
    "UPDATE journey SET written_on",
    "UPDATE journey j SET written_on",
    "SELECT follow_agreement",
    "SELECT sync_journey_access",
)


def both(app: Flask, first: Act, second: Act) -> list[BaseException]:
    """Runs two acts of which the first stops half way; the errors of those that failed."""
    halfway, failed = Halfway(), list[BaseException]()
    event.listen(db.engine, "before_cursor_execute", halfway)

    def run(act: Act, stops: tuple[str, ...]) -> None:
        halfway.mine.stops = stops
        with app.app_context():
            try:
                act()
            except BaseException as error:
                failed.append(error)

    earlier, later = (
        threading.Thread(target=run, args=(first, LATE)),
        threading.Thread(target=run, args=(second, ())),
    )
    try:
        earlier.start()
        assert halfway.reached.wait(20), failed
        later.start()
        later.join(0.4)
        halfway.go_on.set()
        earlier.join(20)
        later.join(20)
    finally:
        event.remove(db.engine, "before_cursor_execute", halfway)
    return failed


PAIRS = [
    (withdrawn, right_noted),
    (withdrawn, document_added),
    (withdrawn, paused),
    (signed, mother_corrected),
    (taken_back, right_noted),
    (passed_on, document_added),
    (ended, right_noted),
    (withdrawn_cite, barrier_moved),
    (agreed_ninth, right_opens_a_volet),
    (passed_on, mother_corrected),
    (paused, withdrawn),
    (imported, exchange_corrected),
]


@pytest.mark.parametrize("order", [1, -1], ids=["first", "second"])
@pytest.mark.parametrize("acts", PAIRS, ids=lambda acts: "-".join(act.__name__ for act in acts))
def test_two_at_once_wait_for_each_other(app: Flask, acts: tuple[Act, Act], order: int) -> None:
    furnished()
    if taken_back in acts:
        signed()
    failed = both(app, *acts[::order])
    assert not [error for error in failed if isinstance(error, DBAPIError)], failed
    # Who came second may be told that the other wrote meanwhile; who came first never is.
    assert len(failed) <= 1 and all(isinstance(error, CoordinationError) for error in failed), failed


def test_a_withdrawal_among_those_who_write_is_never_lost(app: Flask) -> None:
    """With real threads: a withdrawal, a right and a document at once; then it is signed again."""
    furnished()
    failed: list[BaseException] = []

    def run(act: Callable[[], object], wait: threading.Barrier) -> None:
        with app.app_context():
            wait.wait(20)
            try:
                act()
            except BaseException as error:
                failed.append(error)

    for number in range(ROUNDS):
        wait = threading.Barrier(3)
        acts: tuple[Callable[[], object], ...] = (
            withdrawn,
            document_added,
            lambda ends=number: add(RIGHT, journey_id("PRE-1"), kind="MDPH", ends_on=90 + ends),
        )
        threads = [threading.Thread(target=run, args=(act, wait)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        stands = "SELECT agreement_status FROM journey WHERE id = %s"
        assert scalar(stands, journey_id("PRE-1")) == "RETIRE", failed
        still = "SELECT volet FROM folder WHERE journey_id = %s AND open"
        assert rows(still, journey_id("PRE-1")) == [("coordination",)]
        signed()
    # Refused because the volet was closed meanwhile, or written before it was.
    assert not [error for error in failed if not isinstance(error, CoordinationError)], failed
