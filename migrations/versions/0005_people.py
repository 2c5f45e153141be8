"""Who to call and how: contact details, needs, who takes part; schools by year"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import stand_in_folder

revision = "0005"
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
    op.create_table(
        "agreement",
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=True),
        sa.Column("school_year", sa.Integer(), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("volets", sa.LargeBinary(), nullable=True),
        sa.Column("signer", sa.LargeBinary(), nullable=True),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "position", sa.BigInteger(), sa.Identity(always=False, start=1_000_000_000), nullable=False
        ),
        sa.ForeignKeyConstraint(["recorded_by"], ["account.id"], name=op.f("fk_agreement_recorded_by")),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_agreement_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement")),
    )
    op.create_index(op.f("ix_agreement_folder_id"), "agreement", ["folder_id"])
    op.create_index(op.f("ix_agreement_journey_id"), "agreement", ["journey_id"])
    stand_in_folder("agreement", ("SELECT", "INSERT"))


def downgrade() -> None:
    op.drop_table("agreement")
    op.drop_table("schooling")
    for table, columns in NEW.items():
        for column in columns:
            op.drop_column(table, column)
