"""Opening a journey, its stage, its référent."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from coordination.accounts.models import Structure
from coordination.accounts.queries import may_follow
from coordination.alerts.sources import follow_all
from coordination.cases.checks import LONG_AGO, Faults, Problems
from coordination.cases.checks_people import (
    UNKNOWN,
    check_birth,
    check_both_names,
    check_commune,
    check_phone,
)
from coordination.cases.commands.deadlines import follow
from coordination.cases.commands.team import check_follower
from coordination.cases.models import Journey, Representative, Sheet
from coordination.cases.models_life import RELAY, Saisine, Turn
from coordination.cases.references import PREFIXES, is_usual
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput, Forbidden
from coordination.privacy.access import call, sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action, Grant
from coordination.privacy.vault import keystore, new_row
from coordination.privacy.volets import Volet
from coordination.privacy.work import work

TAKEN = "Cette référence est déjà prise. Choisissez-en une autre."
FIRST_STAGE = {"PRE": "SAISINE", "CITE_EMPLOI": "REPERE"}


@dataclass(frozen=True)
class NewSaisine:
    """Who sends the person (a structure of the territory, a kind of sender) and why: codes of the PRE's lists."""

    structure_id: uuid.UUID | None = None
    source: str = ""
    reasons: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class NewJourney:
    """The minimum of a spotting: who, where, since when; `sheet` holds columns of `Sheet`, `relative`
    those of the `Representative` to call, if one is known.
    """

    programme: str
    ref: str
    opened_on: date | None
    referent_id: uuid.UUID | None = None
    sheet: Mapping[str, Any] = field(default_factory=dict)
    relative: Mapping[str, str] = field(default_factory=dict, repr=False)
    saisine: NewSaisine | None = None


def open_journey(
    actor: Actor,
    new: NewJourney,
    now: datetime,
    *,
    journey_id: uuid.UUID | None = None,
    key: str = "",
    answer: str = "",
    sure: Collection[str] = (),
    faults: Faults | None = None,
) -> uuid.UUID:
    """Open a journey with its coordination volet alone; its id.

    `key`: idempotency key of the form, answered by `answer` when it comes again (AlreadyDone). `sure`, `faults`:
    see `Problems`. Raises BadInput, Forbidden.
    """
    today = paris_date(now)
    journey_id, folder_id = journey_id or uuid.uuid4(), uuid.uuid4()
    with work(actor, Action.NEW_JOURNEY, now) as w:
        grant = w.require()
        if key:
            w.once(key, repr(new).encode(), answer)
        asks = new.programme in FIRST_STAGE and actor.kind == "person"
        if asks and not may_follow(actor.id, new.programme, now, coordinating=True):
            raise Forbidden("Votre rôle n'ouvre pas de parcours dans ce dispositif.")
        problems = Problems(faults)
        _check_new(problems, new, today)
        if new.referent_id:
            check_follower(problems, "referent_id", new.referent_id, new.programme, now)
        problems.stop_if_any(sure)
        # The key is committed before the folder exists: a crash leaves an idle key, never a folder without one.
        data_key = keystore().create([folder_id])[folder_id]
        call("open_journeys", [journey_id], [folder_id], new.programme)
        _add_journey(journey_id, new)
        db.session.execute(
            insert(Folder).values(id=folder_id, journey_id=journey_id, volet=Volet.COORDINATION.value)
        )
        place = {"journey_id": journey_id, "folder_id": folder_id}
        db.session.execute(
            insert(Sheet).values({**new_row(data_key, Sheet, uuid.uuid4(), new.sheet), **place})
        )
        written = sorted(new.sheet)
        if new.relative:
            cells = new_row(data_key, Representative, uuid.uuid4(), new.relative)
            db.session.execute(insert(Representative).values({**cells, **place}))
            written.append("representative")
        if new.saisine:
            # Before the access of the opening ends.
            cells = new_row(data_key, Saisine, uuid.uuid4(), _saisine_cells(new.saisine))
            db.session.execute(insert(Saisine).values({**cells, **place, "on_date": new.opened_on}))
            written.append("saisine")
        if new.referent_id not in (None, actor.id):
            # Who receives it reads so on their day, as of any handover.
            people = {"kind": RELAY, "on_date": today, "by_id": actor.id, "to_id": new.referent_id}
            cells = new_row(data_key, Turn, uuid.uuid4(), people)
            db.session.execute(insert(Turn).values({**cells, **place}))
            written.append("turn")
        follow_all(Grant(grant.actor_id, grant.action, journey_id), [journey_id], today, "parcours ouvert")
        sync_access([journey_id])
        w.audit(Grant(grant.actor_id, grant.action, journey_id), written)
    return journey_id


def _saisine_cells(saisine: NewSaisine) -> dict[str, Any]:
    return {
        "structure_id": saisine.structure_id,
        "source": saisine.source,
        "reasons": ",".join(saisine.reasons),
        "remark": saisine.remark.strip(),
    }


