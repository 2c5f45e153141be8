"""Reversibility: what was imported is exported the same, byte for byte."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor
from coordination.cases.kinds import ACTION, APPOINTMENT, BARRIER, EVENT, PAUSE, REVIEW, RIGHT, RecordKind
from coordination.cases.kinds_facts import ABSENCE
from coordination.errors import BadInput, Forbidden
from coordination.exchange.bundle.columns import COLUMNS
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.export import export_bundle
from coordination.exchange.recompute import recompute
from coordination.exchange.simulate import simulate, write_bundle
from coordination.exchange.store import store_bundle
from coordination.exchange.stored import known
from tests.cases.records_kit import add
from tests.exchange.bundle_examples import AS_OF, good, write
from tests.support import day, import_rows, journey_id, person, rows, run, scalar, world


def bring(directory: Path, as_of: object = AS_OF) -> None:
    operator = operator_actor()
    result = read_bundle(directory, as_of=as_of, known=known(operator))  # type: ignore[arg-type]
    assert not result.faults, result.faults
    store_bundle(operator, result.lines, as_of=as_of, now=clock.now(), commit=True)  # type: ignore[arg-type]


def same_files(made: Path, given: Path) -> None:
    assert {path.name for path in made.iterdir()} == set(COLUMNS)
    for file in COLUMNS:
        header = ",".join(COLUMNS[file]) + "\n"
        expected = (given / file).read_bytes() if (given / file).exists() else header.encode()
        assert (made / file).read_bytes() == expected, file


def test_a_bundle_with_every_file_comes_back_byte_for_byte(app: Flask, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    rows_ = good()
    rows_["journeys.csv"][0] |= {"address": 'Rue "du" Moulin, 3\nbât. É', "school": "École, Sand"}
    rows_["contacts.csv"] = [rows_["contacts.csv"][0] | {"note": n} for n in ("b", "a", "", "é; \t fin")]
    write(given, rows_)
    bring(given)
    export_bundle(operator_actor(), tmp_path / "made", clock.now())
    same_files(tmp_path / "made", given)


def test_a_simulated_territory_comes_back_byte_for_byte(app: Flask, tmp_path: Path) -> None:
    given = tmp_path / "given"
    write_bundle(simulate(pre=6, cite=6, months=9, seed=11, as_of=day()), given)
    bring(given, day())
    export_bundle(operator_actor(), tmp_path / "made", clock.now())
    (given / "truth.csv").unlink()
    same_files(tmp_path / "made", given)
    # And the export is a bundle: importing it changes nothing.
    operator = operator_actor()
    result = read_bundle(tmp_path / "made", as_of=day(), known=known(operator))
    changes = store_bundle(operator, result.lines, as_of=day(), now=clock.now(), commit=True)
    assert changes.changed == changes.missing == [] and changes.created == {}


def test_what_people_noted_twice_on_a_page_does_not_spoil_the_export(app: Flask, tmp_path: Path) -> None:
    import_rows(world(pre=["ref1"], cite=[]))
    journey, kept = journey_id("PRE-1"), 0
    twice: list[tuple[RecordKind, dict[str, object]]] = [
        (REVIEW, {}),
        (EVENT, {}),
        (BARRIER, {"lifted_on": -1}),
        (PAUSE, {"from_on": -3, "expected_return": None, "returned_on": -3}),
        (RIGHT, {}),
        (ABSENCE, {"on_date": date(2025, 11, 21), "half_days": 2}),
        (APPOINTMENT, {}),
        (ACTION, {}),
    ]
    for kind, values in twice:
        for _ in range(2):
            with suppress(BadInput):
                add(kind, journey, **values)
                kept += 1
    assert kept == len(twice) + 1, "two actions are told apart by their keys"
    export_bundle(operator_actor(), tmp_path / "made", clock.now())
    operator = operator_actor()
    result = read_bundle(tmp_path / "made", as_of=day(), known=known(operator))
    assert result.faults == []
    changes = store_bundle(operator, result.lines, as_of=day(), now=clock.now(), commit=True)
    assert changes.changed == changes.missing == [] and changes.created == {}


def test_an_export_is_for_its_owner_alone_and_never_over_something(app: Flask, tmp_path: Path) -> None:
    import_rows(world(pre=["ref1"], cite=[]))
    made = tmp_path / "made"
    export_bundle(operator_actor(), made, clock.now())
    assert made.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.iterdir()} == {0o600}
    with pytest.raises(BadInput):
        export_bundle(operator_actor(), made, clock.now())


def test_an_export_is_in_the_log_and_the_operator_keeps_no_access(app: Flask, tmp_path: Path) -> None:
    import_rows(world(pre=["ref1"], cite=["ml"]))
    export_bundle(operator_actor(), tmp_path / "made", clock.now())
    assert rows("SELECT result, detail FROM audit_entry WHERE action = 'export'") == [("fait", "parcours=2")]
    assert scalar("SELECT count(*) FROM access WHERE actor_id = %s", operator_actor().id) == 0


@pytest.mark.parametrize("name", ["ref1", "coord.pre", "admin", "dpo", "pilotage"])
def test_nobody_but_the_operator_exports_imports_or_recomputes(app: Flask, tmp_path: Path, name: str) -> None:
    import_rows(world(pre=["ref1"], cite=[]))
    actor = person(name)
    for action, attempt in (
        ("export", lambda: export_bundle(actor, tmp_path / "made", clock.now())),
        ("import", lambda: store_bundle(actor, {}, as_of=day(), now=clock.now(), commit=True)),
        ("recalcul_echeances", lambda: recompute(actor, clock.now(), day())),
    ):
        with pytest.raises(Forbidden, match="rôle"):
            attempt()
        refused = "SELECT action, result FROM audit_entry WHERE actor_id = %s ORDER BY at_us DESC LIMIT 1"
        assert rows(refused, actor.id) == [(action, "refus")]
    assert not (tmp_path / "made").exists()


def test_commands_of_the_operator(app: Flask, tmp_path: Path) -> None:
    """Exit codes and JSON: a fault is 2 and writes nothing, a round trip is 0."""
    import json

    settings = app.config["SETTINGS"]
    given = tmp_path / "given"
    given.mkdir()
    spoilt = good()
    spoilt["journeys.csv"][0]["sex"] = "X"
    spoilt["contacts.csv"][0]["on"] = "2026-13-01"
    write(given, spoilt)
    refused = run(settings, "import", str(given), "--as-of", str(AS_OF), "--commit", "--json")
    assert refused.returncode == 2
    report = json.loads(refused.stdout)
    assert report["written"] is False
    faults = {(f["file"], f["line"], f["column"], f["value"]) for f in report["faults"]}
    assert faults == {("journeys.csv", 2, "sex", None), ("contacts.csv", 2, "on", "2026-13-01")}
    assert scalar("SELECT count(*) FROM journey") == 0 and scalar("SELECT count(*) FROM structure") == 0
    told = run(settings, "import", str(given), "--as-of", str(AS_OF), "--commit")
    assert (
        told.returncode == 2
        and told.stdout == ""
        and "2026-13-01" in told.stderr
        and "« X »" not in told.stderr
    )
    write(given, good())
    assert run(settings, "import", str(given), "--as-of", str(AS_OF)).returncode == 0
    assert scalar("SELECT count(*) FROM journey") == 0
    assert run(settings, "import", str(given), "--as-of", str(AS_OF), "--commit").returncode == 0
    assert scalar("SELECT count(*) FROM journey") == 2
    assert run(settings, "export-bundle", str(tmp_path / "made")).returncode == 0
    same_files(tmp_path / "made", given)
    again = run(settings, "export-bundle", str(tmp_path / "made"))
    assert again.returncode == 2 and "n'est pas vide" in again.stderr
    for nowhere in (tmp_path / "made" / "journeys.csv", Path("/proc/nowhere")):
        refused = run(settings, "export-bundle", str(nowhere))
        assert refused.returncode == 2 and "ne peut pas être écrit" in refused.stderr
    absent = run(settings, "import", str(tmp_path / "absent"))
    assert absent.returncode == 2 and absent.stderr.strip()
