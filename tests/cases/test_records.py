"""Noting, correcting, removing what is written of a journey: each in its volet, each refusal beside its field."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.appointments import set_outcome
from coordination.cases.commands.attendance import note_sessions
from coordination.cases.commands.diagnosis import write_diagnosis
from coordination.cases.commands.records import add_fact, correct_fact, remove_fact
from coordination.cases.dates import CHAINS, FACTS
from coordination.cases.kinds import (
    ACTION,
    ADDED,
    APPOINTMENT,
    ATTENDANCE,
    BARRIER,
    EVENT,
    KINDS,
    OBJECTIVE,
    PAUSE,
    REVIEW,
    RIGHT,
    RecordKind,
)
from coordination.cases.stages import TRANSITIONS, stage_after_pause
from coordination.errors import BadInput, NotFound
from coordination.exchange.bundle.columns import FILES
from coordination.exchange.mapping import RECORDS
from coordination.privacy.policy import Action
from coordination.privacy.records import EditConflict, earlier
from coordination.privacy.work import AlreadyDone, consult
from tests.cases.records_kit import NIR, add, filled, opened, stage, volet_of
from tests.exchange.test_recompute import from_scratch, stored
from tests.sealed import assert_sealed
from tests.support import day, import_rows, journey_id, person, rows, scalar, world


@pytest.fixture
def journey(app: Flask) -> Iterator[uuid.UUID]:
    import_rows(world())
    yield journey_id("PRE-1")


@pytest.mark.parametrize("slug", ADDED)
def test_each_kind_is_kept_sealed_corrected_and_removed_with_its_trace(journey: uuid.UUID, slug: str) -> None:
    kind = KINDS[slug]
    record = add(kind, journey)
    wanted = filled(kind)
    kept = opened(kind, record)
    assert {name: kept[name] for name in wanted} == wanted
    for cell in kind.cells:
        column = kind.model.__table__.c[cell.name]
        if "padding" in column.info and wanted[cell.name]:
            sealed = bytes(scalar(f"SELECT {cell.name} FROM {kind.table} WHERE id = %s", record))
            assert_sealed(str(wanted[cell.name]), sealed)
    correct_fact(person("ref1"), kind, record, 1, wanted, clock.now())
    assert scalar(f"SELECT version FROM {kind.table} WHERE id = %s", record) == 1, "nothing changed"
    before = rows("SELECT count(*) FROM revision")[0][0]
    remove_fact(person("ref1"), kind, journey, record, 1, clock.now())
    assert rows(f"SELECT 1 FROM {kind.table} WHERE id = %s", record) == []
    assert rows("SELECT removed FROM revision WHERE of_id = %s", record) == [(True,)]
    assert rows("SELECT count(*) FROM revision")[0][0] >= before + 1


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        (ACTION, {"kind": None}, "kind"),
        (ACTION, {"kind": "MAGIE"}, "kind"),
        (ACTION, {"droit_commun": None}, "droit_commun"),
        (ACTION, {"axis_or_barrier": "MOBILITE"}, "axis_or_barrier"),
        (ACTION, {"contract_objective": "XX99"}, "contract_objective"),
        (ACTION, {"structure_id": uuid.UUID(int=7)}, "structure_id"),
        (ACTION, {"planned_start": None}, "planned_start"),
        (ACTION, {"started_on": 1}, "started_on"),
        (ACTION, {"started_on": -2, "ended_on": -3}, "ended_on"),
        (ACTION, {"planned_start": 5, "planned_end": 4}, "planned_end"),
        (ACTION, {"owner": NIR}, "owner"),
        (ACTION, {"owner": "x" * 201}, "owner"),
        (ACTION, {"planned_start": date(1, 1, 1)}, "planned_start"),
        (ACTION, {"planned_end": date(9999, 1, 1)}, "planned_end"),
        (OBJECTIVE, {"fact": None}, "fact"),
        (OBJECTIVE, {"own_words": f"mon numéro {NIR}"}, "own_words"),
        (OBJECTIVE, {"set_on": -1, "reached_on": -2}, "reached_on"),
        (OBJECTIVE, {"set_on": 1}, "set_on"),
        (BARRIER, {"barrier": "DEPRESSION"}, "barrier"),
        (BARRIER, {"lifted_on": -4}, "lifted_on"),
        (BARRIER, {"lifted_on": 1}, "lifted_on"),
        (APPOINTMENT, {"on_date": None}, "on_date"),
        (APPOINTMENT, {"on_date": 1, "status": "HONORE"}, "on_date"),
        (PAUSE, {"expected_return": -1}, "expected_return"),
        (PAUSE, {"returned_on": -1}, "returned_on"),
        (PAUSE, {"returned_on": 1}, "returned_on"),
        (PAUSE, {"from_on": 1}, "from_on"),
        (REVIEW, {"conclusions": "Tout va mieux"}, "held_on"),
        (REVIEW, {"held_on": 1}, "held_on"),
        (RIGHT, {"kind": "RIEN"}, "kind"),
        (RIGHT, {"kind": "MESURE_ASE"}, "kind"),
        (EVENT, {"on_date": -2, "handled_on": -3}, "handled_on"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    journey: uuid.UUID, kind: RecordKind, changes: dict[str, Any], field: str
) -> None:
    before = scalar(f"SELECT count(*) FROM {kind.table}")
    with pytest.raises(BadInput) as refused:
        add(kind, journey, **changes)
    assert refused.value.fields.keys() == {field}
    assert NIR not in str(refused.value) + repr(refused.value.fields)
    assert scalar(f"SELECT count(*) FROM {kind.table}") == before


def test_a_day_to_come_is_refused_with_what_to_do(journey: uuid.UUID) -> None:
    with pytest.raises(BadInput) as refused:
        add(PAUSE, journey, from_on=4)
    assert "se note le jour où elle commence" in refused.value.fields["from_on"]
    with pytest.raises(BadInput) as refused:
        add(REVIEW, journey, held_on=4)
    assert "« Prévu le »" in refused.value.fields["held_on"]
    with pytest.raises(BadInput) as refused:
        add(BARRIER, journey, identified_on=4)
    assert "ce qui a eu lieu" in refused.value.fields["identified_on"]


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (
            ACTION,
            {"started_on": 0, "ended_on": 0, "planned_start": 4, "planned_end": 4} | {"status": "ABANDONNEE"},
        ),
        (PAUSE, {"expected_return": 0, "returned_on": 0}),
        (BARRIER, {"lifted_on": -3}),
        (APPOINTMENT, {"on_date": 0, "status": "HONORE"}),
        (APPOINTMENT, {"on_date": 2, "status": "ANNULE_SERVICE"}),
        (OBJECTIVE, {"reached_on": 0}),
        (REVIEW, {"held_on": 0, "conclusions": "On continue"}),
    ],
)
def test_the_same_day_and_today_are_allowed(
    journey: uuid.UUID, kind: RecordKind, changes: dict[str, Any]
) -> None:
    add(kind, journey, **changes)


def test_no_fact_comes_after_the_exit(journey: uuid.UUID) -> None:
    rows("UPDATE journey SET exit_on = %s WHERE id = %s", day(-5), journey)
    add(EVENT, journey, on_date=-5)
    with pytest.raises(BadInput) as refused:
        add(EVENT, journey, on_date=-4)
    assert refused.value.fields.keys() == {"on_date"}


def test_the_facts_and_chains_are_those_of_the_import() -> None:
    """One list of columns says which dates are facts in the format: this table says the same."""
    for file, mapped in RECORDS.items():
        table = mapped.model.__tablename__
        facts = {mapped.columns[c.name] for c in FILES[file] if c.fact}
        if table in {kind.table for kind in KINDS.values()}:
            # What only pages bring of a record is no column of the format.
            told = FACTS.get(table, frozenset()) - {"suspended_on"}
            assert told == facts, table
    for table, chains in CHAINS.items():
        kind = next((kind for kind in KINDS.values() if kind.table == table), None)
        assert kind is None or {name for chain in chains for name in chain} <= {c.name for c in kind.cells}


def test_what_tells_of_health_goes_to_its_volet_and_moves_with_a_correction(journey: uuid.UUID) -> None:
    record = add(ACTION, journey, owner="Mme D.")
    note_sessions(person("ref1"), record, {day(-7): "PRESENT", day(): "ABSENT"}, clock.now())
    assert volet_of(ACTION, record) == "coordination"
    correct_fact(person("ref1"), ACTION, record, 1, filled(ACTION, kind="PSY"), clock.now())
    assert volet_of(ACTION, record) == "sante"
    kept = opened(ACTION, record)
    assert (kept["kind"], kept["owner"], kept["version"]) == ("PSY", None, 2)
    sessions = rows("SELECT f.volet, t.status FROM attendance t JOIN folder f ON f.id = t.folder_id")
    assert sorted(sessions) == [("sante", "ABSENT"), ("sante", "PRESENT")]
    # What it said in the volet that it left stays there.
    trace = "SELECT f.volet, removed FROM revision r JOIN folder f ON f.id = r.folder_id WHERE of_id = %s"
    assert rows(trace, record) == [("coordination", True)]
    correct_fact(person("ref1"), ACTION, record, 2, filled(ACTION), clock.now())
    assert volet_of(ACTION, record) == "coordination"
    with pytest.raises(EditConflict):
        correct_fact(person("ref1"), ACTION, record, 1, filled(ACTION, kind="PSY"), clock.now())
    assert stored() == from_scratch()


@pytest.mark.parametrize(
    ("kind", "changes", "volet"),
    [
        (ACTION, {"axis_or_barrier": "SANTE"}, "sante"),
        (OBJECTIVE, {"axis": "SANTE"}, "sante"),
        (OBJECTIVE, {"axis": "CULTURE"}, "coordination"),
        (BARRIER, {"barrier": "SANTE"}, "sante"),
        (BARRIER, {"barrier": "GARDE"}, "social"),
        (RIGHT, {"kind": "MDPH"}, "sante"),
    ],
)
def test_each_stands_in_its_volet(
    journey: uuid.UUID, kind: RecordKind, changes: dict[str, Any], volet: str
) -> None:
    assert volet_of(kind, add(kind, journey, **changes)) == volet


def test_a_coordinator_who_only_reads_health_is_told_so_beside_the_answer(journey: uuid.UUID) -> None:
    with pytest.raises(BadInput) as refused:
        add(ACTION, journey, "coord.pre", kind="PSY")
    assert "lire sans y écrire" in refused.value.fields["kind"]
    with pytest.raises(BadInput) as refused:
        add(ACTION, journey, "coord.pre", axis_or_barrier="SANTE")
    assert refused.value.fields.keys() == {"axis_or_barrier"}


@pytest.mark.parametrize("name", ["ref2", "coord.cite", "centre", "dpo", "admin"])
def test_outsiders_note_correct_and_remove_nothing(journey: uuid.UUID, name: str) -> None:
    record = add(EVENT, journey)
    with pytest.raises(NotFound):
        add(EVENT, journey, name)
    with pytest.raises(NotFound):
        correct_fact(person(name), EVENT, record, 1, filled(EVENT), clock.now())
    with pytest.raises(NotFound):
        remove_fact(person(name), EVENT, journey, record, 1, clock.now())
    with pytest.raises(NotFound):
        write_diagnosis(person(name), journey, day(), "x", 1, clock.now())
    assert opened(EVENT, record)["version"] == 1


def test_a_record_of_another_journey_is_not_removed_through_mine(journey: uuid.UUID) -> None:
    theirs = add(EVENT, journey_id("PRE-2"), "ref2")
    with pytest.raises(NotFound):
        remove_fact(person("coord.pre"), EVENT, journey, theirs, 1, clock.now())


def test_the_same_form_twice_is_one_record(journey: uuid.UUID) -> None:
    for number in range(2):
        try:
            add_fact(person("ref1"), EVENT, journey, filled(EVENT), clock.now(), key="k", answer="/là")
            assert number == 0
        except AlreadyDone as done:
            assert (number, done.answer) == (1, "/là")
    assert scalar("SELECT count(*) FROM life_event WHERE journey_id = %s", journey) == 1


def test_two_corrections_never_overwrite_each_other(journey: uuid.UUID) -> None:
    record = add(OBJECTIVE, journey)
    correct_fact(person("coord.pre"), OBJECTIVE, record, 1, filled(OBJECTIVE, fact="le leur"), clock.now())
    with pytest.raises(EditConflict) as conflict:
        correct_fact(person("ref1"), OBJECTIVE, record, 1, filled(OBJECTIVE, fact="le mien"), clock.now())
    assert (conflict.value.theirs, conflict.value.version) == ({"fact": "le leur"}, 2)
    with pytest.raises(EditConflict):
        remove_fact(person("ref1"), OBJECTIVE, journey, record, 1, clock.now())
    with consult(person("ref1"), Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(journey)
        said = [one.values for one in earlier(grant, journey, OBJECTIVE.model)]
        r.audit(grant)
    assert said == [{"fact": "Va au club chaque mardi"}]


@pytest.mark.parametrize(("ref", "who"), [("PRE-1", "ref1"), ("CITE-1", "ml")])
def test_the_stage_follows_the_pauses_and_comes_back(journey: uuid.UUID, ref: str, who: str) -> None:
    journey = journey_id(ref)
    start = stage(journey)
    first = add(PAUSE, journey, who)
    assert stage(journey) == "SUSPENDU"
    # Another one, open too: no page writes it, an import may.
    second = rows(
        "INSERT INTO pause (id, journey_id, folder_id, from_on) SELECT gen_random_uuid(), journey_id, folder_id, %s"
        " FROM pause WHERE id = %s RETURNING id",
        day(-1),
        first,
    )[0][0]
    back = filled(PAUSE, returned_on=0)
    correct_fact(person(who), PAUSE, first, 1, back, clock.now())
    assert stage(journey) == "SUSPENDU", "another pause is open"
    remove_fact(person(who), PAUSE, journey, second, 1, clock.now())
    assert stage(journey) == start
    correct_fact(person(who), PAUSE, first, 2, filled(PAUSE), clock.now())
    assert stage(journey) == "SUSPENDU"
    assert stored() == from_scratch()


def test_a_pause_already_over_changes_no_stage(journey: uuid.UUID) -> None:
    add(PAUSE, journey, from_on=-9, returned_on=-1)
    assert stage(journey) == "EN_COURS"


def test_where_a_journey_resumes_is_always_allowed() -> None:
    for programme, table in TRANSITIONS.items():
        for before in (None, *table):
            assert stage_after_pause(programme, before) in table["SUSPENDU"]


def test_an_appointment_gets_its_outcome_once(journey: uuid.UUID) -> None:
    record = add(APPOINTMENT, journey, on_date=0)
    assert set_outcome(person("ref1"), record, "HONORE", 1, clock.now()) == journey
    with pytest.raises(EditConflict):
        set_outcome(person("coord.pre"), record, "ABS_EXCUSEE", 1, clock.now())
    with pytest.raises(NotFound):
        set_outcome(person("ref2"), record, "HONORE", 2, clock.now())
    later = add(APPOINTMENT, journey, on_date=4)
    with pytest.raises(BadInput):
        set_outcome(person("ref1"), later, "HONORE", 1, clock.now())
    assert stored() == from_scratch()


def test_sessions_are_noted_together_and_each_once(journey: uuid.UUID) -> None:
    record = add(ACTION, journey)
    assert note_sessions(person("ref1"), record, {day(-7): "PRESENT", day(): "EXCUSE"}, clock.now()) == 2
    for wrong in ({}, {day(1): "PRESENT"}, {day(-7): "PRESENT"}, {day(-1): "LUNE"}):
        with pytest.raises(BadInput):
            note_sessions(person("ref1"), record, wrong, clock.now())
    with pytest.raises(NotFound):
        note_sessions(person("ref2"), record, {day(-1): "PRESENT"}, clock.now())
    session = scalar("SELECT id FROM attendance WHERE status = 'EXCUSE'")
    correct_fact(person("ref1"), ATTENDANCE, session, 1, {"status": "ABSENT", "on_date": day()}, clock.now())
    remove_fact(person("ref1"), ACTION, journey, record, 1, clock.now())
    assert scalar("SELECT count(*) FROM attendance") == 0
    assert scalar("SELECT count(*) FROM revision WHERE of_table = 'attendance' AND removed") == 2


def test_the_diagnosis_is_dated_sealed_and_corrected_without_erasing(journey: uuid.UUID) -> None:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    write_diagnosis(person("ref1"), journey, day(-1), "Ce qui va, ce qui manque.", version, clock.now())
    cell = bytes(scalar("SELECT diagnosis FROM sheet WHERE journey_id = %s", journey))
    assert b"Ce qui va" not in cell
    assert scalar("SELECT diagnosis_on FROM journey WHERE id = %s", journey) == day(-1)
    with pytest.raises(EditConflict) as conflict:
        write_diagnosis(person("coord.pre"), journey, day(-1), "Autre", version, clock.now())
    assert conflict.value.theirs["diagnosis"] == "Ce qui va, ce qui manque."
    write_diagnosis(person("coord.pre"), journey, day(), "Autre", version + 1, clock.now())
    assert scalar("SELECT count(*) FROM revision WHERE of_table = 'sheet'") == 2
    for wrong, field in (
        ((day(1), "x"), "diagnosis_on"),
        ((None, "x"), "diagnosis_on"),
        ((day(), NIR), "diagnosis"),
    ):
        with pytest.raises(BadInput) as refused:
            write_diagnosis(person("ref1"), journey, *wrong, version + 2, clock.now())
        assert refused.value.fields.keys() == {field}
