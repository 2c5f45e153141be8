"""The family of a journey, asked of its own few journeys"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0026_siblings.sql")


def downgrade() -> None:
    run_sql("0010_siblings.sql")
