"""What the administrator keeps: dated roles, retired structures, lists, areas, school years, password links"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from coordination import reference
from migrations.wall import keep, run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("account", "structure", "membership"):
        op.add_column(table, sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("structure", sa.Column("retired_on", sa.Date(), nullable=True))
    op.add_column("membership", sa.Column("started_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "coded_label",
        sa.Column("list", sa.String(length=32), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("list", "code", name=op.f("pk_coded_label")),
    )
    area = op.create_table(
        "area",
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("commune", sa.String(length=5), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_area_valid")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_area")),
    )
    op.create_table(
        "school_year",
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("ends_on > starts_on", name=op.f("ck_school_year_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_year")),
        sa.UniqueConstraint("starts_on", name=op.f("uq_school_year_starts_on")),
    )
    op.create_table(
        "password_link",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_password_link_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_password_link")),
    )
    # Before row-level security, which the owner is subject to.
    assert area is not None
    op.bulk_insert(
        area,
        [
            {"code": each["key"], "label": each["name"], "commune": each["commune"]}
            for each in reference.territory()["fragile_areas"]
        ],
    )
    for table in ("coded_label", "area", "school_year", "password_link"):
        keep(table)
    run_sql("0008_administration.sql")


def downgrade() -> None:
    for table in ("password_link", "school_year", "area", "coded_label"):
        op.drop_table(table)
    op.execute("DROP TRIGGER date_access ON access")
    op.execute("SET ROLE coord_definer")
    for function in (
        "follow_roles(uuid, text)",
        "note_lists_changed()",
        "date_access()",
        "role_span(uuid, uuid, text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    # `has_role` without the start of a role, as in 0001.
    op.execute(
        "CREATE OR REPLACE FUNCTION has_role(p_role text) RETURNS boolean"
        " LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$"
        " SELECT EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id"
        " WHERE a.id = app_actor() AND a.suspended_at IS NULL AND m.role = p_role"
        " AND (m.ended_at IS NULL OR m.ended_at > app_now())) $$"
    )
    op.execute("RESET ROLE")
    op.drop_column("membership", "started_at")
    op.drop_column("structure", "retired_on")
    for table in ("account", "structure", "membership"):
        op.drop_column(table, "version")
