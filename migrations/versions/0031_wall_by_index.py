"""What somebody may open is read from an index alone"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

NAME = "ix_access_actor_journey"


def upgrade() -> None:
    op.drop_index(NAME, table_name="access")
    op.create_index(
        NAME, "access", ["actor_id", "journey_id"], postgresql_include=["folder_id", "from_at", "until_at"]
    )


def downgrade() -> None:
    op.drop_index(NAME, table_name="access")
    op.create_index(NAME, "access", ["actor_id", "journey_id"])
