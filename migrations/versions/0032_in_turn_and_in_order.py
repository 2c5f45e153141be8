"""A role that ends waits for what is being opened; a chain of the audit goes on only from the head kept of it"""

from __future__ import annotations

from alembic import op

from migrations.wall import run_sql

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0032_in_turn_and_in_order.sql")


def downgrade() -> None:
    # `follow_roles` gives what it gave before, in turn.
    op.execute("DROP FUNCTION audit_hash(uuid, bigint)")
