"""What the database holds, as lines of the bundle: read by the export, and by an import that comes again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from coordination.accounts.models import Account, Membership, Structure
from coordination.cases.models import Journey, Sheet
from coordination.db import act_as, among, db
from coordination.exchange.bundle.columns import COLUMN, Kind
from coordination.exchange.bundle.known import Known, KnownJourney, folded_email
from coordination.exchange.bundle.lines import Line, Value
from coordination.exchange.mapping import JOURNEY_COLUMNS, SHEET_COLUMNS, Mapped
from coordination.exchange.recompute import BATCH, batches, territory
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, open_rows
from coordination.referrals.models import Referral


@dataclass
class Names:
    """Ids and what stands for them in a bundle, both ways."""

    structures: dict[str, uuid.UUID] = field(default_factory=dict)
    accounts: dict[str, uuid.UUID] = field(default_factory=dict)
    emails: dict[uuid.UUID, str] = field(default_factory=dict)
    refs: dict[uuid.UUID, str] = field(default_factory=dict)
    referrals: dict[tuple[uuid.UUID, str], uuid.UUID] = field(default_factory=dict)

    def account(self, email: str | None) -> uuid.UUID | None:
        return self.accounts[folded_email(email)] if email else None

    def structure(self, code: str | None) -> uuid.UUID | None:
        return self.structures[code] if code else None


@dataclass(frozen=True)
class Stored:
    """A row of the database as a line of the bundle, with where it is kept."""

    line: Line
    row_id: uuid.UUID
    journey_id: uuid.UUID
    folder_id: uuid.UUID | None = None


def read_names() -> Names:
    """Structures and accounts, which no row-level security hides."""
    names = Names()
    names.structures = {code: id_ for code, id_ in db.session.execute(select(Structure.code, Structure.id))}
    people = db.session.execute(select(Account.id, Account.email).where(Account.kind == "person"))
    for id_, email in people:
        names.accounts[folded_email(email)] = id_
        names.emails[id_] = email
    return names


def stored_journeys(grant: Grant, ids: Sequence[uuid.UUID], names: Names) -> list[Stored]:
    """Lines of journeys.csv; learns the references of these journeys."""
    table = Journey.__table__
    rows = db.session.execute(
        select(table.c.id, table.c.position, *(table.c[c] for c in JOURNEY_COLUMNS.values())).where(
            among(table.c.id, ids)
        )
    ).mappings()
    sheets = {
        r["journey_id"]: r for r in open_rows(grant, Sheet, SHEET_COLUMNS, among(Sheet.journey_id, ids))
    }
    found = []
    for row in rows:
        names.refs[row["id"]] = row["ref"]
        sheet = sheets.get(row["id"], Opened())
        values = {name: row[column] for name, column in JOURNEY_COLUMNS.items()}
        values["referent"] = names.emails.get(values["referent"])
        values |= {name: _typed("journeys.csv", name, sheet.get(name)) for name in SHEET_COLUMNS}
        line = Line("journeys.csv", row["position"], values)
        found.append(Stored(line, row["id"], row["id"], sheet.get("folder_id")))
    return sorted(found, key=lambda stored: stored.line.number)


def stored_records(grant: Grant, mapped: Mapped, ids: Sequence[uuid.UUID], names: Names) -> list[Stored]:
    """Lines of one file of records, in their order; learns the keys of referrals."""
    model = mapped.model
    columns = ("position", *mapped.columns.values())
    rows = open_rows(grant, model, columns, among(model.journey_id, ids), order=(model.position,))
    if mapped.file == "referrals.csv":
        names.referrals |= {(r["journey_id"], r["key"]): r["id"] for r in rows}
    keys = {r["id"]: r["key"] for r in rows} if model is Referral else {}
    codes = {id_: code for code, id_ in names.structures.items()}
    found = []
    for row in rows:
        values: dict[str, Value] = {"journey": names.refs[row["journey_id"]]}
        for name, column in mapped.columns.items():
            kind = COLUMN[mapped.file][name].kind
            value = row[column]
            if kind is Kind.EMAIL:
                value = names.emails.get(value)
            elif kind is Kind.STRUCTURE:
                value = codes.get(value)
            elif kind is Kind.FOLLOWS:
                value = keys.get(value)
            values[name] = _typed(mapped.file, name, value)
        line = Line(mapped.file, row["position"], values)
        found.append(Stored(line, row["id"], row["journey_id"], row["folder_id"]))
    return found


def _typed(file: str, name: str, value: Any) -> Value:
    """A cell's text as the type of its column (sealed cells come back as text)."""
    if value is None or not isinstance(value, str):
        return value
    kind = COLUMN[file][name].kind
    if kind is Kind.DATE:
        return date.fromisoformat(value)
    if kind is Kind.INT:
        return int(value)
    return value == "1" if kind is Kind.BOOL else value


def stored_structures() -> list[Line]:
    rows = db.session.execute(select(Structure).order_by(Structure.position)).scalars()
    return [
        Line(
            "structures.csv",
            r.position,
            {"code": r.code, "name": r.name or None, "type": r.type, "commune": r.commune},
        )
        for r in rows
    ]


def stored_users() -> list[Line]:
    rows = db.session.execute(
        select(Account.email, Account.display_name, Membership, Structure.code)
        .join(Membership, Membership.account_id == Account.id)
        .outerjoin(Structure, Structure.id == Membership.structure_id)
        .where(Account.kind == "person")
        .order_by(Membership.position)
    )
    return [
        Line(
            "users.csv",
            membership.position,
            {
                "email": email,
                "display_name": name or None,
                "role": membership.role,
                "structure": code,
                "programme": membership.programme,
            },
        )
        for email, name, membership, code in rows
    ]


def known(actor: Actor) -> Known:
    """What a bundle may name because the database already holds it."""
    journeys: dict[str, KnownJourney] = {}
    directory = territory(actor)
    for ids in batches(directory, BATCH * 5):
        journeys |= _known_journeys(actor, ids)
    names = read_names()
    return Known(
        structures=frozenset(names.structures),
        emails=frozenset(names.emails.values()),
        journeys=journeys,
    )


_KNOWN = tuple(
    Journey.__table__.c[name]
    for name in ("id", "ref", "programme", "opened_on", "exit_on", "agreement_status", "agreement_on")
)


def _known_journeys(actor: Actor, ids: list[uuid.UUID]) -> dict[str, KnownJourney]:
    # The operator's access rows live for this transaction only: it is rolled back.
    act_as(db.session, actor.id)
    db.session.info["writing"] = True
    try:
        call("operator_access", ids)
        rows = db.session.execute(select(*_KNOWN).where(among(Journey.id, ids))).all()
        sent: dict[uuid.UUID, dict[str, date | None]] = {}
        for journey_id, key, day in db.session.execute(
            select(Referral.journey_id, Referral.key, Referral.sent_on).where(among(Referral.journey_id, ids))
        ):
            sent.setdefault(journey_id, {})[key] = day
        return {
            r.ref: KnownJourney(
                r.programme, r.opened_on, r.exit_on, sent.get(r.id, {}), r.agreement_status, r.agreement_on
            )
            for r in rows
        }
    finally:
        db.session.rollback()
        db.session.info["writing"] = False
