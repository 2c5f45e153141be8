"""Each volet knows the day of its last exchange"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("folder", sa.Column("heard_on", sa.Date()))
    run_sql("0046_heard.sql")


def downgrade() -> None:
    for table in ("contact", "appointment"):
        for trigger in ("note_added", "note_changed", "note_removed"):
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("DROP FUNCTION note_exchange()")
    op.drop_column("folder", "heard_on")
