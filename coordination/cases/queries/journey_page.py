"""Everything of a journey's page, read under one grant. A fixed number of statements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from coordination import reference
from coordination.alerts.queries import (
    AlertView,
    DeadlineView,
    PutAside,
    coming_deadlines,
    open_alerts,
    put_aside,
)
from coordination.cases.commands.endings import REASONS
from coordination.cases.models import Journey, Representative, Sheet
from coordination.cases.picture.facts import PictureFacts
from coordination.cases.queries.agreement_page import last_agreement
from coordination.cases.queries.folders import folders
from coordination.cases.queries.listing import stage_label
from coordination.cases.queries.next_step import NextStep, next_step
from coordination.cases.queries.noted import CHILDREN, Noted, children
from coordination.cases.queries.openings import Opening, openings
from coordination.cases.queries.people import Person, account_names
from coordination.cases.queries.picture import small_facts
from coordination.cases.stages import Awaited, way_out
from coordination.cases.timeline import Entry, sources, timeline
from coordination.cases.vocabulary import (
    AGREEMENT_NAMES,
    PROGRAMMES,
    SEXES,
    agreement_label,
    area_label,
    commune_label,
)
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.together import read_together
from coordination.privacy.vault import Read, open_journey_rows
from coordination.privacy.volets import LABELS, Volet

SHEET = Read(
    Sheet,
    (
        "exit_reason",
        "first_name",
        "last_name",
        "birth_date",
        "sex",
        "phone",
        "email",
        "interpreter",
        "prefers_oral",
        "address",
        "commune",
        "area",
        "school",
        "school_level",
        "diagnosis",
    ),
)
REPRESENTATIVES = Read(
    Representative,
    (
        "first_name",
        "last_name",
        "tie",
        "phone",
        "email",
        "parental_authority",
        "interpreter",
        "signed_agreement",
        "takes_part",
        "trusted",
        "prefers_oral",
    ),
    "position",
)
COMING = timedelta(days=90)


@dataclass(frozen=True)
class RepresentativeView:
    """Who can be called; what to know before calling is said before the number."""

    id: uuid.UUID
    name: str
    tie: str
    phone: str
    email: str
    parental_authority: bool
    interpreter: bool
    signed: bool
    takes_part: bool
    trusted: bool
    prefers_oral: bool

    def __repr__(self) -> str:
        return "<RepresentativeView>"


@dataclass(frozen=True)
class VoletView:
    code: str
    label: str
    can_write: bool
    documents: int


@dataclass(frozen=True)
class Reach:
    """How to reach the person, for those who answer for themselves."""

    phone: str
    email: str
    interpreter: bool
    prefers_oral: bool

    def __repr__(self) -> str:
        return "<Reach>"


@dataclass(frozen=True)
class JourneyPage:
    person: Person
    reach: Reach
    programme: str
    programme_label: str
    stage: str
    birth_date: date | None
    age: int | None
    sex: str
    address: str
    area: str
    school: str
    school_level: str
    agreement_name: str
    agreement: str
    agreement_status: str
    agreement_on: date | None
    agreed_volets: str
    agreement_remark: str
    diagnosis: str
    diagnosis_on: date | None
    opened_on: date | None
    entered_on: date | None
    exit_on: date | None
    exit_reason: str
    ended: bool
    planned_rhythm_days: int | None
    referent: str | None
    backup: str | None
    last_exchange: date | None
    next_step: NextStep | None
    way_out: Awaited
    representatives: tuple[RepresentativeView, ...]
    children: tuple[Noted, ...]
    volets: tuple[VoletView, ...]
    timeline: tuple[Entry, ...]
    alerts: tuple[AlertView, ...]
    put_aside: tuple[PutAside, ...]
    coming: tuple[DeadlineView, ...]
    openings: tuple[Opening, ...]
    picture: PictureFacts
    version: int

    def __repr__(self) -> str:
        return f"<JourneyPage {self.person.journey_id}>"


def journey_page(grant: Grant, journey_id: uuid.UUID, today: date) -> JourneyPage:
    """The page of a journey that the grant covers, in a transaction kept to it."""
    journey = db.session.get_one(Journey, journey_id)
    told = (read for source in sources() for read in source.reads)
    read_together(grant, journey_id, (SHEET, REPRESENTATIVES, CHILDREN, *told))
    rows = open_journey_rows(grant, journey_id, SHEET)
    sheet = rows[0] if rows else dict.fromkeys(SHEET.columns)
    person = Person(journey_id, journey.ref, sheet["first_name"] or "", sheet["last_name"] or "")
    birth = date.fromisoformat(sheet["birth_date"]) if sheet["birth_date"] else None
    staff = account_names({id_ for id_ in (journey.referent_id, journey.backup_id) if id_})
    agreed_volets, remark = last_agreement(grant, journey_id)
    picture = small_facts(journey_id, journey, today)
    met = max((m.on for m in picture.moments if m.is_exchange), default=None)
    ended = not journey.runs
    commune = commune_label(sheet["commune"]) if sheet["commune"] else ""
    # Addresses often end with their commune already.
    place = [
        sheet["address"],
        commune if commune.casefold() not in (sheet["address"] or "").casefold() else "",
    ]
    entries = timeline(grant, journey_id, journey.programme)
    return JourneyPage(
        person=person,
        reach=Reach(
            sheet["phone"] or "",
            sheet["email"] or "",
            sheet["interpreter"] == "1",
            sheet["prefers_oral"] == "1",
        ),
        programme=journey.programme,
        programme_label=PROGRAMMES[journey.programme],
        stage=stage_label(journey.programme, journey.stage),
        birth_date=birth,
        age=age_on(birth, today) if birth else None,
        sex=SEXES[journey.programme].get(sheet["sex"] or "", "non renseigné"),
        address=", ".join(part for part in place if part) or "non renseignée",
        area=area_label(sheet["area"]),
        school=sheet["school"] or "non renseigné",
        school_level=reference.label("school_level", sheet["school_level"]),
        agreement_name=AGREEMENT_NAMES[journey.programme],
        agreement=agreement_label(journey.programme, journey.agreement_status),
        agreement_status=journey.agreement_status or "",
        agreement_on=journey.agreement_on,
        agreed_volets=agreed_volets,
        agreement_remark=remark,
        diagnosis=sheet["diagnosis"] or "",
        diagnosis_on=journey.diagnosis_on,
        opened_on=journey.opened_on,
        entered_on=journey.entered_on,
        exit_on=journey.exit_on,
        exit_reason=reference.label(REASONS[journey.programme], sheet["exit_reason"]) if ended else "",
        ended=ended,
        planned_rhythm_days=journey.planned_rhythm_days,
        referent=staff.get(journey.referent_id),  # type: ignore[arg-type]
        backup=staff.get(journey.backup_id),  # type: ignore[arg-type]
        last_exchange=met,
        next_step=next_step(journey_id, today, entries, met=met is not None),
        way_out=way_out(journey.programme, journey.stage, journey.agreement_status),
        representatives=_representatives(grant, journey_id),
        children=children(grant, journey_id),
        volets=_volets(grant, journey_id),
        timeline=tuple(entries),
        alerts=tuple(open_alerts(today, [journey_id])),
        put_aside=put_aside(journey_id, today),
        coming=tuple(coming_deadlines(today, today + COMING, [journey_id], also_due=True)),
        openings=openings(grant, journey_id, journey.programme),
        picture=picture,
        version=journey.version,
    )


def age_on(birth: date, day: date) -> int:
    """Completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _representatives(grant: Grant, journey_id: uuid.UUID) -> tuple[RepresentativeView, ...]:
    rows = open_journey_rows(grant, journey_id, REPRESENTATIVES)
    return tuple(
        RepresentativeView(
            row["id"],
            f"{row['first_name'] or ''} {row['last_name'] or ''}".strip(),
            row["tie"] or "",
            row["phone"] or "",
            row["email"] or "",
            row["parental_authority"] == "1",
            row["interpreter"] == "1",
            row["signed_agreement"] == "1",
            row["takes_part"] == "1",
            row["trusted"] == "1",
            row["prefers_oral"] == "1",
        )
        for row in rows
    )


def _volets(grant: Grant, journey_id: uuid.UUID) -> tuple[VoletView, ...]:
    mine = {folder.volet: folder.documents for folder in folders(journey_id)}
    return tuple(
        VoletView(volet.value, LABELS[volet], volet in grant.writable, mine[volet.value])
        for volet in Volet
        if volet.value in mine
    )
