"""What a review by an attacker found: granted access, own charter, deadlines under the scan"""

from __future__ import annotations

from migrations.wall import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("0023_attacked.sql")


def downgrade() -> None:
    raise RuntimeError("Granted access ends with its role from here on.")
