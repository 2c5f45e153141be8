"""Grants asked of the database by people of the wall's world."""

from __future__ import annotations

import uuid
from datetime import datetime

import psycopg

from tests.privacy.wall_kit import as_web
from tests.privacy.wall_world import Db, account
from tests.support import folder_id

Refused = psycopg.errors.InsufficientPrivilege


def grant(
    db: Db, by: str, to: str, ref: str, volet: str, basis: str = "receiver", until: str = "NULL"
) -> None:
    """As the pages would; what it made stays for the rest of the test."""
    ask(db, by, f"SELECT grant_access(%s, %s, %s, {until})", account(to), folder_id(ref, volet), basis)


def revoke(db: Db, by: str, to: str, ref: str, volet: str, basis: str = "receiver") -> None:
    ask(db, by, "SELECT revoke_access(%s, %s, %s)", account(to), folder_id(ref, volet), basis)


def ask(
    db: Db, by: str | uuid.UUID, query: str, *values: object, at: datetime | None = None
) -> list[tuple[object, ...]]:
    """A statement of the web role, kept if it succeeds."""
    db.execute("SAVEPOINT ask")
    actor = by if isinstance(by, uuid.UUID) else account(by)
    try:
        db.execute(
            "SELECT set_config('app.actor', %s, true), set_config('app.now', %s, true)",
            (str(actor), at.isoformat() if at else ""),
        )
        db.execute("SET LOCAL ROLE coord_web")
        cursor = db.execute(query, values or None)  # type: ignore[arg-type]
        found = cursor.fetchall() if cursor.description else []
        db.execute("RESET ROLE")
        return found
    except psycopg.Error:
        db.execute("ROLLBACK TO SAVEPOINT ask")
        raise


def folders_seen(db: Db, name: str, at: datetime | None = None) -> set[uuid.UUID]:
    with as_web(db, account(name), at):
        return {row[0] for row in db.execute("SELECT id FROM folder")}
