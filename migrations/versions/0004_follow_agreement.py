"""A function of the wall that closes what needed a signature, and opens it again with one"""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).resolve().parent.parent / "sql"

revision = "0004_follow_agreement"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A raw cursor: neither ":" nor "%" of the SQL is a parameter.
    op.get_bind().connection.cursor().execute((SQL / "0004_follow_agreement.sql").read_text("utf-8"))


def downgrade() -> None:
    op.execute("DROP FUNCTION follow_agreement(uuid[])")
