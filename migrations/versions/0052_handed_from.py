"""Who followed the journey until it was handed over: its timeline tells from whom to whom"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("from_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_turn_from_id"), "turn", "account", ["from_id"], ["id"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_turn_from_id"), "turn", type_="foreignkey")
    op.drop_column("turn", "from_id")
