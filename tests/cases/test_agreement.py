"""The agreement opens the volets, its withdrawal freezes sharing at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask

from coordination import clock
from coordination.cases.commands.agreements import NewAgreement, record_agreement, take_back_agreement
from coordination.cases.commands.journeys import NewJourney, open_journey
from coordination.cases.references import PREFIXES
from coordination.errors import BadInput, Conflict, Forbidden, NotFound
from coordination.privacy.access import call, sync_access
from coordination.privacy.volets import Volet
from tests.support import (
    day,
    folder_id,
    import_rows,
    journey_id,
    person,
    rows,
    scalar,
    visible,
    world,
    writing,
)

VOLETS = {
    "PRE": {"coordination", "scolarite", "social", "sante"},
    "CITE_EMPLOI": {"coordination", "social", "sante", "emploi"},
}


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    import_rows(world())
    yield app


def sign(name: str, journey: uuid.UUID, status: str = "SIGNE") -> None:
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    record_agreement(person(name), journey, NewAgreement(status, day()), version, clock.now())


def volets(name: str, journey: uuid.UUID) -> set[str]:
    of = dict(rows("SELECT id, volet FROM folder WHERE journey_id = %s", journey))
    return {of[folder] for folder in visible(person(name), "folder") if folder in of}


def opened(name: str, programme: str) -> uuid.UUID:
    sheet = {"first_name": "Lina", "last_name": "Roux"}
    new = NewJourney(
        programme, f"{PREFIXES[programme]}-{uuid.uuid4().int % 10**6}", day(-3), person(name).id, sheet
    )
    return open_journey(person(name), new, clock.now())


def share(name: str, volet: str = "social") -> None:
    with writing(person("ref1")):
        until = clock.now().replace(year=2100)
        call("grant_access", person(name).id, folder_id("PRE-1", volet), "receiver", until)


@pytest.mark.parametrize(("name", "programme"), [("ref1", "PRE"), ("ml", "CITE_EMPLOI")])
def test_before_the_agreement_there_is_only_the_coordination_volet(
    house: Flask, name: str, programme: str
) -> None:
    journey = opened(name, programme)
    assert rows("SELECT volet FROM folder WHERE journey_id = %s", journey) == [("coordination",)]
    sign(name, journey)
    assert volets(name, journey) == VOLETS[programme]
    # A key for each folder, and none of them twice.
    folders = {row[0] for row in rows("SELECT id FROM folder WHERE journey_id = %s", journey)}
    assert folders <= {row[0] for row in rows("SELECT folder_id FROM dek", keys=True)}


@pytest.mark.parametrize("status", ["PRESENTE", "ORAL", "A_DEMANDER", "UN_SEUL_PARENT", "REFUS"])
def test_no_other_status_opens_anything(house: Flask, status: str) -> None:
    journey = opened("ref1", "PRE")
    sign("ref1", journey, status)
    assert volets("ref1", journey) == {"coordination"}


@pytest.mark.parametrize("status", ["REFUS", "RETIRE"])
def test_withdrawal_freezes_sharing_at_once_and_a_signature_gives_the_team_its_volets_back(
    house: Flask, status: str
) -> None:
    journey = journey_id("PRE-1")
    share("centre")
    assert volets("centre", journey) == {"social"} and volets("ref1", journey) == VOLETS["PRE"]
    sign("ref1", journey, status)
    assert volets("centre", journey) == set()
    assert volets("ref1", journey) == volets("coord.pre", journey) == {"coordination"}
    assert rows("SELECT rule FROM deadline WHERE journey_id = %s", journey) == [("A14",)]
    sign("ref1", journey)
    assert volets("ref1", journey) == VOLETS["PRE"] and volets("centre", journey) == set()
    # What stands of it now is its yearly renewal.
    assert rows("SELECT kind FROM deadline WHERE journey_id = %s AND rule = 'A14'", journey) == [("lead",)]


@pytest.mark.parametrize("status", ["ORAL", "PRESENTE", "A_DEMANDER", "UN_SEUL_PARENT"])
@pytest.mark.parametrize("way", ["command", "import"])
def test_below_a_signature_what_needed_it_closes(house: Flask, status: str, way: str) -> None:
    """Corrected or imported, the journey stands as if it had never been signed."""
    journey = journey_id("PRE-1")
    share("centre")
    assert volets("coord.pre", journey) == {*VOLETS["PRE"], "protection"}
    for to, expected in ((status, {"coordination"}), ("SIGNE", VOLETS["PRE"])):
        if way == "command":
            sign("ref1", journey, to)
        else:
            bundle = world()
            bundle["journeys.csv"][0] |= {"agreement_status": to, "agreement_on": str(day(-20))}
            import_rows(bundle)
        assert volets("ref1", journey) == expected
        # The coordinator gets back what an import brought, protection among it; the partner must be asked again.
        back = {"protection"} if to == "SIGNE" else set()
        assert volets("coord.pre", journey) == expected | back
        assert volets("centre", journey) == set()
    assert volets("ref2", journey_id("PRE-2")) == VOLETS["PRE"]


def test_a_signature_that_covers_less_ends_what_a_partner_had_of_the_rest(house: Flask) -> None:
    journey = journey_id("PRE-1")
    share("centre", "social")
    share("centre", "scolarite")
    version = scalar("SELECT version FROM journey WHERE id = %s", journey)
    signed = NewAgreement("SIGNE", day(), (Volet.SOCIAL,))
    record_agreement(person("ref1"), journey, signed, version, clock.now())
    assert volets("centre", journey) == {"social"}
    assert volets("ref1", journey) == {"coordination", "social"}


@pytest.mark.parametrize("before", ["ORAL", None])
@pytest.mark.parametrize("mistake", ["RETIRE", "REFUS"])
def test_a_refusal_noted_by_mistake_in_the_cite_gives_back_what_it_closed(
    house: Flask, before: str | None, mistake: str
) -> None:
    journey = journey_id("CITE-1")
    rows("UPDATE journey SET agreement_status = NULL, agreement_on = NULL WHERE id = %s", journey)
    rows("UPDATE folder SET agreed = false, open = false WHERE journey_id = %s AND volet = 'sante'", journey)
    if before:
        sign("ml", journey, before)
    else:
        with writing(person("ml")):
            sync_access([journey])
    known = volets("ml", journey)
    assert known == {"coordination", "social", "emploi"}
    sign("ml", journey, mistake)
    assert volets("ml", journey) == {"coordination"}
    last = scalar("SELECT id FROM agreement WHERE journey_id = %s ORDER BY position DESC LIMIT 1", journey)
    take_back_agreement(person("ml"), journey, last, clock.now())
    assert scalar("SELECT agreement_status FROM journey WHERE id = %s", journey) == before
    assert volets("ml", journey) == known, "and no more"


def test_after_a_withdrawal_only_a_signature_opens_again(house: Flask) -> None:
    for ref, name in (("PRE-1", "ref1"), ("CITE-1", "ml")):
        journey = journey_id(ref)
        for status in ("RETIRE", "PRESENTE"):
            sign(name, journey, status)
            assert volets(name, journey) == {"coordination"}
        sign(name, journey)
        assert volets(name, journey) == VOLETS["PRE" if ref == "PRE-1" else "CITE_EMPLOI"]


@pytest.mark.parametrize("name", ["ref2", "centre", "coord.cite", "admin"])
def test_nobody_else_moves_the_volets_of_a_journey(house: Flask, name: str) -> None:
    with pytest.raises(Exception, match="follow_agreement: not a journey"), writing(person(name)):
        call("follow_agreement", [journey_id("PRE-1")])


def test_a_signature_opens_what_an_import_had_kept_closed(app: Flask) -> None:
    bundle = world(pre=["ref1"], cite=[])
    bundle["journeys.csv"][0] |= {"agreement_status": "PRESENTE", "agreement_on": str(day(-20))}
    import_rows(bundle)
    journey = journey_id("PRE-1")
    assert volets("ref1", journey) == {"coordination"}
    kept = {row[0] for row in rows("SELECT id FROM folder WHERE journey_id = %s", journey)}
    sign("ref1", journey)
    assert volets("ref1", journey) == VOLETS["PRE"]
    # The same folders, so that what was imported opens; protection stays closed to the référent.
    assert kept <= {row[0] for row in rows("SELECT id FROM folder WHERE journey_id = %s", journey)}


@pytest.mark.parametrize(
    ("status", "offset", "field"),
    [
        ("SIGNE", None, "on"),
        ("SIGNE", 1, "on"),
        ("SIGNE", -300, "on"),
        ("RETIRE", None, "on"),
        ("PEUT_ETRE", 0, "status"),
    ],
)
def test_what_cannot_be_is_refused(house: Flask, status: str, offset: int | None, field: str) -> None:
    journey = journey_id("PRE-1")
    on = None if offset is None else day(offset)
    with pytest.raises(BadInput) as refused:
        record_agreement(person("ref1"), journey, NewAgreement(status, on), 1, clock.now())
    assert refused.value.fields.keys() == {field}
    assert scalar("SELECT agreement_on FROM journey WHERE id = %s", journey) == day(-190)


def test_two_people_do_not_overwrite_each_other(house: Flask) -> None:
    journey = journey_id("PRE-1")
    record_agreement(person("ref1"), journey, NewAgreement("RETIRE", day()), 1, clock.now())
    with pytest.raises(Conflict):
        record_agreement(person("coord.pre"), journey, NewAgreement("SIGNE", day()), 1, clock.now())
    assert scalar("SELECT agreement_status FROM journey WHERE id = %s", journey) == "RETIRE"


@pytest.mark.parametrize("name", ["ref2", "ml", "centre", "dpo", "admin", "pilotage"])
def test_outsiders_record_no_agreement(house: Flask, name: str) -> None:
    with pytest.raises((NotFound, Forbidden)):
        record_agreement(person(name), journey_id("PRE-1"), NewAgreement("RETIRE", day()), 1, clock.now())
    line = rows("SELECT result, action FROM audit_entry ORDER BY at_us DESC LIMIT 1")
    assert line == [("refus", "saisie_accord")]
