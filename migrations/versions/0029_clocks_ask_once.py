"""The clocks ask once which journeys the actor writes in"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0029_clocks_ask_once.sql")


def downgrade() -> None:
    """Nothing to take back: the clocks told the same before."""
