"""Thresholds that the coordinators set after a trial on the past, and the journeys that wait for a recount"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.wall import keep, run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLES = ("threshold_trial", "threshold", "recompute_queue")


def upgrade() -> None:
    numbers = postgresql.ARRAY(sa.Integer())
    op.create_table(
        "threshold_trial",
        *_values("threshold_trial"),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("present", sa.String(length=64), nullable=False),
        sa.Column("journeys", sa.Integer(), nullable=False),
        sa.Column("weeks_before", numbers, nullable=False),
        sa.Column("weeks_after", numbers, nullable=False),
        sa.Column("referents", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("referents_before", numbers, nullable=False),
        sa.Column("referents_after", numbers, nullable=False),
        sa.Column("breaks", sa.Integer(), nullable=False),
        sa.Column("found_before", sa.Integer(), nullable=False),
        sa.Column("found_after", sa.Integer(), nullable=False),
        sa.Column("days_gained", sa.Integer(), nullable=True),
        sa.Column("needless_before", sa.Integer(), nullable=False),
        sa.Column("needless_after", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["account.id"], name=op.f("fk_threshold_trial_made_by")),
    )
    op.create_table(
        "threshold",
        *_values("threshold"),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("trial_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_threshold_valid")),
        sa.CheckConstraint(
            "status IN ('A_VENIR','EN_VIGUEUR','FINI','RETIRE')", name=op.f("ck_threshold_status")
        ),
        sa.ForeignKeyConstraint(["trial_id"], ["threshold_trial.id"], name=op.f("fk_threshold_trial_id")),
        sa.ForeignKeyConstraint(["decided_by"], ["account.id"], name=op.f("fk_threshold_decided_by")),
    )
    op.create_index(
        "uq_threshold_place",
        "threshold",
        ["rule", "programme", "structure_id", "valid_from", "valid_until"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("status <> 'RETIRE'"),
    )
    op.create_table(
        "recompute_queue",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"],
            ["journey.id"],
            name=op.f("fk_recompute_queue_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("journey_id", name=op.f("pk_recompute_queue")),
    )
    for table in TABLES:
        keep(table)
    run_sql("0014_thresholds.sql")


def _values(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("programme", sa.String(length=16), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=True),
        sa.Column("threshold_days", sa.Integer(), nullable=True),
        sa.Column("lead_days", sa.Integer(), nullable=True),
        sa.Column("threshold_count", sa.Integer(), nullable=True),
        sa.Column("window_days", sa.Integer(), nullable=True),
        sa.Column("switched_on", sa.Boolean(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("programme IN ('PRE','CITE_EMPLOI')", name=op.f(f"ck_{table}_programme")),
        sa.CheckConstraint(
            "least(threshold_days, lead_days, threshold_count, window_days) > 0",
            name=op.f(f"ck_{table}_positive"),
        ),
        sa.ForeignKeyConstraint(["structure_id"], ["structure.id"], name=op.f(f"fk_{table}_structure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    ]


def downgrade() -> None:
    op.execute("DROP TRIGGER queue_new_referent ON journey")
    op.execute("DROP TRIGGER queue_new_structure ON membership")
    op.execute("SET ROLE coord_definer")
    for function in (
        "queue_new_referent()",
        "queue_new_structure()",
        "begin_thresholds(date)",
        "queue_recompute(text, uuid)",
        "queue_journeys(text, uuid)",
        "carry_alerts(uuid[], jsonb)",
        "pending_journeys()",
        "referent_structure(uuid, text)",
    ):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("RESET ROLE")
    for table in reversed(TABLES):
        op.drop_table(table)
