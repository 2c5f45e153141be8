"""What ends because its day has come; the Monday sheet counts as the board does; an agreement noted by mistake"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0028_ended_by_time.sql")
    # The history of agreements only grows: a line noted by mistake is cancelled by another one.
    op.add_column("agreement", sa.Column("cancels", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("agreement", "cancels")
    op.execute("DROP FUNCTION end_with_time(date)")
    # The clocks of 0028 tell less and as truly; the sheet comes back with its signature.
    op.execute("DROP FUNCTION coordination_sheet(text[], text[], text[])")
    run_sql("0028_sheet_of_0015.sql")
