"""The tables made from nothing are those of the models, and making them twice changes nothing."""

from __future__ import annotations

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import create_engine

from coordination.accounts.commands import ensure_operator, operator_actor
from coordination.clock import now
from coordination.embedded import role_url, sqlalchemy_url
from coordination.privacy.keys import init_keys, load_keks
from coordination.provision import alembic_config, provision
from migrations.models import Base
from tests.databases import superuser
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
