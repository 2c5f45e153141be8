"""Decisions at 12, 18 and 24 months of a journey of the PRE: their table, and their days among the clocks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql, stand_in_folder

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLE = "stay_decision"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("decision", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "position", sa.BigInteger(), sa.Identity(always=False, start=1_000_000_000), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f(f"fk_{TABLE}_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    for column in ("folder_id", "journey_id"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column])
    stand_in_folder(TABLE)
    run_sql("0021_stay_decisions.sql")


def downgrade() -> None:
    raise RuntimeError("The clocks read the decisions from here on.")
