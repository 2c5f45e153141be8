"""What people write about a journey: the family's words, owner and sessions of an action, conclusions, diagnosis"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import stand_in_folder

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SEALED = {
    "sheet": ("diagnosis",),
    "objective": ("own_words",),
    "action": ("owner", "contract_objective", "detail"),
    "review": ("conclusions",),
}


def upgrade() -> None:
    op.add_column("journey", sa.Column("suspended_from", sa.String(length=20), nullable=True))
    for table, columns in SEALED.items():
        for column in columns:
            op.add_column(table, sa.Column(column, sa.LargeBinary(), nullable=True))
    op.create_table(
        "attendance",
        sa.Column("action_id", sa.Uuid(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "position", sa.BigInteger(), sa.Identity(always=False, start=1_000_000_000), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["action_id"],
            ["action.id"],
            name=op.f("fk_attendance_action_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_attendance_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance")),
    )
    for column in ("action_id", "folder_id", "journey_id"):
        op.create_index(op.f(f"ix_attendance_{column}"), "attendance", [column])
    stand_in_folder("attendance")


def downgrade() -> None:
    op.drop_table("attendance")
    for table, columns in SEALED.items():
        for column in columns:
            op.drop_column(table, column)
    op.drop_column("journey", "suspended_from")
