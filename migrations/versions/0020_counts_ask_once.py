"""The counts of pilotage ask for the reader's role once per figure, not once per alert"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0020_counts_ask_once.sql")


def downgrade() -> None:
    # The function of 0003 gives the same figures: nothing to take back.
    pass
