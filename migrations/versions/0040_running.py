"""A journey turned down counts neither among the figures nor in the Monday sheet"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0040"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0040_running.sql")


def downgrade() -> None:
    # The signatures are the same, and what was turned down runs no more there either.
    pass
