"""What the administrator does: accounts, dated roles, links, structures; and what follows for access."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts import administration, password_links, structures
from coordination.accounts.administration import Person, begins, span
from coordination.accounts.commands import Charter, operator_actor
from coordination.accounts.passwords import verify
from coordination.accounts.queries import load_actor
from coordination.accounts.structures import StructureValues
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.exchange.recompute import recompute
from coordination.privacy.actor import Actor
from tests.people import PASSWORD, make_account
from tests.support import (
    account_of,
    day,
    folder_id,
    import_rows,
    journey_id,
    person,
    rows,
    scalar,
    seen_by,
    visible,
    world,
)

NOW = clock.now


def version(account_id: uuid.UUID, table: str = "account") -> int:
    return int(scalar(f"SELECT version FROM {table} WHERE id = %s", account_id))


def role_of(account_id: uuid.UUID, role: str) -> tuple[uuid.UUID, int]:
    found = rows("SELECT id, version FROM membership WHERE account_id = %s AND role = %s", account_id, role)
    return found[0]


@pytest.fixture
def admin(app: Flask) -> Actor:
    import_rows(world(pre=["ref1"], cite=["ml"]))
    return person("admin")


def give(
    actor: Actor, account_id: uuid.UUID, role: str, starts: date | None = None, ends: date | None = None
) -> None:
    administration.give_role(actor, account_id, role, None, "PRE", starts, ends, NOW())


def test_a_role_given_by_the_administrator_opens_its_journeys_at_once_and_shows_none(admin: Actor) -> None:
    account_id = account_of("ccas")
    assert visible(person("ccas"), "journey") == set()
    give(admin, account_id, "COORD_PRE")
    assert visible(person("ccas"), "journey") == {journey_id("PRE-1")}
    assert visible(admin, "journey") == set()
    membership, read = role_of(account_id, "COORD_PRE")
    administration.date_role(admin, membership, read, None, None, NOW(), end_now=True)
    assert visible(person("ccas"), "journey") == set()
    assert not person("ccas").has("COORD_PRE")
    done = rows("SELECT detail FROM audit_entry WHERE action = 'gestion_comptes' AND actor_id = %s", admin.id)
    assert [line.split(",")[0] for (line,) in done] == ["role_ajoute", "role_termine"]


def test_a_role_opens_and_closes_on_its_days_to_the_instant(admin: Actor) -> None:
    """The access rows carry the role's dates: nobody needs to run anything at midnight."""
    from flask import current_app

    account_id = account_of("ccas")
    first, last = day(3), day(10)
    give(admin, account_id, "COORD_PRE", first, last)
    seen = {}
    for name, at in {
        "just before": begins(first) - timedelta(seconds=1),
        "first instant": begins(first),
        "last instant": begins(last + timedelta(days=1)) - timedelta(seconds=1),
        "just after": begins(last + timedelta(days=1)),
    }.items():
        with seen_by(current_app.config["SETTINGS"], account_id, at) as connection:
            found = connection.execute("SELECT count(*), has_role('COORD_PRE') FROM journey").fetchone()
        assert found is not None
        seen[name] = (found[0], found[1], load_actor(account_id, at).has("COORD_PRE"))
    assert seen == {
        "just before": (0, False, False),
        "first instant": (1, True, True),
        "last instant": (1, True, True),
        "just after": (0, False, False),
    }
    # A journey that comes meanwhile follows the same dates.
    import_rows(world(pre=["ref1", "ref2"], cite=["ml"]))
    until = rows("SELECT DISTINCT until_at FROM access WHERE actor_id = %s", account_id)
    assert [value for (value,) in until] == [begins(last + timedelta(days=1))]
    # Longer, then without an end.
    membership, read = role_of(account_id, "COORD_PRE")
    administration.date_role(admin, membership, read, day(), None, NOW())
    assert visible(person("ccas"), "journey") == {journey_id("PRE-1"), journey_id("PRE-2")}


def test_days_that_cross_are_refused(app: Flask) -> None:
    now = NOW()
    assert span(day(), day(), now) == (begins(day()), begins(day(1)))
    assert span(None, None, now) == (now, None)
    with pytest.raises(BadInput) as refused:
        span(day(1), day(), now)
    assert refused.value.fields.keys() == {"until_on"}


def test_two_administrators_never_overwrite_each_other(admin: Actor) -> None:
    account_id = account_of("ccas")
    read = version(account_id)
    other = Person("ccas@ex.fr", "Dominique Roy", "CONTRACTUEL", None)
    administration.change_person(admin, account_id, read, other, NOW())
    with pytest.raises(Conflict):
        administration.change_person(
            admin, account_id, read, Person("ccas@ex.fr", "Camille Roy", "AUCUN", None), NOW()
        )
    assert scalar("SELECT display_name FROM account WHERE id = %s", account_id) == "Dominique Roy"
    with pytest.raises(Conflict):
        administration.suspend_person(admin, account_id, read, NOW())
    membership, held = role_of(account_id, "CCAS")
    administration.date_role(admin, membership, held, day(), day(5), NOW())
    with pytest.raises(Conflict):
        administration.date_role(admin, membership, held, day(), None, NOW())


