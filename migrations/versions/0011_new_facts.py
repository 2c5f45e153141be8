"""Invitations, applications, children of the household, follow-up and retention after the end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql, stand_in_folder

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

DAYS = {
    "invitation": {"sent_on": False, "answered_on": True},
    "iae_application": {"applied_on": False, "answered_on": True},
    "household_child": {},
    "follow_up": {"on_date": False},
    "retention_decision": {"on_date": False},
}
"""Table -> its days in clear, and whether they may be empty."""
SEALED = {
    "invitation": ("kind", "answer"),
    "iae_application": ("employer", "job", "answer"),
    "household_child": ("birth_month", "care"),
    "follow_up": ("situation", "note"),
    "retention_decision": ("decision", "reason"),
}


def upgrade() -> None:
    for table, days in DAYS.items():
        op.create_table(
            table,
            *(sa.Column(day, sa.Date(), nullable=empty) for day, empty in days.items()),
            *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in SEALED[table]),
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
                name=op.f(f"fk_{table}_folder_id_journey_id"),
                ondelete="CASCADE",
                initially="DEFERRED",
                deferrable=True,
            ),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        for column in ("folder_id", "journey_id"):
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
        stand_in_folder(table)
    run_sql("0011_new_facts.sql")


def downgrade() -> None:
    op.execute("DROP FUNCTION page_fact_clocks(uuid[])")
    for table in DAYS:
        op.drop_table(table)
