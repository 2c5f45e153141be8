"""Accounts made, changed and listed, by functions and by `coordination user`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask

from coordination import clock
from coordination.accounts import cli, commands
from coordination.accounts.commands import Charter, NewMembership
from coordination.accounts.queries import account_id_of, list_accounts, load_actor
from coordination.console import Tool
from coordination.errors import BadInput, Forbidden, NotFound
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from tests.people import CHARTER, PASSWORD, make_account
from tests.support import ROOT


@pytest.fixture
def main(app: Flask) -> click.Group:
    group = Tool()
    cli.register(group, lambda: app)
    return group


def run(main: click.Group, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, ["user", *words], input=typed, catch_exceptions=True)


def test_the_operator_is_made_once(app: Flask) -> None:
    first = commands.operator_actor()
    assert commands.ensure_operator(clock.now()) == first
    assert load_actor(first.id, clock.now()).kind == "operator"


def test_an_actor_carries_its_current_roles(app: Flask) -> None:
    operator, now = commands.operator_actor(), clock.now()
    ccas = commands.save_structure(operator, "CCAS-LON", "CCAS de Longuenesse", now, type="CCAS")
    account = make_account("CCAS")
    held = NewMembership("CENTRE_SOCIAL", "CCAS-LON", "CITE_EMPLOI")
    commands.add_membership(operator, account, held, now)
    actor = load_actor(account, clock.now())
    assert actor.has("CCAS") and actor.has("CENTRE_SOCIAL")
    assert actor.structure_id == ccas
    commands.end_membership(operator, account, held, clock.now())
    assert not load_actor(account, clock.now()).has("CENTRE_SOCIAL")
    commands.add_membership(operator, account, held, clock.now())
    assert load_actor(account, clock.now()).has("CENTRE_SOCIAL")
    with pytest.raises(NotFound):
        commands.end_membership(operator, account, NewMembership("DPO"), clock.now())


def test_who_manages_no_account_gives_no_role(app: Flask) -> None:
    dpo = load_actor(make_account("DPO"), clock.now())
    with pytest.raises(Forbidden):
        commands.add_membership(dpo, make_account("CCAS"), NewMembership("COORD_PRE"), clock.now())


def test_who_manages_no_account_creates_none(app: Flask) -> None:
    dpo = load_actor(make_account("DPO"), clock.now())
    with pytest.raises(Forbidden):
        commands.create_account(dpo, "x@exemple.fr", "X", clock.now())


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "pas une adresse"}, "email"),
        ({"email": "ccas@exemple.fr"}, "email"),
        ({"display_name": "  "}, "display_name"),
        ({"password": "trop court"}, "password"),
        ({"secrecy_basis": "INCONNUE"}, "secrecy_basis"),
        ({"charter": Charter("1", date(2026, 2, 1), date(2026, 1, 1))}, "charter_expires_on"),
        ({"memberships": [NewMembership("ROI")]}, "role"),
        ({"memberships": [NewMembership("CCAS", "NULLE-PART")]}, "structure"),
        ({"memberships": [NewMembership("CCAS", None, "AUTRE")]}, "programme"),
    ],
)
def test_a_bad_account_is_refused_beside_its_field(
    app: Flask, changes: dict[str, object], field: str
) -> None:
    make_account("CCAS")
    given = {"email": "new@exemple.fr", "display_name": "Dominique", **changes}
    with pytest.raises(BadInput) as refused:
        commands.create_account(commands.operator_actor(), now=clock.now(), **given)  # type: ignore[arg-type]
    assert field in refused.value.fields
    if changes.get("email") != "ccas@exemple.fr":
        with pytest.raises(NotFound):
            account_id_of(str(given["email"]))


def test_the_operator_s_account_is_not_changed(app: Flask) -> None:
    operator = commands.operator_actor()
    with pytest.raises(BadInput):
        commands.suspend(operator, operator.id, clock.now())
    with pytest.raises(BadInput):
        commands.set_password(operator, operator.id, PASSWORD, clock.now())
    with pytest.raises(NotFound):
        commands.suspend(operator, uuid.uuid4(), clock.now())


def test_a_suspended_account_is_no_actor(app: Flask) -> None:
    account = make_account("CCAS")
    commands.suspend(commands.operator_actor(), account, clock.now())
    with pytest.raises(Forbidden):
        load_actor(account, clock.now())


def test_the_list_shows_charter_and_roles(app: Flask) -> None:
    account = make_account("CCAS")
    operator, now = commands.operator_actor(), clock.now()
    commands.sign_charter(
        operator,
        account,
        Charter("2026-2", date(2026, 2, 1), date(2127, 2, 1)),
        now,
        secrecy_basis="CONTRACTUEL",
    )
    with consult(operator, Action.MANAGE_ACCOUNTS, now) as r:
        (line,) = list_accounts(r.require(), now)
        r.audit(r.require())
    assert (line.charter_version, line.secrecy_basis) == ("2026-2", "CONTRACTUEL")
    assert [m.role for m in line.memberships] == ["CCAS"]
    assert "Lemaire" not in repr(line)


def test_an_account_s_life_in_commands(main: click.Group) -> None:
    words = ("create", "Ana@exemple.fr", "--name", "Ana Roy", "--role", "DPO", "--password-stdin", "--json")
    made = run(main, *words, typed=PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    assert json.loads(made.output)["email"] == "ana@exemple.fr"
    for words in (
        ("suspend", "ana@exemple.fr"),
        ("resume", "ana@exemple.fr"),
        ("membership", "add", "ana@exemple.fr", "--role", "ADMIN"),
        ("membership", "end", "ana@exemple.fr", "--role", "DPO"),
        ("charter", "ana@exemple.fr", "--version", "2026-1", "--expires-on", "2127-01-01"),
    ):
        done = run(main, *words)
        assert done.exit_code == 0, done.output
        assert json.loads(run(main, "list", "--json").output)["users"][0]["email"] == "ana@exemple.fr"
    assert (
        run(main, "password", "ana@exemple.fr", "--stdin", typed="huit loutres dansent ici\n").exit_code == 0
    )
    (listed,) = json.loads(run(main, "list", "--json").output)["users"]
    assert listed["memberships"] == [{"role": "ADMIN", "structure": None, "programme": None}]
    assert (listed["charter_expires_on"], listed["suspended"]) == ("2127-01-01", False)
    assert "1 compte(s)." in run(main, "list").output


def test_commands_refuse_with_our_errors(main: click.Group) -> None:
    """One French line on standard error, and the exit code of bad input."""
    wrong: list[tuple[tuple[str, ...], str, str]] = [
        (("suspend", "nobody@exemple.fr"), "", "Aucun compte"),
        (("password", "nobody@exemple.fr", "--stdin"), "x\n", "Aucun compte"),
        (("create", "x@exemple.fr", "--name", "X", "--password-stdin"), "court\n", "15"),
        (("create", "x@exemple.fr", "--name", "X", "--structure", "S"), "", "--role"),
        (("create", "x@exemple.fr"), "", "il manque --name"),
        (("nope",), "", "Commande inconnue"),
    ]
    for arguments, typed, sentence in wrong:
        done = run(main, *arguments, typed=typed)
        assert (done.exit_code, done.stdout) == (2, ""), arguments
        assert done.stderr.startswith("Erreur : ") and sentence in done.stderr, done.stderr


def test_help_starts_nothing(main: click.Group) -> None:
    def fail() -> Flask:
        raise AssertionError("help must not need the application")

    group = click.Group()
    cli.register(group, fail)
    assert run(group, "create", "--help").exit_code == 0


def test_the_charter_of_the_helpers_is_signed() -> None:
    assert CHARTER.signed_on < clock.today() < CHARTER.expires_on


def test_without_a_terminal_no_password_is_asked(tmp_path: Path) -> None:
    """Python would say so in English, then read it and show it."""
    done = subprocess.run(
        [sys.executable, "-m", "coordination.cli", "user", "password", "ana@exemple.fr"],
        env={**os.environ, "COORDINATION_HOME": str(tmp_path)},
        cwd=ROOT,
        input="huit loutres dansent ici\n" * 2,
        capture_output=True,
        text=True,
        # No terminal to open beside the standard input either.
        start_new_session=True,
    )
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("Erreur : Il n'y a pas de terminal") and "--stdin" in done.stderr
    assert "Warning" not in done.stderr
