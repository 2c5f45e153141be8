"""Drafts that hang on no journey: each under a key of its own, which goes with it."""

from __future__ import annotations

import threading
import uuid
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.journeys import NewJourney, open_journey
from coordination.db import NOBODY, db
from coordination.errors import BadInput, Forbidden
from coordination.privacy import drafts
from coordination.privacy.drafts import (
    KEPT,
    Fields,
    Place,
    drop_draft,
    find_alone,
    find_draft,
    keep_draft,
    unfinished,
)
from coordination.privacy.policy import Action
from coordination.privacy.reconcile import open_keystore, reconcile_keys
from coordination.privacy.vault import keystore
from coordination.privacy.work import consult
from coordination.worker import sweep_drafts, worker_engine
from tests.support import day, import_rows, journey_id, person, role, rows, scalar, seen_by, world

OPENING = Place(None, "cases.open_new/PRE", NOBODY)
KEY = "a" * 32
SAID: Fields = {"first_name": ["Zélie"], "remark": ["Deux mots."], "idempotency_key": [KEY]}


@pytest.fixture(autouse=True)
def people(app: Flask) -> None:
    import_rows(world())


def found(name: str, place: Place = OPENING) -> Fields | None:
    draft = find_alone(person(name), place, clock.now())
    return draft.fields if draft else None


def keys() -> int:
    return int(scalar("SELECT count(*) FROM dek", keys=True))


def test_it_comes_back_to_its_author_alone(app: Flask) -> None:
    assert keep_draft(person("ref1"), OPENING, SAID, clock.now())
    assert found("ref1") == SAID and found("coord.pre") is None and found("ref2") is None
    assert rows("SELECT 1 FROM draft WHERE said LIKE %s", b"%lie%") == []
    for name, seen in (("ref1", 1), ("coord.pre", 0), ("ref2", 0), ("dpo", 0), ("admin", 0)):
        with seen_by(app.config["SETTINGS"], person(name).id) as connection:
            assert connection.execute("SELECT count(*) FROM draft").fetchone() == (seen,), name
    assert unfinished(person("coord.pre").id, clock.now()) == []
    told = rows(
        "SELECT journey_id, action, detail FROM audit_entry WHERE action LIKE 'brouillon%' ORDER BY sequence"
    )
    assert told == [
        (None, "brouillon_sans_parcours", "draft"),
        (None, "brouillon_sans_parcours", "draft,resumed"),
    ]


def test_who_may_see_no_journey_any_more_sees_it_neither(app: Flask) -> None:
    keep_draft(person("ref1"), OPENING, SAID, clock.now())
    rows("UPDATE account SET charter_expires_on = current_date - 1 WHERE id = %s", person("ref1").id)
    assert found("ref1") is None
    with seen_by(app.config["SETTINGS"], person("ref1").id) as connection:
        assert connection.execute("SELECT count(*) FROM draft").fetchone() == (0,)


@pytest.mark.parametrize("name", ["admin", "dpo", "pilotage"])
def test_who_opens_no_journey_keeps_none(name: str) -> None:
    with pytest.raises(Forbidden):
        keep_draft(person(name), OPENING, SAID, clock.now())
    assert rows("SELECT 1 FROM draft") == []


