"""Structures, accounts and memberships of a bundle: what people work with, in clear."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select, update

from coordination.accounts.models import Account, Membership, Structure
from coordination.db import db
from coordination.exchange.bundle.identity import identity_of
from coordination.exchange.bundle.known import folded_email
from coordination.exchange.bundle.lines import Line
from coordination.exchange.bundle.report import Changes, FieldChange, GivenRole
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


def store_users(lines: list[Line], changes: Changes) -> tuple[Names, list[tuple[str, ...]]]:
    """Create accounts (without password or charter: no access yet) and memberships.

    The names after it, and what the audit says of it, as the pages do.
    """
    names = read_names()
    before_it = _doors()
    old = {_user_identity(line): line for line in stored_users()}
    done: list[tuple[str, ...]] = []
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
            done.append(("creation", str(account_id)))
        holder = names.accounts[folded_email(email)]
        before = old.get(_user_identity(line))
        if before is None:
            count_created(changes, "users.csv")
            _give(line, holder, names)
            done.append(("role_ajoute", line.text("role") or "", str(holder)))
            if holder in before_it:
                changes.roles.append(GivenRole(line, *before_it[holder]))
        elif "display_name" in compare(changes, line, before):
            db.session.execute(
                update(Account)
                .where(Account.id == holder)
                .values(display_name=line.text("display_name") or "")
            )
    seen = {_user_identity(line) for line in lines}
    changes.missing += [line for identity, line in old.items() if identity not in seen]
    return names, done


def _doors() -> dict[uuid.UUID, tuple[bool, bool]]:
    """Account -> whether it has a password, whether it is suspended."""
    query = select(Account.id, Account.password_hash.is_not(None), Account.suspended_at.is_not(None))
    return {id_: (password, suspended) for id_, password, suspended in db.session.execute(query)}


def _give(line: Line, holder: uuid.UUID, names: Names) -> None:
    db.session.execute(
        insert(Membership).values(
            id=uuid.uuid4(),
            position=line.number,
            account_id=holder,
            role=line.values["role"],
            structure_id=names.structure(line.text("structure")),
            programme=line.values["programme"],
        )
    )


def _user_identity(line: Line) -> tuple[Any, ...]:
    email, *rest = identity_of("users.csv", line)
    return (folded_email(str(email)), *rest)
