"""Day of the last writing on a journey, day an action was suspended, clocks of the remaining rules"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("journey", sa.Column("written_on", sa.Date(), nullable=True))
    op.add_column("action", sa.Column("suspended_on", sa.Date(), nullable=True))
    # An absence for which nobody was found: the coordinator is told.
    op.alter_column("leave", "backup_id", nullable=True)
    run_sql("0013_rules.sql")


def downgrade() -> None:
    raise RuntimeError("The rules read these clocks from here on.")
