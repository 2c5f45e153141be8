"""What the pages of a journey's life show: its course, its team, its end, its turns."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import column, func, select, table

from coordination.accounts.followers import followers
from coordination.alerts.running import TURNED_DOWN
from coordination.cases.commands.endings import missing_sentence
from coordination.cases.commands.pauses import Standing
from coordination.cases.commands.turns import turned_down_on
from coordination.cases.dates import COMING
from coordination.cases.models import Journey, Sheet
from coordination.cases.models_life import RELAY, Leave, Turn
from coordination.cases.queries.facts import journey_facts
from coordination.cases.queries.people import account_names
from coordination.cases.rules.lost_contact import tried
from coordination.cases.seen import seen
from coordination.cases.stages import SUSPENDED, next_stages, stages_after_end
from coordination.console import count
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import Opened, Read, open_journey_rows

# A stage is changed a few times a year.
MOST_TURNS = 100
_STAFF = ("by_id", "to_id", "from_id")
TURNS = Read(Turn, ("kind", "on_date", *_STAFF, "decided_by", "note"), "-position", MOST_TURNS)
KINDS = {
    RELAY: "Passage de relais",
    "SORTIE": "Sortie",
    "REOUVERTURE": "Réouverture",
    TURNED_DOWN: "Non retenu",
}
# The feature that owns it lies above this one; two columns are all that is needed here.
REFERRAL = table("referral", column("journey_id"), column("status"))
OPEN_REFERRALS = ("ENVOYEE", "VUE", "ACCEPTEE", "ATTENTE_PLACE", "DEMARREE")
OPEN_ACTIONS = ("PREVUE", "EN_COURS", "SUSPENDUE")


@dataclass(frozen=True)
class CoursePage:
    """`journey`: the row of the journey; `sheet`: scheme and path, opened.

    `paused`: whether a pause runs, which suspends the journey; `may_pause`: whether one would.
    """

    journey: Journey
    sheet: Opened
    stages: tuple[str, ...]
    may_end: bool
    paused: bool
    may_pause: bool


@dataclass(frozen=True)
class TeamPage:
    programme: str
    referent_id: uuid.UUID | None
    backup_id: uuid.UUID | None
    version: int
    people: dict[uuid.UUID, str]


@dataclass(frozen=True)
class EndingPage:
    """`ended_on`: the day of the exit, or on which it was turned down; `before`: where that found it."""

    programme: str
    stage: str | None
    runs: bool
    exit_on: date | None
    ended_on: date | None
    before: str | None
    version: int
    missing: str
    tried: int
    # What is open or planned and has a count, in words.
    still_open: tuple[str, ...]
    stages_after: tuple[str, ...]
    may_end: bool


@dataclass(frozen=True)
class TurnLine:
    """`kind`: as `Turn`; `what`: the same in words, empty for a stage that the journey passed to.

    `before`: who followed the journey until a handover; `handed`: whether it changed hands by it.
    """

    on: date
    kind: str
    what: str
    by: str
    to: str
    decided_by: str
    note: str
    before: str
    handed: bool

    def __repr__(self) -> str:
        return "<TurnLine>"


@dataclass(frozen=True)
class LeaveLine:
    id: uuid.UUID
    from_on: date
    until_on: date
    who: str
    backup: str


def course_page(grant: Grant, journey_id: uuid.UUID) -> CoursePage:
    journey = db.session.execute(select(Journey).where(Journey.id == journey_id)).scalar_one()
    sheet = open_journey_rows(grant, journey_id, Read(Sheet, ("scheme", "orientation_path")))[0]
    found = next_stages(journey.programme, journey.stage, journey.agreement_status)
    paused = bool(Standing.of(journey_id).open_pauses)
    # An end and a reopening have their own pages; a pause suspends, and the return from it takes up again.
    elsewhere = {"SORTI"} if paused else {"SORTI", SUSPENDED}
    offered = tuple(code for code in found if (code == "VEILLE") != journey.runs and code not in elsewhere)
    return CoursePage(journey, sheet, offered, "SORTI" in found, paused, SUSPENDED in found)


def team_page(grant: Grant, journey_id: uuid.UUID, now: datetime) -> TeamPage:
    row = db.session.execute(
        select(Journey.programme, Journey.referent_id, Journey.backup_id, Journey.version).where(
            Journey.id == journey_id
        )
    ).one()
    people = followers([row.programme], now)
    # Whoever follows it now stays shown, even without the role any more.
    known = account_names({id_ for id_ in (row.referent_id, row.backup_id) if id_ and id_ not in people})
    return TeamPage(*row, {**people, **known})


def ending_page(grant: Grant, journey_id: uuid.UUID, today: date) -> EndingPage:
    journey = db.session.execute(select(Journey).where(Journey.id == journey_id)).scalar_one()
    facts = seen(journey_facts(grant, [journey_id])[journey_id], grant.readable)
    attempts = tried(facts, today)
    referrals = db.session.scalar(
        select(func.count())
        .select_from(REFERRAL)
        .where(REFERRAL.c.journey_id == journey_id, REFERRAL.c.status.in_(OPEN_REFERRALS))
    )
    unfinished = (
        (sum(action.status in OPEN_ACTIONS for action in facts.actions), ("action",)),
        (referrals or 0, ("orientation",)),
        (sum(review.held_on is None for review in facts.reviews), ("bilan prévu", "bilans prévus")),
        (sum(one.status == COMING for one in facts.appointments), ("rendez-vous à venir",) * 2),
    )
    stages = next_stages(journey.programme, journey.stage, journey.agreement_status)
    return EndingPage(
        journey.programme,
        journey.stage,
        journey.runs,
        journey.exit_on,
        journey.exit_on or (None if journey.runs else turned_down_on(journey_id)),
        None if journey.runs else journey.suspended_from,
        journey.version,
        missing_sentence(attempts),
        len(attempts.attempts),
        tuple(count(number, *words) for number, words in unfinished if number),
        stages_after_end(journey.programme, journey.stage, journey.agreement_status),
        "SORTI" in stages,
    )


def turns(grant: Grant, journey_id: uuid.UUID) -> tuple[TurnLine, ...]:
    """The latest turns of a journey, the latest first."""
    rows = open_journey_rows(grant, journey_id, TURNS)
    names = account_names({id_ for row in rows for id_ in map(row.get, _STAFF) if id_})
    return tuple(
        TurnLine(
            row["on_date"],
            row["kind"],
            KINDS.get(row["kind"], ""),
            names.get(row["by_id"], ""),
            names.get(row["to_id"], ""),
            row["decided_by"] or "",
            row["note"] or "",
            names.get(row["from_id"], ""),
            row["kind"] == RELAY and row["from_id"] != row["to_id"],
        )
        for row in rows
    )


def absence_of_referent(journey_id: uuid.UUID, today: date) -> LeaveLine | None:
    """The present or next absence of who follows the journey, where it says who replaces them."""
    found = db.session.execute(
        select(Leave)
        .join(Journey, Journey.referent_id == Leave.account_id)
        .where(Journey.id == journey_id, Journey.backup_id.is_(None), Leave.until_on >= today)
        .order_by(Leave.from_on)
        .limit(1)
    ).scalars()
    return next(_lines(list(found)), None)


def leaves_of(account_id: uuid.UUID, today: date) -> list[LeaveLine]:
    """The absences of somebody that are not over, the next one first."""
    return list(_lines(_standing(Leave.account_id == account_id, today)))


def leaves_replaced_by(account_id: uuid.UUID, today: date) -> list[LeaveLine]:
    """The absences during which somebody replaces a colleague."""
    return list(_lines(_standing(Leave.backup_id == account_id, today)))


def _standing(whose: object, today: date) -> list[Leave]:
    query = select(Leave).where(whose, Leave.until_on >= today)  # type: ignore[arg-type]
    return list(db.session.execute(query.order_by(Leave.from_on)).scalars())


def _lines(leaves: list[Leave]) -> Iterator[LeaveLine]:
    names = account_names({id_ for leave in leaves for id_ in (leave.account_id, leave.backup_id) if id_})
    for leave in leaves:
        who, backup = (
            names.get(leave.account_id, ""),
            names.get(leave.backup_id, "") if leave.backup_id else "",
        )
        yield LeaveLine(leave.id, leave.from_on, leave.until_on, who, backup)
