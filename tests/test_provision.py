"""What the roles may reach beside our tables, and what a child process is told."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import psycopg
import pytest
from flask import Flask

from coordination import embedded, serve
from coordination.embedded import role_url, without_secrets
from coordination.provision import LOGIN_ROLES
from tests.support import rows

SECRETS = {
    "COORDINATION_KEK_1": "00" * 32,
    "DATABASE_URL": "postgresql://admin:secret@host/db",
    "DATABASE_URL_OWNER": "postgresql://owner:secret@host/db",
    "DATABASE_URL_WORKER": "postgresql://worker:secret@host/db",
    "KEYSTORE_URL": "postgresql://keys:secret@host/db",
    "DEMO_PASSWORD": "secret",
    "PGPASSWORD": "secret",
    "SMTP_PASSWORD": "secret",
}


@pytest.mark.parametrize("role", LOGIN_ROLES)
@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_our_roles_enter_our_databases_only(app: Flask, role: str, database: str) -> None:
    url = role_url(app.config["SETTINGS"], role).set(database=database)
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(embedded.dsn(url))


def test_nobody_s_database_is_open_to_everybody(app: Flask) -> None:
    found = rows(
        "SELECT datname FROM pg_database, aclexplode(COALESCE(datacl, acldefault('d', datdba))) AS given"
        " WHERE given.grantee = 0 AND datname <> 'template0'"
    )
    assert found == []


def test_no_large_object_can_be_made(app: Flask) -> None:
    found = rows(
        "SELECT proname FROM pg_proc WHERE proname IN ('lo_create', 'lo_creat', 'lo_from_bytea', 'lo_put',"
        " 'lo_get', 'lo_open', 'lowrite', 'loread', 'lo_unlink')"
        " AND has_function_privilege('coord_web', oid, 'EXECUTE')"
    )
    assert found == []


def test_a_child_is_told_no_secret() -> None:
    told = without_secrets(SECRETS | {"PATH": "/bin", "COORDINATION_HOME": "/srv", "LANG": "C"})
    assert told == {"PATH": "/bin", "COORDINATION_HOME": "/srv", "LANG": "C"}


def test_the_worker_knows_its_own_password_alone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = app.config["SETTINGS"]
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    started: list[dict[str, str]] = []

    def popen(command: list[str], env: dict[str, str], preexec_fn: object) -> None:
        started.append(env)

    monkeypatch.setattr(subprocess, "Popen", popen)
    serve.start_worker(settings)
    (told,) = started
    own = told.pop("DATABASE_URL_WORKER")
    assert own == embedded.dsn(role_url(settings, "worker"))
    assert not [name for name in told if name in SECRETS]
    assert "secret" not in repr(told)
    with psycopg.connect(own) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("coord_worker",)


def test_the_worker_scans_with_that_alone(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    own = embedded.dsn(role_url(settings, "worker"))
    environment = without_secrets(os.environ) | {
        "COORDINATION_HOME": "/nonexistent",
        "DATABASE_URL_WORKER": own,
    }
    done = subprocess.run(
        [sys.executable, "-m", "coordination.cli", "worker", "--once"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_the_embedded_server_starts_without_our_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    with embedded._secrets_aside():
        assert not SECRETS.keys() & os.environ.keys()
    assert {name: os.environ[name] for name in SECRETS} == SECRETS


def test_serve_answers_to_the_name_it_binds(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(app.config["SETTINGS"], database_url="postgresql://host/db")
    served: list[tuple[tuple[str, ...], str]] = []
    monkeypatch.setattr(
        serve._Server,
        "run",
        lambda server: served.append((server.settings.hosts, server.options["forwarded_allow_ips"])),
    )
    for host, proxies in (("192.0.2.4", 0), ("0.0.0.0", 1)):
        serve.serve(replace(settings, proxies=proxies), host, 8000, 1, 1)
    assert served[0] == ((*settings.hosts, "192.0.2.4"), "")
    assert served[1] == (settings.hosts, "127.0.0.1,::1")
