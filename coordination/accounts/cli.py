"""`coordination user`: create, list, suspend accounts; their password, charter and roles."""

from __future__ import annotations

import getpass
import json
import sys
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from typing import Any, Protocol

import click

from coordination import clock
from coordination.accounts import commands
from coordination.accounts.commands import Charter, NewMembership, operator_actor
from coordination.accounts.queries import AccountLine, account_id_of, list_accounts
from coordination.accounts.vocabulary import SECRECY_BASES
from coordination.console import Day, Tool, json_option
from coordination.errors import BadInput
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.reference import label, labels


class Application(Protocol):
    """What commands need of the application: its context."""

    def app_context(self) -> AbstractContextManager[Any]: ...


MakeApplication = Callable[[], Application]
membership_options = (
    click.option(
        "--role", required=True, type=click.Choice(list(labels("user_role"))), help="Rôle du compte."
    ),
    click.option("--structure", help="Code de la structure."),
    click.option("--programme", type=click.Choice(list(labels("programme"))), help="Dispositif du rôle."),
)


def register(main: click.Group, application: MakeApplication) -> None:
    """Add the group `user`; `application` is called when a command runs, never for its help."""
    user.context_settings = {"obj": application}
    main.add_command(user)


def _with_membership(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(membership_options):
        command = option(command)
    return command


def _say(as_json: bool, data: dict[str, Any], sentence: str) -> None:
    click.echo(json.dumps(data, ensure_ascii=False) if as_json else sentence)


def _read_password(from_stdin: bool) -> str:
    """The first line of standard input, or typed twice; never an argument, which other users could read."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    try:
        with warnings.catch_warnings():
            # Python would go on in English, and show what is typed.
            warnings.simplefilter("error", getpass.GetPassWarning)
            typed: str = click.prompt("Mot de passe", hide_input=True, confirmation_prompt="Encore une fois")
    except getpass.GetPassWarning:
        raise BadInput(
            "Il n'y a pas de terminal où taper le mot de passe sans qu'il s'affiche : donnez-le sur l'entrée"
            " standard, avec --stdin."
        ) from None
    return typed


@click.group(cls=Tool)
def user() -> None:
    """Comptes : créer, lister, suspendre ; mot de passe, charte, rôles."""


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="Nom affiché.")
@click.option("--role", type=click.Choice(list(labels("user_role"))), help="Rôle du compte.")
@click.option("--structure", help="Code de la structure.")
@click.option("--programme", type=click.Choice(list(labels("programme"))), help="Dispositif du rôle.")
@click.option("--secrecy", default="AUCUN", type=click.Choice(list(SECRECY_BASES)), help="Base du secret.")
@click.option("--password-stdin", is_flag=True, help="Lire le mot de passe sur l'entrée standard.")
@json_option
@click.pass_obj
def create(
    application: MakeApplication,
    email: str,
    name: str,
    role: str | None,
    structure: str | None,
    programme: str | None,
    secrecy: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Crée le compte EMAIL (sans mot de passe, il ne peut pas se connecter)."""
    if (structure or programme) and not role:
        raise BadInput("Indiquez aussi le rôle (--role).")
    password = _read_password(True) if password_stdin else None
    held = [NewMembership(role, structure, programme)] if role else []
    with application().app_context():
        account_id = commands.create_account(
            operator_actor(),
            email,
            name,
            clock.now(),
            password=password,
            secrecy_basis=secrecy,
            memberships=held,
        )
    _say(as_json, {"id": str(account_id), "email": email.strip().lower()}, "Compte créé.")


@user.command("list")
@json_option
@click.pass_obj
def list_(application: MakeApplication, as_json: bool) -> None:
    """Liste les comptes, leurs rôles et l'état de leur charte."""
    with application().app_context():
        now = clock.now()
        with consult(operator_actor(), Action.MANAGE_ACCOUNTS, now) as r:
            grant = r.require()
            accounts = list_accounts(grant, now)
            r.audit(grant, ("liste_comptes",))
    if as_json:
        click.echo(json.dumps({"users": [_as_json(account) for account in accounts]}, ensure_ascii=False))
        return
    today = clock.paris_date(now)
    for account in accounts:
        click.echo(_as_text(account, today))
    click.echo(f"{len(accounts)} compte(s).")


def _as_json(account: AccountLine) -> dict[str, Any]:
    return {
        "id": str(account.id),
        "email": account.email,
        "display_name": account.display_name,
        "password": account.has_password,
        "secrecy_basis": account.secrecy_basis,
        "charter_version": account.charter_version,
        "charter_expires_on": str(account.charter_expires_on) if account.charter_expires_on else None,
        "suspended": account.suspended_at is not None,
        "memberships": [
            {"role": m.role, "structure": m.structure, "programme": m.programme} for m in account.memberships
        ],
    }


def _as_text(account: AccountLine, today: date) -> str:
    roles = ", ".join(
        label("user_role", m.role) + (f" ({m.structure})" if m.structure else "") for m in account.memberships
    )
    state = "suspendu" if account.suspended_at else "actif" if account.has_password else "sans mot de passe"
    until, since = account.charter_expires_on, account.charter_signed_on
    charter = "sans charte"
    if until is not None and until > today:
        charter = "charte à venir" if since and since > today else "charte signée"
    return f"{account.email:40} {state:18} {charter:14} {roles or 'aucun rôle'}"


@user.command()
@click.argument("email")
@json_option
@click.pass_obj
def suspend(application: MakeApplication, email: str, as_json: bool) -> None:
    """Ferme le compte EMAIL tout de suite, ses sessions comprises."""
    with application().app_context():
        commands.suspend(operator_actor(), account_id_of(email), clock.now())
    _say(as_json, {"email": email, "suspended": True}, "Compte suspendu.")


@user.command()
@click.argument("email")
@json_option
@click.pass_obj
def resume(application: MakeApplication, email: str, as_json: bool) -> None:
    """Rouvre le compte EMAIL suspendu."""
    with application().app_context():
        commands.resume(operator_actor(), account_id_of(email), clock.now())
    _say(as_json, {"email": email, "suspended": False}, "Compte rouvert.")


@user.command()
@click.argument("email")
@click.option("--stdin", "from_stdin", is_flag=True, help="Lire le mot de passe sur l'entrée standard.")
@json_option
@click.pass_obj
def password(application: MakeApplication, email: str, from_stdin: bool, as_json: bool) -> None:
    """Donne un mot de passe au compte EMAIL et ferme ses sessions."""
    chosen = _read_password(from_stdin)
    with application().app_context():
        commands.set_password(operator_actor(), account_id_of(email), chosen, clock.now())
    _say(
        as_json,
        {"email": email, "password": True},
        "Mot de passe enregistré ; les sessions ouvertes sont fermées.",
    )


@user.command()
@click.argument("email")
@click.option("--version", required=True, help="Version de la charte signée.")
@click.option("--signed-on", type=Day(), help="Jour de la signature (aujourd'hui par défaut).")
@click.option("--expires-on", type=Day(), required=True, help="Jour où l'accès s'arrête.")
@click.option("--secrecy", type=click.Choice(list(SECRECY_BASES)), help="Base du secret.")
@json_option
@click.pass_obj
def charter(
    application: MakeApplication,
    email: str,
    version: str,
    signed_on: date | None,
    expires_on: date,
    secrecy: str | None,
    as_json: bool,
) -> None:
    """Note la charte de confidentialité signée par EMAIL ; sans elle, aucun parcours ne se montre."""
    signed = Charter(version, signed_on or clock.today(), expires_on)
    with application().app_context():
        commands.sign_charter(
            operator_actor(), account_id_of(email), signed, clock.now(), secrecy_basis=secrecy
        )
    _say(
        as_json,
        {"email": email, "charter_version": version, "charter_expires_on": str(signed.expires_on)},
        f"Charte {version} notée, valable jusqu'au {signed.expires_on:%d/%m/%Y}.",
    )


@user.group()
def membership() -> None:
    """Rôles d'un compte dans une structure."""


@membership.command()
@click.argument("email")
@_with_membership
@json_option
@click.pass_obj
def add(
    application: MakeApplication,
    email: str,
    role: str,
    structure: str | None,
    programme: str | None,
    as_json: bool,
) -> None:
    """Donne un rôle au compte EMAIL."""
    with application().app_context():
        held = NewMembership(role, structure, programme)
        commands.add_membership(operator_actor(), account_id_of(email), held, clock.now())
    _say(
        as_json, {"email": email, "role": role, "structure": structure, "programme": programme}, "Rôle donné."
    )


@membership.command()
@click.argument("email")
@_with_membership
@json_option
@click.pass_obj
def end(
    application: MakeApplication,
    email: str,
    role: str,
    structure: str | None,
    programme: str | None,
    as_json: bool,
) -> None:
    """Termine un rôle du compte EMAIL ; les parcours qu'il ouvrait se ferment."""
    with application().app_context():
        held = NewMembership(role, structure, programme)
        commands.end_membership(operator_actor(), account_id_of(email), held, clock.now())
    _say(
        as_json,
        {"email": email, "role": role, "structure": structure, "programme": programme},
        "Rôle terminé.",
    )
