"""The tables made from nothing are those of the models, and making them twice changes nothing."""

from __future__ import annotations

import os

import psycopg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine

from config.settings import Settings
from coordination.accounts.commands import ensure_operator, operator_actor
from coordination.clock import now
from coordination.embedded import role_url, sqlalchemy_url
from coordination.privacy.keys import init_keys, load_keks
from coordination.provision import alembic_config, migrate, provision
from migrations.models import Base
from tests.databases import TEMPLATE, copy_databases, superuser
from tests.support import counts, import_rows, rows, run, world


def test_migrated_tables_are_those_of_the_models(app: Flask) -> None:
    engine = create_engine(sqlalchemy_url(role_url(app.config["SETTINGS"], "owner")))
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []
    finally:
        engine.dispose()


def test_there_is_one_head_and_no_branch(app: Flask) -> None:
    scripts = ScriptDirectory.from_config(alembic_config(role_url(app.config["SETTINGS"], "owner")))
    assert len(scripts.get_heads()) == 1 and len(scripts.get_bases()) == 1
    assert rows("SELECT version_num FROM alembic_version") == [(scripts.get_heads()[0],)]


def test_making_everything_again_changes_nothing(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    import_rows(world(pre=["ref1"], cite=[]))
    keks, operator, before = load_keks(settings), operator_actor(), counts(settings)
    policies = rows("SELECT * FROM pg_policies ORDER BY 1, 2, 3")
    for _ in range(2):
        init_keys(settings)
        provision(settings)
        assert ensure_operator(now()) == operator
    assert counts(settings) == before and load_keks(settings) == keks
    assert rows("SELECT * FROM pg_policies ORDER BY 1, 2, 3") == policies


def test_init_is_safe_to_run_again(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    import_rows(world(pre=["ref1"], cite=[]))
    before = counts(settings)
    done = run(settings, "init", "--json")
    assert done.returncode == 0, done.stderr
    assert counts(settings) == before


def test_rights_of_the_volets_come_with_the_tables(app: Flask) -> None:
    assert rows("SELECT count(*) > 40 FROM volet_right") == [(True,)]


def test_references_to_a_journey_wait_for_the_end_of_the_transaction(app: Flask) -> None:
    """The access rows of a new journey come before it: keys to journeys, folders and alerts are deferred."""
    found = rows(
        "SELECT conname, condeferred FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid::regclass::text IN ('journey', 'folder', 'alert', 'referral')"
    )
    assert len(found) > 15 and [name for name, deferred in found if not deferred] == []


def test_a_record_cannot_hang_on_a_folder_of_another_journey(app: Flask) -> None:
    import_rows(world(pre=["ref1", "ref2"], cite=[]))
    with psycopg.connect(superuser(app.config["SETTINGS"])) as connection:
        connection.execute(
            "UPDATE contact SET journey_id = (SELECT id FROM journey WHERE ref = 'PRE-2')"
            " FROM journey j WHERE j.id = contact.journey_id AND j.ref = 'PRE-1'"
        )
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.commit()


def test_what_a_stolen_worker_wrote_before_0038_goes(cluster: Settings) -> None:
    settings = copy_databases(cluster, TEMPLATE, f"poisoned_{os.getpid()}")
    owner = role_url(settings, "owner")
    command.downgrade(alembic_config(owner), "0037")
    alert = (
        "INSERT INTO alert (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on,"
        " initial, status) SELECT gen_random_uuid(), id, id, 'A01', 'overdue', '', '2026-01-01', %s, '',"
        " '2026-01-01', false, %s FROM (SELECT gen_random_uuid() AS id) AS nobody"
    )
    with psycopg.connect(superuser(settings), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for due_on, status in (("infinity", "OUVERTE"), ("2026-02-01", "FERMEE"), ("2026-02-01", "VUE")):
            connection.execute(alert, [due_on, status])
        for finished in ("infinity", "2026-02-01"):
            connection.execute(
                "INSERT INTO scan_run (id, on_date, finished_at, opened)"
                " VALUES (gen_random_uuid(), '2026-02-01', %s, 0)",
                [finished],
            )
        migrate(owner)
        assert connection.execute("SELECT status FROM alert").fetchall() == [("VUE",)]
        assert connection.execute("SELECT count(*) FROM scan_run").fetchall() == [(1,)]
        granted = connection.execute("SELECT has_table_privilege('coord_definer', 'alert', 'DELETE')")
        assert granted.fetchall() == [(False,)]