def test_nobody_writes_one_in_another_s_name_nor_changes_its_key(app: Flask) -> None:
    keep_draft(person("ref1"), OPENING, SAID, clock.now())
    with (
        seen_by(app.config["SETTINGS"], person("ref1").id) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(
            "INSERT INTO draft (id, folder_id, author_id, form, of_id, saved_at)"
            " VALUES (gen_random_uuid(), gen_random_uuid(), %s, 'f', gen_random_uuid(), now())",
            (person("coord.pre").id,),
        )
    for column in ("author_id", "folder_id", "journey_id", "form", "of_id"):
        with (
            seen_by(app.config["SETTINGS"], person("ref1").id) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(f"UPDATE draft SET {column} = {column}")  # type: ignore[arg-type]


def test_it_has_a_key_of_its_own_which_goes_with_it() -> None:
    before, actor = keys(), person("ref1")
    for seconds in (0, 1):
        keep_draft(actor, OPENING, SAID, clock.now() + timedelta(seconds=seconds))
    keep_draft(actor, replace(OPENING, form="cases.open_new/CITE_EMPLOI"), SAID, clock.now())
    assert keys() == before + 2
    folder = scalar("SELECT folder_id FROM draft WHERE form LIKE '%/PRE'")
    assert not scalar("SELECT count(*) FROM folder WHERE id = %s", folder)
    drop_draft(actor, OPENING, clock.now())
    assert found("ref1") is None and keys() == before + 1
    assert not scalar("SELECT count(*) FROM dek WHERE folder_id = %s", folder, keys=True)
    # Begun again: another key, and the old one serves nothing.
    assert keep_draft(actor, OPENING, SAID, clock.now()) and found("ref1") == SAID
    assert scalar("SELECT folder_id FROM draft WHERE form LIKE '%/PRE'") != folder


def test_one_on_its_way_when_the_journey_was_opened_comes_back_for_nobody() -> None:
    actor = person("ref1")
    keep_draft(actor, OPENING, SAID, clock.now())
    new = NewJourney("PRE", "PRE-0077", day(), actor.id, {"first_name": "Zélie", "last_name": "Roy"})
    open_journey(actor, new, clock.now(), key=KEY, answer="/parcours")
    assert found("ref1") is None
    drop_draft(actor, OPENING, clock.now())
    before = keys()
    assert not keep_draft(actor, OPENING, SAID, clock.now())
    assert rows("SELECT 1 FROM draft") == [] and keys() == before


@pytest.mark.parametrize(("minutes", "there"), [(-1, True), (1, False)])
def test_a_week_later_it_is_gone_and_then_its_key(app: Flask, minutes: int, there: bool) -> None:
    settings, before = app.config["SETTINGS"], keys()
    keep_draft(person("ref1"), OPENING, SAID, clock.now() - KEPT - timedelta(minutes=minutes))
    assert (found("ref1") is not None) == there
    with role(settings, "worker") as connection:
        seen = connection.execute("SELECT saved_at FROM draft").fetchall()
        assert len(seen) == (0 if there else 1)
    engine = worker_engine(settings)
    try:
        assert sweep_drafts(engine) == (0 if there else 1)
    finally:
        engine.dispose()
    rows("UPDATE dek SET created_at = created_at - interval '2 hours'", keys=True)
    put_right = reconcile_keys(settings, clock.now())
    assert (put_right.removed, put_right.folders_without_key) == (0 if there else 1, [])
    assert keys() == before + (1 if there else 0)
    assert (found("ref1") == SAID) == there


def test_one_that_lost_its_key_is_begun_anew() -> None:
    """Older data restored beside newer keys: its page opens, and what is typed now is kept."""
    actor = person("ref1")
    keep_draft(actor, OPENING, SAID, clock.now())
    keystore().destroy([scalar("SELECT folder_id FROM draft")])
    assert found("ref1") is None
    assert keep_draft(actor, OPENING, {"first_name": ["Ana"]}, clock.now())
    assert found("ref1") == {"first_name": ["Ana"]}


def test_its_key_is_wrapped_anew_and_sealed_for_recovery_like_the_others(app: Flask) -> None:
    keep_draft(person("ref1"), OPENING, SAID, clock.now())
    folder = scalar("SELECT folder_id FROM draft")
    assert scalar("SELECT count(*) FROM dek WHERE folder_id = %s AND kek_version = 1", folder, keys=True) == 1
    store = open_keystore(app.config["SETTINGS"])
    try:
        assert store.get([folder])[folder].folder_id == folder
    finally:
        store.engine.dispose()


def test_two_windows_at_once_begin_one_draft(app: Flask) -> None:
    before, actor, now = keys(), person("ref1"), clock.now()

    def type_in(window: int) -> None:
        with app.app_context():
            keep_draft(actor, OPENING, SAID | {"remark": [str(window)]}, now + timedelta(seconds=window))
            db.session.remove()

    windows = [threading.Thread(target=type_in, args=(number,)) for number in range(6)]
    for one in windows:
        one.start()
    for one in windows:
        one.join()
    assert scalar("SELECT count(*) FROM draft") == 1 and keys() == before + 1
    assert found("ref1") == SAID | {"remark": ["5"]}


def test_they_count_among_those_of_their_author(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST_KEPT", 2)
    journey = journey_id("PRE-1")
    keep_draft(person("ref1"), Place(journey, "cases.log_contact", journey), SAID, clock.now())
    keep_draft(person("ref1"), OPENING, SAID, clock.now())
    before = keys()
    with pytest.raises(BadInput, match="déjà 2 brouillons"):
        keep_draft(person("ref1"), replace(OPENING, form="cases.leaves"), SAID, clock.now())
    assert keys() == before, "no key is made for what is not kept"
    assert keep_draft(person("ref1"), OPENING, {"remark": ["Suite"]}, clock.now())


def test_it_never_stands_in_for_the_draft_of_a_journey() -> None:
    """The same form and record, with a journey and without: two drafts, and neither opens as the other."""
    journey = journey_id("PRE-1")
    in_journey, actor = Place(journey, "cases.log_contact", journey), person("ref1")
    keep_draft(actor, in_journey, SAID, clock.now())
    keep_draft(actor, replace(in_journey, journey_id=None), {"note": ["Ailleurs"]}, clock.now())
    with consult(actor, Action.OPEN_JOURNEY, clock.now()) as r:
        grant = r.require(journey)
        draft = find_draft(grant, in_journey, clock.now())
        r.audit(grant)
    assert draft and draft.fields == SAID
    assert {place.journey_id for place, _ in unfinished(actor.id, clock.now())} == {journey, None}


def test_a_place_without_a_journey_names_no_record() -> None:
    assert OPENING.draft_id(uuid.UUID(int=1)) != replace(OPENING, journey_id=NOBODY).draft_id(
        uuid.UUID(int=1)
    )
