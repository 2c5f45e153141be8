"""The table of permissions against a specification written by hand, and against what the database shows."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from config.settings import Settings
from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.db import act_as, db
from coordination.errors import Forbidden, NotFound
from coordination.privacy.access import subject_of, sync_access
from coordination.privacy.actor import VISITOR, Actor, Role
from coordination.privacy.policy import POLICY, Action, Subject, can, require
from coordination.privacy.volets import Volet
from coordination.reference import labels
from tests.privacy.wall_house import attempt
from tests.privacy.wall_kit import as_web, truth
from tests.privacy.wall_world import Db, account, fill_folders, superuser_transaction
from tests.support import PEOPLE, close, import_rows, journey_id, module_app, person, rows, world, writing

# The table "Access" of the design, by hand. Columns: coordination, scolarité, social, santé, protection, emploi.
# RW reads and writes, R reads, - nothing. Protection of a référent and santé of an EPS member are granted one by
# one, not by role.
PRE, CITE = "PRE", "CITE_EMPLOI"
MATRIX: dict[tuple[str, str, str], str] = {
    ("REFERENT_PRE", PRE, "referent"): "RW RW RW RW - -",
    ("COORD_PRE", PRE, "referent"): "RW RW RW RW - -",
    ("COORD_PRE", PRE, "coordinator"): "RW R R R R -",
    ("EPS_ECOLE", PRE, "meeting"): "R R - - - -",
    ("EPS_SOCIAL", PRE, "meeting"): "R R R - - -",
    ("CONSEILLER_ML", CITE, "referent"): "RW - RW RW - RW",
    ("REFERENT_PLIE", CITE, "referent"): "RW - RW RW - RW",
    # Whoever chooses the référents and chooses themself reads no more for it than as coordinator.
    ("COORD_CITE", CITE, "referent"): "RW - RW - - RW",
    ("COORD_CITE", CITE, "coordinator"): "RW - R - - R",
    ("CENTRE_SOCIAL", PRE, "receiver"): "R R R - - -",
    ("CCAS", PRE, "receiver"): "R - R - - -",
    ("MEDIATEUR_SANTE", PRE, "receiver"): "R - - R - -",
    ("CENTRE_SOCIAL", CITE, "receiver"): "R - R - - R",
    ("CCAS", CITE, "receiver"): "R - R - - -",
    ("MEDIATEUR_SANTE", CITE, "receiver"): "R - - R - -",
    ("CONSEILLER_ML", CITE, "receiver"): "R - R - - R",
    ("REFERENT_PLIE", CITE, "receiver"): "R - R - - R",
}
FOLLOWING = {"REFERENT_PRE", "CONSEILLER_ML", "REFERENT_PLIE"}
COORDINATING = {"COORD_PRE", "COORD_CITE"}
EVERYBODY = set(labels("user_role"))

# Actions that concern no journey: who may, by role ("operator", "visitor" are kinds of actors).
BY_ROLE: dict[Action, set[str]] = {
    Action.SIGN_IN: EVERYBODY | {"operator", "visitor"},
    Action.SIGN_OUT: EVERYBODY | {"operator", "visitor"},
    Action.VIEW_START: EVERYBODY,
    Action.VIEW_DAY: FOLLOWING | COORDINATING,
    Action.LIST_JOURNEYS: COORDINATING,
    Action.LIST_STALLED: COORDINATING,
    Action.SEARCH: FOLLOWING | COORDINATING,
    Action.NEW_JOURNEY: FOLLOWING | COORDINATING | {"operator"},
    Action.VIEW_FORECAST: FOLLOWING | COORDINATING,
    Action.PLAN_LEAVE: FOLLOWING | COORDINATING,
    Action.KEEP_DRAFT_ALONE: FOLLOWING | COORDINATING,
    Action.VIEW_COUNTS: COORDINATING | {"PILOTAGE"},
    Action.VIEW_AUDIT: {"DPO", "operator"},
    Action.MANAGE_ACCOUNTS: {"ADMIN", "operator"},
    Action.IMPORT: {"operator"},
    Action.EXPORT: {"operator"},
    Action.MANAGE_LISTS: {"ADMIN", "operator"},
    Action.SET_THRESHOLDS: COORDINATING,
    Action.CHOOSE_PASSWORD: EVERYBODY | {"operator", "visitor"},
    Action.RECOMPUTE: {"operator"},
    Action.BACKUP: {"operator"},
    Action.RESTORE: {"operator"},
}
# Actions on a journey: what the relation must be.
ON_JOURNEY = {
    Action.OPEN_JOURNEY: "any volet",
    Action.LOG_CONTACT: "writes coordination",
    Action.CHANGE_PEOPLE: "writes coordination",
    Action.WRITE_RECORD: "writes coordination",
    Action.RECORD_AGREEMENT: "writes coordination",
    Action.ASSIGN_REFERENT: "coordinates",
    Action.CHANGE_STAGE: "writes coordination",
    Action.HAND_OVER: "referent or coordinator",
    Action.END_JOURNEY: "writes coordination",
    Action.REOPEN_JOURNEY: "writes coordination",
    Action.LINK_FAMILY: "writes coordination",
    Action.ANSWER_ALERT: "team",
    Action.REVIEW_WEEK: "coordinates",
    Action.ADD_DOCUMENT: "writes any volet",
    Action.LIST_DOCUMENTS: "any volet",
    Action.READ_DOCUMENT: "any volet",
    Action.REMOVE_DOCUMENT: "writes any volet",
    Action.KEEP_DRAFT: "writes coordination",
    Action.SHARE_VOLET: "team",
}


def test_the_table_of_volets_is_the_specification(app: Flask) -> None:
    wanted = {
        (*place, volet.value): letters == "RW"
        for place, line in MATRIX.items()
        for volet, letters in zip(Volet, line.split(), strict=True)
        if letters != "-"
    }
    found = {tuple(row[:4]): row[4] for row in rows("SELECT * FROM volet_right")}
    assert found == wanted


def test_steering_dpo_and_administrators_have_no_line() -> None:
    assert not {"PILOTAGE", "DPO", "ADMIN"} & {role for role, _, _ in MATRIX}
    assert {role for role, _, _ in MATRIX} | {"PILOTAGE", "DPO", "ADMIN"} == EVERYBODY


def test_every_action_has_its_line() -> None:
    assert set(POLICY) == set(Action) == BY_ROLE.keys() | ON_JOURNEY.keys()
    assert all(POLICY[action] for action in Action)
    assert len({action.value for action in Action}) == len(Action)
    assert max(len(action.value) for action in Action) <= 40


@pytest.mark.parametrize("action", list(BY_ROLE), ids=str)
def test_who_may_by_role(action: Action) -> None:
    actors = {code: Actor(uuid.uuid4(), (Role(code),)) for code in EVERYBODY}
    actors |= {"operator": Actor(uuid.uuid4(), kind="operator"), "visitor": VISITOR}
    assert {name for name, actor in actors.items() if can(actor, action)} == BY_ROLE[action]


@pytest.mark.parametrize("action", list(ON_JOURNEY), ids=str)
@pytest.mark.parametrize(
    "basis", ["referent", "backup", "coordinator", "receiver", "meeting", "opening", "operator"]
)
def test_who_may_by_relation(action: Action, basis: str) -> None:
    """Whatever the role: only the relation to this journey counts, and no journey means no."""
    for code in EVERYBODY:
        actor = Actor(uuid.uuid4(), (Role(code),))
        assert not can(actor, action)
        for readable, writable in (("", ""), ("C", ""), ("C", "C"), ("S", "S")):
            volets = {
                "": frozenset[Volet](),
                "C": frozenset({Volet.COORDINATION}),
                "S": frozenset({Volet.SOCIAL}),
            }
            subject = Subject(uuid.uuid4(), PRE, frozenset({basis}), volets[readable], volets[writable])
            wanted = {
                "any volet": bool(readable),
                "writes coordination": writable == "C",
                "writes any volet": bool(writable),
                "coordinates": basis == "coordinator",
                "referent or coordinator": basis in ("referent", "coordinator"),
                "team": basis in ("referent", "backup", "coordinator"),
            }[ON_JOURNEY[action]]
            assert can(actor, action, subject) == wanted, (code, readable, writable)
    if action is Action.ASSIGN_REFERENT:
        assert can(Actor(uuid.uuid4(), kind="operator"), action)


def test_a_grant_repeats_what_was_allowed() -> None:
    subject = Subject(uuid.uuid4(), PRE, frozenset({"referent"}), frozenset(Volet), frozenset({Volet.SOCIAL}))
    actor = Actor(uuid.uuid4(), (Role("REFERENT_PRE"),))
    grant = require(actor, Action.OPEN_JOURNEY, subject)
    assert (grant.actor_id, grant.action, grant.journey_id) == (
        actor.id,
        Action.OPEN_JOURNEY,
        subject.journey_id,
    )
    assert (grant.readable, grant.writable) == (frozenset(Volet), frozenset({Volet.SOCIAL}))
    with pytest.raises(Forbidden):
        require(actor, Action.LOG_CONTACT, subject)


@pytest.fixture(scope="module")
def territory_of_six_volets(cluster: Settings) -> Iterator[Flask]:
    application = module_app(cluster, "policy")
    with application.app_context():
        import_rows(world(pre=["ref1", "ref2", "ref1"], cite=["ml", "plie", "ml"]))
        yield application
    close(application)


def test_each_role_has_the_volets_of_the_table(territory_of_six_volets: Flask) -> None:
    """In the database: as référent of a journey, as coordinator, each role reads and writes what its line says."""
    with superuser_transaction() as connection:
        for (role, programme, relation), line in MATRIX.items():
            name = next(n for n, (code, _) in PEOPLE.items() if code == role)
            journey = journey_id("PRE-1" if programme == PRE else "CITE-1")
            connection.execute("SAVEPOINT role")
            connection.execute(
                "DELETE FROM access WHERE actor_id = %s AND journey_id = %s", (account(name), journey)
            )
            _relate(connection, name, journey, relation)
            volets = dict(
                connection.execute("SELECT id, volet FROM folder WHERE journey_id = %s", (journey,))
            )
            may = {volets[f]: "R" for f in truth(connection, account(name), clock.now()).read if f in volets}
            with as_web(connection, account(name), clock.now()):
                seen = {
                    row[0]
                    for row in connection.execute(
                        "SELECT volet FROM folder WHERE journey_id = %s", (journey,)
                    )
                }
                assert seen == may.keys()
                query = "INSERT INTO sheet (id, journey_id, folder_id) VALUES (gen_random_uuid(), %s, %s)"
                for folder, volet in volets.items():
                    if attempt(connection, query, journey, folder) == 1:
                        may[volet] = "RW"
            connection.execute("ROLLBACK TO SAVEPOINT role")
            assert " ".join(may.get(volet.value, "-") for volet in Volet) == line, (role, relation)


def _relate(connection: Db, name: str, journey: uuid.UUID, relation: str) -> None:
    if relation in ("receiver", "meeting"):
        # Whoever shares must hold the volet: here somebody who holds all six.
        by = "coord.pre" if journey == journey_id("PRE-1") else "coord.cite"
        connection.execute(
            "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write) SELECT gen_random_uuid(),"
            " %s, journey_id, id, 'backup', true FROM folder WHERE journey_id = %s",
            (account(by), journey),
        )
        for (folder,) in connection.execute(
            "SELECT id FROM folder WHERE journey_id = %s", (journey,)
        ).fetchall():
            connection.execute(
                "SELECT set_config('app.actor', %s, true), set_config('app.now', '', true)",
                (str(account(by)),),
            )
            connection.execute("SET LOCAL ROLE coord_web")
            query = "SELECT grant_access(%s, %s, %s, now() + interval '1 hour')"
            done = attempt(connection, query, account(name), folder, relation)
            if done == 1:
                connection.execute(query, (account(name), folder, relation))
            connection.execute("RESET ROLE")
        return
    if relation == "referent":
        connection.execute("UPDATE journey SET referent_id = %s WHERE id = %s", (account(name), journey))
        # Only as référent: the same role may coordinate too.
        connection.execute("DELETE FROM volet_right WHERE relation = 'coordinator'")
    connection.execute("SELECT set_config('app.actor', %s, true)", (str(operator_actor().id),))
    connection.execute("SELECT sync_journey_access(%s)", ([journey],))


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_policy_and_database_agree_on_random_data(app: Flask, seed: int) -> None:
    """Subject.readable and writable, and what may be done, are what the actor's session selects and changes."""
    import_rows(world(pre=["ref1", "ref2", "ref1"], cite=["ml", "plie", "ml"]))
    fill_folders()
    drawn = random.Random(seed)
    everyone = [person(name) for name in PEOPLE]
    accounts = [actor.id for actor in everyone]
    journeys = [row[0] for row in rows("SELECT id FROM journey")]
    for journey in journeys:
        rows(
            "UPDATE journey SET referent_id = %s, backup_id = %s, agreement_status = %s WHERE id = %s",
            drawn.choice([*accounts, None]),
            drawn.choice([*accounts, None]),
            drawn.choice(["SIGNE", "SIGNE", "RETIRE", "ORAL"]),
            journey,
        )
    with writing(operator_actor()):
        sync_access(journeys)
    now = clock.now()
    for folder, journey in rows("SELECT id, journey_id FROM folder"):
        rows(
            "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, until_at)"
            " VALUES (gen_random_uuid(), %s, %s, %s, 'receiver', %s, %s, %s) ON CONFLICT DO NOTHING",
            drawn.choice(accounts),
            journey,
            folder,
            drawn.random() < 0.3,
            now + timedelta(hours=drawn.choice([-5, -4, 3])),
            drawn.choice([None, now + timedelta(hours=drawn.choice([-2, 2]))]),
        )
    rows("UPDATE account SET suspended_at = now() WHERE id = %s", drawn.choice(accounts))
    volets = {folder: Volet(volet) for folder, volet in rows("SELECT id, volet FROM folder")}
    at_home = dict(rows("SELECT id, journey_id FROM folder"))
    seen_some = 0
    with superuser_transaction() as connection:
        for actor in everyone:
            with as_web(connection, actor.id):
                read = {row[0] for row in connection.execute("SELECT id FROM folder")}
                changed = connection.execute(
                    "UPDATE objective SET version = 2 RETURNING folder_id"
                ).fetchall()
                connected = {row[0] for row in connection.execute("SELECT id FROM journey")}
            written = {row[0] for row in changed}
            for journey in journeys:
                mine = {volets[f] for f in read if at_home[f] == journey}
                seen_some += len(mine)
                subject = _subject(actor, journey)
                assert (journey in connected) == bool(mine) == can(actor, Action.OPEN_JOURNEY, subject)
                if subject is None:
                    assert not mine
                    continue
                assert subject.readable == mine
                assert subject.writable == {volets[f] for f in written if at_home[f] == journey}
                assert subject.writable <= subject.readable
    assert seen_some > 30


def _subject(actor: Actor, journey: uuid.UUID) -> Subject | None:
    act_as(db.session, actor.id)
    try:
        return subject_of(actor, journey)
    except NotFound:
        return None
    finally:
        db.session.rollback()


def test_the_operator_is_related_to_no_journey(territory_of_six_volets: Flask) -> None:
    assert _subject(operator_actor(), journey_id("PRE-1")) is None
