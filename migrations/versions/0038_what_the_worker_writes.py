"""What the worker writes is what a page can read: days of the calendar, states that exist"""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# As the models have them. Beyond these days a column of PostgreSQL holds what no page can read (infinity, our era's
# year 10000, the years before it): one such row answers 400 on every page that meets it.
_DAY = "{} BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
_INSTANT = "{} BETWEEN TIMESTAMPTZ '2000-01-01 00:00Z' AND TIMESTAMPTZ '3000-01-01 00:00Z'"
_STATUSES = "status IN ('OUVERTE','VUE','PRISE_EN_CHARGE','REPORTEE','SANS_OBJET','RESOLUE')"
_DAYS = {
    "alert": ("since", "due_on", "opened_on", "escalated_on", "acted_on", "postponed_until", "resolved_on"),
    "scan_run": ("on_date",),
    "digest_run": ("on_date",),
    "mail": ("on_date",),
}
_INSTANTS = {
    "scan_run": ("finished_at",),
    "digest_run": ("queued_at",),
    "mail": ("queued_at", "next_at", "sent_at"),
}


def _all(template: str, columns: tuple[str, ...]) -> str:
    return " AND ".join(template.format(column) for column in columns)


def _checks() -> list[tuple[str, str, str]]:
    """(table, name, condition)."""
    days = [(table, "days", _all(_DAY, columns)) for table, columns in _DAYS.items()]
    instants = [(table, "instants", _all(_INSTANT, columns)) for table, columns in _INSTANTS.items()]
    return [*days, *instants, ("alert", "status", _STATUSES)]


def upgrade() -> None:
    # What somebody wrote there already told nothing; a deadline that it hid opens again with the next scan. The
    # owner does not see every row of these tables, the definer does.
    tables = ", ".join(_DAYS)
    op.execute(f"GRANT SELECT, DELETE ON {tables} TO coord_definer")
    op.execute("SET ROLE coord_definer")
    for table, _, condition in _checks():
        op.execute(f"DELETE FROM {table} WHERE NOT ({condition})")
    op.execute("RESET ROLE")
    op.execute(f"REVOKE DELETE ON {tables} FROM coord_definer")
    op.execute("REVOKE SELECT ON scan_run, digest_run FROM coord_definer")
    for table, name, condition in _checks():
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, condition)
    # When an import came, and of which day, is for the import to say.
    op.execute("REVOKE UPDATE ON import_run FROM coord_worker")
    op.execute("GRANT UPDATE (scanned) ON import_run TO coord_worker")


def downgrade() -> None:
    op.execute("GRANT UPDATE ON import_run TO coord_worker")
    for table, name, _ in _checks():
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table)
