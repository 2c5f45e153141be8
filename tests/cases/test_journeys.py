"""Opening a journey, naming its référent."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.cases.commands.journeys import NewJourney, assign_referent, open_journey
from coordination.errors import BadInput, Forbidden, NotFound
from coordination.privacy.access import call, sync_access
from tests.support import counts, day, import_rows, journey_id, person, rows, scalar, visible, world, writing

SHEET = {"first_name": "Lina", "last_name": "Roux", "commune": "62765", "birth_date": day(-4000)}


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    import_rows(world())
    yield app


def a_journey(**changes: Any) -> NewJourney:
    given = {"programme": "PRE", "ref": "PRE-77", "opened_on": day(-1), "referent_id": None, "sheet": SHEET}
    return NewJourney(**(given | changes))


def test_a_spotting_opens_a_journey_with_the_least(house: Flask) -> None:
    journey = open_journey(person("ref1"), a_journey(referent_id=person("ref1").id), clock.now())
    assert rows("SELECT volet FROM folder WHERE journey_id = %s", journey) == [("coordination",)]
    stage, status = rows("SELECT stage, agreement_status FROM journey WHERE id = %s", journey)[0]
    assert (stage, status) == ("SAISINE", "A_DEMANDER")
    assert visible(person("ref1"), "journey") == {journey, journey_id("PRE-1")}
    assert journey in visible(person("coord.pre"), "journey")
    assert journey not in visible(person("ref2"), "journey") | visible(person("coord.cite"), "journey")
    line = rows("SELECT action, result, detail FROM audit_entry WHERE journey_id = %s", journey)
    assert line == [("ouverture_parcours", "fait", "birth_date,commune,first_name,last_name")]
    assert b"Lina" not in bytes(scalar("SELECT first_name FROM sheet WHERE journey_id = %s", journey))


def test_whoever_opened_it_for_another_does_not_keep_it(house: Flask) -> None:
    """The access of an opening ends with the work: what remains follows from the facts."""
    journey = open_journey(person("ref1"), a_journey(referent_id=person("ref2").id), clock.now())
    assert journey not in visible(person("ref1"), "journey")
    assert journey in visible(person("ref2"), "journey")
    assert scalar("SELECT count(*) FROM access WHERE basis = 'opening'") == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"programme": "PRE2"}, "programme"),
        ({"opened_on": None}, "opened_on"),
        # In the future on the day after too: midnight may cut a run in two.
        ({"opened_on": day(2)}, "opened_on"),
        ({"ref": " "}, "ref"),
        ({"sheet": SHEET | {"first_name": " "}}, "first_name"),
        ({"sheet": SHEET | {"last_name": None}}, "last_name"),
        ({"sheet": SHEET | {"address": "1 85 05 78 006 084 91"}}, "address"),
        ({"sheet": SHEET | {"school": "x" * 201}}, "school"),
        # Aire-sur-la-Lys is in the CAPSO and not in the perimeter of the PRE.
        ({"sheet": SHEET | {"commune": "62014"}}, "commune"),
        ({"sheet": SHEET | {"commune": "75056"}}, "commune"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    house: Flask, changes: dict[str, Any], field: str
) -> None:
    before = counts(house.config["SETTINGS"])
    with pytest.raises(BadInput) as refused:
        open_journey(person("ref1"), a_journey(**changes), clock.now())
    assert refused.value.fields.keys() == {field}
    assert counts(house.config["SETTINGS"]) == before


@pytest.mark.parametrize(
    "name", ["centre", "ccas", "sante", "ecole", "eps.social", "pilotage", "dpo", "admin"]
)
def test_roles_that_follow_nobody_open_nothing(house: Flask, name: str) -> None:
    with pytest.raises(Forbidden):
        open_journey(person(name), a_journey(), clock.now())


def refusals() -> list[tuple[str, str]]:
    return rows("SELECT action, result FROM audit_entry WHERE result = 'refus'")


@pytest.mark.parametrize(
    ("name", "programme"),
    [("ml", "PRE"), ("coord.cite", "PRE"), ("ref1", "CITE_EMPLOI"), ("coord.pre", "CITE_EMPLOI")],
)
def test_a_programme_is_opened_by_its_own_people(house: Flask, name: str, programme: str) -> None:
    before = counts(house.config["SETTINGS"])["journey"]
    with pytest.raises(Forbidden, match="dispositif"):
        open_journey(person(name), a_journey(programme=programme), clock.now())
    assert counts(house.config["SETTINGS"])["journey"] == before
    assert refusals() == [("ouverture_parcours", "refus")]


def test_a_reference_is_taken_once(house: Flask) -> None:
    """Whoever follows the other journey: references are the territory's."""
    with pytest.raises(BadInput) as refused:
        open_journey(person("ref1"), a_journey(ref="PRE-2"), clock.now())
    assert refused.value.fields.keys() == {"ref"}


