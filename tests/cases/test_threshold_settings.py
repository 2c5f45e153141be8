"""What a threshold that was set does to deadlines and alerts: whose it is, from when, and what stays answered."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from flask import Flask, current_app

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.commands import Answer, answer_alert
from coordination.alerts.in_force import Place
from coordination.alerts.settings import Values
from coordination.cases.commands.contacts import NewContact, log_contact
from coordination.cases.commands.journeys import assign_referent
from coordination.cases.commands.recount import recount_some
from coordination.cases.commands.thresholds import Decision, NewTrial, decide, make_trial
from coordination.errors import BadInput, NotFound
from coordination.exchange.recompute import recompute
from coordination.worker import run_scan
from tests.exchange.test_recompute import SPOILT, from_scratch, spoil, stored
from tests.support import account_of, day, import_rows, journey_id, person, rows, scalar, world


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    """PRE-1 and PRE-2 (ref1, ref2) and two journeys of the Cité, an exchange twenty days ago on each."""
    bundle = world()
    bundle["structures.csv"].append(
        {"code": "CCAS", "name": "CCAS de Longuenesse", "type": "CCAS", "commune": "62525"}
    )
    for line in bundle["users.csv"]:
        if line["email"] == "ref2@ex.fr":
            line["structure"] = "CCAS"
    import_rows(bundle)
    yield app


def structure(code: str) -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM structure WHERE code = %s", code)))


def set_threshold(
    rule: str,
    values: Values,
    since: date | None = None,
    until: date | None = None,
    *,
    place: uuid.UUID | None = None,
    programme: str = "PRE",
    counted: bool = True,
) -> int:
    coordinator = person("coord.pre" if programme == "PRE" else "coord.cite")
    trial_id = uuid.uuid4()
    make_trial(coordinator, trial_id, NewTrial(Place(rule, programme, place), values), clock.now())
    queued = decide(coordinator, Decision(trial_id, since or day(), until), clock.now())
    if counted:
        recount_some(coordinator, clock.now())
    return queued


def due(rule: str, ref: str) -> date | None:
    found = rows(
        "SELECT due_on FROM deadline d JOIN journey j ON j.id = d.journey_id WHERE rule = %s AND ref = %s",
        rule,
        ref,
    )
    return found[0][0] if found else None


def scan(offset: int = 0) -> None:
    run_scan(current_app.config["SETTINGS"], day(offset))


def alerts(rule: str) -> list[tuple[str, date]]:
    return rows("SELECT status, since FROM alert WHERE rule = %s ORDER BY since", rule)


def set_aside(rule: str, who: str) -> None:
    alert_id, version = rows("SELECT id, version FROM alert WHERE rule = %s", rule)[0]
    answer_alert(person(who), alert_id, Answer("SANS_OBJET", reason="ERREUR_DONNEE"), version, clock.now())


def test_the_structure_of_the_referent_decides_then_the_programme(house: Flask) -> None:
    before = {ref: due("A09", ref) for ref in ("CITE-1",)}
    escal = structure("ESCAL")
    assert set_threshold("A02", Values(60), place=structure("CCAS")) == 1
    one, two = due("A02", "PRE-1"), due("A02", "PRE-2")
    assert one and two and (two - one).days >= 15
    assert set_threshold("A02", Values(40)) == 2
    # The other one has a setting of its own: the trial for the programme leaves it out.
    assert scalar("SELECT journeys FROM threshold_trial ORDER BY made_at DESC LIMIT 1") == 1
    assert due("A02", "PRE-2") == two and due("A02", "PRE-1") < one
    assert {ref: due("A09", ref) for ref in before} == before
    assert stored() == from_scratch()
    set_threshold("A02", Values(80), place=escal)
    assert due("A02", "PRE-1") > two and stored() == from_scratch()


def test_a_save_and_an_import_compute_under_what_was_set(house: Flask) -> None:
    set_threshold("A09", Values(20), programme="CITE_EMPLOI")
    log_contact(person("plie"), journey_id("CITE-2"), NewContact(day(-1), "TELEPHONE", "ABOUTI"), clock.now())
    assert due("A09", "CITE-2") == day(19)
    import_rows(
        {
            "contacts.csv": [
                {
                    "journey": "CITE-2",
                    "on": str(day()),
                    "mode": "TELEPHONE",
                    "outcome": "ABOUTI",
                    "author": "ml@ex.fr",
                }
            ]
        }
    )
    assert due("A09", "CITE-2") == day(20) and stored() == from_scratch()


def test_a_longer_delay_closes_what_is_no_longer_due_and_names_why(house: Flask) -> None:
    set_threshold("A09", Values(15), programme="CITE_EMPLOI")
    scan()
    assert [status for status, _ in alerts("A09")] == ["OUVERTE", "OUVERTE"]
    set_threshold("A09", Values(50), programme="CITE_EMPLOI")
    assert rows("SELECT DISTINCT status, resolved_because FROM alert WHERE rule = 'A09'") == [
        ("RESOLUE", "seuil d'alerte modifié")
    ]
    # Due again one day, it is the same alert that opens.
    scan(31)
    assert [status for status, _ in alerts("A09")] == ["OUVERTE", "OUVERTE"]


def test_what_was_set_aside_stays_so_whichever_way_the_threshold_goes(house: Flask) -> None:
    set_threshold("A09", Values(15), programme="CITE_EMPLOI")
    scan()
    rows("DELETE FROM alert WHERE journey_id = %s", journey_id("CITE-2"))
    set_aside("A09", "ml")
    for days in (25, 12, 45, 15):
        set_threshold("A09", Values(days), programme="CITE_EMPLOI")
        scan()
        mine = rows("SELECT status FROM alert WHERE rule = 'A09' AND journey_id = %s", journey_id("CITE-1"))
        assert mine == [("SANS_OBJET",)], days


def test_the_answer_follows_where_the_threshold_itself_dates_the_alert(house: Flask) -> None:
    """An age and a run of absences: another threshold gives another `since`, and no fact has changed."""
    past = [day(-12), day(-8), day(-4)]
    import_rows(
        {"appointments.csv": [{"journey": "PRE-1", "on": str(d), "status": "ABS_NON_EXCUSEE"} for d in past]}
    )
    scan()
    assert alerts("A03") == [("OUVERTE", past[1])]
    set_aside("A03", "ref1")
    set_threshold("A03", Values(None, None, 3, 60))
    scan()
    assert alerts("A03") == [("SANS_OBJET", past[2])]
    set_threshold("A03", Values(None, None, 2, 60))
    scan()
    assert alerts("A03") == [("SANS_OBJET", past[1])] and stored() == from_scratch()


def test_a_fact_that_changed_meanwhile_carries_no_answer(house: Flask) -> None:
    set_threshold("A09", Values(15), programme="CITE_EMPLOI")
    scan()
    rows("DELETE FROM alert WHERE journey_id = %s", journey_id("CITE-2"))
    set_aside("A09", "ml")
    set_threshold("A09", Values(12), programme="CITE_EMPLOI", counted=False)
    import_rows(
        {
            "contacts.csv": [
                {
                    "journey": "CITE-1",
                    "on": str(day(-13)),
                    "mode": "TELEPHONE",
                    "outcome": "ABOUTI",
                    "author": "ml@ex.fr",
                }
            ]
        }
    )
    recount_some(person("coord.cite"), clock.now())
    scan()
    mine = "SELECT status, since FROM alert WHERE rule = 'A09' AND journey_id = %s ORDER BY since"
    assert rows(mine, journey_id("CITE-1")) == [("SANS_OBJET", day(-20)), ("OUVERTE", day(-13))]


def test_a_shorter_delay_to_come_opens_its_alerts_on_its_day_without_a_key(house: Flask) -> None:
    """Only the worker is awake that day: it cannot compute, and need not."""
    set_threshold("A09", Values(15), day(5), programme="CITE_EMPLOI")
    assert due("A09", "CITE-2") == day(5)
    scan(4)
    assert alerts("A09") == [] and scalar("SELECT status FROM threshold") == "A_VENIR"
    assert scalar("SELECT count(*) FROM recompute_queue") == 0
    scan(5)
    assert [status for status, _ in alerts("A09")] == ["OUVERTE", "OUVERTE"]
    assert scalar("SELECT status FROM threshold") == "EN_VIGUEUR"
    # Whoever has the keys counts again: the date is then the setting's own, and nothing opens twice.
    assert scalar("SELECT count(*) FROM recompute_queue") == 2
    assert recompute(operator_actor(), clock.now(), day(5), pending=True)["journeys"] == 2
    assert due("A09", "CITE-2") == day(-5) and stored() == from_scratch()
    assert scalar("SELECT count(*) FROM recompute_queue") == 0
    scan(6)
    assert len(alerts("A09")) == 2


def test_after_its_last_day_a_setting_gives_way(house: Flask) -> None:
    set_threshold("A09", Values(59), day(), day(38), programme="CITE_EMPLOI")
    # Fifty-nine days are day 39: the catalogue stands again then, whose 45 days were long over.
    assert due("A09", "CITE-2") == day(39)
    set_threshold("A09", Values(30), day(50), programme="CITE_EMPLOI")
    scan(39)
    assert [status for status, _ in alerts("A09")] == ["OUVERTE", "OUVERTE"]
    assert [row[0] for row in rows("SELECT status FROM threshold ORDER BY valid_from")] == ["FINI", "A_VENIR"]


def test_another_referent_of_another_structure_waits_for_a_recount(house: Flask) -> None:
    set_threshold("A02", Values(60), place=structure("CCAS"))
    assign_referent(person("coord.pre"), journey_id("PRE-1"), account_of("ref2"), clock.now())
    assert rows("SELECT journey_id FROM recompute_queue") == [(journey_id("PRE-1"),)]
    assert recount_some(person("coord.pre"), clock.now()) == 1
    assert due("A02", "PRE-1") == due("A02", "PRE-2") and stored() == from_scratch()


def test_without_a_setting_of_a_structure_nobody_waits(house: Flask) -> None:
    set_threshold("A02", Values(60))
    assign_referent(person("coord.pre"), journey_id("PRE-1"), account_of("ref2"), clock.now())
    assert scalar("SELECT count(*) FROM recompute_queue") == 0


def test_a_coordinator_takes_up_the_own_programme_only_and_stops_there(house: Flask) -> None:
    rows("INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey")
    assert recount_some(person("coord.pre"), clock.now()) == 2
    assert recount_some(person("coord.pre"), clock.now()) == 0
    assert scalar("SELECT count(*) FROM recompute_queue") == 2
    assert recompute(operator_actor(), clock.now(), day(), pending=True)["journeys"] == 2


@pytest.mark.parametrize("how", SPOILT)
def test_a_turn_of_the_recount_passes_by_what_does_not_open(
    house: Flask, how: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coordination.cases.commands.recount.BATCH", 1)
    rows(
        "INSERT INTO recompute_queue (journey_id, since) SELECT id, now() FROM journey WHERE programme = 'PRE'"
    )
    # The one that is looked at first.
    first = rows("SELECT ref FROM journey WHERE programme = 'PRE' ORDER BY id")[0][0]
    fault = spoil(how, first)
    assert recount_some(person("coord.pre"), clock.now()) == 1
    assert rows("SELECT journey_id FROM recompute_queue") == [(journey_id(first),)]
    assert f"{journey_id(first)} is not counted again: {fault.__name__}" in caplog.text
    assert recount_some(person("coord.pre"), clock.now()) == 0


@pytest.mark.parametrize("how", SPOILT)
def test_a_trial_leaves_out_what_does_not_open_and_says_so(house: Flask, how: str) -> None:
    def tried() -> list[tuple[int, int]]:
        trial_id = uuid.uuid4()
        new = NewTrial(Place("A02", "PRE"), Values(60))
        make_trial(person("coord.pre"), trial_id, new, clock.now())
        return rows("SELECT journeys, unread FROM threshold_trial WHERE id = %s", trial_id)

    assert tried() == [(2, 0)]
    spoil(how, "PRE-2")
    assert tried() == [(1, 1)]
    fault = spoil(how, "PRE-1")
    with pytest.raises(fault):
        tried()


def test_nobody_sets_a_rule_or_a_programme_that_is_not_theirs(house: Flask) -> None:
    for rule, programme in (("A09", "CITE_EMPLOI"), ("A09", "PRE"), ("A13", "PRE"), ("X99", "PRE")):
        with pytest.raises(NotFound):
            place = Place(rule, programme)
            make_trial(person("coord.pre"), uuid.uuid4(), NewTrial(place, Values(40)), clock.now())


def test_two_coordinators_who_decide_at_once_leave_one_setting(house: Flask) -> None:
    """The second decides on a trial against a setting that is no longer there."""
    coordinator, trials = person("coord.pre"), [uuid.uuid4(), uuid.uuid4()]
    for trial_id, days in zip(trials, (35, 40), strict=True):
        make_trial(coordinator, trial_id, NewTrial(Place("A01", "PRE"), Values(days)), clock.now())
    decide(coordinator, Decision(trials[0], day()), clock.now())
    with pytest.raises(BadInput, match="a changé depuis"):
        decide(coordinator, Decision(trials[1], day()), clock.now())
    assert scalar("SELECT count(*) FROM threshold") == 1


def test_a_replaced_setting_of_the_same_day_leaves_no_trace_in_force(house: Flask) -> None:
    set_threshold("A01", Values(35))
    set_threshold("A01", Values(40))
    assert rows("SELECT threshold_days FROM threshold WHERE status = 'EN_VIGUEUR'") == [(40,)]
    rows("UPDATE threshold SET valid_from = valid_from - 10 WHERE status = 'EN_VIGUEUR'")
    set_threshold("A01", Values(20))
    assert rows("SELECT status, valid_until FROM threshold WHERE threshold_days = 40") == [
        ("FINI", day() - timedelta(days=1))
    ]


def test_the_log_names_the_rule_and_no_value(house: Flask) -> None:
    set_threshold("A01", Values(35))
    found = [
        row[0]
        for row in rows("SELECT detail FROM audit_entry WHERE action = 'reglage_seuils' ORDER BY sequence")
    ]
    assert found[:2] == ["essai,A01,PRE,parcours=2", "seuil,A01,PRE"] and "parcours=2" in found
