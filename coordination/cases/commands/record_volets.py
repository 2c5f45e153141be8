"""The volet that a record goes to: whether the actor may write there, and its opening by the first record."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from coordination.cases.checks import Problems
from coordination.cases.checks_records import Place
from coordination.cases.commands.agreements import open_volets
from coordination.cases.kinds import RecordKind
from coordination.cases.models import Journey
from coordination.cases.queries.agreement_page import noted_on_pages
from coordination.cases.stages import FROZEN
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.db import db, in_turn, narrowed
from coordination.errors import BadInput
from coordination.privacy.access import sync_access
from coordination.privacy.models import Folder
from coordination.privacy.policy import Grant
from coordination.privacy.volets import LABELS, Volet
from coordination.privacy.work import Work


def open_volet(
    w: Work, kind: RecordKind, grant: Grant, place: Place, values: Mapping[str, Any], volet: Volet
) -> Grant:
    """`_open_if_agreed`, then the check again: what has opened may still not be the actor's to write."""
    grant, problems = _open_if_agreed(w, grant, place, volet), Problems()
    check_volet(problems, kind, grant, place, values, volet)
    problems.stop_if_any()
    return grant


def check_volet(
    problems: Problems, kind: RecordKind, grant: Grant, place: Place, values: Mapping[str, Any], volet: Volet
) -> None:
    """The actor may write there: else a sentence beside what decided of it, BadInput where nothing did."""
    there = db.session.scalar(
        select(Folder.id).where(
            Folder.journey_id == place.journey_id, Folder.volet == volet.value, Folder.open
        )
    )
    if volet in grant.writable and there is not None:
        return
    deciding = [cell.name for cell in kind.cells if cell.moves and values.get(cell.name)]
    field = next((name for name in deciding if values[name] == "SANTE"), deciding[0] if deciding else "")
    if volet in grant.readable:
        problem = f"Cela se range dans le volet « {LABELS[volet]} », que vous pouvez lire sans y écrire."
    else:
        problem = (
            f"Cela se range dans le volet « {LABELS[volet]} », qui ne vous est pas ouvert sur ce parcours :"
            " il faut l'accord signé, ou un rôle qui y donne accès."
        )
    if not field:
        raise BadInput(problem)
    problems[field] = problem


def take_turn_to_open(kind: RecordKind, journey_id: uuid.UUID, values: Mapping[str, Any]) -> None:
    """A volet that opens gives access: its turn comes before the journey's row (see `hold_journey`)."""
    with narrowed([journey_id]):
        recorded = noted_on_pages(journey_id).exists()
        programme = db.session.scalar(select(Journey.programme).where(Journey.id == journey_id, ~recorded))
        if programme is None:
            return
        volet = kind.volet(programme, values)
        there = select(Folder.id).where(Folder.journey_id == journey_id, Folder.volet == volet)
        if volet in VOLETS_AFTER_AGREEMENT[programme] and db.session.scalar(there) is None:
            in_turn("access")


def _open_if_agreed(w: Work, grant: Grant, place: Place, volet: Volet) -> Grant:
    """Open a volet that the agreement covers and that nothing was written in yet; the grant that follows."""
    if not opens_by_agreement(grant, place, volet):
        return grant
    open_volets(place.journey_id, (volet,))
    sync_access([place.journey_id])
    return w.require(place.journey_id)


def opens_by_agreement(grant: Grant, place: Place, volet: Volet) -> bool:
    """Whether the agreement covers the volet, and nothing was written in it yet.

    An import opens only the volets that its lines need, and brings no scope of the agreement. Where a page
    recorded one, that page opened what it covers: nothing else is opened here.
    """
    journey = db.session.execute(
        select(Journey.agreement_status, Journey.agreement_on).where(Journey.id == place.journey_id)
    ).one()
    if place.programme == "PRE":
        agreed = journey.agreement_status == "SIGNE" and journey.agreement_on is not None
    else:
        agreed = journey.agreement_status not in FROZEN
    known = (*grant.readable, *grant.writable)
    if not agreed or volet in known or volet not in VOLETS_AFTER_AGREEMENT[place.programme]:
        return False
    return db.session.scalar(noted_on_pages(place.journey_id)) is None
