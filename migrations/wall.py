"""What a new table needs to stand behind the wall (the tables of 0001 got the same from 0001_grants.sql)."""

from __future__ import annotations

from pathlib import Path

from alembic import op

SQL = Path(__file__).resolve().parent / "sql"

_READABLE = "folder_id = ANY ((SELECT my_folders())::uuid[])"
_WRITABLE = "folder_id = ANY ((SELECT my_writable_folders())::uuid[])"
_POLICIES = {
    "SELECT": f"CREATE POLICY see ON {{t}} FOR SELECT TO coord_web USING ({_READABLE})",
    "INSERT": f"CREATE POLICY add ON {{t}} FOR INSERT TO coord_web WITH CHECK ({_WRITABLE})",
    "UPDATE": f"CREATE POLICY change ON {{t}} FOR UPDATE TO coord_web USING ({_WRITABLE}) WITH CHECK ({_WRITABLE})",
    "DELETE": f"CREATE POLICY remove ON {{t}} FOR DELETE TO coord_web USING ({_WRITABLE})",
}


def stand_in_folder(table: str, verbs: tuple[str, ...] = ("SELECT", "INSERT", "UPDATE", "DELETE")) -> None:
    """Force row-level security on a table whose rows hang on a folder; `verbs`: what the pages' role may do."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
    for verb in verbs:
        op.execute(_POLICIES[verb].format(t=table))
    op.execute(f"GRANT {', '.join(verbs)} ON {table} TO coord_web")
    keep(table)


def keep(table: str) -> None:
    """What every table gives to maintenance (backup, data migrations)."""
    op.execute(f"GRANT ALL ON {table} TO coord_maintenance")
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO coord_web")
    op.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO coord_maintenance")


def run_sql(name: str) -> None:
    """Run a file of migrations/sql through a raw cursor: neither ":" nor "%" of it is a parameter."""
    op.get_bind().connection.cursor().execute((SQL / name).read_text("utf-8"))
