"""Stored deadlines follow the wanted ones; what moves or vanishes resolves its alert and names the fact."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

import pytest
from flask import Flask

from coordination import clock
from coordination.alerts.deadlines import Deadline
from coordination.alerts.reconcile import reconcile
from coordination.privacy.policy import Action
from coordination.privacy.volets import Volet
from coordination.privacy.work import work
from coordination.worker import run_scan
from tests.support import day, import_rows, journey_id, person, rows, scalar, world

KEY = ("A13", "overdue", "")
RULES = {"A13", "T08"}


def due(on: date, since: date | None = None, volet: Volet = Volet.COORDINATION) -> Deadline:
    return Deadline(on, since or day(-40), "exchange", volet)


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world(pre=["ref1", "ref2"], cite=[]))
    rows("DELETE FROM deadline")
    yield journey_id("PRE-1")


@contextmanager
def by(name: str) -> Iterator[None]:
    with work(person(name), Action.LOG_CONTACT, clock.now()) as w:
        grant = w.require(journey_id("PRE-1" if name == "ref1" else "PRE-2"))
        yield
        w.audit(grant)


def follow(
    wanted: dict[uuid.UUID, dict[tuple[str, str, str], Deadline]], name: str = "ref1", fact: str = "un fait"
) -> int:
    with by(name):
        return reconcile(RULES, wanted, day(), fact)
    raise AssertionError


def stored() -> list[tuple[object, ...]]:
    return rows("SELECT rule, kind, subject_id, due_on, since FROM deadline ORDER BY 1, 2, 3")


def alerts() -> list[tuple[object, ...]]:
    return rows("SELECT rule, status, resolved_because FROM alert ORDER BY rule, since")


def scan(app: Flask) -> int:
    return len(run_scan(app.config["SETTINGS"], day()).opened)


def test_what_is_wanted_is_stored_and_the_same_again_changes_nothing(journey: uuid.UUID) -> None:
    wanted = {KEY: due(day(5)), ("T08", "lead", "s"): due(day(9))}
    assert follow({journey: wanted}) == 2
    assert follow({journey: wanted}) == 0
    assert stored() == [("A13", "overdue", "", day(5), day(-40)), ("T08", "lead", "s", day(9), day(-40))]
    assert follow({journey: {}}) == 2 and stored() == []


def test_rules_of_others_are_left_alone(journey: uuid.UUID) -> None:
    follow({journey: {KEY: due(day(5))}})
    with by("ref1"):
        assert reconcile({"T08"}, {journey: {}}, day(), "autre") == 0
        # A deadline of a rule one does not own is not taken in.
        assert reconcile({"T08"}, {journey: {KEY: due(day(7))}}, day(), "autre") == 0
    assert stored() == [("A13", "overdue", "", day(5), day(-40))]


@pytest.mark.parametrize(
    ("then", "status"),
    [
        (None, "RESOLUE"),
        (lambda: due(day(3)), "RESOLUE"),
        (lambda: due(day(-1), day(-30)), "RESOLUE"),
        (lambda: due(day(-2)), "OUVERTE"),
        (lambda: due(day(-1), volet=Volet.SOCIAL), "OUVERTE"),
    ],
)
def test_an_open_alert_is_resolved_when_its_deadline_moves_or_vanishes(
    app: Flask, journey: uuid.UUID, then: Callable[[], Deadline] | None, status: str
) -> None:
    # Made now: a run that midnight cuts in two would else compare two days.
    moved = then() if then else None
    follow({journey: {KEY: due(day(-1))}})
    assert scan(app) == 1
    follow({journey: {KEY: moved} if moved else {}}, fact="échange saisi")
    assert alerts() == [("A13", status, "échange saisi" if status == "RESOLUE" else None)]
    assert scan(app) == (1 if moved and moved.since == day(-30) else 0)


def test_several_alerts_of_one_rule_are_told_apart(app: Flask, journey: uuid.UUID) -> None:
    first, second = ("A13", "overdue", "a"), ("A13", "overdue", "b")
    follow({journey: {first: due(day(-1)), second: due(day(-1))}})
    assert scan(app) == 2
    follow({journey: {second: due(day(-1))}})
    assert rows("SELECT subject_id, status FROM alert ORDER BY 1") == [("a", "RESOLUE"), ("b", "OUVERTE")]


def test_what_was_closed_by_a_person_keeps_its_answer(app: Flask, journey: uuid.UUID) -> None:
    follow({journey: {KEY: due(day(-1))}})
    scan(app)
    rows("UPDATE alert SET status = 'SANS_OBJET'")
    follow({journey: {}})
    assert alerts() == [("A13", "SANS_OBJET", None)]
    follow({journey: {KEY: due(day(-1))}})
    assert scan(app) == 0 and alerts() == [("A13", "SANS_OBJET", None)]


@pytest.mark.parametrize("status", ["OUVERTE", "VUE", "PRISE_EN_CHARGE", "REPORTEE"])
def test_every_open_status_is_resolved(app: Flask, journey: uuid.UUID, status: str) -> None:
    follow({journey: {KEY: due(day(-1))}})
    scan(app)
    rows("UPDATE alert SET status = %s", status)
    before = scalar("SELECT version FROM alert")
    follow({journey: {}})
    assert alerts() == [("A13", "RESOLUE", "un fait")]
    assert scalar("SELECT version FROM alert") > before and scalar("SELECT resolved_on FROM alert") == day()


def test_nobody_moves_the_deadlines_of_a_foreign_journey(journey: uuid.UUID) -> None:
    follow({journey: {KEY: due(day(5))}})
    other = journey_id("PRE-2")
    assert follow({journey: {}, other: {KEY: due(day(1))}}, name="ref2") == 1
    assert rows("SELECT journey_id, due_on FROM deadline ORDER BY due_on") == [
        (other, day(1)),
        (journey, day(5)),
    ]


def test_a_deadline_hangs_on_its_volet_or_on_coordination_if_it_is_not_there(journey: uuid.UUID) -> None:
    query = "SELECT volet FROM deadline d JOIN folder f ON f.id = d.folder_id"
    follow({journey: {KEY: due(day(1), volet=Volet.SANTE)}})
    assert rows(query) == [("sante",)]
    rows("DELETE FROM folder WHERE volet = 'sante' AND journey_id = %s", journey)
    follow({journey: {KEY: due(day(1), volet=Volet.SANTE)}})
    assert rows(query) == [("coordination",)]


def where() -> list[tuple[object, ...]]:
    """Alerts and what happened to them, each with its volet."""
    return rows(
        "SELECT f.volet, a.status, a.resolved_because FROM alert a JOIN folder f ON f.id = a.folder_id"
        " ORDER BY a.status, f.volet"
    )


@pytest.mark.parametrize("seen", [False, True])
def test_an_alert_goes_with_its_deadline_to_another_volet(app: Flask, journey: uuid.UUID, seen: bool) -> None:
    follow({journey: {KEY: due(day(-1), volet=Volet.SOCIAL)}})
    scan(app)
    if seen:
        rows("UPDATE alert SET status = 'VUE', acted_on = current_date")
    stands = "VUE" if seen else "OUVERTE"
    follow({journey: {KEY: due(day(-1), volet=Volet.SANTE)}})
    assert where() == [("sante", stands, None)]
    happened = "SELECT DISTINCT f.volet FROM alert_event e JOIN folder f ON f.id = e.folder_id"
    assert rows(happened) == ([("sante",)] if seen else [])
    scan(app)
    assert where() == [("sante", stands, None)], "it is not opened twice"


def test_an_answer_stays_in_the_volet_that_it_is_sealed_for(app: Flask, journey: uuid.UUID) -> None:
    follow({journey: {KEY: due(day(-1), volet=Volet.SOCIAL)}})
    scan(app)
    rows("UPDATE alert SET status = 'PRISE_EN_CHARGE', acted_on = current_date, comment = 'x'::bytea")
    follow({journey: {KEY: due(day(-1), volet=Volet.SANTE)}}, fact="autre volet")
    assert where() == [("social", "RESOLUE", "autre volet")]
    scan(app)
    assert where() == [("sante", "OUVERTE", None), ("social", "RESOLUE", "autre volet")]
    # Back again: the one that was answered opens anew, with its answer.
    follow({journey: {KEY: due(day(-1), volet=Volet.SOCIAL)}}, fact="retour")
    scan(app)
    assert [line[:2] for line in where()] == [("social", "OUVERTE"), ("sante", "RESOLUE")]


def test_a_failed_work_moves_no_deadline(app: Flask, journey: uuid.UUID) -> None:
    follow({journey: {KEY: due(day(-1))}})
    scan(app)
    with pytest.raises(ZeroDivisionError), by("ref1"):
        reconcile(RULES, {journey: {}}, day(), "rien")
        raise ZeroDivisionError
    assert alerts() == [("A13", "OUVERTE", None)] and len(stored()) == 1


def test_two_reconciliations_in_one_work(journey: uuid.UUID) -> None:
    with by("ref1"):
        assert reconcile(RULES, {journey: {KEY: due(day(4))}}, day(), "un") == 1
        assert reconcile(RULES, {journey: {KEY: due(day(5))}}, day(), "deux") == 1
    assert stored() == [("A13", "overdue", "", day(5), day(-40))]
