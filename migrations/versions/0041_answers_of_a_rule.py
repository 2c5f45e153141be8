"""What became of the alerts of one rule is counted behind the wall; folders and running pauses are found sooner"""

from __future__ import annotations

from alembic import op
from sqlalchemy import text

from migrations.wall import run_sql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_pause_running",
        "pause",
        ["folder_id", "journey_id"],
        postgresql_where=text("returned_on IS NULL"),
    )
    run_sql("0041_answers_of_a_rule.sql")


def downgrade() -> None:
    # `my_folders` gives what it gave before.
    op.drop_index("ix_pause_running", table_name="pause")
    op.execute("DROP FUNCTION answers_of_rule(text, text, date, date)")
