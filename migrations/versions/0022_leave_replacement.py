"""Who replaces during an absence can be chosen after it was noted"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0022_leave_replacement.sql")


def downgrade() -> None:
    raise RuntimeError("Absences are changed under their own policy from here on.")
