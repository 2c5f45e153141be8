"""Storing a bundle: all or nothing, twice the same, and a report of what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.alerts.models import ImportRun
from coordination.exchange import store
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.bundle.report import as_json, as_text
from coordination.exchange.store import store_bundle
from coordination.exchange.stored import known
from tests.exchange.bundle_examples import AS_OF, Rows, good, write
from tests.support import counts, journey_id, person, rows, scalar, seen_by, sign_charters


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    yield app


def bring(directory: Path, bundle: Rows, *, commit: bool = True) -> Any:
    """Read, check and store; the report as `--json` prints it."""
    for path in directory.glob("*.csv"):
        path.unlink()
    operator = operator_actor()
    result = read_bundle(write(directory, bundle), as_of=AS_OF, known=known(operator))
    assert not result.faults, result.faults
    changes = store_bundle(operator, result.lines, as_of=AS_OF, now=clock.now(), commit=commit)
    as_text(result, changes, written=commit)
    return as_json(result, changes, written=commit)


def test_a_dry_run_writes_one_audit_line_and_nothing_else(house: Flask, tmp_path: Path) -> None:
    settings = house.config["SETTINGS"]
    before = counts(settings)
    report = bring(tmp_path, good(), commit=False)
    after = counts(settings)
    assert after.pop("audit_entry") == before.pop("audit_entry") + 1
    # The head of the chain is noted beside the keys: one row per chain.
    assert after.pop("audit_head") - before.pop("audit_head") in (0, 1)
    assert after == before
    assert report["created"]["journeys.csv"] == 2 and report["written"] is False
    line = rows("SELECT action, result, detail FROM audit_entry ORDER BY at_us DESC LIMIT 1")[0]
    assert line == ("import", "fait", "essai,parcours=2")


def test_a_dry_run_over_stored_data_writes_nothing_either(house: Flask, tmp_path: Path) -> None:
    bring(tmp_path, good())
    settings, before = house.config["SETTINGS"], counts(house.config["SETTINGS"])
    bundle = good()
    bundle["journeys.csv"][0]["address"] = "2 rue Neuve"
    bundle["journeys.csv"].append(bundle["journeys.csv"][0] | {"ref": "PRE-3"})
    bundle["rights.csv"].append({"journey": "PRE-1", "kind": "MDPH", "ends_on": "2027-01-01"})
    report = bring(tmp_path, bundle, commit=False)
    after = counts(settings)
    assert {t: n for t, n in after.items() if n != before[t]} == {"audit_entry": before["audit_entry"] + 1}
    assert report["created"] == {"journeys.csv": 1, "rights.csv": 1} and len(report["changed"]) == 1


def test_a_commit_stores_every_line_and_opens_no_alert(house: Flask, tmp_path: Path) -> None:
    report = bring(tmp_path, good())
    assert report["created"] == {file: len(lines) for file, lines in good().items()}
    assert report["changed"] == report["missing"] == [] and report["unchanged"] == {}
    assert scalar("SELECT count(*) FROM deadline") > 0 and scalar("SELECT count(*) FROM alert") == 0
    assert rows("SELECT as_of, scanned FROM import_run") == [(AS_OF, False)]
    assert scalar("SELECT count(*) FROM access WHERE basis = 'operator'") == 0
    assert scalar("SELECT count(*) FROM folder") == scalar("SELECT count(*) FROM dek", keys=True)


def test_the_same_again_changes_nothing(house: Flask, tmp_path: Path) -> None:
    bring(tmp_path, good())
    stored = dump()
    report = bring(tmp_path, good())
    assert report["changed"] == report["missing"] == [] and report["created"] == {}
    assert report["unchanged"] == {file: len(lines) for file, lines in good().items()}
    assert dump() == stored


def dump() -> dict[str, list[Any]]:
    """Every row that an import writes, ciphertext included."""
    tables = "journey sheet representative contact appointment action referral pause review barrier right_end"
    tables += " life_event school_absence deadline folder structure account membership"
    key = {"deadline": "1, 2, 3, 4"}
    return {t: rows(f"SELECT * FROM {t} ORDER BY {key.get(t, 'id')}") for t in tables.split()}


@pytest.mark.parametrize(
    ("file", "index", "column", "value", "before", "after"),
    [
        ("journeys.csv", 0, "stage", "BILAN", "EN_COURS", "BILAN"),
        ("journeys.csv", 0, "entered_on", "2025-10-02", "2025-10-01", "2025-10-02"),
        ("journeys.csv", 0, "planned_rhythm_days", "", 14, None),
        ("actions.csv", 0, "status", "SUSPENDUE", "EN_COURS", "SUSPENDUE"),
        ("reviews.csv", 0, "held_on", "", "2026-01-06", None),
        ("structures.csv", 0, "name", "L'Escal", "Centre social", "L'Escal"),
        ("referrals.csv", 0, "seen_on", "2026-01-07", "2026-01-06", "2026-01-07"),
        ("pauses.csv", 0, "returned_on", "2026-03-03", "2026-03-02", "2026-03-03"),
    ],
)
def test_a_changed_line_updates_and_tells_both_values(
    house: Flask, tmp_path: Path, file: str, index: int, column: str, value: str, before: Any, after: Any
) -> None:
    bring(tmp_path, good())
    bundle = good()
    bundle[file][index][column] = value
    report = bring(tmp_path, bundle)
    (change,) = report["changed"]
    assert (change["file"], change["column"]) == (file, column)
    assert (change["before"], change["after"]) == (before, after)
    assert report["created"] == {} and report["missing"] == []
    assert bring(tmp_path, bundle)["changed"] == []


@pytest.mark.parametrize(
    ("file", "index", "column", "value", "old"),
    [
        ("journeys.csv", 0, "first_name", "Lola", "Léa"),
        ("journeys.csv", 0, "birth_date", "2016-05-02", "2016-05-01"),
        ("journeys.csv", 0, "address", "12 quai du Haut-Pont", "quai"),
        ("representatives.csv", 0, "phone", "0600000000", "0600"),
        ("contacts.csv", 0, "note", "Un mot nouveau", "mot"),
        ("barriers.csv", 0, "level", "MOYEN", "FORT"),
        ("school_absences.csv", 0, "half_days", "3", '"2"'),
    ],
)
def test_a_changed_sealed_field_is_told_by_its_name_only(
    house: Flask, tmp_path: Path, file: str, index: int, column: str, value: str, old: str
) -> None:
    bring(tmp_path, good())
    bundle = good()
    bundle[file][index][column] = value
    report = bring(tmp_path, bundle)
    (change,) = report["changed"]
    assert (change["file"], change["column"]) == (file, column)
    assert "before" not in change and "after" not in change
    assert value not in repr(change["identity"]) and old not in repr(change)
    assert bring(tmp_path, bundle)["changed"] == []


def test_a_missing_line_is_listed_and_kept(house: Flask, tmp_path: Path) -> None:
    bring(tmp_path, good())
    before = {
        t: n for t, n in counts(house.config["SETTINGS"]).items() if t not in ("audit_entry", "import_run")
    }
    bundle = good()
    for file in ("contacts.csv", "rights.csv", "users.csv", "actions.csv"):
        bundle[file] = bundle[file][1:]
    bundle["journeys.csv"] = bundle["journeys.csv"][:1]
    for file in bundle:
        bundle[file] = [line for line in bundle[file] if line.get("journey") != "CITE-1"]
    bundle["users.csv"] = good()["users.csv"][:1]
    report = bring(tmp_path, bundle)
    after = counts(house.config["SETTINGS"])
    assert {t: after[t] for t in before} == before
    missing = [(m["file"], m["identity"]) for m in report["missing"]]
    assert ("journeys.csv", {"ref": "CITE-1"}) in missing
    assert ("rights.csv", {"journey": "CITE-1", "ends_on": "2027-01-01"}) in missing
    assert sum(file == "contacts.csv" for file, _ in missing) == 1
    assert sum(file == "users.csv" for file, _ in missing) == 1


def test_an_absent_file_lists_nothing_as_missing(house: Flask, tmp_path: Path) -> None:
    bring(tmp_path, good())
    report = bring(tmp_path, {"contacts.csv": good()["contacts.csv"]})
    assert report["missing"] == [] and report["changed"] == []


def test_equal_lines_are_all_kept_by_their_rank(house: Flask, tmp_path: Path) -> None:
    bundle = good()
    bundle["contacts.csv"] = [bundle["contacts.csv"][0] | {"note": note} for note in ("un", "deux", "trois")]
    bring(tmp_path, bundle)
    assert scalar("SELECT count(*) FROM contact") == 3
    bundle["contacts.csv"][1]["note"] = "encore"
    report = bring(tmp_path, bundle)
    assert len(report["changed"]) == 1 and report["unchanged"]["contacts.csv"] == 2
    bundle["contacts.csv"].append(bundle["contacts.csv"][0] | {"note": "quatre"})
    assert bring(tmp_path, bundle)["created"] == {"contacts.csv": 1}


def test_a_fault_in_the_middle_of_storing_writes_nothing(
    house: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    data = {t: n for t, n in counts(house.config["SETTINGS"]).items() if t not in ("dek", "audit_head")}
    monkeypatch.setattr(store, "follow_all", stop)
    with pytest.raises(ZeroDivisionError):
        bring(tmp_path, good())
    after = counts(house.config["SETTINGS"])
    assert {t: after[t] for t in data} == data
    monkeypatch.undo()
    # The keys made for folders that never came stay idle; a later import works.
    assert bring(tmp_path, good())["created"]["journeys.csv"] == 2


def test_people_of_a_bundle_see_nothing_before_they_sign(house: Flask, tmp_path: Path) -> None:
    bring(tmp_path, good())
    with seen_by(house.config["SETTINGS"], person("a@ex.fr").id) as connection:
        assert connection.execute("SELECT count(*) FROM journey").fetchone() == (0,)
    sign_charters()
    with seen_by(house.config["SETTINGS"], person("a@ex.fr").id) as connection:
        assert {r for (r,) in connection.execute("SELECT ref FROM journey")} == {"PRE-1", "CITE-1"}


@pytest.mark.parametrize("status", ["", "A_DEMANDER", "REFUS", "RETIRE"])
def test_before_the_agreement_records_are_kept_closed(house: Flask, tmp_path: Path, status: str) -> None:
    """The key and the folder exist, nobody reads them; the signature opens them at the next import."""
    bundle = good()
    bundle["journeys.csv"][0] |= {"agreement_status": status, "agreement_on": "2025-09-10" if status else ""}
    bundle["rights.csv"].append({"journey": "PRE-1", "kind": "CSS", "ends_on": "2027-01-01"})
    bring(tmp_path, bundle)
    sign_charters()
    query = "SELECT volet, open FROM folder WHERE journey_id = %s ORDER BY 1"
    closed = [("coordination", True), ("scolarite", False), ("social", False)]
    assert rows(query, journey_id("PRE-1")) == closed
    seen = "SELECT volet FROM folder f JOIN journey j ON j.id = f.journey_id WHERE ref = 'PRE-1'"
    with seen_by(house.config["SETTINGS"], person("a@ex.fr").id) as connection:
        assert connection.execute(seen).fetchall() == [("coordination",)]


def test_an_import_after_the_signature_opens_the_volets(house: Flask, tmp_path: Path) -> None:
    bundle = good()
    bundle["journeys.csv"][0] |= {"agreement_status": "PRESENTE"}
    bring(tmp_path, bundle)
    assert scalar("SELECT count(*) FROM folder WHERE NOT open") == 1
    bring(tmp_path, good())
    sign_charters()
    assert scalar("SELECT count(*) FROM folder WHERE NOT open") == 0
    seen = "SELECT volet FROM folder f JOIN journey j ON j.id = f.journey_id WHERE ref = 'PRE-1' ORDER BY 1"
    with seen_by(house.config["SETTINGS"], person("a@ex.fr").id) as connection:
        assert connection.execute(seen).fetchall() == [("coordination",), ("scolarite",)]


def test_a_changed_kind_moves_its_line_to_the_other_volet(house: Flask, tmp_path: Path) -> None:
    """An action that becomes one of health leaves the coordination volet, and opens under its new key."""
    bring(tmp_path, good())
    bundle = good()
    bundle["actions.csv"][0]["kind"] = "ORTHOPHONIE"
    bring(tmp_path, bundle)
    query = "SELECT f.volet FROM action a JOIN folder f ON f.id = a.folder_id JOIN journey j ON j.id = a.journey_id"
    assert rows(query + " WHERE ref = 'PRE-1'") == [("sante",)]
    assert bring(tmp_path, bundle)["changed"] == []


def test_the_run_is_noted_once_per_commit(house: Flask, tmp_path: Path) -> None:
    for _ in range(2):
        bring(tmp_path, good())
    assert scalar(f"SELECT count(*) FROM {ImportRun.__tablename__}") == 2
