"""What an import gives and writes is told: roles of accounts that were there, and each journey, in the audit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from coordination import clock
from coordination.accounts.commands import operator_actor, suspend
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.bundle.report import as_json, as_text
from coordination.exchange.store import store_bundle
from coordination.exchange.stored import known
from coordination.privacy.audit import verify
from coordination.privacy.vault import keystore
from tests.exchange.bundle_examples import Rows, write
from tests.privacy.test_audit import maintained
from tests.support import account_of, day, import_rows, journey_id, rows, scalar, world

AUDIT = "SELECT action, journey_id, detail FROM audit_entry WHERE sequence > %s ORDER BY sequence"


@pytest.fixture
def house(app: Flask) -> Iterator[Flask]:
    import_rows(world(pre=["ref1"], cite=[]))
    yield app


def bring(folder: Path, bundle: Rows, *, commit: bool) -> tuple[dict[str, Any], str, list[tuple[Any, ...]]]:
    """The report twice, and the lines of the audit."""
    operator = operator_actor()
    last = scalar("SELECT max(sequence) FROM audit_entry")
    result = read_bundle(write(folder, bundle), as_of=day(), known=known(operator))
    changes = store_bundle(operator, result.lines, as_of=day(), now=clock.now(), commit=commit)
    report = as_json(result, changes, written=commit)
    return report, as_text(result, changes, written=commit), rows(AUDIT, last)


def users(*lines: str) -> Rows:
    names = ("email", "display_name", "role", "structure", "programme")
    return {"users.csv": [dict(zip(names, line.split(","), strict=True)) for line in lines]}


def test_a_role_for_an_account_that_was_there_is_named(house: Flask, tmp_path: Path) -> None:
    rows("UPDATE account SET password_hash = 'x' WHERE email IN ('centre@ex.fr', 'sante@ex.fr')")
    suspend(operator_actor(), account_of("sante"), clock.now())
    bundle = users(
        "centre@ex.fr,centre,ADMIN,ESCAL,",
        "ccas@ex.fr,ccas,COORD_PRE,,PRE",
        "sante@ex.fr,sante,DPO,,",
        "nouvelle@ex.fr,N,CCAS,ESCAL,",
    )
    for commit in (False, True):
        report, told, audit = bring(tmp_path, bundle, commit=commit)
        assert report["created"] == {"users.csv": 4}
        given = {"file": "users.csv", "line": 2, "email": "centre@ex.fr", "role": "ADMIN"}
        given |= {"structure": "ESCAL", "programme": None, "can_sign_in": True}
        assert report["roles_given"][0] == given
        assert [(g["email"], g["can_sign_in"]) for g in report["roles_given"][1:]] == [
            ("ccas@ex.fr", False),
            ("sante@ex.fr", False),
        ]
        verb = "ont reçus" if commit else "recevraient"
        assert f"Rôles que des comptes existants {verb} (3) :" in told
        assert "centre@ex.fr : Administrateur fonctionnel (ADMIN), structure ESCAL, tous dispositifs" in told
        assert "peut déjà se connecter" in told and "pas encore de mot de passe" in told
        assert "sante@ex.fr" in told and "est suspendu" in told and "nouvelle@ex.fr" not in told
    new = account_of("nouvelle")
    assert audit == [
        ("gestion_comptes", None, f"role_ajoute,ADMIN,{account_of('centre')}"),
        ("gestion_comptes", None, f"role_ajoute,COORD_PRE,{account_of('ccas')}"),
        ("gestion_comptes", None, f"role_ajoute,DPO,{account_of('sante')}"),
        ("gestion_comptes", None, f"creation,{new}"),
        ("gestion_comptes", None, f"role_ajoute,CCAS,{new}"),
        ("import", None, "parcours=0"),
    ]
    report, told, audit = bring(tmp_path, bundle, commit=True)
    assert report["roles_given"] == [] and "Rôle" not in told and audit == [("import", None, "parcours=0")]


def test_each_journey_that_an_import_writes_has_its_line(house: Flask, tmp_path: Path) -> None:
    bundle = world(pre=["ref1", "ref2", "ref1"], cite=[])
    bundle["journeys.csv"][0] |= {"school": "École du Centre", "stage": "BILAN"}
    bundle["contacts.csv"][0]["note"] = "autre"
    bundle["rights.csv"].append({"journey": "PRE-1", "kind": "CSS", "ends_on": str(day(30))})
    _, _, audit = bring(tmp_path, bundle, commit=False)
    assert audit == [("import", None, "essai,parcours=3")]
    _, _, audit = bring(tmp_path, bundle, commit=True)
    assert audit == [
        ("import", journey_id("PRE-2"), "creation"),
        ("import", journey_id("PRE-3"), "creation"),
        ("import", journey_id("PRE-1"), "contact,right_end,school,stage"),
        ("import", None, "parcours=3"),
    ]
    _, _, audit = bring(tmp_path, bundle, commit=True)
    assert audit == [("import", None, "parcours=3")]


def test_the_lines_of_an_import_are_one_chain_whose_head_is_kept(house: Flask, tmp_path: Path) -> None:
    bring(tmp_path, world(pre=["ref1"] * 9, cite=["ml"] * 4), commit=True)
    heads = keystore().heads()
    assert maintained(house, lambda reader: verify(reader, heads)).problems == ()
    last = "SELECT max(sequence) FROM audit_entry WHERE structure_id = %s"
    assert [scalar(last, head["structure"]) for head in heads] == [head["sequence"] for head in heads]
