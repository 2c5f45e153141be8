"""Structures, accounts and memberships of a bundle: what people work with, in clear."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, update

from coordination.accounts.models import Account, Membership, Structure
from coordination.db import db
from coordination.exchange.bundle.identity import identity_of
from coordination.exchange.bundle.known import folded_email
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.report import Changes, FieldChange
from coordination.exchange.stored import Names, read_names, stored_structures, stored_users


def compare(changes: Changes, new: Line, old: Line) -> list[str]:
    """The columns that a line brings and that differ from the stored line; noted in `changes`."""
    columns = [c for c in new.values if c not in new.unread and new.values[c] != old.values[c]]
    for column in columns:
        changes.changed.append(FieldChange(new, column, old.values[column]))
    if not columns:
        changes.unchanged[new.file] = changes.unchanged.get(new.file, 0) + 1
    return columns


def count_created(changes: Changes, file: str, number: int = 1) -> None:
    if number:
        changes.created[file] = changes.created.get(file, 0) + number


def missing(changes: Changes, stored: Iterable[Line], seen: set[Any]) -> None:
    changes.missing += [line for line in stored if identity_of(line.file, line) not in seen]


def store_structures(lines: list[Line], changes: Changes) -> None:
    """Create or update structures by code."""
    old = {line.text("code"): line for line in stored_structures()}
    rows = []
    for line in lines:
        values = {**line.values, "name": line.values["name"] or ""}
        before = old.get(line.text("code"))
        if before is None:
            rows.append({"id": uuid.uuid4(), "position": line.number, **values})
        elif columns := compare(changes, line, before):
            db.session.execute(
                update(Structure)
                .where(Structure.code == line.values["code"])
                .values({c: values[c] for c in columns})
            )
    if rows:
        db.session.execute(insert(Structure), rows)
    count_created(changes, "structures.csv", len(rows))
    missing(changes, old.values(), {identity_of("structures.csv", line) for line in lines})


def store_users(lines: list[Line], changes: Changes) -> Names:
    """Create accounts (without password or charter: no access yet) and memberships; the names after it."""
    names = read_names()
    old = {_user_identity(line): line for line in stored_users()}
    for line in lines:
        email = line.text("email") or ""
        if folded_email(email) not in names.accounts:
            account_id = uuid.uuid4()
            db.session.execute(
                insert(Account).values(
                    id=account_id, email=email, display_name=line.text("display_name") or ""
                )
            )
            names.accounts[folded_email(email)] = account_id
            names.emails[account_id] = email
        before = old.get(_user_identity(line))
        if before is None:
            count_created(changes, "users.csv")
            db.session.execute(
                insert(Membership).values(
                    id=uuid.uuid4(),
                    position=line.number,
                    account_id=names.account(email),
                    role=line.values["role"],
                    structure_id=names.structure(line.text("structure")),
                    programme=line.values["programme"],
                )
            )
        elif "display_name" in compare(changes, line, before):
            db.session.execute(
                update(Account)
                .where(Account.id == names.account(email))
                .values(display_name=line.text("display_name") or "")
            )
    seen = {_user_identity(line) for line in lines}
    changes.missing += [line for identity, line in old.items() if identity not in seen]
    return names


def _user_identity(line: Line) -> tuple[Any, ...]:
    email, *rest = identity_of("users.csv", line)
    return (folded_email(str(email)), *rest)
