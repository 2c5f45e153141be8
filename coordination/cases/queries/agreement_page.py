"""What the page of the agreement shows: where it stands, who may have signed, what was said before."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from coordination.accounts.models import Account
from coordination.cases.models import Agreement, Journey, Representative
from coordination.cases.queries.documents import DocumentView, documents
from coordination.cases.queries.people import Person, account_names, person_of
from coordination.cases.stages import DATED, FROZEN
from coordination.cases.vocabulary import AGREEMENT_NAMES, DOCUMENT_KINDS, agreement_label
from coordination.db import db
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, Read, open_journey_rows, open_rows
from coordination.privacy.volets import LABELS, Volet

IMPORTED = "repris avec le dossier importé"
AGREEMENTS = Read(
    Agreement, ("status", "on_date", "cancels", "recorded_by", "volets", "signer", "remark"), "-position"
)
IMPORTER = select(Account.id).where(Account.kind == "operator")


@dataclass(frozen=True)
class AgreementLine:
    """One line of the history."""

    id: uuid.UUID
    # Who cancelled it as noted by mistake; empty while it stands.
    cancelled_by: str
    on: date | None
    status: str
    signer: str
    volets: str
    remark: str
    # Who said it, in words.
    said_by: str
    # It came with an import.
    imported: bool

    def __repr__(self) -> str:
        return "<AgreementLine>"


@dataclass(frozen=True)
class AgreementPage:
    programme: str
    status: str | None
    on: date | None
    version: int
    people: dict[uuid.UUID, str]
    # Those who may be said to have signed, beside the person.
    signers: dict[uuid.UUID, str]
    covered: tuple[Volet, ...]
    lines: tuple[AgreementLine, ...]
    # Signed papers that were attached, where the actor reads their volet.
    papers: tuple[DocumentView, ...]

    @property
    def name(self) -> str:
        """Whose agreement it is, in words."""
        return AGREEMENT_NAMES[self.programme]

    @property
    def imported(self) -> str:
        """What the import said of the agreement, in words, where no line noted here has taken its place."""
        said = self.status in DATED and all(line.cancelled_by for line in self.lines)
        return agreement_label(self.programme, self.status) if said else ""

    @property
    def last_line(self) -> uuid.UUID | None:
        """The one that may be cancelled: not what the import said, before which nothing was."""
        stand = [line for line in self.lines if not line.cancelled_by]
        return None if not stand or (stand[0].imported and not stand[1:]) else stand[0].id

    def __repr__(self) -> str:
        return "<AgreementPage>"


def agreement_page(grant: Grant, journey_id: uuid.UUID) -> AgreementPage:
    """Everything of the page of the agreement of a journey that the grant covers."""
    journey = db.session.execute(
        select(Journey.programme, Journey.agreement_status, Journey.agreement_on, Journey.version).where(
            Journey.id == journey_id
        )
    ).one()
    rows = open_rows(
        grant,
        Representative,
        ("first_name", "last_name", "tie"),
        Representative.journey_id == journey_id,
        order=(Representative.position,),
    )
    people = {row["id"]: _named(row["first_name"], row["last_name"], row["tie"]) for row in rows}
    # An adult may have a line of their own among those to call.
    me = person_of(grant, journey_id) if journey.programme != "PRE" else None
    others = {row["id"] for row in rows if not (me and _is(row, me))}
    agreed = db.session.scalars(
        select(Folder.volet).where(Folder.journey_id == journey_id, Folder.agreed, Folder.open)
    )
    return AgreementPage(
        journey.programme,
        journey.agreement_status,
        journey.agreement_on,
        journey.version,
        people,
        {id_: name for id_, name in people.items() if id_ in others},
        tuple(Volet(code) for code in agreed),
        _history(grant, journey_id, journey.programme, people),
        tuple(
            paper
            for paper in documents(grant, journey_id)
            if paper.kind == DOCUMENT_KINDS["ACCORD"] and not paper.removed_at
        ),
    )


def _history(
    grant: Grant, journey_id: uuid.UUID, programme: str, people: dict[uuid.UUID, str]
) -> tuple[AgreementLine, ...]:
    noted = every_line(grant, journey_id)
    cancelled = {row["cancels"]: row["recorded_by"] for row in noted if row["cancels"]}
    rows = [row for row in noted if not row["cancels"]]
    authors = account_names({row["recorded_by"] for row in noted})
    importers = importers_among(rows)
    return tuple(
        AgreementLine(
            row["id"],
            authors.get(cancelled[row["id"]], "un collègue") if row["id"] in cancelled else "",
            row["on_date"],
            agreement_label(programme, row["status"]),
            people.get(uuid.UUID(row["signer"]), "") if row["signer"] else "",
            covered(row["volets"]),
            row["remark"] or "",
            IMPORTED
            if row["recorded_by"] in importers
            else f"noté par {authors.get(row['recorded_by'], '')}",
            row["recorded_by"] in importers,
        )
        for row in rows
    )


def importers_among(rows: Sequence[Opened]) -> set[uuid.UUID]:
    """Of those who recorded lines, who imports: the operator of the commands."""
    by = {row["recorded_by"] for row in rows}
    return set(db.session.scalars(IMPORTER.where(Account.id.in_(by)))) if by else set()


def agreements(grant: Grant, journey_id: uuid.UUID) -> list[Opened]:
    """The lines of the agreement's history that stand, the latest first."""
    return standing_lines(every_line(grant, journey_id))


