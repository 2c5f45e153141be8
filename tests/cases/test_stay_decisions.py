"""The decision at 12, 18 or 24 months: who notes it, what it cannot say, the alerts that end in the same work."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from coordination import clock, reference
from coordination.cases.commands.records import add_fact, correct_fact, remove_fact
from coordination.cases.kinds_facts import STAY
from coordination.cases.vocabulary import STAY_DECISIONS
from coordination.errors import BadInput, NotFound
from coordination.privacy.policy import Action
from coordination.privacy.records import EditConflict, earlier
from coordination.privacy.work import consult
from coordination.worker import run_scan
from tests.cases.records_kit import NIR, opened, volet_of
from tests.exchange.test_recompute import from_scratch, stored
from tests.support import day, import_rows, journey_id, journey_line, person, rows, scalar, world

ENTERED = -340
ANNOUNCED = ENTERED + 335
"""Days from today to the entry of the journey, and to the announcement of its twelve months."""
LEFT = {(rule, kind) for rule in ("T10", "T11") for kind in ("lead", "overdue")}
BOTH = {("T09", "lead"), ("T09", "overdue")}


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    """One of `ref1`, announced to reach twelve months five days ago; PRE-2 is of `ref2`."""
    bundle = world()
    bundle["journeys.csv"][0] = journey_line(
        "PRE-1", "ref1", opened_on=str(day(-400)), agreement_on=str(day(-390)), entered_on=str(day(ENTERED))
    )
    import_rows(bundle)
    yield journey_id("PRE-1")


def decided(**changes: Any) -> dict[str, Any]:
    """As typed; a number for the day is counted from today."""
    values = {"decision": "POURSUITE", "on_date": 0, "reason": "Le lien avec l'école reste fragile"} | changes
    on = values["on_date"]
    return values | {"on_date": day(on) if isinstance(on, int) else on}


def add(journey: uuid.UUID, who: str = "ref1", **changes: Any) -> uuid.UUID:
    return add_fact(person(who), STAY, journey, decided(**changes), clock.now())


def correct(record: uuid.UUID, version: int, who: str = "ref1", **changes: Any) -> uuid.UUID:
    return correct_fact(person(who), STAY, record, version, decided(**changes), clock.now())


def stays(journey: uuid.UUID) -> set[tuple[Any, ...]]:
    query = "SELECT rule, kind FROM deadline WHERE journey_id = %s AND rule IN ('T09', 'T10', 'T11')"
    assert stored() == from_scratch()
    return set(rows(query, journey))


def test_the_codes_are_those_of_the_eps() -> None:
    assert STAY_DECISIONS.keys() < reference.labels("eps_decision").keys()


@pytest.mark.parametrize("decision", STAY_DECISIONS)
@pytest.mark.parametrize("who", ["ref1", "coord.pre"])
def test_a_decision_moves_the_deadlines_with_it(journey: uuid.UUID, decision: str, who: str) -> None:
    assert stays(journey) == LEFT | BOTH
    record = add(journey, who, decision=decision)
    assert stays(journey) == LEFT
    assert volet_of(STAY, record) == "coordination"
    assert opened(STAY, record)["decision"] == decision


@pytest.mark.parametrize(("days", "stands"), [(-1, True), (0, False), (1, False)])
def test_it_counts_from_the_announcement_on(journey: uuid.UUID, days: int, stands: bool) -> None:
    add(journey, on_date=ANNOUNCED + days)
    assert stays(journey) == (LEFT | BOTH if stands else LEFT)


def test_corrected_and_removed_it_gives_the_question_back(journey: uuid.UUID) -> None:
    record = add(journey)
    correct(record, 1, on_date=ANNOUNCED - 1)
    assert stays(journey) == LEFT | BOTH
    with pytest.raises(EditConflict):
        correct(record, 1, reason="Autre chose")
    correct(record, 2, reason="Écrit mieux")
    assert stays(journey) == LEFT
    remove_fact(person("ref1"), STAY, journey, record, 3, clock.now())
    assert stays(journey) == LEFT | BOTH
    with consult(person("ref1"), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(journey)
        kept = [one.values.get("reason") for one in earlier(grant, journey, STAY.model)]
        r.audit(grant)
    assert kept[0] == "Écrit mieux" and decided()["reason"] in kept


def test_the_alert_is_resolved_by_the_decision_and_comes_back_without_it(
    app: Flask, journey: uuid.UUID
) -> None:
    status = "SELECT status, resolved_because FROM alert WHERE journey_id = %s AND rule = 'T09'"
    run_scan(app.config["SETTINGS"], day())
    assert rows(status, journey) == [("OUVERTE", None)]
    record = add(journey)
    assert rows(status, journey) == [("RESOLUE", f"décision : saisie du {day():%d/%m/%Y}")]
    remove_fact(person("ref1"), STAY, journey, record, 1, clock.now())
    run_scan(app.config["SETTINGS"], day())
    assert [one[0] for one in rows(status, journey)] == ["OUVERTE"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"decision": None}, "decision"),
        ({"decision": "SUSPENSION"}, "decision"),
        ({"on_date": None}, "on_date"),
        ({"on_date": 1}, "on_date"),
        ({"on_date": ENTERED - 1}, "on_date"),
        ({"reason": None}, "reason"),
        ({"reason": ""}, "reason"),
        ({"reason": f"Dossier {NIR}"}, "reason"),
        ({"reason": "x" * 10_001}, "reason"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    journey: uuid.UUID, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        add(journey, **changes)
    assert refused.value.fields.keys() == {field}
    assert NIR not in str(refused.value) + repr(refused.value.fields)
    assert scalar("SELECT count(*) FROM stay_decision") == 0 and stays(journey) == LEFT | BOTH


def test_the_day_of_the_entry_is_the_first_and_that_of_the_exit_the_last(journey: uuid.UUID) -> None:
    add(journey, on_date=ENTERED)
    # Without a day of entry, that of the opening.
    rows("UPDATE journey SET entered_on = NULL, exit_on = %s WHERE id = %s", day(-5), journey)
    add(journey, on_date=-400)
    add(journey, on_date=-5)
    for outside in (-401, -4):
        with pytest.raises(BadInput) as refused:
            add(journey, on_date=outside)
        assert refused.value.fields.keys() == {"on_date"}


@pytest.mark.parametrize("name", ["ref2", "coord.cite", "ml", "centre", "dpo", "admin", "pilotage"])
def test_outsiders_note_correct_and_remove_nothing(journey: uuid.UUID, name: str) -> None:
    record = add(journey)
    with pytest.raises(NotFound):
        add(journey, name)
    with pytest.raises(NotFound):
        correct(record, 1, name)
    with pytest.raises(NotFound):
        remove_fact(person(name), STAY, journey, record, 1, clock.now())
    assert opened(STAY, record)["version"] == 1


def test_a_foreign_id_is_not_found_through_mine(journey: uuid.UUID) -> None:
    theirs = add(journey_id("PRE-2"), "ref2")
    with pytest.raises(NotFound):
        remove_fact(person("coord.pre"), STAY, journey, theirs, 1, clock.now())
    with pytest.raises(NotFound):
        correct(uuid.uuid4(), 1)
    with pytest.raises(NotFound):
        add(uuid.uuid4())


def test_it_is_of_the_pre_alone(journey: uuid.UUID) -> None:
    with pytest.raises(BadInput) as refused:
        add(journey_id("CITE-1"), "ml")
    assert "dispositif" in str(refused.value)
