"""An alert stands in the volet of what it tells of, also after a correction moved that to another"""

from __future__ import annotations

from alembic import op

from migrations.wall import run_sql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

KEY = ["journey_id", "rule", "kind", "subject_id", "since"]


def upgrade() -> None:
    op.drop_constraint(op.f("uq_alert_journey_id_rule_kind_subject_id_since"), "alert")
    op.create_unique_constraint(
        op.f("uq_alert_journey_id_rule_kind_subject_id_since_folder_id"), "alert", [*KEY, "folder_id"]
    )
    run_sql("0033_alert_of_its_volet.sql")


def downgrade() -> None:
    raise RuntimeError("One fact may have an alert in each of two volets from here on.")
