"""What is open is found without reading what is closed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Every query of alerts asks for open ones, or names an alert or a journey: the closed ones leave the index.
    op.drop_index("ix_alert_folder_id", table_name="alert")
    op.create_index(
        "ix_alert_open",
        "alert",
        ["folder_id", "status"],
        unique=False,
        postgresql_where=sa.text("status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE')"),
    )
    op.create_index(
        "ix_alert_unanswered",
        "alert",
        ["rule", "kind", "opened_on"],
        unique=False,
        postgresql_where=sa.text("status IN ('OUVERTE', 'VUE') AND escalated_on IS NULL"),
    )
    # Every query of deadlines names journeys, which the primary key finds.
    op.drop_index("ix_deadline_folder_id", table_name="deadline")


def downgrade() -> None:
    op.create_index("ix_deadline_folder_id", "deadline", ["folder_id"], unique=False)
    op.drop_index("ix_alert_unanswered", table_name="alert")
    op.drop_index("ix_alert_open", table_name="alert")
    op.create_index("ix_alert_folder_id", "alert", ["folder_id"], unique=False)
