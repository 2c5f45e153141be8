"""A postponed alert that is back is news in the digest"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0018_back_is_news.sql")


def downgrade() -> None:
    raise RuntimeError("Digests tell what is back from here on.")
