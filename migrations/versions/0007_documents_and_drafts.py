"""Documents attached to a journey, drafts of unfinished entries, the modes that a person used last"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.wall import keep, stand_in_folder

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# A draft is for its author alone, and only while the author has access.
_OWN = "author_id = app_actor() AND folder_id = ANY ((SELECT my_writable_folders())::uuid[])"
_DRAFT_POLICIES = (
    f"CREATE POLICY see ON draft FOR SELECT TO coord_web USING ({_OWN})",
    f"CREATE POLICY add ON draft FOR INSERT TO coord_web WITH CHECK ({_OWN})",
    f"CREATE POLICY change ON draft FOR UPDATE TO coord_web USING ({_OWN}) WITH CHECK ({_OWN})",
    f"CREATE POLICY remove ON draft FOR DELETE TO coord_web USING ({_OWN})",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON draft TO coord_web",
    # The worker deletes what is too old, and sees nothing else of it.
    "CREATE POLICY sweep ON draft FOR SELECT TO coord_worker USING (saved_at < now() - interval '7 days')",
    "CREATE POLICY sweep_away ON draft FOR DELETE TO coord_worker USING (saved_at < now() - interval '7 days')",
    "GRANT SELECT (saved_at), DELETE ON draft TO coord_worker",
)


def upgrade() -> None:
    _in_folder(
        "document",
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_by_id", sa.Uuid(), nullable=True),
        *(sa.Column(name, sa.LargeBinary(), nullable=True) for name in ("kind", "name", "media", "size")),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_document_author_id")),
        sa.ForeignKeyConstraint(["removed_by_id"], ["account.id"], name=op.f("fk_document_removed_by_id")),
    )
    # The row of a removed document stays: no page deletes one.
    stand_in_folder("document", ("SELECT", "INSERT", "UPDATE"))
    _in_folder(
        "document_part",
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_document_part_document_id"),
            ondelete="CASCADE",
            initially="DEFERRED",
            deferrable=True,
        ),
    )
    op.create_index("uq_document_part_number", "document_part", ["document_id", "number"], unique=True)
    stand_in_folder("document_part", ("SELECT", "INSERT", "DELETE"))
    # What is sealed does not compress: no time lost in trying.
    op.execute("ALTER TABLE document_part ALTER COLUMN content SET STORAGE EXTERNAL")
    _in_folder(
        "draft",
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("of_id", sa.Uuid(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["account.id"], name=op.f("fk_draft_author_id")),
    )
    op.execute("ALTER TABLE draft ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for statement in _DRAFT_POLICIES:
        op.execute(statement)
    keep("draft")
    op.create_index("ix_contact_author_id_on_date", "contact", ["author_id", "on_date"])


def _in_folder(table: str, *columns: Any) -> None:
    """A table whose rows hang on a folder (`InFolder`)."""
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


def downgrade() -> None:
    op.drop_index("ix_contact_author_id_on_date", "contact")
    for table in ("draft", "document_part", "document"):
        op.drop_table(table)
