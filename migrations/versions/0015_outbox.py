"""Mails to send, and the days whose mails are written"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.wall import keep, run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

FUNCTIONS = (
    "digest_alerts(date, date, text[], text[], text[], text[])",
    "coordination_sheet(text[], text[])",
    "mail_recipient(uuid)",
    "waiting_recounts()",
)


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="A_ENVOYER", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.Integer(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('RESUME','PANNE')", name=op.f("ck_mail_kind")),
        sa.CheckConstraint("state IN ('A_ENVOYER','ENVOYE','REFUSE','ANNULE')", name=op.f("ck_mail_state")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mail_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("account_id", "kind", "on_date", name=op.f("uq_mail_account_id_kind_on_date")),
    )
    op.create_index("ix_mail_waiting", "mail", ["next_at"], postgresql_where=sa.text("state = 'A_ENVOYER'"))
    op.create_table(
        "digest_run",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("on_date", name=op.f("pk_digest_run")),
    )
    for table in ("mail", "digest_run"):
        keep(table)
    run_sql("0015_outbox.sql")


def downgrade() -> None:
    op.execute("SET ROLE coord_definer")
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}")
    op.execute("RESET ROLE")
    op.drop_table("digest_run")
    op.drop_table("mail")
