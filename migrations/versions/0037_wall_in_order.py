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
        "ix_alert_standing", "alert", ["folder_id", "status"], postgresql_where=text("status <> 'RESOLUE'")
    )
    op.drop_index("ix_alert_open", table_name="alert")
    run_sql("0037_wall_in_order.sql")


def downgrade() -> None:
    # `my_folders` gives what it gave before, in order.
    op.drop_index("ix_access_actor_folder", table_name="access")
    op.create_index(
        "ix_alert_open",
        "alert",
        ["folder_id", "status"],
        postgresql_where=text("status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE')"),
    )
    op.drop_index("ix_alert_standing", table_name="alert")
