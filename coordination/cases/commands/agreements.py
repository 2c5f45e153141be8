"""The agreement of the family or of the person: asked, signed with its scope, refused, withdrawn, renewed."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from coordination.alerts.sources import follow_all
from coordination.cases.checks import Faults, Problems
from coordination.cases.commands.skeleton import change_journey
from coordination.cases.models import Agreement, Journey, Representative
from coordination.cases.queries.agreement_page import IMPORTER, every_line, standing_lines, untold
from coordination.cases.stages import DATED, FROZEN
from coordination.cases.volets import VOLETS_AFTER_AGREEMENT
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput, NotFound
from coordination.privacy.access import agree_volets, call, follow_agreement, sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.models import Folder
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import EditConflict, add_record, change_record, earlier
from coordination.privacy.vault import keystore, open_rows
from coordination.privacy.volets import Volet
from coordination.privacy.work import Work, work

# The columns of the journey, as the form calls them.
_FIELDS = {"agreement_status": "status", "agreement_on": "on"}


@dataclass(frozen=True)
class NewAgreement:
    """What was agreed, as typed. `volets`: what a signature covers (all that the programme opens by default);
    `signer_id`: a representative, or None for the person.
    """

    status: str
    on: date | None
    volets: Collection[Volet] | None = None
    signer_id: uuid.UUID | None = None
    school_year: int | None = None
    remark: str = field(default="", repr=False)


def record_agreement(
    actor: Actor,
    journey_id: uuid.UUID,
    new: NewAgreement,
    version: int,
    now: datetime,
    *,
    faults: Faults | None = None,
) -> None:
    """Note the agreement's state: a signature opens the volets it covers, and what needed one closes without it.

    `faults`: see `Problems`. Raises BadInput, NotFound, Forbidden, EditConflict (somebody changed the journey
    meanwhile).
    """
    today = paris_date(now)
    with work(actor, Action.RECORD_AGREEMENT, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(
            select(
                Journey.programme, Journey.opened_on, Journey.agreement_status, Journey.agreement_on
            ).where(Journey.id == journey_id)
        ).one()
        offered = VOLETS_AFTER_AGREEMENT[journey.programme]
        covered = offered if new.volets is None else tuple(v for v in offered if v in new.volets)
        problems = Problems(faults)
        _check(problems, new, journey_id, journey.programme, journey.opened_on, today, covered)
        problems.stop_if_any()
        try:
            change_journey(w, journey_id, version, agreement_status=new.status, agreement_on=new.on)
        except EditConflict as conflict:
            theirs = {_FIELDS[name]: value for name, value in conflict.theirs.items()}
            mine = {_FIELDS[name]: value for name, value in conflict.mine.items()}
            raise EditConflict(theirs, mine, conflict.version, own=conflict.own) from None
        if new.status == "SIGNE":
            open_volets(journey_id, covered)
            agree_volets(journey_id, [*covered])
        _keep_imported(grant, journey_id, journey.agreement_status, journey.agreement_on)
        _remember(w, grant, journey_id, new, covered)
        # Counted while every volet still shows: a clock does not depend on who may look.
        follow_all(grant, [journey_id], today, f"accord mis à jour le {today:%d/%m/%Y}")
        follow_agreement([journey_id])
        sync_access([journey_id])
        w.audit(grant, ["agreement_status", "agreement_on"])


def take_back_agreement(actor: Actor, journey_id: uuid.UUID, line_id: uuid.UUID, now: datetime) -> bool:
    """Cancel the last line of the history, noted by mistake: the agreement stands again as it did before it.

    True if alerts had stopped with that line: only a scan opens them, so they are back with the next one. The
    history only grows: another line says who cancelled it. Raises BadInput for an older line, NotFound,
    Forbidden.
    """
    today = paris_date(now)
    with work(actor, Action.RECORD_AGREEMENT, now) as w:
        grant = w.require(journey_id)
        # The second of two windows finds the line cancelled.
        version = db.session.scalars(select(Journey.version).where(Journey.id == journey_id)).one()
        noted = every_line(grant, journey_id)
        lines = standing_lines(noted)
        if line_id not in {line["id"] for line in noted}:
            raise NotFound("Cette ligne n'existe pas, ou vous n'y avez pas accès.", f"agreement={line_id}")
        if not lines or line_id != lines[0]["id"]:
            raise BadInput("Seule la dernière ligne notée se retire. Relisez la page.")
        if not lines[1:] and lines[0]["recorded_by"] == db.session.scalar(IMPORTER):
            raise BadInput(
                "Ce que le dossier importé disait de l'accord ne se retire pas : notez ce qui change."
            )
        said = {"status": Agreement.CANCELLING, "cancels": line_id, "recorded_by": w.actor.id}
        add_record(grant, Agreement, journey_id, Volet.COORDINATION, said)
        status, on = (lines[1]["status"], lines[1]["on_date"]) if lines[1:] else _at_first(grant, journey_id)
        change_journey(w, journey_id, version, agreement_status=status, agreement_on=on)
        # An import says no scope: what was covered stays so.
        scope = lines[1]["volets"] if lines[1:] else ""
        if status == "SIGNE" and scope:
            agree_volets(journey_id, [Volet(code) for code in scope.split(",")])
        elif status not in FROZEN:
            call("open_again", journey_id)
        follow_all(grant, [journey_id], today, f"accord corrigé le {today:%d/%m/%Y}")
        follow_agreement([journey_id])
        sync_access([journey_id])
        w.audit(grant, ["cancels", "agreement_status", "agreement_on"])
        return lines[0]["status"] in FROZEN and status not in FROZEN


def _keep_imported(grant: Grant, journey_id: uuid.UUID, status: str | None, on: date | None) -> None:
    """Give what an import said its line, before the journey says something newer in its place."""
    if untold(every_line(grant, journey_id), status, on):
        said = {"status": status, "on_date": on, "recorded_by": db.session.scalars(IMPORTER).one()}
        add_record(grant, Agreement, journey_id, Volet.COORDINATION, said)


def _at_first(grant: Grant, journey_id: uuid.UUID) -> tuple[str | None, date | None]:
    """The agreement before any line of the history: what the first corrections of the journey took away."""
    journey = db.session.execute(
        select(Journey.agreement_status, Journey.agreement_on).where(Journey.id == journey_id)
    ).one()
    said = {"agreement_status": journey.agreement_status or "", "agreement_on": _iso(journey.agreement_on)}
    for change in earlier(grant, journey_id, Journey):  # the latest first
        said |= {name: change.values[name] for name in said if name in change.values}
    on = said["agreement_on"]
    return said["agreement_status"] or None, date.fromisoformat(on) if on else None


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _check(
    problems: Problems,
    new: NewAgreement,
    journey_id: uuid.UUID,
    programme: str,
    opened_on: date | None,
    today: date,
    covered: Collection[Volet],
) -> None:
    problems.code("status", "parental_agreement", new.status)
    if new.status in DATED or new.on:
        problems.past_day("on", new.on, today, opened_on)
    if new.status == "SIGNE" and not covered:
        problems["volets"] = "Cochez au moins un volet, ou notez un refus."
    problems.free_text("remark", new.remark, 2_000)
    people = set(db.session.scalars(select(Representative.id).where(Representative.journey_id == journey_id)))
    if new.signer_id and new.signer_id not in people:
        problems["signer"] = "Choisissez une des personnes proposées."
    elif new.status == "SIGNE" and programme == "PRE" and people and not new.signer_id:
        # A child does not sign.
        problems["signer"] = "Indiquez qui a signé."


def open_volets(journey_id: uuid.UUID, volets: Collection[Volet]) -> None:
    """Make the folders of volets that are missing."""
    mine = set(db.session.scalars(select(Folder.volet).where(Folder.journey_id == journey_id)))
    for volet in volets:
        if volet.value in mine:
            continue
        folder_id = uuid.uuid4()
        keystore().create([folder_id])
        call("open_folder", folder_id, journey_id, volet.value, True)


def _remember(
    w: Work, grant: Grant, journey_id: uuid.UUID, new: NewAgreement, covered: Collection[Volet]
) -> None:
    """The line of the agreement's history, and who signed."""
    signed = new.status == "SIGNE"
    values = {
        "status": new.status,
        "on_date": new.on,
        "school_year": new.school_year,
        "recorded_by": w.actor.id,
        "volets": ",".join(sorted(covered)) if signed else "",
        "signer": str(new.signer_id or "") if signed else "",
        "remark": new.remark.strip(),
    }
    add_record(grant, Agreement, journey_id, Volet.COORDINATION, values)
    if signed and new.signer_id:
        columns = ("signed_agreement", "version")
        row = open_rows(grant, Representative, columns, Representative.id == new.signer_id)[0]
        change_record(w, grant, Representative, row["id"], row["version"], {"signed_agreement": True})
