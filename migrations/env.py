"""Alembic environment: the URL comes from the caller, the metadata from the models."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from migrations.models import Base


def run() -> None:
    engine = create_engine(context.config.attributes["url"], hide_parameters=True)
    with engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            compare_type=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


run()
