"""Opening a journey, its agreement, its référent."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, insert, select, update

from coordination import reference
from coordination.alerts.sources import follow_all
from coordination.cases.checks import Problems
from coordination.cases.models import Journey, Sheet
from coordination.cases.stages import refusal
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput, Conflict
from coordination.privacy.access import call, sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action, Grant
from coordination.privacy.vault import keystore, new_row
from coordination.privacy.volets import Volet
from coordination.privacy.work import work

# Volets that open once the family or the person has agreed; protection opens only with a measure.
VOLETS_AFTER_AGREEMENT = {
    "PRE": (Volet.SCOLARITE, Volet.SOCIAL, Volet.SANTE),
    "CITE_EMPLOI": (Volet.SOCIAL, Volet.SANTE, Volet.EMPLOI),
}
FIRST_STAGE = {"PRE": "SAISINE", "CITE_EMPLOI": "REPERE"}


@dataclass(frozen=True)
class NewJourney:
    """The minimum of a spotting: who, where, since when; `sheet` holds columns of `Sheet`."""

    programme: str
    ref: str
    opened_on: date | None
    referent_id: uuid.UUID | None = None
    sheet: Mapping[str, Any] = field(default_factory=dict)


def open_journey(actor: Actor, new: NewJourney, now: datetime) -> uuid.UUID:
    """Open a journey with its coordination volet alone. Raises BadInput, Forbidden."""
    today = paris_date(now)
    journey_id, folder_id = uuid.uuid4(), uuid.uuid4()
    with work(actor, Action.NEW_JOURNEY, now) as w:
        grant = w.require()
        _check_new(new, today)
        # The key is committed before the folder exists: a crash leaves an idle key, never a folder without one.
        data_key = keystore().create([folder_id])[folder_id]
        call("open_journeys", [journey_id], [folder_id], new.programme)
        db.session.execute(
            insert(Journey).values(
                id=journey_id,
                ref=new.ref,
                programme=new.programme,
                stage=FIRST_STAGE[new.programme],
                opened_on=new.opened_on,
                agreement_status="A_DEMANDER" if new.programme == "PRE" else None,
                referent_id=new.referent_id,
            )
        )
        db.session.execute(
            insert(Folder).values(id=folder_id, journey_id=journey_id, volet=Volet.COORDINATION.value)
        )
        place = {"journey_id": journey_id, "folder_id": folder_id}
        db.session.execute(
            insert(Sheet).values({**new_row(data_key, Sheet, uuid.uuid4(), new.sheet), **place})
        )
        sync_access([journey_id])
        w.audit(Grant(grant.actor_id, grant.action, journey_id), sorted(new.sheet))
    return journey_id


def _check_new(new: NewJourney, today: date) -> None:
    problems = Problems()
    problems.code("programme", "programme", new.programme)
    problems.past_day("opened_on", new.opened_on, today)
    if not new.ref.strip():
        problems["ref"] = "Indiquez une référence."
    for name in ("first_name", "last_name"):
        if not str(new.sheet.get(name) or "").strip():
            problems[name] = "Indiquez le nom." if name == "last_name" else "Indiquez le prénom."
    for name, value in new.sheet.items():
        if isinstance(value, str):
            problems.free_text(name, value, 200)
    outside = {c["insee"] for c in reference.territory()["communes"] if not c["in_pre_perimeter"]}
    known = {c["insee"] for c in reference.territory()["communes"]}
    commune = new.sheet.get("commune")
    if new.programme == "PRE" and commune and (commune in outside or commune not in known):
        problems["commune"] = "Cette commune n'est pas dans le périmètre du PRE."
    problems.stop_if_any()


def record_agreement(
    actor: Actor, journey_id: uuid.UUID, status: str, on: date | None, version: int, now: datetime
) -> None:
    """Note the agreement's state. A signature opens the other volets; a refusal or withdrawal freezes sharing.

    Raises BadInput, NotFound, Forbidden, Conflict (somebody changed the journey meanwhile).
    """
    today = paris_date(now)
    with work(actor, Action.RECORD_AGREEMENT, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(
            select(Journey.programme, Journey.opened_on).where(Journey.id == journey_id)
        ).one()
        problems = Problems()
        problems.code("status", "parental_agreement", status)
        if status in ("SIGNE", "REFUS", "RETIRE") or on:
            problems.past_day("on", on, today, journey.opened_on)
        problems.stop_if_any()
        _change(journey_id, version, agreement_status=status, agreement_on=on)
        if status == "SIGNE":
            _open_volets(journey_id, VOLETS_AFTER_AGREEMENT[journey.programme])
        follow_all(grant, [journey_id], today, f"accord mis à jour le {today:%d/%m/%Y}")
        sync_access([journey_id])
        w.audit(grant, ["agreement_status", "agreement_on"])


def _open_volets(journey_id: uuid.UUID, volets: tuple[Volet, ...]) -> None:
    """Open volets that are missing, or that an import left closed for want of an agreement."""
    mine = set(db.session.scalars(select(Folder.volet).where(Folder.journey_id == journey_id)))
    for volet in volets:
        if volet.value in mine:
            continue
        folder_id = uuid.uuid4()
        keystore().create([folder_id])
        call("open_folder", folder_id, journey_id, volet.value, True)


def change_stage(actor: Actor, journey_id: uuid.UUID, stage: str, version: int, now: datetime) -> None:
    """Pass to another stage (table of `cases.stages`). Raises BadInput, NotFound, Forbidden, Conflict."""
    today = paris_date(now)
    with work(actor, Action.CHANGE_STAGE, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(
            select(Journey.programme, Journey.stage, Journey.agreement_status).where(Journey.id == journey_id)
        ).one()
        problem = refusal(journey.programme, journey.stage, stage, journey.agreement_status)
        if problem:
            raise BadInput(problem, {"stage": problem})
        _change(journey_id, version, stage=stage)
        follow_all(grant, [journey_id], today, f"étape changée le {today:%d/%m/%Y}")
        w.audit(grant, ["stage"])


def _change(journey_id: uuid.UUID, version: int, **values: Any) -> None:
    """Write fields of the journey if nobody did meanwhile. Raises Conflict."""
    changed = db.session.execute(
        update(Journey)
        .where(Journey.id == journey_id, Journey.version == version)
        .values(**values, version=Journey.version + 1)
        .returning(Journey.id)
    ).first()
    if changed is None:
        raise Conflict("Ce parcours a été modifié pendant que vous écriviez. Rechargez la page.")


def assign_referent(
    actor: Actor, journey_id: uuid.UUID, referent_id: uuid.UUID, now: datetime, *, backup: bool = False
) -> None:
    """Name the référent (or the backup) of a journey; their access follows in the same work."""
    with work(actor, Action.ASSIGN_REFERENT, now) as w:
        grant = w.require(journey_id)
        column = "backup_id" if backup else "referent_id"
        if not db.session.scalar(select(func.count()).where(Journey.id == journey_id)):
            raise BadInput("Ce parcours n'est plus accessible.")
        db.session.execute(
            update(Journey)
            .where(Journey.id == journey_id)
            .values({column: referent_id, "version": Journey.version + 1})
        )
        sync_access([journey_id])
        w.audit(grant, [column])
