"""What became of the alerts of one rule is counted behind the wall; the list of folders is gathered sooner"""

from __future__ import annotations

from alembic import op

from migrations.wall import run_sql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0041_answers_of_a_rule.sql")


def downgrade() -> None:
    # `my_folders` gives what it gave before.
    op.execute("DROP FUNCTION answers_of_rule(text, text, date, date)")