def standing_lines(noted: Sequence[Opened]) -> list[Opened]:
    """Without those that were cancelled, nor those that cancel."""
    cancelled = {row["cancels"] for row in noted}
    return [row for row in noted if not row["cancels"] and row["id"] not in cancelled]


def untold(noted: Sequence[Opened], status: str | None, on: date | None) -> bool:
    """Whether no line says where a journey stands: an import brings the state of an agreement, not its history."""
    last = next(((row["status"], row["on_date"]) for row in standing_lines(noted)), None)
    return status in DATED and last != (status, on)


def noted_on_pages(journey_id: uuid.UUID) -> Select[Any]:
    """Lines of the history that a person noted: an import brings a state of the agreement, and no scope."""
    people = select(Account.id).where(Account.kind == "person")
    its = select(Agreement.id).where(Agreement.journey_id == journey_id)
    return its.where(Agreement.recorded_by.in_(people)).limit(1)


def every_line(grant: Grant, journey_id: uuid.UUID) -> list[Opened]:
    """Every line ever noted, the latest first."""
    return open_journey_rows(grant, journey_id, AGREEMENTS)


def last_agreement(grant: Grant, journey_id: uuid.UUID) -> tuple[str, str]:
    """What the last agreement covers, in words, and what the family last asked for.

    A wish outlives a refusal; why it was refused or withdrawn does not outlive a newer signature.
    """
    rows = agreements(grant, journey_id)
    if not rows:
        return "", ""
    signed = next((place for place, row in enumerate(rows) if row["status"] == "SIGNE"), len(rows))
    holds = (row for place, row in enumerate(rows) if place < signed or row["status"] not in FROZEN)
    return covered(rows[0]["volets"]), next((row["remark"] for row in holds if row["remark"]), "")


def covered(codes: str | None) -> str:
    """The volets that a signature covers, in words."""
    return ", ".join(LABELS[Volet(code)].lower() for code in (codes or "").split(",") if code)


def _is(row: Opened, person: Person) -> bool:
    """A namesake has another tie."""
    named = (row["first_name"] or "", row["last_name"] or "") == (person.first_name, person.last_name)
    return named and (not row["tie"] or "même" in row["tie"])


def _named(first: str | None, last: str | None, tie: str | None) -> str:
    name = f"{first or ''} {last or ''}".strip() or "Sans nom"
    return f"{name} ({tie})" if tie else name
