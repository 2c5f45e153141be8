"""The next reference is whole beyond 9,999, and one far away decides for nobody"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0045_next_number.sql")


def downgrade() -> None:
    # The numbers proposed stay whole: nothing stored depends on it.
    pass
