"""Accounts, roles and structures behind row-level security; functions that check their caller; rounded counts"""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).resolve().parent.parent / "sql"

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("0003_accounts.sql", "0003_callers.sql", "0003_counts.sql"):
        # A raw cursor: neither ":" nor "%" of the SQL is a parameter.
        op.get_bind().connection.cursor().execute((SQL / name).read_text("utf-8"))


def downgrade() -> None:
    raise RuntimeError("Rights are not loosened again.")
