"""At what hour and where an appointment is: no bundle carries it, sealed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = ("at_time", "place")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("appointment", sa.Column(column, sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_column("appointment", column)
