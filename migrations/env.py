"""Alembic environment: the URL comes from the caller, the metadata from the models."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

import coordination.accounts.list_models
import coordination.accounts.models
import coordination.alerts.models
import coordination.alerts.models_mail
import coordination.alerts.models_thresholds
import coordination.cases.models
import coordination.cases.models_facts
import coordination.cases.models_life
import coordination.cases.models_review
import coordination.privacy.models
import coordination.referrals.models  # noqa: F401
from coordination.db import Base


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
