"""Several journeys to another référent at once: all of them or none, each with its line of audit."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from coordination import clock
from coordination.accounts.queries import load_actor
from coordination.cases.commands.reassign import MOST, Reassignment, reassign
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.privacy.work import AlreadyDone
from tests.cases.pages_kit import COORDINATOR, REFERENT, account, browser, journeys_of, post
from tests.support import rows, scalar, visible

OTHER = "julien.bultel@demo.example"
ADULTS = "mipe.ml@demo.example"
UNKNOWN = uuid.UUID(int=7)


def boss() -> Any:
    return load_actor(account(COORDINATOR), clock.now())


def pairs(ids: list[uuid.UUID]) -> list[tuple[uuid.UUID, int]]:
    return [(id_, scalar("SELECT version FROM journey WHERE id = %s", id_)) for id_ in ids]


def referents(ids: list[uuid.UUID]) -> set[uuid.UUID]:
    return {row[0] for row in rows("SELECT referent_id FROM journey WHERE id = ANY(%s)", ids)}


def lines() -> int:
    return int(
        scalar("SELECT count(*) FROM audit_entry WHERE action = 'affectation_referent' AND result = 'fait'")
    )


def give(ids: list[uuid.UUID], to: str = OTHER, **options: Any) -> int:
    return reassign(boss(), Reassignment(pairs(ids), account(to)), clock.now(), **options)


def test_all_change_hands_with_a_line_each_and_accesses_follow(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:3]
    before = lines()
    assert give(ids) == 3
    assert referents(ids) == {account(OTHER)} and lines() == before + 3
    assert set(ids) <= visible(load_actor(account(OTHER), clock.now()), "journey")
    assert not set(ids) & visible(load_actor(account(REFERENT), clock.now()), "journey")


def test_who_stood_in_no_longer_stands_in_for_themselves(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:2]
    rows("UPDATE journey SET backup_id = %s WHERE id = %s", account(OTHER), ids[0])
    rows("UPDATE journey SET backup_id = %s WHERE id = %s", account(REFERENT), ids[1])
    give(ids)
    assert [row[0] for row in rows("SELECT backup_id FROM journey WHERE id = ANY(%s) ORDER BY ref", ids)] == [
        None,
        account(REFERENT),
    ]


def test_one_that_changed_meanwhile_stops_them_all(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:3]
    read = pairs(ids)
    rows("UPDATE journey SET version = version + 1 WHERE id = %s", ids[2])
    before = lines()
    with pytest.raises(Conflict, match="Un parcours a été modifié"):
        reassign(boss(), Reassignment(read, account(OTHER)), clock.now())
    assert referents(ids) == {account(REFERENT)} and lines() == before


def test_a_foreign_one_stops_them_all(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:2]
    foreign = scalar("SELECT id FROM journey WHERE programme = 'CITE_EMPLOI' ORDER BY ref LIMIT 1")
    for wanted in (foreign, uuid.uuid4()):
        with pytest.raises(NotFound):
            reassign(boss(), Reassignment([*pairs(ids), (wanted, 1)], account(OTHER)), clock.now())
    assert referents(ids) == {account(REFERENT)}
    assert scalar("SELECT count(*) FROM audit_entry WHERE result = 'refus' AND journey_id = %s", foreign) == 1


def test_a_referent_gives_nothing_away(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:1]
    me = load_actor(account(REFERENT), clock.now())
    with pytest.raises(Forbidden):
        reassign(me, Reassignment(pairs(ids), account(OTHER)), clock.now())


@pytest.mark.parametrize("suspended", [False, True])
def test_only_somebody_who_can_follow_is_named(site: Flask, suspended: bool) -> None:
    ids = journeys_of(REFERENT)[:2]
    if suspended:
        rows("UPDATE account SET suspended_at = now() WHERE email = %s", OTHER)
    for email in (OTHER,) if suspended else (ADULTS, "eps.ecole@demo.example", "admin@demo.example"):
        with pytest.raises(BadInput) as error:
            give(ids, email)
        assert "ne peut pas suivre" in error.value.fields["referent"]
    with pytest.raises(BadInput):
        reassign(boss(), Reassignment(pairs(ids), uuid.uuid4()), clock.now())
    assert referents(ids) == {account(REFERENT)}


def test_nobody_chosen_nobody_named_and_too_many_are_said(site: Flask) -> None:
    with pytest.raises(BadInput) as error:
        reassign(boss(), Reassignment([], None), clock.now())
    assert set(error.value.fields) == {"journeys", "referent"}
    many = [(uuid.uuid4(), 1) for _ in range(MOST + 1)]
    with pytest.raises(BadInput) as error:
        reassign(boss(), Reassignment(many, account(OTHER)), clock.now())
    assert f"{MOST} parcours" in error.value.fields["journeys"]


def test_the_same_form_twice_counts_once(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:2]
    wanted = Reassignment(pairs(ids), account(OTHER))
    reassign(boss(), wanted, clock.now(), key="k" * 32, answer="/ailleurs")
    before = lines()
    with pytest.raises(AlreadyDone) as done:
        reassign(boss(), wanted, clock.now(), key="k" * 32, answer="/ailleurs")
    assert done.value.answer == "/ailleurs" and lines() == before


def send(site: Flask, values: list[str], to: str = "", key: str = "c" * 32) -> TestResponse:
    path = f"/parcours/reaffecter/{account(REFERENT)}"
    return post(browser(site, COORDINATOR), path, journeys=values, referent=to, idempotency_key=key)


def test_the_page_gives_what_was_ticked_and_says_how_many(site: Flask) -> None:
    ids = journeys_of(REFERENT)[:2]
    values = [f"{id_}:{version}" for id_, version in pairs(ids)]
    answer = send(site, values, str(account(OTHER)))
    assert (answer.status_code, answer.location) == (303, "/parcours/tableau")
    assert referents(ids) == {account(OTHER)}
    again = send(site, values, str(account(OTHER)))
    assert again.status_code == 303, "an impatient thumb is answered the same"


def test_a_refused_page_keeps_what_was_ticked(site: Flask) -> None:
    id_, version = pairs(journeys_of(REFERENT)[:1])[0]
    page = send(site, [f"{id_}:{version}"])
    assert page.status_code == 422
    assert "Choisissez le nouveau référent." in page.text
    assert f'value="{id_}:{version}" checked' in page.text
    nothing = send(site, [], str(account(OTHER)))
    assert nothing.status_code == 422 and "Cochez au moins un parcours." in nothing.text
    assert f'<option selected value="{account(OTHER)}">' in nothing.text


def test_a_page_read_too_early_is_shown_again_with_what_stands(site: Flask) -> None:
    id_, version = pairs(journeys_of(REFERENT)[:1])[0]
    rows("UPDATE journey SET version = version + 1 WHERE id = %s", id_)
    page = send(site, [f"{id_}:{version}"], str(account(OTHER)))
    assert page.status_code == 409 and "modifié entre-temps" in page.text
    assert f'value="{id_}:{version + 1}" checked' in page.text


@pytest.mark.parametrize("value", ["rien", "a:b", str(UNKNOWN), f"{UNKNOWN}:x", f"{UNKNOWN}:1"])
def test_what_no_page_offers_is_refused(site: Flask, value: str) -> None:
    assert send(site, [value], str(account(OTHER))).status_code in (404, 422)
    nobody = send(site, [], "personne")
    assert nobody.status_code == 422 and "ouvrez de nouveau la page" in nobody.text


def test_the_list_of_somebody_who_follows_nothing_here_does_not_exist(site: Flask) -> None:
    client = browser(site, COORDINATOR)
    for who in (account(ADULTS), uuid.uuid4()):
        assert client.get(f"/parcours/reaffecter/{who}").status_code == 404
    assert client.get(f"/parcours/reaffecter/{account(OTHER)}").status_code == 200
