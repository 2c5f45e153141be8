"""The counts of pilotage tell breaks, not announcements"""

from __future__ import annotations

from alembic import op

from migrations.wall import run_sql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0027_counts_of_breaks.sql")


def downgrade() -> None:
    op.execute("DROP FUNCTION pilotage_counts(text[])")
    run_sql("0020_counts_ask_once.sql")
    op.execute("REVOKE ALL ON FUNCTION pilotage_counts() FROM PUBLIC")
    op.execute("GRANT EXECUTE ON FUNCTION pilotage_counts() TO coord_web")