@pytest.mark.parametrize("last", [date(1, 1, 1), date(9999, 12, 31)])
def test_a_role_has_days_that_can_be(admin: Actor, last: date) -> None:
    membership, held = role_of(account_of("ccas"), "CCAS")
    with pytest.raises(BadInput) as refused:
        administration.date_role(admin, membership, held, None, last, NOW())
    assert "de 1990 à 2100" in refused.value.fields["until_on"]


def test_nobody_changes_the_own_roles_so_one_administrator_is_always_left(admin: Actor) -> None:
    membership, held = role_of(admin.id, "ADMIN")
    for change in (
        lambda: administration.suspend_person(admin, admin.id, version(admin.id), NOW()),
        lambda: administration.date_role(admin, membership, held, None, None, NOW(), end_now=True),
        lambda: administration.date_role(admin, membership, held, day(-9), day(-1), NOW()),
        lambda: give(admin, admin.id, "COORD_PRE"),
    ):
        with pytest.raises(BadInput, match="autre administrateur"):
            change()
    assert person("admin").has("ADMIN")


def test_suspension_closes_sessions_and_resuming_opens_the_account_again(admin: Actor) -> None:
    account_id = account_of("ref1")
    administration.suspend_person(admin, account_id, version(account_id), NOW())
    assert visible(Actor(account_id), "journey") == set()
    with pytest.raises(Forbidden):
        load_actor(account_id, NOW())
    administration.resume_person(admin, account_id, version(account_id), NOW())
    assert visible(person("ref1"), "journey") == {journey_id("PRE-1")}


def test_a_charter_taken_back_shows_nothing_from_the_next_request(admin: Actor) -> None:
    account_id = account_of("ref1")
    signed = Charter("2026-2", day(-1), day(100))
    for charter, sees in ((signed, True), (None, False), (signed, True)):
        changed = Person("ref1@ex.fr", "ref1", "PROFESSION", charter)
        administration.change_person(admin, account_id, version(account_id), changed, NOW())
        assert bool(visible(person("ref1"), "journey")) is sees


OTHER_ROLES = ("ref1", "coord.pre", "ml", "dpo", "pilotage", "ccas")


@pytest.mark.parametrize(
    "act",
    [
        lambda actor, other: give(actor, other, "COORD_PRE"),
        lambda actor, other: administration.suspend_person(actor, other, 1, NOW()),
        lambda actor, other: administration.resume_person(actor, other, 1, NOW()),
        lambda actor, other: administration.change_person(
            actor, other, 1, Person("x@ex.fr", "x", "AUCUN", None), NOW()
        ),
        lambda actor, other: password_links.new_link(actor, other, NOW()),
        lambda actor, other: structures.add_structure(
            actor, "XY", StructureValues("x", None, None, None), NOW()
        ),
    ],
)
def test_nobody_else_administers(admin: Actor, act: Callable[[Actor, uuid.UUID], Any]) -> None:
    other = account_of("sante")
    for name in OTHER_ROLES:
        with pytest.raises(Forbidden):
            act(person(name), other)


def test_what_is_not_an_account_is_not_found(admin: Actor) -> None:
    with pytest.raises(NotFound):
        give(admin, uuid.uuid4(), "CCAS")
    with pytest.raises(NotFound):
        administration.date_role(admin, uuid.uuid4(), 1, None, None, NOW())
    with pytest.raises(BadInput):
        administration.suspend_person(admin, operator_actor().id, 1, NOW())


def test_a_link_serves_once_and_the_person_alone_knows_the_password(app: Flask) -> None:
    admin, account_id = load_actor(make_account("ADMIN"), NOW()), make_account("CCAS")
    first = password_links.new_link(admin, account_id, NOW())
    token = password_links.new_link(admin, account_id, NOW())
    assert password_links.link_holder(first, NOW()) is None, "the later link replaces the earlier one"
    new = "huit lamas chantent ailleurs"
    with pytest.raises(BadInput):
        password_links.choose_password(token, "court", NOW())
    password_links.choose_password(token, new, NOW())
    stored = str(scalar("SELECT password_hash FROM account WHERE id = %s", account_id))
    assert verify(stored, new) and not verify(stored, PASSWORD)
    with pytest.raises(Forbidden):
        password_links.choose_password(token, new, NOW())
    kept = scalar("SELECT string_agg(encode(token_hash, 'hex'), ' ') FROM password_link")
    assert token not in kept


@pytest.mark.parametrize(
    ("later", "good"), [(timedelta(hours=72, seconds=-1), True), (timedelta(hours=72), False)]
)
def test_a_link_lasts_72_hours(app: Flask, later: timedelta, good: bool) -> None:
    admin, account_id, now = load_actor(make_account("ADMIN"), NOW()), make_account("CCAS"), NOW()
    token = password_links.new_link(admin, account_id, now)
    assert (password_links.link_holder(token, now + later) == account_id) is good


