"""What happened to each alert, and what the coordination decided week by week"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import run_sql, stand_in_folder

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_event",
        sa.Column("alert_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("way_out", sa.String(length=24), nullable=True),
        sa.Column("because", sa.String(length=40), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "position", sa.BigInteger(), sa.Identity(always=False, start=1_000_000_000), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alert.id"],
            name=op.f("fk_alert_event_alert_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_alert_event_by_id")),
        _folder_key("alert_event"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
    )
    op.create_index(op.f("ix_alert_event_alert_id"), "alert_event", ["alert_id"])
    op.create_index(op.f("ix_alert_event_folder_id"), "alert_event", ["folder_id"])
    op.create_index(op.f("ix_alert_event_journey_id"), "alert_event", ["journey_id"])
    # Written by the database itself, whoever changes the alert: a page, a fact or the scan without a key.
    stand_in_folder("alert_event", ("SELECT",))
    op.create_table(
        "week_decision",
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("by_id", sa.Uuid(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "position", sa.BigInteger(), sa.Identity(always=False, start=1_000_000_000), nullable=False
        ),
        sa.ForeignKeyConstraint(["by_id"], ["account.id"], name=op.f("fk_week_decision_by_id")),
        _folder_key("week_decision"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_week_decision")),
    )
    op.create_index(op.f("ix_week_decision_folder_id"), "week_decision", ["folder_id"])
    op.create_index(op.f("ix_week_decision_journey_id"), "week_decision", ["journey_id"])
    op.create_index("ix_week_decision_week", "week_decision", ["week", "journey_id"])
    stand_in_folder("week_decision")
    # What is to come, read by whoever sees the folders: the wall's own condition becomes the index's.
    op.create_index(
        "ix_deadline_coming",
        "deadline",
        ["folder_id", "due_on"],
        postgresql_where=sa.text("alert_id IS NULL"),
    )
    run_sql("0012_alert_life.sql")


def _folder_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["folder_id", "journey_id"],
        ["folder.id", "folder.journey_id"],
        name=op.f(f"fk_{table}_folder_id_journey_id"),
        ondelete="CASCADE",
        initially="DEFERRED",
        deferrable=True,
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER remember ON alert; DROP FUNCTION remember_alert()")
    op.drop_index("ix_deadline_coming", table_name="deadline")
    op.drop_table("week_decision")
    op.drop_table("alert_event")
