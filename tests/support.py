"""What the tests of trust share: people, a small world with all six volets, ways in as each database role."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from config.settings import Settings
from coordination import cli, clock, create_app, embedded
from coordination.accounts.commands import ensure_operator, operator_actor
from coordination.accounts.queries import account_id_of, load_actor
from coordination.db import act_as, db
from coordination.privacy import tombstones
from coordination.privacy.actor import Actor
from tests import snapshot
from tests.databases import TEMPLATE, copy_databases, line, superuser
from tests.databases import close as close
from tests.exchange.bundle_examples import Rows, write

ROOT = Path(__file__).resolve().parent.parent

# e-mail (before @ex.fr) -> role, programme
PEOPLE = {
    "ref1": ("REFERENT_PRE", "PRE"),
    "ref2": ("REFERENT_PRE", "PRE"),
    "coord.pre": ("COORD_PRE", "PRE"),
    "ml": ("CONSEILLER_ML", "CITE_EMPLOI"),
    "plie": ("REFERENT_PLIE", "CITE_EMPLOI"),
    "coord.cite": ("COORD_CITE", "CITE_EMPLOI"),
    "centre": ("CENTRE_SOCIAL", ""),
    "ccas": ("CCAS", ""),
    "sante": ("MEDIATEUR_SANTE", ""),
    "ecole": ("EPS_ECOLE", "PRE"),
    "eps.social": ("EPS_SOCIAL", "PRE"),
    "pilotage": ("PILOTAGE", ""),
    "dpo": ("DPO", ""),
    "admin": ("ADMIN", ""),
}


def day(offset: int = 0) -> date:
    """A day counted from today."""
    return clock.today() + timedelta(days=offset)


def email(name: str) -> str:
    return name if "@" in name else f"{name}@ex.fr"


def person(name: str) -> Actor:
    """The account as an actor with its roles; `name` without its domain for PEOPLE."""
    return load_actor(account_id_of(email(name)), clock.now())


def account_of(name: str) -> uuid.UUID:
    return account_id_of(email(name))


def people_lines() -> list[dict[str, str]]:
    return [
        {
            "email": email(name),
            "display_name": name,
            "role": role,
            "structure": "ESCAL",
            "programme": programme,
        }
        for name, (role, programme) in PEOPLE.items()
    ]


def journey_line(ref: str, referent: str, **more: str) -> dict[str, str]:
    """A journey opened 200 days ago, agreed and running."""
    programme = "PRE" if ref.startswith("PRE") else "CITE_EMPLOI"
    stage = {"PRE": "EN_COURS", "CITE_EMPLOI": "EN_ACTION"}[programme]
    line = {
        "ref": ref,
        "programme": programme,
        "first_name": "Camille",
        "last_name": f"Nom{ref}",
        "birth_date": "2014-05-01" if programme == "PRE" else "1998-05-01",
        "opened_on": str(day(-200)),
        "agreement_status": "SIGNE",
        "agreement_on": str(day(-190)),
        "referent": email(referent),
        "stage": stage,
    }
    return line | more


def six_volets(ref: str, author: str) -> Rows:
    """One line in each volet of a journey."""
    at = {"journey": ref}
    return {
        "contacts.csv": [
            {
                **at,
                "on": str(day(-20)),
                "mode": "VAD",
                "outcome": "ABOUTI",
                "author": email(author),
                "note": "n",
            }
        ],
        "school_absences.csv": [{**at, "on": str(day(-20)), "half_days": "2"}],
        "rights.csv": [
            {**at, "kind": kind, "ends_on": str(day(300))} for kind in ("CSS", "MDPH", "MESURE_ASE", "CEJ")
        ],
    }


def world(pre: Sequence[str] = ("ref1", "ref2"), cite: Sequence[str] = ("ml", "plie")) -> Rows:
    """PEOPLE and a journey per référent named, each with all six volets."""
    rows: Rows = {
        "structures.csv": [
            {"code": "ESCAL", "name": "Centre social", "type": "CENTRE_SOCIAL", "commune": "62525"}
        ],
        "users.csv": people_lines(),
        "journeys.csv": [],
    }
    owners = [(f"PRE-{n}", who) for n, who in enumerate(pre, 1)]
    owners += [(f"CITE-{n}", who) for n, who in enumerate(cite, 1)]
    for ref, who in owners:
        rows["journeys.csv"].append(journey_line(ref, who))
        for file, lines in six_volets(ref, who).items():
            rows.setdefault(file, []).extend(lines)
    return rows


def import_rows(rows: Rows, as_of: date | None = None, *, commit: bool = True) -> Any:
    """Check and store rows as the command does; the changes. Every account then has its charter signed.

    On empty tables, rows that this process stored before today come back from a snapshot, same ids and same keys.
    """
    from flask import current_app

    settings = current_app.config["SETTINGS"]
    key = _key(settings, rows, as_of) if commit else None
    if key is not None and (found := snapshot.recall(settings, key)):
        return found.result
    changes = _import(rows, as_of, commit=commit)
    if commit:
        sign_charters()
    if key is not None:
        snapshot.keep(settings, key, changes)
    return changes


_NOW = clock.now


def _key(settings: Settings, rows: Rows, as_of: date | None) -> Hashable | None:
    """What a snapshot stands for: databases, which may differ in what they begin with, and what was stored there.

    None where people are there already, or where a test has its own clock.
    """
    if clock.now is not _NOW or scalar("SELECT count(*) FROM account") > 1:
        return None
    return settings.database_url, json.dumps([rows, str(as_of or ""), str(day())], sort_keys=True)


def _import(rows: Rows, as_of: date | None, *, commit: bool) -> Any:
    from coordination.exchange.bundle.reader import read_bundle
    from coordination.exchange.store import store_bundle
    from coordination.exchange.stored import known

    operator = operator_actor()
    with tempfile.TemporaryDirectory() as folder:
        result = read_bundle(write(Path(folder), rows), as_of=as_of or day(), known=known(operator))
    assert not result.faults, result.faults
    return store_bundle(operator, result.lines, as_of=as_of or day(), now=clock.now(), commit=commit)


def sign_charters(**values: Any) -> None:
    """Every person is on a secrecy basis, with a charter signed a month ago for a year; or as `values` say."""
    from flask import current_app

    given = {
        "secrecy_basis": "PROFESSION",
        "charter_signed_on": day(-30),
        "charter_expires_on": day(335),
        "suspended_at": None,
    } | values
    assigned = ", ".join(f"{name} = %({name})s" for name in given)
    with line(current_app.config["SETTINGS"]) as connection:
        connection.execute(f"UPDATE account SET {assigned} WHERE kind = 'person'", given)


def journey_id(ref: str) -> uuid.UUID:
    return uuid.UUID(str(scalar("SELECT id FROM journey WHERE ref = %s", ref)))


def folder_id(ref: str, volet: str) -> uuid.UUID:
    return uuid.UUID(
        str(
            scalar(
                "SELECT f.id FROM folder f JOIN journey j ON j.id = f.journey_id WHERE ref = %s AND volet = %s",
                ref,
                volet,
            )
        )
    )


def rows(query: str, *values: Any, keys: bool = False) -> list[tuple[Any, ...]]:
    """Rows that a superuser reads or returns, past every policy."""
    from flask import current_app

    with line(current_app.config["SETTINGS"], keys=keys) as connection:
        cursor = connection.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []


def scalar(query: str, *values: Any, keys: bool = False) -> Any:
    found = rows(query, *values, keys=keys)
    assert len(found) == 1, (query, len(found))
    return found[0][0]


def counts(settings: Settings) -> dict[str, int]:
    """How many rows each table holds, the keystore's among them; not the marks of what was written."""
    found = {}
    for keys in (False, True):
        with psycopg.connect(superuser(settings, keys=keys)) as connection:
            names = connection.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ).fetchall()
            for (name,) in names:
                row = connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()  # type: ignore[arg-type]
                assert row is not None
                found[name] = row[0]
    found.pop("written", None)
    return found


