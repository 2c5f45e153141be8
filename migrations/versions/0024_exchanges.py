"""Exchanges of all that somebody sees, read from an index alone"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
    op.drop_index("ix_appointment_exchange", "appointment")
    op.drop_index("ix_contact_exchange", "contact")
