"""A tombstone bears the proof that the application decided the erasure; those of before have none"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nothing is proven for the rows that are there: nobody can tell them from one written by hand.
    op.add_column("tombstone", sa.Column("proof", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("tombstone", "proof")
