"""How a journey came, its turns, absences of référents, families"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import keep, run_sql, stand_in_folder

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ACCESS_KEY = ["actor_id", "folder_id", "basis"]


def upgrade() -> None:
    _in_folder(
        "saisine",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=True),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("reasons", sa.LargeBinary(), nullable=True),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["structure_id"], ["structure.id"], name=op.f("fk_saisine_structure_id")),
    )
    _in_folder(
        "turn",
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("to_id", sa.Uuid(), nullable=True),
        sa.Column("decided_by", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_turn_by_id")),
        sa.ForeignKeyConstraint(["to_id"], ["account.id"], name=op.f("fk_turn_to_id")),
    )
    op.create_table(
        "leave",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("backup_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("account_id <> backup_id AND from_on <= until_on", name=op.f("ck_leave_days")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_leave_account_id")),
        sa.ForeignKeyConstraint(["backup_id"], ["account.id"], name=op.f("fk_leave_backup_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
    )
    op.create_index(op.f("ix_leave_account_id"), "leave", ["account_id"])
    op.create_index(op.f("ix_leave_backup_id"), "leave", ["backup_id"])
    keep("leave")
    op.create_table(
        "household_member",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"],
            ["journey.id"],
            name=op.f("fk_household_member_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("journey_id", name=op.f("pk_household_member")),
    )
    op.create_index(op.f("ix_household_member_household_id"), "household_member", ["household_id"])
    keep("household_member")
    op.add_column("access", sa.Column("leave_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_access_leave_id"), "access", "leave", ["leave_id"], ["id"], ondelete="CASCADE"
    )
    op.drop_constraint("uq_access_actor_id_folder_id_basis", "access", type_="unique")
    # One row without a leave as before, and one for each leave.
    op.create_unique_constraint(
        op.f("uq_access_actor_id_folder_id_basis_leave_id"),
        "access",
        [*ACCESS_KEY, "leave_id"],
        postgresql_nulls_not_distinct=True,
    )
    op.create_index(
        op.f("ix_access_leave_id"), "access", ["leave_id"], postgresql_where=sa.text("leave_id IS NOT NULL")
    )
    run_sql("0010_life.sql")


def _in_folder(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        *columns,
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
    op.create_index(op.f(f"ix_{table}_folder_id"), table, ["folder_id"])
    op.create_index(op.f(f"ix_{table}_journey_id"), table, ["journey_id"])
    # What happened is added and read, never changed.
    stand_in_folder(table, ("SELECT", "INSERT"))


def downgrade() -> None:
    raise RuntimeError("The functions of the wall follow the absences from here on.")
