"""Stored deadlines are those that all facts give from scratch, whatever happened before."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.sources import all_deadlines, recount
from coordination.cases.commands.agreements import NewAgreement, record_agreement
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.course import TURNS_DOWN, Course, change_course
from coordination.cases.commands.endings import Ending, Reopening, end_journey, reopen_journey
from coordination.cases.commands.journeys import assign_referent
from coordination.cases.models import Journey
from coordination.cases.stages import TRANSITIONS
from coordination.db import db
from coordination.errors import BadInput, CoordinationError, KeyUnavailable, SealBroken
from coordination.exchange.recompute import Recounted, batches, recompute, territory
from coordination.privacy.access import call
from coordination.privacy.policy import Action
from coordination.privacy.vault import keystore
from coordination.privacy.work import work
from coordination.reference import labels
from coordination.worker import run_scan
from tests.support import PEOPLE, account_of, day, import_rows, journey_id, person, rows, run, scalar, world

Stored = dict[tuple[Any, ...], tuple[Any, ...]]


def stored() -> Stored:
    return {
        tuple(row[:4]): tuple(row[4:])
        for row in rows(
            "SELECT d.journey_id, rule, kind, subject_id, due_on, since, because, f.volet FROM deadline d"
            " JOIN folder f ON f.id = d.folder_id"
        )
    }


def from_scratch() -> Stored:
    """What all facts give, read by the operator, compared with nothing that is stored."""
    operator = operator_actor()
    ids = [name.id for name in territory(operator)]
    volets = {(journey, volet) for journey, volet in rows("SELECT journey_id, volet FROM folder")}
    with work(operator, Action.RECOMPUTE, clock.now()) as w:
        grant = w.require()
        call("operator_access", ids)
        wanted = all_deadlines(grant, ids)
        call("operator_access", [])
        w.audit(grant)
    return {
        (journey, *key): (
            one.due_on,
            one.since,
            one.because,
            # A volet that is not open yet: the deadline stands in coordination.
            one.volet.value if (journey, one.volet.value) in volets else "coordination",
        )
        for journey, deadlines in wanted.items()
        for key, one in deadlines.items()
    }


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    import_rows(world(pre=["ref1", "ref2"], cite=["ml", "plie"]))
    yield app


def test_an_import_stores_what_the_facts_give(territory: Flask) -> None:
    assert stored() == from_scratch() != {}
    assert recompute(operator_actor(), clock.now(), day()) == {"journeys": 30, "changed": 0, "unread": 0}


@pytest.mark.parametrize(
    "damage", ["DELETE FROM deadline", "UPDATE deadline SET due_on = due_on - 3, since = since - 9"]
)
def test_recomputing_mends_whatever_was_damaged(house: Flask, damage: str) -> None:
    wanted = stored()
    rows(damage)
    rows(
        "INSERT INTO deadline (journey_id, rule, kind, subject_id, folder_id, due_on, since, because)"
        " SELECT journey_id, 'A13', 'overdue', '', id, current_date, current_date, 'exchange' FROM folder"
        " WHERE volet = 'coordination'"
    )
    assert recompute(operator_actor(), clock.now(), day())["changed"] > 0
    assert stored() == wanted
    assert recompute(operator_actor(), clock.now(), day())["changed"] == 0


def test_recomputing_is_audited_by_batches_and_keeps_no_access(house: Flask) -> None:
    recompute(operator_actor(), clock.now(), day())
    assert rows("SELECT detail FROM audit_entry WHERE action = 'recalcul_echeances'") == [("parcours=4",)]
    assert scalar("SELECT count(*) FROM access WHERE actor_id = %s", operator_actor().id) == 0


SPOILT: dict[str, type[CoordinationError]] = {
    "the key is gone": KeyUnavailable,
    "a cell is broken": SealBroken,
}


def spoil(how: str, *refs: str) -> type[CoordinationError]:
    """These journeys no longer open; what one that reads them meets."""
    for ref in refs:
        journey = journey_id(ref)
        if SPOILT[how] is KeyUnavailable:
            folder = scalar("SELECT id FROM folder WHERE journey_id = %s AND volet = 'coordination'", journey)
            rows("DELETE FROM dek WHERE folder_id = %s", folder, keys=True)
        else:
            rows("UPDATE sheet SET birth_date = last_name WHERE journey_id = %s", journey)
    keystore().opened.clear()
    return SPOILT[how]


@pytest.mark.parametrize("how", SPOILT)
def test_one_that_does_not_open_leaves_the_others_counted(
    house: Flask, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two batches, the fault in the first one.
    monkeypatch.setattr("coordination.exchange.recompute.batches", partial(batches, size=2))
    names = [name.ref for name in territory(operator_actor())]
    wanted, spoilt = stored(), names[1]
    spoil(how, spoilt)
    rows("UPDATE deadline SET due_on = due_on - 3")
    counts = recompute(operator_actor(), clock.now(), day())
    assert counts["journeys"] == 3 and counts["unread"] == 1 and counts["changed"] > 0
    found, lost = stored(), journey_id(spoilt)
    assert {k: v for k, v in found.items() if k[0] != lost} == {
        k: v for k, v in wanted.items() if k[0] != lost
    }
    # What does not open stays as it was.
    mine = [key for key in wanted if key[0] == lost]
    assert mine and all(found[key][0] == wanted[key][0] - timedelta(days=3) for key in mine)
    assert scalar("SELECT count(*) FROM access WHERE actor_id = %s", operator_actor().id) == 0


@pytest.mark.parametrize("how", SPOILT)
def test_where_none_opens_the_fault_is_raised(house: Flask, how: str) -> None:
    fault = spoil(how, *(name.ref for name in territory(operator_actor())))
    with pytest.raises(fault):
        recompute(operator_actor(), clock.now(), day())
    assert rows("SELECT 1 FROM audit_entry WHERE action = 'recalcul_echeances'") == []


def test_a_fault_of_all_keys_is_told_before_thousands_are_tried(
    territory: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def counted(*asked: Any) -> int:
        tried.append(asked)
        return recount(*asked)

    monkeypatch.setattr("coordination.exchange.recompute.batches", partial(batches, size=3))
    monkeypatch.setattr("coordination.exchange.recompute.recount", counted)
    rows("DELETE FROM dek", keys=True)
    keystore().opened.clear()
    with pytest.raises(KeyUnavailable):
        recompute(operator_actor(), clock.now(), day())
    # Five for the first batch, then one of each of ten.
    assert len(tried) == 5 + 19


@pytest.mark.parametrize("pending", [False, True])
def test_a_whole_batch_that_does_not_open_holds_up_no_other(
    house: Flask, pending: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordination.exchange.recompute.batches", partial(batches, size=2))
    names = [name.ref for name in territory(operator_actor())]
    spoil("the key is gone", *names[:2])
    rows("INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey")
    counts = recompute(operator_actor(), clock.now(), day(), pending=pending)
    assert counts == {"journeys": 2, "changed": 0, "unread": 2}
    assert {row[0] for row in rows("SELECT journey_id FROM recompute_queue")} == set(
        map(journey_id, names[:2])
    )


def test_the_operator_reads_which_ones_were_not_counted(house: Flask) -> None:
    settings = house.config["SETTINGS"]
    assert run(settings, "recompute").stdout.strip() == "4 parcours, 0 échéance modifiée."
    spoil("the key is gone", "PRE-2")
    told = run(settings, "recompute")
    assert told.returncode == 1 and told.stdout.splitlines() == [
        "3 parcours, 0 échéance modifiée.",
        "1 parcours n'a pas pu être lu et garde ses échéances d'avant : PRE-2. La clé est absente, ou une donnée"
        " est abîmée.",
    ]
    told = run(settings, "recompute", "--json")
    assert told.returncode == 1 and json.loads(told.stdout) == {"journeys": 3, "changed": 0, "unread": 1}


def test_of_many_some_ten_are_named() -> None:
    words = Recounted(3, 0, tuple(f"PRE-{number}" for number in range(12))).words()
    assert "12 parcours n'ont pas pu être lus" in words and "PRE-9 et 2 de plus" in words


# Fields that a random command may be refused for.
REFUSED = {"referent": {"referent_id"}}


def _random_commands(rounds: int, seed: int) -> None:
    """People log, correct, sign, withdraw; imports bring facts; scans pass: stored stays equal to recomputed."""
    drawn = random.Random(seed)
    team = {"PRE-1": "ref1", "PRE-2": "ref2", "CITE-1": "ml", "CITE-2": "plie"}
    done = 0
    for _ in range(rounds):
        ref = drawn.choice(list(team))
        programme = "pre" if ref.startswith("PRE") else "cite"
        actor = person(drawn.choice([team[ref], f"coord.{programme}", *PEOPLE]))
        what = drawn.choice(("contact", "contact", "agreement", "referent", "life", "life", "import", "scan"))
        try:
            if what == "contact":
                contact = NewContact(
                    day(-drawn.randint(0, 60)),
                    drawn.choice(list(labels("contact_mode"))),
                    drawn.choice(list(labels("contact_outcome"))),
                )
                log_contact(actor, journey_id(ref), contact, clock.now())
            elif what == "agreement":
                status = drawn.choice(["SIGNE", "SIGNE", "RETIRE", "REFUS", "PRESENTE"])
                version = scalar("SELECT version FROM journey WHERE ref = %s", ref)
                new = NewAgreement(status, day(-drawn.randint(0, 30)))
                record_agreement(actor, journey_id(ref), new, version, clock.now())
            elif what == "referent":
                assign_referent(actor, journey_id(ref), account_of(drawn.choice(list(PEOPLE))), clock.now())
            elif what == "life":
                _live(drawn, actor, ref)
            elif what == "import":
                _import_facts(drawn, ref)
            else:
                run_scan(_settings(), day() + timedelta(days=drawn.randint(0, 40)))
            done += 1
        except CoordinationError as refused:
            # Not every stage follows every other, an end is no end twice, and not every role follows journeys.
            wrong = refused.fields.keys() if isinstance(refused, BadInput) else set()
            assert what == "life" or wrong <= REFUSED.get(what, set()), wrong
        assert stored() == from_scratch(), what
    assert done > rounds // 4


def _live(drawn: random.Random, actor: Any, ref: str) -> None:
    """The journey moves on, ends, is taken up again."""
    programme = "PRE" if ref.startswith("PRE") else "CITE_EMPLOI"
    version = scalar("SELECT version FROM journey WHERE ref = %s", ref)
    stage = drawn.choice(list(TRANSITIONS[programme]))
    what = drawn.choice(("course", "end", "reopen"))
    if what == "course":
        rhythm = drawn.choice([None, 7, 45])
        scheme = drawn.choice(["", "CEJ"]) if programme == "CITE_EMPLOI" else ""
        why = "Déménage." if stage == "NON_RETENU" else ""
        course = Course(stage, day(), planned_rhythm_days=rhythm, scheme=scheme, note=why)
        change_course(actor, journey_id(ref), course, version, clock.now(), sure={TURNS_DOWN})
    elif what == "end":
        end_journey(actor, journey_id(ref), Ending("DEMENAGEMENT", day()), version, clock.now())
    else:
        reopen_journey(actor, journey_id(ref), Reopening(stage, day(), "Retour."), version, clock.now())


def _settings() -> Any:
    from flask import current_app

    return current_app.config["SETTINGS"]


def _import_facts(drawn: random.Random, ref: str) -> None:
    past = str(day(-drawn.randint(0, 90)))
    # Keys of six digits: all those of a number drawn once made a social security number, which an import refuses.
    files: dict[str, dict[str, str]] = {
        "appointments.csv": {"on": past, "status": drawn.choice(["HONORE", "ABS_NON_EXCUSEE", "A_VENIR"])},
        "pauses.csv": {"from": past, "returned_on": drawn.choice(["", str(day())])},
        "reviews.csv": {"due_on": str(day(drawn.randint(-40, 40)))},
        "referrals.csv": {"key": f"R{drawn.random():.6f}", "sent_on": past, "status": "ENVOYEE"},
        "rights.csv": {
            "kind": drawn.choice(["CSS", "MDPH", "ARE_ASS"]),
            "ends_on": str(day(drawn.randint(0, 200))),
        },
        "events.csv": {"on": past, "kind": drawn.choice(["DEMENAGEMENT", "SANCTION_REVENU"])},
        "actions.csv": {"key": f"A{drawn.random():.6f}", "started_on": past, "status": "EN_COURS"},
    }
    file = drawn.choice(list(files))
    import_rows({file: [{"journey": ref, **files[file]}]})


@pytest.mark.parametrize("seed", [1, 2])
def test_after_random_histories_of_commands_nothing_is_left_to_recompute(house: Flask, seed: int) -> None:
    _random_commands(18, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_after_long_random_histories_nothing_is_left_to_recompute(house: Flask, seed: int) -> None:
    _random_commands(200, 100 + seed)


def test_the_wall_holds_during_a_recompute(house: Flask) -> None:
    """Its access rows live in its own transaction: nobody else sees more meanwhile, and none is left behind."""
    operator = operator_actor()
    with pytest.raises(ZeroDivisionError), work(operator, Action.RECOMPUTE, clock.now()) as w:
        w.require()
        call("operator_access", [journey_id("PRE-1")])
        assert db.session.query(Journey).count() == 1
        assert scalar("SELECT count(*) FROM access WHERE actor_id = %s", operator.id) == 0
        raise ZeroDivisionError
    assert scalar("SELECT count(*) FROM access WHERE actor_id = %s", operator.id) == 0
