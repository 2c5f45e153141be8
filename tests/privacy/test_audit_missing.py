"""A chain removed whole, its head with it: what else the base holds tells that it was there."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor, set_password
from coordination.cases.commands.records import remove_fact
from coordination.cases.kinds_facts import ALL_KINDS
from tests.cases.records_kit import add
from tests.people import PASSWORD, make_account, signed_in
from tests.support import Done, account_of, import_rows, journey_id, person, rows, run, scalar, world
from tests.web.test_journal import check

ALOUD = "aucun point de contrôle : une fin coupée ne se verrait pas"


@pytest.fixture
def house(app: Flask) -> Flask:
    """Ref1 of the structure ESCAL signed in twice; a base that was just imported, for the rest."""
    import_rows(world(pre=["ref1"], cite=["ml"]))
    set_password(operator_actor(), account_of("ref1"), PASSWORD, clock.now(), demo=True)
    for _ in range(2):
        signed_in(app.test_client(), "ref1@ex.fr")
    return app


def structure() -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM structure WHERE code = 'ESCAL'")))


def remove(chain: uuid.UUID, *, head: bool = True, lines: bool = True) -> None:
    """By whoever holds both passwords."""
    if head:
        rows("DELETE FROM audit_head WHERE structure_id = %s", chain, keys=True)
    if lines:
        rows("DELETE FROM audit_entry WHERE structure_id = %s", chain)


def verified(app: Flask, *more: str) -> Done:
    return run(app.config["SETTINGS"], "audit", "verify", *more)


def test_a_base_just_imported_and_signed_in_to_is_intact(house: Flask) -> None:
    done = verified(house)
    assert done.returncode == 0, done.stderr
    assert "le journal est intact" in done.stdout


def test_a_chain_removed_with_its_head_is_told_by_the_sessions(house: Flask) -> None:
    remove(structure())
    done = verified(house)
    assert done.returncode == 1 and "intact" not in done.stdout
    assert f"{structure()} chaîne de la structure : 2 connexions de ses comptes sans ligne" in done.stderr
    # Nor does it pass once people go on, and the chain begins anew.
    signed_in(house.test_client(), "ref1@ex.fr")
    again = verified(house, "--json")
    (problem,) = json.loads(again.stdout)["problems"]
    assert (problem["structure"], problem["sequence"]) == (str(structure()), 0)
    assert "2 connexions" in problem["reason"] and again.returncode == 1


def test_sessions_removed_as_well_leave_what_was_corrected(house: Flask) -> None:
    kind, journey = ALL_KINDS["bilan"], journey_id("PRE-1")
    remove_fact(person("ref1"), kind, journey, add(kind, journey), 1, clock.now(), key="", answer="/")
    remove(structure())
    rows("DELETE FROM sign_in_session")
    done = verified(house)
    assert done.returncode == 1 and "1 compte a écrit sans une seule ligne" in done.stderr


def test_a_chain_without_a_kept_head_is_told_unless_it_has_just_begun(
    house: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove(structure(), lines=False)
    assert verified(house).returncode == 0
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=2))
    done = verified(house)
    assert done.returncode == 1 and "sa fin n'est pas gardée dans la base des clés" in done.stderr
    assert str(structure()) in done.stderr and str(uuid.UUID(int=0)) not in done.stderr


def test_lines_removed_under_a_kept_head_are_told(house: Flask) -> None:
    remove(structure(), head=False)
    assert verified(house).returncode == 1


def test_that_nothing_bears_witness_is_said_aloud(house: Flask, tmp_path: Path) -> None:
    there = ("--witness", str(tmp_path))
    done = verified(house, *there)
    assert ALOUD in done.stderr and "coordination audit checkpoint" in done.stderr and done.returncode == 0
    told = json.loads(verified(house, *there, "--json").stdout)
    assert told["checkpoints"] == 0 and told["problems"] == [] and told["warnings"] == [ALOUD]
    assert run(house.config["SETTINGS"], "audit", "checkpoint", *there).returncode == 0
    done = verified(house, *there)
    assert done.returncode == 0 and done.stderr == ""
    assert json.loads(verified(house, *there, "--json").stdout)["warnings"] == []
    remove(structure())
    assert "la fin a été coupée" in verified(house, *there).stderr


def test_the_officer_is_told_both(house: Flask) -> None:
    make_account("DPO")
    dpo = signed_in(house.test_client(), "dpo@exemple.fr")
    assert ALOUD in check(dpo).replace("\xa0", " ")
    remove(structure())
    assert "2 connexions de ses comptes sans ligne" in check(dpo).replace("\xa0", " ")