def _add_journey(journey_id: uuid.UUID, new: NewJourney) -> None:
    """Raises BadInput if the reference is taken, maybe by a journey that the actor does not see."""
    values = {
        "id": journey_id,
        "ref": new.ref,
        "programme": new.programme,
        "stage": FIRST_STAGE[new.programme],
        "opened_on": new.opened_on,
        "agreement_status": "A_DEMANDER" if new.programme == "PRE" else None,
        "referent_id": new.referent_id,
    }
    try:
        db.session.execute(insert(Journey).values(values))
    except IntegrityError as error:
        if "uq_journey_ref" not in str(error.orig):
            raise
        taken = Problems({"ref": TAKEN})
        taken.stop_if_any()


def _check_new(problems: Problems, new: NewJourney, today: date) -> None:
    problems.code("programme", "programme", new.programme)
    problems.past_day("opened_on", new.opened_on, today)
    if not new.ref.strip():
        problems["ref"] = "Indiquez une référence."
    elif new.programme in PREFIXES and not is_usual(new.ref, new.programme):
        usual = f"{PREFIXES[new.programme]}-0110"
        # Read in clear wherever the journey is named: a name has no place in it.
        problems["ref"] = f"Une référence s'écrit comme {usual} : ce début, un tiret, un à six chiffres."
    elif db.session.scalar(select(Journey.id).where(Journey.ref == new.ref)):
        # Of those that the actor sees: the others are found out at the end.
        problems["ref"] = TAKEN
    _check_days(problems, new, today)
    check_both_names(problems, *(str(new.sheet.get(name) or "") for name in ("first_name", "last_name")))
    for name, value in new.sheet.items():
        if isinstance(value, str):
            problems.free_text(name, value, 200)
    check_phone(problems, str(new.sheet.get("phone") or ""))
    if new.relative:
        _check_relative(problems, new.relative)
    if new.saisine:
        _check_saisine(problems, new)
    check_commune(problems, new.programme, str(new.sheet.get("commune") or ""))


def _check_days(problems: Problems, new: NewJourney, today: date) -> None:
    """The opening and the birth; where both cannot be, the fault is said of the one that is likelier wrong."""
    born, opened_on = new.sheet.get("birth_date"), new.opened_on
    if opened_on and born and opened_on < min(born, today - LONG_AGO):
        problems["opened_on"] = "Cette date est avant la naissance, et il y a plus d'un an. Vérifiez l'année."
        return
    if opened_on:
        problems.ask_long_ago("opened_on", opened_on, today)
    check_birth(problems, new.programme, born, opened_on, today)


def _check_relative(problems: Problems, relative: Mapping[str, str]) -> None:
    """Fields as the form of the opening calls them."""
    check_both_names(
        problems, relative.get("first_name", ""), relative.get("last_name", ""), "relative_", UNKNOWN
    )
    for name in ("first_name", "last_name"):
        problems.free_text(f"relative_{name}", relative.get(name), 200)
    check_phone(problems, relative.get("phone", ""), "relative_phone")


def _check_saisine(problems: Problems, new: NewJourney) -> None:
    assert new.saisine
    if new.saisine.structure_id and not db.session.scalar(
        select(Structure.id).where(Structure.id == new.saisine.structure_id)
    ):
        problems["structure_id"] = "Choisissez une structure de la liste."
    if new.programme == "PRE":
        problems.code("source", "pre_referral_source", new.saisine.source)
        if not new.saisine.reasons:
            problems["reasons"] = "Cochez au moins un motif."
        for reason in new.saisine.reasons:
            problems.code("reasons", "pre_referral_reason", reason)
    problems.free_text("remark", new.saisine.remark, 2_000)


def assign_referent(
    actor: Actor, journey_id: uuid.UUID, referent_id: uuid.UUID, now: datetime, *, backup: bool = False
) -> None:
    """Name the référent (or the backup) of a journey; their access follows in the same work.

    Raises BadInput, NotFound, Forbidden.
    """
    with work(actor, Action.ASSIGN_REFERENT, now) as w:
        grant = w.require(journey_id)
        column = "backup_id" if backup else "referent_id"
        programme = db.session.scalar(select(Journey.programme).where(Journey.id == journey_id))
        if programme is None:
            raise BadInput("Ce parcours n'est plus accessible.")
        _check_referent(column, referent_id, programme, now)
        db.session.execute(
            update(Journey)
            .where(Journey.id == journey_id)
            .values({column: referent_id, "version": Journey.version + 1})
        )
        today = paris_date(now)
        follow(grant, journey_id, "team", today, f"suivi du parcours changé le {today:%d/%m/%Y}")
        sync_access([journey_id])
        w.audit(grant, [column])


def _check_referent(field: str, account_id: uuid.UUID, programme: str, now: datetime) -> None:
    """Raises BadInput beside `field`."""
    problems = Problems()
    check_follower(problems, field, account_id, programme, now)
    problems.stop_if_any()
