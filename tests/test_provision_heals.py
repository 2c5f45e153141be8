"""What somebody who stole a role's password leaves behind is put right by `coordination init`."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from config.settings import Settings
from coordination import embedded
from coordination.embedded import dsn, role_url
from coordination.privacy.keys import init_keys
from coordination.provision import MOST_CONNECTIONS, provision
from tests.databases import superuser
from tests.support import run

POISON = {
    "worker": ["ALTER ROLE coord_worker SET statement_timeout = '1ms'"],
    "web": [
        "ALTER ROLE coord_web SET search_path = 'pg_catalog'",
        "ALTER ROLE coord_web IN DATABASE coordination SET default_transaction_read_only = 'on'",
    ],
    "owner": ["ALTER ROLE coord_owner SET search_path = 'pg_catalog'"],
    "maintenance": ["ALTER ROLE coord_maintenance IN DATABASE coordination SET row_security = 'off'"],
    "keystore": ["ALTER ROLE coord_keystore SET search_path = 'pg_catalog'"],
}


@pytest.fixture(scope="module")
def own() -> Iterator[Settings]:
    """A server of its own: roles are common to all databases of one."""
    home = Path(tempfile.mkdtemp(prefix="coordination-roles-"))
    settings = Settings(home=home, secure_cookies=False, testing=True)
    init_keys(settings)
    provision(settings)
    placed = embedded.start(settings).set(database=embedded.DATABASE)
    yield replace(settings, database_url=dsn(placed))
    embedded.stop(settings)
    shutil.rmtree(home, ignore_errors=True)


def left(settings: Settings) -> list[tuple[str, list[str]]]:
    with psycopg.connect(superuser(settings)) as connection:
        return connection.execute(
            "SELECT r.rolname, s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole"
            " WHERE r.rolname LIKE 'coord\\_%'"
        ).fetchall()


def test_the_settings_that_a_role_gave_itself_are_forgotten(own: Settings) -> None:
    assert run(own, "init").returncode == 0
    for role, statements in POISON.items():
        with psycopg.connect(dsn(role_url(own, role)), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)
    assert len(left(own)) == 6
    assert run(own, "worker", "--once").returncode != 0, "a statement of a millisecond"
    done = run(own, "init")
    assert done.returncode == 0, done.stderr
    assert left(own) == []
    assert run(own, "worker", "--once").returncode == 0


def test_one_role_does_not_keep_the_others_out(own: Settings) -> None:
    with psycopg.connect(superuser(own), autocommit=True) as connection:
        connection.execute("ALTER ROLE coord_web CONNECTION LIMIT 60")
    assert run(own, "init").returncode == 0
    with contextlib.ExitStack() as opened:
        for _ in range(MOST_CONNECTIONS["worker"]):
            opened.enter_context(psycopg.connect(dsn(role_url(own, "worker"))))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            psycopg.connect(dsn(role_url(own, "worker")))
        with psycopg.connect(dsn(role_url(own, "web"))) as pages:
            found = pages.execute("SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname LIKE 'coord\\_%'")
            limits = {name.removeprefix("coord_"): most for name, most in found}
    assert {name: limits[name] for name in MOST_CONNECTIONS} == MOST_CONNECTIONS
    assert limits["web"] == 60, "what an administrator of the server decided stays"
