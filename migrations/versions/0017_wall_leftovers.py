"""Roles that have not begun, and roles of another programme, open nothing; the state of the house is guarded"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0017_wall_leftovers.sql")


def downgrade() -> None:
    raise RuntimeError("The functions of the wall follow the dates of the roles from here on.")
