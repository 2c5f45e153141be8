"""The role of maintenance suspends accounts: a restore lets nobody in again, and acts as no superuser"""

from __future__ import annotations

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Asked by `guard_own_account`, whoever changes an account: without an actor, it is no.
    op.execute("SET ROLE coord_definer")
    op.execute("GRANT EXECUTE ON FUNCTION manages_accounts() TO coord_maintenance")
    op.execute("RESET ROLE")


def downgrade() -> None:
    op.execute("SET ROLE coord_definer")
    op.execute("REVOKE EXECUTE ON FUNCTION manages_accounts() FROM coord_maintenance")
    op.execute("RESET ROLE")
