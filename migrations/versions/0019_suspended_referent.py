"""A suspended référent has left: the rules of departures see it"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0019_suspended_referent.sql")


def downgrade() -> None:
    raise RuntimeError("Departures count suspended accounts from here on.")
