"""What somebody may open comes in the order of its ids, as the indexes that are searched with it hold them"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from migrations.wall import run_sql

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_access_actor_folder",
        "access",
        ["actor_id", "folder_id"],
        postgresql_include=["from_at", "until_at"],
    )
    op.create_index(
        "ix_alert_answered",
        "alert",
        ["folder_id"],
        postgresql_where=text("status IN ('REPORTEE', 'SANS_OBJET')"),
    )
    run_sql("0037_wall_in_order.sql")


def downgrade() -> None:
    # `my_folders` gives what it gave before, in order.
    op.drop_index("ix_access_actor_folder", table_name="access")
    op.drop_index("ix_alert_answered", table_name="alert")
