"""Who follows the journey: the référent, the backup, the handover; and who replaces whom during an absence."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, insert, select, update

from coordination.accounts.models import Account
from coordination.accounts.queries import may_follow, may_open
from coordination.cases.checks import Faults, Problems
from coordination.cases.commands.deadlines import follow, follow_many
from coordination.cases.commands.turns import change_as_form, remember_relay
from coordination.cases.models import Journey
from coordination.cases.models_life import Leave
from coordination.cases.queries.away import away
from coordination.clock import paris_date
from coordination.db import db, in_turn
from coordination.errors import Conflict, NotFound
from coordination.privacy.access import subject_of, sync_access
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work

LONGEST_LEAVE = 366
NO_SUCH_LEAVE = "Cette absence n'existe pas, ou n'est pas la vôtre."
AWAY_TOO = "Cette personne est absente aussi sur une partie de ces jours : choisissez quelqu'un d'autre."


@dataclass(frozen=True)
class Handover:
    """As typed. `note`: sealed, shown to whoever takes over; a référent who hands over owes one."""

    referent_id: uuid.UUID | None
    backup_id: uuid.UUID | None = None
    note: str = field(default="", repr=False)


@dataclass(frozen=True)
class NewLeave:
    """As typed: both days included; nobody replaces where nobody was found, and the coordination is told."""

    from_on: date | None
    until_on: date | None
    backup_id: uuid.UUID | None


@dataclass(frozen=True)
class Replacement:
    """As typed. `before`: who replaced when the page was read, so that nobody undoes another's choice unseen."""

    backup_id: uuid.UUID | None
    before: uuid.UUID | None


def check_follower(
    problems: Problems, name: str, account_id: uuid.UUID, programme: str, now: datetime
) -> None:
    """Who follows a journey is a person at work whose role follows its programme, and who may open it."""
    account = db.session.execute(
        select(Account.suspended_at, may_open(paris_date(now)).label("may_open")).where(
            Account.id == account_id, Account.kind == "person"
        )
    ).first()
    if account is None:
        problems[name] = "Choisissez une personne de la liste."
    elif account.suspended_at is not None:
        problems[name] = "Ce compte est suspendu : choisissez quelqu'un d'autre."
    elif not may_follow(account_id, programme, now):
        problems[name] = "Le rôle de cette personne ne suit pas de parcours dans ce dispositif."
    elif not account.may_open:
        problems[name] = (
            "Cette personne ne peut ouvrir aucun parcours tant que sa charte ou son secret professionnel"
            " n'est pas à jour : voyez avec l'administration."
        )


