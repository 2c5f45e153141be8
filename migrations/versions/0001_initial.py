"""The whole data model of both programmes, the wall and its grants"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import op

SQL = Path(__file__).resolve().parent.parent / "sql"

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=8), server_default="person", nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("secrecy_basis", sa.String(length=16), server_default="AUCUN", nullable=False),
        sa.Column("charter_version", sa.String(length=16), nullable=True),
        sa.Column("charter_signed_on", sa.Date(), nullable=True),
        sa.Column("charter_expires_on", sa.Date(), nullable=True),
        sa.Column("second_factor", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "secrecy_basis IN ('PROFESSION','MISSION_L133_5','MISSION_ASE','CONTRACTUEL','AUCUN')",
            name=op.f("ck_account_secrecy_basis"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("structure_id", "sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("structure_id", "previous", name=op.f("uq_audit_entry_structure_id_previous")),
    )
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor_id", "at_us"], unique=False)
    op.create_index("ix_audit_entry_journey", "audit_entry", ["journey_id", "at_us"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("committed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("scanned", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_table(
        "scan_run",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_run")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_subject_at", "sign_in_attempt", ["subject", "at"], unique=False)
    op.create_table(
        "state",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_state")),
    )
    op.create_table(
        "structure",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=True),
        sa.Column("commune", sa.String(length=5), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_structure")),
        sa.UniqueConstraint("code", name=op.f("uq_structure_code")),
    )
    op.create_table(
        "tombstone",
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("folder_id", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "volet_right",
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("programme", sa.String(length=16), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("volet", sa.String(length=16), nullable=False),
        sa.Column("can_write", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("role", "programme", "relation", "volet", name=op.f("pk_volet_right")),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_idempotency_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "journey",
        sa.Column("ref", sa.String(length=64), nullable=False),
        sa.Column("programme", sa.String(length=16), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=True),
        sa.Column("agreement_status", sa.String(length=16), nullable=True),
        sa.Column("agreement_on", sa.Date(), nullable=True),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("validated_on", sa.Date(), nullable=True),
        sa.Column("diagnosis_on", sa.Date(), nullable=True),
        sa.Column("referent_id", sa.Uuid(), nullable=True),
        sa.Column("backup_id", sa.Uuid(), nullable=True),
        sa.Column("planned_rhythm_days", sa.Integer(), nullable=True),
        sa.Column("rsa_opened_on", sa.Date(), nullable=True),
        sa.Column("oriented_on", sa.Date(), nullable=True),
        sa.Column("contract_signed_on", sa.Date(), nullable=True),
        sa.Column("exit_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.CheckConstraint("programme IN ('PRE','CITE_EMPLOI')", name=op.f("ck_journey_programme")),
        sa.ForeignKeyConstraint(["backup_id"], ["account.id"], name=op.f("fk_journey_backup_id")),
        sa.ForeignKeyConstraint(["referent_id"], ["account.id"], name=op.f("fk_journey_referent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journey")),
        sa.UniqueConstraint("ref", name=op.f("uq_journey_ref")),
    )
    op.create_index("ix_journey_programme_stage", "journey", ["programme", "stage"], unique=False)
    op.create_index("ix_journey_referent_id", "journey", ["referent_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=True),
        sa.Column("programme", sa.String(length=16), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_membership_account_id")),
        sa.ForeignKeyConstraint(["structure_id"], ["structure.id"], name=op.f("fk_membership_structure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(
        "uq_membership_identity",
        "membership",
        ["account_id", "role", "structure_id", "programme"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "sign_in_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_sign_in_session_account_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_session")),
    )
    op.create_table(
        "folder",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("volet", sa.String(length=16), nullable=False),
        sa.Column("open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["journey_id"],
            ["journey.id"],
            name=op.f("fk_folder_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_folder")),
        sa.UniqueConstraint("id", "journey_id", name=op.f("uq_folder_id_journey_id")),
        sa.UniqueConstraint("journey_id", "volet", name=op.f("uq_folder_journey_id_volet")),
    )
    op.create_table(
        "access",
        sa.Column("actor_id", sa.Uuid(), nullable=False),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.String(length=16), nullable=False),
        sa.Column("can_write", sa.Boolean(), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["account.id"], name=op.f("fk_access_actor_id")),
        sa.ForeignKeyConstraint(
            ["folder_id"],
            ["folder.id"],
            name=op.f("fk_access_folder_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["granted_by"], ["account.id"], name=op.f("fk_access_granted_by")),
        sa.ForeignKeyConstraint(
            ["journey_id"],
            ["journey.id"],
            name=op.f("fk_access_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access")),
        sa.UniqueConstraint(
            "actor_id", "folder_id", "basis", name=op.f("uq_access_actor_id_folder_id_basis")
        ),
    )
    op.create_index("ix_access_actor_journey", "access", ["actor_id", "journey_id"], unique=False)
    op.create_index("ix_access_journey", "access", ["journey_id"], unique=False)
    op.create_table(
        "action",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=True),
        sa.Column("droit_commun", sa.String(length=20), nullable=True),
        sa.Column("planned_start", sa.Date(), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("planned_end", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=True),
        sa.Column("kind", sa.LargeBinary(), nullable=True),
        sa.Column("axis_or_barrier", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_action_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["structure_id"], ["structure.id"], name=op.f("fk_action_structure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action")),
    )
    op.create_index(op.f("ix_action_folder_id"), "action", ["folder_id"], unique=False)
    op.create_index(op.f("ix_action_journey_id"), "action", ["journey_id"], unique=False)
    op.create_table(
        "alert",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("because", sa.String(length=24), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("initial", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("escalated_on", sa.Date(), nullable=True),
        sa.Column("acted_on", sa.Date(), nullable=True),
        sa.Column("acted_by", sa.Uuid(), nullable=True),
        sa.Column("postponed_until", sa.Date(), nullable=True),
        sa.Column("way_out", sa.String(length=24), nullable=True),
        sa.Column("resolved_on", sa.Date(), nullable=True),
        sa.Column("resolved_because", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("comment", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('lead','overdue')", name=op.f("ck_alert_kind")),
        sa.ForeignKeyConstraint(["acted_by"], ["account.id"], name=op.f("fk_alert_acted_by")),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_alert_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint(
            "journey_id",
            "rule",
            "kind",
            "subject_id",
            "since",
            name=op.f("uq_alert_journey_id_rule_kind_subject_id_since"),
        ),
    )
    op.create_index("ix_alert_folder_id", "alert", ["folder_id"], unique=False)
    op.create_table(
        "appointment",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("structure_id", sa.Uuid(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_appointment_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(["structure_id"], ["structure.id"], name=op.f("fk_appointment_structure_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index(op.f("ix_appointment_folder_id"), "appointment", ["folder_id"], unique=False)
    op.create_index(op.f("ix_appointment_journey_id"), "appointment", ["journey_id"], unique=False)
    op.create_table(
        "barrier",
        sa.Column("identified_on", sa.Date(), nullable=False),
        sa.Column("lifted_on", sa.Date(), nullable=True),
        sa.Column("barrier", sa.LargeBinary(), nullable=True),
        sa.Column("level", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_barrier_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_barrier")),
    )
    op.create_index(op.f("ix_barrier_folder_id"), "barrier", ["folder_id"], unique=False)
    op.create_index(op.f("ix_barrier_journey_id"), "barrier", ["journey_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_contact_author_id")),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_contact_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_folder_id"), "contact", ["folder_id"], unique=False)
    op.create_index(op.f("ix_contact_journey_id"), "contact", ["journey_id"], unique=False)
    op.create_table(
        "life_event",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("handled_on", sa.Date(), nullable=True),
        sa.Column("kind", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_life_event_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_life_event")),
    )
    op.create_index(op.f("ix_life_event_folder_id"), "life_event", ["folder_id"], unique=False)
    op.create_index(op.f("ix_life_event_journey_id"), "life_event", ["journey_id"], unique=False)
    op.create_table(
        "objective",
        sa.Column("set_on", sa.Date(), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=True),
        sa.Column("axis", sa.LargeBinary(), nullable=True),
        sa.Column("fact", sa.LargeBinary(), nullable=True),
        sa.Column("baseline", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_objective_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objective")),
    )
    op.create_index(op.f("ix_objective_folder_id"), "objective", ["folder_id"], unique=False)
    op.create_index(op.f("ix_objective_journey_id"), "objective", ["journey_id"], unique=False)
    op.create_table(
        "pause",
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("expected_return", sa.Date(), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_pause_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pause")),
    )
    op.create_index(op.f("ix_pause_folder_id"), "pause", ["folder_id"], unique=False)
    op.create_index(op.f("ix_pause_journey_id"), "pause", ["journey_id"], unique=False)
    op.create_table(
        "referral",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("to_structure_id", sa.Uuid(), nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        sa.Column("seen_on", sa.Date(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("refused_on", sa.Date(), nullable=True),
        sa.Column("first_action_on", sa.Date(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=True),
        sa.Column("follows_id", sa.Uuid(), nullable=True),
        sa.Column("refusal_reason", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_referral_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["follows_id"],
            ["referral.id"],
            name=op.f("fk_referral_follows_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["to_structure_id"], ["structure.id"], name=op.f("fk_referral_to_structure_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_folder_id"), "referral", ["folder_id"], unique=False)
    op.create_index(op.f("ix_referral_journey_id"), "referral", ["journey_id"], unique=False)
    op.create_table(
        "representative",
        sa.Column("first_name", sa.LargeBinary(), nullable=True),
        sa.Column("last_name", sa.LargeBinary(), nullable=True),
        sa.Column("tie", sa.LargeBinary(), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("parental_authority", sa.LargeBinary(), nullable=True),
        sa.Column("interpreter", sa.LargeBinary(), nullable=True),
        sa.Column("signed_agreement", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_representative_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representative")),
    )
    op.create_index(op.f("ix_representative_folder_id"), "representative", ["folder_id"], unique=False)
    op.create_index(op.f("ix_representative_journey_id"), "representative", ["journey_id"], unique=False)
    op.create_table(
        "review",
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_review_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review")),
    )
    op.create_index(op.f("ix_review_folder_id"), "review", ["folder_id"], unique=False)
    op.create_index(op.f("ix_review_journey_id"), "review", ["journey_id"], unique=False)
    op.create_table(
        "right_end",
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_right_end_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_right_end")),
    )
    op.create_index(op.f("ix_right_end_folder_id"), "right_end", ["folder_id"], unique=False)
    op.create_index(op.f("ix_right_end_journey_id"), "right_end", ["journey_id"], unique=False)
    op.create_table(
        "school_absence",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("half_days", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_school_absence_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_absence")),
    )
    op.create_index(op.f("ix_school_absence_folder_id"), "school_absence", ["folder_id"], unique=False)
    op.create_index(op.f("ix_school_absence_journey_id"), "school_absence", ["journey_id"], unique=False)
    op.create_table(
        "sheet",
        sa.Column("first_name", sa.LargeBinary(), nullable=True),
        sa.Column("last_name", sa.LargeBinary(), nullable=True),
        sa.Column("birth_date", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("commune", sa.LargeBinary(), nullable=True),
        sa.Column("area", sa.LargeBinary(), nullable=True),
        sa.Column("school", sa.LargeBinary(), nullable=True),
        sa.Column("school_level", sa.LargeBinary(), nullable=True),
        sa.Column("scheme", sa.LargeBinary(), nullable=True),
        sa.Column("orientation_path", sa.LargeBinary(), nullable=True),
        sa.Column("exit_reason", sa.LargeBinary(), nullable=True),
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=False, start=1000000000), nullable=False),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_sheet_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
    )
    op.create_index(op.f("ix_sheet_folder_id"), "sheet", ["folder_id"], unique=False)
    op.create_index(op.f("ix_sheet_journey_id"), "sheet", ["journey_id"], unique=False)
    op.create_table(
        "deadline",
        sa.Column("journey_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject_id", sa.String(length=36), nullable=False),
        sa.Column("folder_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("because", sa.String(length=24), nullable=False),
        sa.Column("alert_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('lead','overdue')", name=op.f("ck_deadline_kind")),
        sa.ForeignKeyConstraint(
            ["alert_id"],
            ["alert.id"],
            name=op.f("fk_deadline_alert_id"),
            ondelete="SET NULL",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["folder_id", "journey_id"],
            ["folder.id", "folder.journey_id"],
            name=op.f("fk_deadline_folder_id_journey_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("journey_id", "rule", "kind", "subject_id", name=op.f("pk_deadline")),
    )
    op.create_index(
        "ix_deadline_due", "deadline", ["due_on"], unique=False, postgresql_where=sa.text("alert_id IS NULL")
    )
    op.create_index("ix_deadline_folder_id", "deadline", ["folder_id"], unique=False)
    for name in ("0001_wall.sql", "0001_grants.sql", "0001_volet_rights.sql"):
        # A raw cursor: neither ":" nor "%" of the SQL is a parameter.
        op.get_bind().connection.cursor().execute((SQL / name).read_text("utf-8"))


def downgrade() -> None:
    raise RuntimeError("The first migration has nothing to go back to.")
