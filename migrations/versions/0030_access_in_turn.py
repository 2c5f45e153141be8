"""Who may open what is computed by one transaction at a time"""

from __future__ import annotations

from alembic import op

from migrations.wall import run_sql

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0030_access_in_turn.sql")


def downgrade() -> None:
    # The others give what they gave before, to one at a time.
    op.execute("DROP FUNCTION hold_folder(uuid, text)")
