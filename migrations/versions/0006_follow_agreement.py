"""A function of the wall that closes what needed a signature, and opens it again with one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("folder", sa.Column("agreed", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    run_sql("0006_follow_agreement.sql")


def downgrade() -> None:
    op.execute("DROP FUNCTION agree_volets(uuid, text[]); DROP FUNCTION follow_agreement(uuid[])")
    op.drop_column("folder", "agreed")
