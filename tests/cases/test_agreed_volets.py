"""An imported agreement opens a volet at the first record that needs it: never past a refusal or a scope."""

from __future__ import annotations

import uuid
from collections.abc import Collection

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.agreements import NewAgreement, record_agreement
from coordination.cases.commands.records import add_fact
from coordination.cases.kinds import ACTION, BARRIER
from coordination.errors import BadInput, NotFound
from coordination.privacy.volets import Volet
from tests.cases.test_records import filled
from tests.support import day, import_rows, journey_id, journey_line, people_lines, person, rows, scalar

REFERENT = {"PRE-1": "ref1", "CITE-1": "ml"}


def imported(ref: str = "PRE-1", referent: str = "", **journey: str) -> uuid.UUID:
    """A journey whose lines needed no other volet than coordination: the import opened none."""
    import_rows(
        {
            "structures.csv": [
                {"code": "ESCAL", "name": "Centre social", "type": "CENTRE_SOCIAL", "commune": "62525"}
            ],
            "users.csv": people_lines(),
            "journeys.csv": [journey_line(ref, referent or REFERENT[ref], **journey)],
        }
    )
    found = journey_id(ref)
    assert volets(found) == {"coordination"}
    return found


def volets(journey: uuid.UUID) -> set[str]:
    """Those that stand, open or not, each with its key."""
    found = dict(rows("SELECT id, volet FROM folder WHERE journey_id = %s", journey))
    keys = {row[0] for row in rows("SELECT folder_id FROM dek", keys=True)}
    assert set(found) <= keys
    return set(found.values())


def note(journey: uuid.UUID, who: str, kind: str = "social") -> None:
    """Something that goes to the social volet (on the Cité side: employment), or to the health one."""
    if kind == "social":
        add_fact(person(who), BARRIER, journey, filled(BARRIER, barrier="GARDE"), clock.now())
    else:
        add_fact(person(who), ACTION, journey, filled(ACTION, kind="PSY", axis_or_barrier=None), clock.now())


@pytest.mark.parametrize(("ref", "volet"), [("PRE-1", "social"), ("CITE-1", "emploi")])
def test_the_first_record_opens_its_volet_and_no_other(app: Flask, ref: str, volet: str) -> None:
    journey = imported(ref)
    note(journey, REFERENT[ref])
    assert volets(journey) == {"coordination", volet}
    rows("UPDATE barrier SET identified_on = %s, lifted_on = %s", day(-9), day())
    note(journey, REFERENT[ref])
    assert scalar("SELECT count(*) FROM folder WHERE journey_id = %s AND volet = %s", journey, volet) == 1


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
@pytest.mark.parametrize("ref", ["PRE-1", "CITE-1"])
def test_a_refusal_or_a_withdrawal_opens_nothing(app: Flask, ref: str, status: str) -> None:
    journey = imported(ref, agreement_status=status)
    with pytest.raises(BadInput) as refused:
        note(journey, REFERENT[ref])
    assert "il faut l'accord signé" in refused.value.fields["barrier"]
    assert volets(journey) == {"coordination"}
    assert rows("SELECT 1 FROM barrier WHERE journey_id = %s", journey) == []


@pytest.mark.parametrize("status", ["ORAL", "PRESENTE", "A_DEMANDER", "UN_SEUL_PARENT"])
def test_below_a_signature_a_pre_journey_opens_nothing(app: Flask, status: str) -> None:
    journey = imported(agreement_status=status)
    with pytest.raises(BadInput):
        note(journey, "ref1")
    assert volets(journey) == {"coordination"}


def test_a_withdrawal_recorded_here_opens_nothing(app: Flask) -> None:
    journey = imported()
    record_agreement(person("ref1"), journey, NewAgreement("RETIRE", day()), 1, clock.now())
    with pytest.raises(BadInput):
        note(journey, "ref1")
    assert volets(journey) == {"coordination"}


@pytest.mark.parametrize(
    ("covered", "kind"), [([Volet.SCOLARITE], "social"), ([Volet.SOCIAL], "sante"), ([Volet.SANTE], "social")]
)
def test_a_narrower_scope_is_not_widened_by_a_record(
    app: Flask, covered: Collection[Volet], kind: str
) -> None:
    journey = imported()
    record_agreement(person("ref1"), journey, NewAgreement("SIGNE", day(), covered), 1, clock.now())
    expected = {"coordination", *(volet.value for volet in covered)}
    assert volets(journey) == expected
    with pytest.raises(BadInput):
        note(journey, "ref1", kind)
    assert volets(journey) == expected


@pytest.mark.parametrize("kind", ["social", "sante"])
def test_a_coordinator_opens_no_volet_that_they_only_read(app: Flask, kind: str) -> None:
    journey = imported()
    with pytest.raises(BadInput) as refused:
        note(journey, "coord.pre", kind)
    assert "lire sans y écrire" in " ".join(refused.value.fields.values())
    assert volets(journey) == {"coordination"}, "a refusal leaves no empty volet behind"
    note(journey, "ref1", kind)
    assert volets(journey) == {"coordination", kind}


def test_a_coordinator_who_follows_the_journey_opens_its_volet(app: Flask) -> None:
    journey = imported(referent="coord.pre")
    note(journey, "coord.pre")
    assert volets(journey) == {"coordination", "social"}


@pytest.mark.parametrize("name", ["ref2", "coord.cite", "centre", "dpo", "admin"])
def test_outsiders_open_nothing(app: Flask, name: str) -> None:
    journey = imported()
    with pytest.raises(NotFound):
        note(journey, name)
    assert volets(journey) == {"coordination"}