def hand_over(actor: Actor, journey_id: uuid.UUID, given: Handover, version: int, now: datetime) -> None:
    """Change who follows the journey; access passes in the same work.

    Raises BadInput with a sentence per field, NotFound, Forbidden, EditConflict.
    """
    today = paris_date(now)
    with work(actor, Action.HAND_OVER, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(
            select(Journey.programme, Journey.referent_id, Journey.backup_id).where(Journey.id == journey_id)
        ).one()
        passed = given.referent_id != journey.referent_id
        _check(given, journey, passed, "coordinator" in subject_of(actor, journey_id).bases, now)
        people = {"referent_id": given.referent_id, "backup_id": given.backup_id}
        change_as_form(w, journey_id, version, {}, **people)
        if passed or given.note.strip():
            referents = (journey.referent_id, given.referent_id)
            remember_relay(grant, journey_id, actor.id, referents, today, given.note.strip())
        follow(grant, journey_id, "team", today, f"suivi du parcours changé le {today:%d/%m/%Y}")
        sync_access([journey_id])
        w.audit(grant, ["referent_id", "backup_id", "turn"])


def _check(given: Handover, journey: object, passed: bool, coordinates: bool, now: datetime) -> None:
    programme: str = journey.programme  # type: ignore[attr-defined]
    problems = Problems()
    if given.referent_id is None:
        problems["referent_id"] = "Choisissez qui suit ce parcours."
    elif passed:
        check_follower(problems, "referent_id", given.referent_id, programme, now)
    if given.backup_id and given.backup_id == given.referent_id:
        problems["backup_id"] = "Le suppléant est une autre personne que le référent."
    elif given.backup_id and given.backup_id != journey.backup_id:  # type: ignore[attr-defined]
        check_follower(problems, "backup_id", given.backup_id, programme, now)
    problems.free_text("note", given.note)
    changed = passed or given.backup_id != journey.backup_id  # type: ignore[attr-defined]
    if given.note.strip() and not changed and "note" not in problems:
        problems["note"] = (
            "Rien ne change dans le suivi : choisissez une autre personne, ou notez ce mot dans un échange."
        )
    if passed and not coordinates and not given.note.strip():
        problems["note"] = "Laissez quelques mots à la personne qui prend le relais : où en est le parcours ?"
    problems.stop_if_any()


def plan_leave(
    actor: Actor,
    new: NewLeave,
    now: datetime,
    *,
    leave_id: uuid.UUID | None = None,
    key: str = "",
    answer: str = "",
    faults: Faults | None = None,
) -> uuid.UUID:
    """Note an absence; whoever replaces sees, on those days alone, the journeys that have no backup. Its id.

    `key`: idempotency key of the form, answered by `answer` when it comes again (AlreadyDone). `faults`: see
    `Problems`. Raises BadInput with a sentence per field, Forbidden.
    """
    leave_id = leave_id or uuid.uuid4()
    with work(actor, Action.PLAN_LEAVE, now) as w:
        grant = w.require()
        if key:
            w.once(key, repr(new).encode(), answer)
        # Two windows at once: the second finds the absence of the first.
        in_turn("leave", actor.id)
        mine = _followed_by(actor.id)
        problems = Problems(faults)
        _check_leave(problems, actor, new, {programme for _, programme in mine}, now)
        problems.stop_if_any()
        db.session.execute(
            insert(Leave).values(
                id=leave_id,
                account_id=actor.id,
                backup_id=new.backup_id,
                from_on=new.from_on,
                until_on=new.until_on,
            )
        )
        _follow_leave(grant, [journey_id for journey_id, _ in mine], now)
        w.audit(grant, ["leave"])
        return leave_id


def cancel_leave(actor: Actor, leave_id: uuid.UUID, now: datetime) -> None:
    """Take an own absence back; what it opened closes. Raises NotFound."""
    with work(actor, Action.PLAN_LEAVE, now) as w:
        grant = w.require()
        gone = db.session.execute(
            delete(Leave).where(Leave.id == leave_id, Leave.account_id == actor.id).returning(Leave.id)
        ).first()
        if gone is None:
            raise NotFound(NO_SUCH_LEAVE)
        _follow_leave(grant, [journey_id for journey_id, _ in _followed_by(actor.id)], now)
        w.audit(grant, ["leave"])


def choose_replacement(actor: Actor, leave_id: uuid.UUID, chosen: Replacement, now: datetime) -> None:
    """Who replaces during an absence already noted: said by who is away, or who coordinates all they follow.

    Raises BadInput (`backup_id`), NotFound, Conflict if somebody else chose meanwhile.
    """
    with work(actor, Action.PLAN_LEAVE, now) as w:
        grant = w.require()
        # The wall locks only what may be changed: another's absence is not found.
        leave = db.session.execute(
            select(Leave).where(Leave.id == leave_id).with_for_update(key_share=True)
        ).scalar()
        if leave is None:
            raise NotFound(NO_SUCH_LEAVE, f"leave={leave_id}")
        if leave.backup_id not in (chosen.before, chosen.backup_id):
            raise Conflict(
                "Le remplacement a été changé entre-temps. Relisez cette page, puis choisissez de nouveau."
            )
        followed = _followed_by(leave.account_id)
        problems = Problems()
        if leave.until_on < paris_date(now):
            problems["backup_id"] = "Cette absence est finie."
        else:
            programmes = {programme for _, programme in followed} or _programmes_of(actor)
            new = NewLeave(leave.from_on, leave.until_on, chosen.backup_id)
            _check_replacement(problems, leave.account_id, new, programmes, now)
        problems.stop_if_any()
        db.session.execute(update(Leave).where(Leave.id == leave_id).values(backup_id=chosen.backup_id))
        _follow_leave(grant, [journey_id for journey_id, _ in followed], now)
        w.audit(grant, ["leave", "backup_id"])


def _follow_leave(grant: Grant, journey_ids: list[uuid.UUID], now: datetime) -> None:
    """Deadlines, then access; nothing was written on the journeys themselves."""
    today = paris_date(now)
    fact = f"absences mises à jour le {today:%d/%m/%Y}"
    follow_many(grant, journey_ids, "team", today, fact, writing=False)
    sync_access(journey_ids)


def _followed_by(account_id: uuid.UUID) -> list[tuple[uuid.UUID, str]]:
    """(journey, programme)."""
    rows = db.session.execute(select(Journey.id, Journey.programme).where(Journey.referent_id == account_id))
    return [(row.id, row.programme) for row in rows]


def _programmes_of(actor: Actor) -> set[str]:
    return {role.programme for role in actor.roles if role.programme}


def _check_leave(
    problems: Problems, actor: Actor, new: NewLeave, programmes: set[str], now: datetime
) -> None:
    today = paris_date(now)
    if new.from_on is None:
        problems["from_on"] = "Indiquez le premier jour d'absence."
    if new.until_on is None:
        problems["until_on"] = "Indiquez le dernier jour d'absence."
    elif new.until_on < today:
        problems["until_on"] = "Cette absence est déjà finie."
    elif new.from_on and new.until_on < new.from_on:
        problems["until_on"] = "Le dernier jour est avant le premier."
    elif new.from_on and (new.until_on - new.from_on).days > LONGEST_LEAVE:
        problems["until_on"] = "Une absence dure un an au plus : au-delà, passez le relais."
    _check_replacement(problems, actor.id, new, programmes or _programmes_of(actor), now)
    if not problems.keys() & {"from_on", "until_on"} and _overlaps(actor, new):
        problems["from_on"] = "Une autre absence couvre déjà une partie de ces jours."


def _check_replacement(
    problems: Problems, absent_id: uuid.UUID, leave: NewLeave, programmes: set[str], now: datetime
) -> None:
    """Whoever replaces may follow all that is left to them, and is there on those days."""
    if leave.backup_id is None:
        return
    if leave.backup_id == absent_id:
        problems["backup_id"] = "Choisissez quelqu'un d'autre que la personne absente."
        return
    for programme in sorted(programmes):
        check_follower(problems, "backup_id", leave.backup_id, programme, now)
    if "backup_id" in problems or leave.from_on is None or leave.until_on is None:
        return
    if away([leave.backup_id], leave.from_on, leave.until_on):
        problems["backup_id"] = AWAY_TOO


def _overlaps(actor: Actor, new: NewLeave) -> bool:
    return bool(
        db.session.scalar(
            select(Leave.id)
            .where(Leave.account_id == actor.id, Leave.from_on <= new.until_on, Leave.until_on >= new.from_on)
            .limit(1)
        )
    )
