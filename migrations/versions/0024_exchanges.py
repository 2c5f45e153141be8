"""Exchanges of all that somebody sees, read from an index alone; outcomes of alerts, counted behind the wall"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

COLUMNS = ["folder_id", "journey_id", "on_date"]


def upgrade() -> None:
    op.create_index(
        "ix_contact_exchange",
        "contact",
        COLUMNS,
        postgresql_where=sa.text("outcome = 'ABOUTI' AND mode <> 'TIERS'"),
    )
    op.create_index(
        "ix_appointment_exchange", "appointment", COLUMNS, postgresql_where=sa.text("status = 'HONORE'")
    )
    run_sql("0024_outcomes.sql")


def downgrade() -> None:
    op.execute("DROP FUNCTION alert_outcomes(date)")
    op.drop_index("ix_appointment_exchange", "appointment")
    op.drop_index("ix_contact_exchange", "contact")
