"""A trial of a threshold says how many journeys it could not read"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("threshold_trial", sa.Column("unread", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("threshold_trial", "unread")
