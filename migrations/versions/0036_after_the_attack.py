"""A coordinator named référent opens no santé volet; what an agreement no longer covers ends for receivers too"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0036_after_the_attack.sql")


def downgrade() -> None:
    raise RuntimeError("A coordinator who follows journeys reads no santé volet from here on.")
