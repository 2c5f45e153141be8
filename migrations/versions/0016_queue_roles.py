"""Journeys whose référent loses or takes a role wait for a recount"""

from __future__ import annotations

from alembic import op

from migrations.wall import run_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0016_queue_roles.sql")


def downgrade() -> None:
    op.execute("DROP TRIGGER queue_changed_role ON membership")
    op.execute("DROP TRIGGER queue_suspended ON account")
    op.execute("SET ROLE coord_definer")
    for function in ("queue_changed_role()", "queue_suspended()", "queue_followed_by(uuid)"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("RESET ROLE")
