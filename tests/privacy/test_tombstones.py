"""A tombstone counts where the application proves that it decided the erasure; nothing else destroys a key."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from flask import Flask

from coordination import clock, embedded
from coordination.privacy import tombstones
from coordination.privacy.reconcile import reconcile_keys
from tests.support import bury, folder_id, import_rows, role, rows, run, scalar, world

PLACED = "INSERT INTO tombstone (folder_id, at, proof) VALUES (%s, %s, %s)"


@pytest.fixture(autouse=True)
def _world(app: Flask) -> None:
    import_rows(world(pre=["ref1"], cite=["ml"]))


def has_key(folder: object) -> bool:
    return bool(scalar("SELECT count(*) FROM dek WHERE folder_id = %s", folder, keys=True))


def as_maintenance(app: Flask, statement: str, *values: object) -> None:
    """What who has that role's password may do, and no key."""
    with role(app.config["SETTINGS"], "maintenance") as connection:
        connection.execute(statement, values)  # type: ignore[arg-type]
        connection.commit()


def told(app: Flask) -> tuple[dict[str, Any], int, str]:
    done = run(app.config["SETTINGS"], "keys", "reconcile", "--json")
    return json.loads(done.stdout), done.returncode, done.stderr


@pytest.mark.parametrize("at", ["now()", "'infinity'", "'-infinity'", "'0044-03-15 12:00 BC'"])
def test_who_writes_the_data_database_alone_destroys_no_key(app: Flask, at: str) -> None:
    folder = folder_id("PRE-1", "coordination")
    as_maintenance(app, f"INSERT INTO tombstone (folder_id, at) VALUES (%s, {at})", folder)
    found, code, said = told(app)
    assert has_key(folder) and found["removed"] == 0
    assert (found["unproven"], code) == ([str(folder)], 1) and str(folder) in said
    assert run(app.config["SETTINGS"], "keys", "reconcile").stdout.startswith(
        "0 clé de volet effacé supprimée"
    )


def test_a_proof_holds_for_its_folder_and_its_instant_alone(app: Flask) -> None:
    erased, living = folder_id("PRE-1", "social"), folder_id("PRE-1", "sante")
    bury(app.config["SETTINGS"], [erased])
    (at, proof) = rows("SELECT at, proof FROM tombstone WHERE folder_id = %s", erased)[0]
    for placed in ((living, at, proof), (living, clock.now(), b"x" * 32), (living, at, b"")):
        as_maintenance(app, "DELETE FROM tombstone WHERE folder_id = %s", living)
        as_maintenance(app, PLACED, *placed)
        found, code, _ = told(app)
        assert (found["unproven"], code) == ([str(living)], 1) and has_key(living)
    as_maintenance(app, "UPDATE tombstone SET at = at + interval '1 microsecond'")
    assert told(app)[0]["unproven"] == sorted(map(str, (erased, living)))


def test_a_proven_erasure_destroys_its_key_and_is_told_as_one(app: Flask) -> None:
    """Also where somebody had written a row of that folder before."""
    folder = folder_id("PRE-1", "social")
    as_maintenance(app, "INSERT INTO tombstone (folder_id) VALUES (%s)", folder)
    bury(app.config["SETTINGS"], [folder])
    assert has_key(folder), "reconciled after a kill between the two databases"
    done = run(app.config["SETTINGS"], "keys", "reconcile")
    assert done.stdout.startswith(
        "1 clé de volet effacé supprimée ; 0 clé sans volet supprimée ; 0 volet sans clé"
    )
    assert done.returncode == 0 and not done.stderr and not has_key(folder)


def test_a_folder_that_was_erased_and_stands_is_told_and_its_key_stays(app: Flask) -> None:
    """No step of an erasure: its tombstone is written as its row goes."""
    settings, folder = app.config["SETTINGS"], folder_id("PRE-1", "social")
    kept = rows("SELECT id, journey_id, volet FROM folder WHERE id = %s", folder)[0]
    bury(settings, [folder])
    as_maintenance(app, "INSERT INTO folder (id, journey_id, volet) VALUES (%s, %s, %s)", *kept)
    found, code, said = told(app)
    assert (found["removed"], found["standing"], code) == (0, [str(folder)], 1) and has_key(folder)
    assert "1 volet effacé est encore dans la base" in said and str(folder) in said


def test_a_journey_goes_with_its_coordination_volet(app: Flask) -> None:
    settings, folder = app.config["SETTINGS"], folder_id("PRE-1", "coordination")
    (others,) = rows(
        "SELECT count(*) FROM folder WHERE journey_id <> (SELECT journey_id FROM folder WHERE id = %s)",
        folder,
    )
    with embedded.connected(embedded.admin_url(settings)) as connection:
        assert tombstones.bury(connection, settings, [folder], clock.now()) == (1, 0)
        connection.commit()
    assert rows("SELECT ref FROM journey") == [("CITE-1",)] and rows("SELECT count(*) FROM folder") == [
        others
    ]
    again = clock.now()
    with embedded.connected(embedded.admin_url(settings)) as connection:
        assert tombstones.bury(connection, settings, [folder], again) == (0, 0)
        connection.commit()
    assert scalar("SELECT at FROM tombstone") < again, "an erasure keeps its instant"


def test_a_folder_without_key_is_named_whatever_a_row_says_of_it(app: Flask) -> None:
    folder = folder_id("PRE-1", "coordination")
    as_maintenance(app, "INSERT INTO tombstone (folder_id) VALUES (%s)", folder)
    rows("DELETE FROM dek WHERE folder_id = %s", folder, keys=True)
    done = run(app.config["SETTINGS"], "keys", "reconcile")
    assert done.returncode == 1 and f"1 volet sans clé, illisible ({folder})" in done.stderr


def test_of_many_the_first_are_named(app: Flask) -> None:
    many = [uuid.uuid4() for _ in range(30)]
    for one in many:
        as_maintenance(app, "INSERT INTO tombstone (folder_id) VALUES (%s)", one)
    found = reconcile_keys(app.config["SETTINGS"], clock.now())
    assert found.unproven == sorted(map(str, many))
    assert "30 effacements notés" in found.anomalies[0] and found.anomalies[0].count(", ") == 20 + 1
