"""Who to call and how: contact details, needs, who takes part; schools by year"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import stand_in_folder

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None

NEW = {
    "sheet": ("phone", "email", "interpreter", "prefers_oral", "arrived_on"),
    "representative": ("takes_part", "trusted", "prefers_oral"),
}


def upgrade() -> None:
    for table, columns in NEW.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.LargeBinary(), nullable=True))
    op.create_table(
        "schooling",
        sa.Column("school_year", sa.Integer(), nullable=False),
        sa.Column("school", sa.LargeBinary(), nullable=True),
        sa.Column("school_level", sa.LargeBinary(), nullable=True),
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
            name=op.f("fk_schooling_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schooling")),
    )
    op.create_index(op.f("ix_schooling_folder_id"), "schooling", ["folder_id"])
    op.create_index(op.f("ix_schooling_journey_id"), "schooling", ["journey_id"])
    stand_in_folder("schooling")


def downgrade() -> None:
    op.drop_table("schooling")
    for table, columns in NEW.items():
        for column in columns:
            op.drop_column(table, column)