def test_a_structure_is_retired_and_what_names_it_keeps_it(admin: Actor) -> None:
    values = StructureValues("Centre social d'Arques", "CENTRE_SOCIAL", "62040", None)
    made = structures.add_structure(admin, "CS-ARQUES", values, NOW())
    with pytest.raises(BadInput) as twice:
        structures.add_structure(admin, "CS-ARQUES", values, NOW())
    assert twice.value.fields.keys() == {"code"}
    account_id = account_of("centre")
    administration.give_role(admin, account_id, "CENTRE_SOCIAL", "CS-ARQUES", None, None, None, NOW())
    retired = StructureValues("Centre social d'Arques", "CENTRE_SOCIAL", "62040", day())
    structures.change_structure(admin, made, version(made, "structure"), retired, NOW())
    with pytest.raises(Conflict):
        structures.change_structure(admin, made, 1, values, NOW())
    with pytest.raises(BadInput) as refused:
        administration.give_role(admin, account_of("ccas"), "CCAS", "CS-ARQUES", None, None, None, NOW())
    assert refused.value.fields.keys() == {"structure"}
    assert person("centre").structure_id is not None


@pytest.mark.parametrize(
    ("code", "values", "field"),
    [
        ("x", StructureValues("x", None, None, None), "code"),
        ("XY", StructureValues("", None, None, None), "name"),
        ("XY", StructureValues("x", "INVENTE", None, None), "type"),
        ("XY", StructureValues("x", None, "Arques", None), "commune"),
        ("XY", StructureValues("x", None, "75056", None), "commune"),
    ],
)
def test_what_a_structure_cannot_be(app: Flask, code: str, values: StructureValues, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        structures.add_structure(operator_actor(), code, values, NOW())
    assert refused.value.fields.keys() == {field}


def waiting() -> set[uuid.UUID]:
    return {row[0] for row in rows("SELECT journey_id FROM recompute_queue")}


def test_access_that_was_granted_ends_with_the_role_that_could_receive_it(admin: Actor) -> None:
    journey = journey_id("PRE-1")
    folder = folder_id("PRE-1", "coordination")
    rows(
        "INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, granted_by) SELECT"
        " gen_random_uuid(), %s, %s, %s, 'receiver', false, now() - interval '1 day', %s",
        account_of("centre"),
        journey,
        folder,
        account_of("ref1"),
    )
    role = rows("SELECT id, version FROM membership WHERE account_id = %s", account_of("centre"))[0]
    assert journey in visible(person("centre"), "journey")
    # Another account's role, and a date to come, end nothing of theirs.
    other = rows("SELECT id, version FROM membership WHERE account_id = %s", account_of("ccas"))[0]
    administration.date_role(admin, other[0], other[1], None, None, clock.now(), end_now=True)
    assert journey in visible(person("centre"), "journey")
    administration.date_role(admin, role[0], role[1], None, None, clock.now(), end_now=True)
    assert visible(person("centre"), "journey") == set()
    assert visible(person("centre"), "folder") == set()


def test_a_role_that_ends_leaves_its_journeys_to_a_recount_that_dates_the_departure(admin: Actor) -> None:
    """Who manages accounts sees no journey: the database queues them, and somebody else counts again."""
    rows("DELETE FROM recompute_queue")
    account, departure = (
        account_of("ref1"),
        "SELECT due_on FROM deadline WHERE rule = 'I08' AND journey_id = %s",
    )
    followed = {row[0] for row in rows("SELECT id FROM journey WHERE referent_id = %s", account)}
    assert followed and journey_id("PRE-1") in followed
    assert rows(departure, journey_id("PRE-1")) == []
    role, seen = role_of(account, "REFERENT_PRE")
    administration.date_role(admin, role, seen, None, day(60), NOW())
    assert waiting() == followed
    assert recompute(operator_actor(), NOW(), day(), pending=True)["journeys"] == len(followed)
    assert waiting() == set()
    assert len(rows(departure, journey_id("PRE-1"))) == 1


def test_a_suspended_referent_has_left_and_is_back_when_opened_again(admin: Actor) -> None:
    account = account_of("ref1")
    orphan = (
        "SELECT due_on FROM deadline WHERE rule = 'I09' AND journey_id = %s",
        journey_id("PRE-1"),
    )
    assert rows(*orphan) == []
    administration.suspend_person(admin, account, version(account), NOW())
    recompute(operator_actor(), NOW(), day(), pending=True)
    assert rows(*orphan) == [(day(3),)]
    administration.resume_person(admin, account, version(account), NOW())
    recompute(operator_actor(), NOW(), day(), pending=True)
    assert rows(*orphan) == []


def test_an_account_suspended_or_opened_again_leaves_its_journeys_to_a_recount(admin: Actor) -> None:
    account = account_of("ref1")
    followed = {row[0] for row in rows("SELECT id FROM journey WHERE referent_id = %s", account)}
    for change in (administration.suspend_person, administration.resume_person):
        rows("DELETE FROM recompute_queue")
        change(admin, account, version(account), NOW())
        assert waiting() == followed
    rows("DELETE FROM recompute_queue")
    rows("UPDATE account SET display_name = display_name WHERE id = %s", account)
    assert waiting() == set()
