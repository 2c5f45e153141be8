"""A new exchange moves the day of its volet's last one without looking at the others"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0048_heard_forward.sql")


def downgrade() -> None:
    # `note_exchange` kept the same day before, by a longer way.
    pass