def module_app(cluster: Settings, name: str) -> Flask:
    """An application on empty databases of its own, for a module whose tests share one world."""
    application = create_app(copy_databases(cluster, TEMPLATE, f"{name}_{os.getpid()}"))
    with application.app_context():
        ensure_operator(clock.now())
    return application


@contextmanager
def role(settings: Settings, name: str) -> Iterator[psycopg.Connection]:
    """A connection of a database role, for what no code of ours would send."""
    with psycopg.connect(embedded.dsn(embedded.role_url(settings, name))) as connection:
        yield connection


@contextmanager
def seen_by(
    settings: Settings, actor: uuid.UUID | None, at: datetime | None = None
) -> Iterator[psycopg.Connection]:
    """A connection of the web role whose transaction carries this actor; rolled back at the end."""
    with role(settings, "web") as connection:
        connection.execute(
            "SELECT set_config('app.actor', %s, true), set_config('app.now', %s, true)",
            (str(actor) if actor else "", at.isoformat() if at else ""),
        )
        yield connection
        connection.rollback()


@contextmanager
def writing(actor: Actor, at: datetime | None = None) -> Iterator[None]:
    """A transaction that may write, committed at the end: for calls to the wall's functions."""
    act_as(db.session, actor.id)
    db.session.info["writing"] = True
    if at:
        db.session.info["now"] = at.isoformat()
    try:
        yield
        db.session.commit()
    finally:
        db.session.rollback()
        db.session.info["writing"] = False
        db.session.info.pop("now", None)


def visible(actor: Actor, table: str, column: str = "id") -> set[Any]:
    """What the actor's session returns of a table, without any filter."""
    act_as(db.session, actor.id)
    found = set(db.session.scalars(text(f"SELECT {column} FROM {table}")))
    db.session.rollback()
    return found


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def run(settings: Settings, *arguments: str) -> Done:
    """The operator's tool in this process: quicker, and its connections are given back."""
    made: list[Flask] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith(("COORDINATION_", "DATABASE_"))]:
            patch.delenv(name)
        for name, value in environment(settings).items():
            patch.setenv(name, value)

        def make(given: Settings) -> Flask:
            made.append(create_app(given))
            return made[-1]

        patch.setattr("coordination.create_app", make)
        result = CliRunner().invoke(cli.main, arguments)
    for application in made:
        close(application)
    return Done(result.exit_code, result.stdout, result.stderr)


def command(settings: Settings, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The operator's tool in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "coordination.cli", *arguments],
        env=environment(settings) | env,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process that works on these databases."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("COORDINATION_", "DATABASE_"))}
    where = {"COORDINATION_HOME": str(settings.home), "DATABASE_URL": settings.database_url or ""}
    return inherited | {k: v for k, v in where.items() if v}


def bury(settings: Settings, folder_ids: Iterable[uuid.UUID]) -> None:
    """Erase volets as the application does; their keys stay until `keys reconcile`."""
    with embedded.connected(embedded.admin_url(settings)) as connection:
        tombstones.bury(connection, settings, list(folder_ids), clock.now())
        connection.commit()