def test_a_new_referent_takes_over_at_once(house: Flask) -> None:
    journey = journey_id("PRE-1")
    assign_referent(person("coord.pre"), journey, person("ref2").id, clock.now())
    assert visible(person("ref1"), "journey") == set()
    assert visible(person("ref2"), "journey") == {journey, journey_id("PRE-2")}
    assign_referent(person("coord.pre"), journey, person("ref1").id, clock.now(), backup=True)
    assert visible(person("ref1"), "journey") == {journey}


@pytest.mark.parametrize("name", ["ref1", "ref2", "coord.cite", "admin"])
def test_only_the_coordinator_of_the_programme_names_a_referent(house: Flask, name: str) -> None:
    with pytest.raises((Forbidden, NotFound)):
        assign_referent(person(name), journey_id("PRE-1"), person("ref2").id, clock.now())


NOBODY_TO_FOLLOW = ["admin", "dpo", "pilotage", "ml", "coord.cite", "centre", "operateur", "unknown", "ended"]


def somebody(name: str) -> uuid.UUID:
    if name == "ended":
        rows("UPDATE membership SET ended_at = %s WHERE account_id = %s", clock.now(), person("ref2").id)
        return person("ref2").id
    known = {"unknown": uuid.uuid4, "operateur": lambda: operator_actor().id}
    return known[name]() if name in known else person(name).id


@pytest.mark.parametrize("name", NOBODY_TO_FOLLOW)
@pytest.mark.parametrize("backup", [False, True])
def test_who_cannot_follow_the_programme_is_refused_beside_the_field(
    house: Flask, name: str, backup: bool
) -> None:
    chosen = somebody(name)
    with pytest.raises(BadInput) as refused:
        assign_referent(person("coord.pre"), journey_id("PRE-1"), chosen, clock.now(), backup=backup)
    assert refused.value.fields.keys() == {"backup_id" if backup else "referent_id"}
    assert rows("SELECT referent_id, backup_id FROM journey WHERE ref = 'PRE-1'") == [
        (person("ref1").id, None)
    ]
    with pytest.raises(BadInput) as refused:
        open_journey(person("coord.pre"), a_journey(referent_id=chosen), clock.now())
    assert refused.value.fields.keys() == {"referent_id"}


def test_a_suspended_account_follows_nobody(house: Flask) -> None:
    chosen = person("ref2").id
    rows("UPDATE account SET suspended_at = %s WHERE id = %s", clock.now(), chosen)
    with pytest.raises(BadInput, match="Rien") as refused:
        assign_referent(person("coord.pre"), journey_id("PRE-1"), chosen, clock.now())
    assert "suspendu" in refused.value.fields["referent_id"]


@pytest.mark.parametrize(
    "change",
    [
        "secrecy_basis = 'AUCUN'",
        "charter_expires_on = %s",
        "charter_signed_on = NULL, charter_version = NULL",
    ],
)
def test_who_may_open_no_journey_follows_none(house: Flask, change: str) -> None:
    chosen, ends = person("ref2").id, [clock.today()] if "%s" in change else []
    rows(f"UPDATE account SET {change} WHERE id = %s", *ends, chosen)
    with pytest.raises(BadInput, match="Rien") as refused:
        assign_referent(person("coord.pre"), journey_id("PRE-1"), chosen, clock.now())
    assert "charte" in refused.value.fields["referent_id"]


def test_a_coordinator_may_follow_in_the_own_programme(house: Flask) -> None:
    assign_referent(person("coord.pre"), journey_id("PRE-1"), person("coord.pre").id, clock.now())
    assert scalar("SELECT referent_id FROM journey WHERE ref = 'PRE-1'") == person("coord.pre").id


@pytest.mark.parametrize("name", ["admin", "dpo", "pilotage", "ml", "centre"])
def test_a_referent_without_the_role_sees_nothing(house: Flask, name: str) -> None:
    """Being named, by an import for instance, is not enough: the volets come from the role."""
    rows("UPDATE journey SET referent_id = %s WHERE ref = 'PRE-1'", person(name).id)
    with writing(operator_actor()):
        call("operator_access", [journey_id("PRE-1")])
        sync_access([journey_id("PRE-1")])
        call("operator_access", [])
    assert journey_id("PRE-1") not in visible(person(name), "journey")
