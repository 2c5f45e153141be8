"""A draft may hang on no journey: one is only being opened, or the form is about its author's own days"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

# For its author alone; in a journey, while they write there; in none, while they may see journeys at all. Its
# `folder_id` is then the id of a key of its own: no folder has it, and the reference to `folder` is not asked.
_OWN = (
    "author_id = app_actor() AND CASE WHEN journey_id IS NULL THEN (SELECT may_see_journeys(app_actor()))"
    " ELSE folder_id = ANY ((SELECT my_writable_folders())::uuid[]) END"
)


def upgrade() -> None:
    op.alter_column("draft", "journey_id", existing_type=sa.Uuid(), nullable=True)
    for policy, clauses in {
        "see": f"USING ({_OWN})",
        "add": f"WITH CHECK ({_OWN})",
        "change": f"USING ({_OWN}) WITH CHECK ({_OWN})",
        "remove": f"USING ({_OWN})",
    }.items():
        op.execute(f"ALTER POLICY {policy} ON draft {clauses}")
    # What it says and when. Never whose it is, of what, nor under which key: none moves out of its journey.
    op.execute("REVOKE UPDATE ON draft FROM coord_web")
    op.execute("GRANT UPDATE (said, saved_at, version) ON draft TO coord_web")


def downgrade() -> None:
    raise RuntimeError("Drafts may hang on no journey from here on.")
