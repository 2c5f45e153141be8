"""Every transaction that touches what lists are counted from leaves a mark"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import keep, run_sql

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

TABLES = ("journey", "alert", "deadline", "audit_entry")


def upgrade() -> None:
    op.create_table(
        "written",
        sa.Column(
            "mark",
            sa.BigInteger(),
            server_default=sa.text("uuid_hash_extended(gen_random_uuid(), 0)"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_written")),
    )
    keep("written")
    run_sql("0047_written.sql")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER mark_written ON {table}")
    op.execute("DROP FUNCTION mark_written()")
    op.execute("DROP FUNCTION sweep_written()")
    op.drop_table("written")
