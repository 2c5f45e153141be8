"""What the administrator does on pages with accounts and their roles. One function per intention.

Each changes a row as it was read (`version`), so that two administrators never overwrite each other unseen. Nobody
changes the own roles or suspends the own account: so there is always one administrator left.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from coordination.accounts.commands import (
    Charter,
    check_basis,
    check_charter,
    end_sessions,
    is_email,
    person_of,
)
from coordination.accounts.lists import change_row
from coordination.accounts.memberships import NewMembership, follow_from_facts, insert_membership
from coordination.accounts.models import Account, Membership, Structure
from coordination.accounts.queries import read_once
from coordination.accounts.vocabulary import PROGRAMME_OF_ROLE, WITHOUT_STRUCTURE
from coordination.clock import FIRST_YEAR, LAST_YEAR, PARIS, paris_date
from coordination.db import db
from coordination.errors import BadInput, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work
from coordination.reference import labels

OWN_ROLES = "Vos propres rôles et votre propre compte sont changés par un autre administrateur."


@dataclass(frozen=True)
class Held:
    """A role of an account, past, present or to come. `until_on`: its last day."""

    id: uuid.UUID
    version: int
    role: str
    structure: str | None
    programme: str | None
    started_at: datetime | None
    ended_at: datetime | None

    def over(self, now: datetime) -> bool:
        return self.ended_at is not None and self.ended_at <= now

    def to_come(self, now: datetime) -> bool:
        return self.started_at is not None and self.started_at > now

    @property
    def from_on(self) -> date | None:
        return self.started_at.astimezone(PARIS).date() if self.started_at else None

    @property
    def until_on(self) -> date | None:
        return (self.ended_at - timedelta(microseconds=1)).astimezone(PARIS).date() if self.ended_at else None


@dataclass(frozen=True)
class Person:
    """The values of an account's form."""

    email: str
    display_name: str
    secrecy_basis: str
    charter: Charter | None

    def __repr__(self) -> str:
        return "<Person>"


def person_faults(email: str, display_name: str) -> dict[str, str]:
    """What cannot be of an address and a name: field -> French sentence."""
    fields = {}
    if not is_email(email):
        fields["email"] = "Attendu : prenom.nom@structure.fr"
    if not 1 <= len(display_name) <= 120:
        fields["display_name"] = "Indiquez le prénom et le nom."
    return fields


def role_faults(role: str, structure: str | None, programme: str | None) -> dict[str, str]:
    """What cannot be of a role given on pages: field -> French sentence. An import may know less."""
    if role not in labels("user_role"):
        return {"role": "Ce rôle n'est pas dans la liste." if role else "Choisissez un rôle."}
    fields = {}
    if not structure and role not in WITHOUT_STRUCTURE:
        fields["structure"] = "Choisissez la structure où cette personne travaille."
    own = PROGRAMME_OF_ROLE.get(role)
    if own and programme not in (None, "", own):
        fields["programme"] = f"Ce rôle est celui du dispositif « {labels('programme')[own]} »."
    return fields


def address_faults(email: str) -> dict[str, str]:
    """What is said of an address that has its account already."""
    return (
        {"email": "Elle a déjà un compte."}
        if read_once(select(Account.id).where(Account.email == email))
        else {}
    )


def holder_of(membership_id: uuid.UUID) -> uuid.UUID:
    """The account that holds a role. Raises NotFound."""
    rows = read_once(select(Membership.account_id).where(Membership.id == membership_id))
    if not rows:
        raise NotFound("Ce rôle n'existe pas.")
    return uuid.UUID(str(rows[0].account_id))


def begins(day: date) -> datetime:
    """The first instant of a day in Paris."""
    return datetime.combine(day, time(), PARIS)


def account_sheet(grant: Grant, account_id: uuid.UUID) -> tuple[Account, list[Held]]:
    """An account and all its roles, the present ones first. Raises NotFound."""
    account = person_of(account_id)
    rows = db.session.execute(
        select(Membership, Structure.name)
        .outerjoin(Structure, Structure.id == Membership.structure_id)
        .where(Membership.account_id == account_id)
        .order_by(Membership.ended_at.desc().nulls_first(), Membership.role, Membership.id)
    ).all()
    return account, [
        Held(m.id, m.version, m.role, name, m.programme, m.started_at, m.ended_at) for m, name in rows
    ]


def change_person(actor: Actor, account_id: uuid.UUID, version: int, person: Person, now: datetime) -> None:
    """Change name, address, secrecy basis and charter. Raises BadInput by field, Conflict, NotFound."""
    check_basis(person.secrecy_basis)
    if person.charter:
        check_charter(person.charter, paris_date(now))
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        account = person_of(account_id)
        taken = db.session.scalar(
            select(Account.id).where(Account.email == person.email, Account.id != account_id)
        )
        if taken:
            raise BadInput("Un compte porte déjà cette adresse.", {"email": "Elle a déjà un compte."})
        values = {
            "email": person.email,
            "display_name": person.display_name,
            "secrecy_basis": person.secrecy_basis,
            "charter_version": person.charter.version if person.charter else None,
            "charter_signed_on": person.charter.signed_on if person.charter else None,
            "charter_expires_on": person.charter.expires_on if person.charter else None,
        }
        changed = sorted(name for name, value in values.items() if getattr(account, name) != value)
        change_row(Account, Account.id == account_id, version, values)
        w.audit(grant, ("compte", *changed, str(account_id)))


def suspend_person(actor: Actor, account_id: uuid.UUID, version: int, now: datetime) -> None:
    """Close an account at once. Raises Forbidden for the own one, Conflict, NotFound."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        _not_oneself(actor, account_id)
        person_of(account_id)
        change_row(Account, Account.id == account_id, version, {"suspended_at": now})
        end_sessions(account_id, now)
        w.audit(grant, ("suspension", str(account_id)))


def resume_person(actor: Actor, account_id: uuid.UUID, version: int, now: datetime) -> None:
    """Open a suspended account again."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        person_of(account_id)
        change_row(Account, Account.id == account_id, version, {"suspended_at": None})
        w.audit(grant, ("reprise", str(account_id)))


def _not_oneself(actor: Actor, account_id: uuid.UUID) -> None:
    if actor.id == account_id:
        raise BadInput(OWN_ROLES)


def give_role(
    actor: Actor,
    account_id: uuid.UUID,
    role: str,
    structure: str | None,
    programme: str | None,
    from_on: date | None,
    until_on: date | None,
    now: datetime,
) -> bool:
    """Give a role from a day (today if None) until a last day (none if None); access follows at once.

    Whether the person sees anything by it: not while the account is suspended.
    """
    starts, ends = span(from_on, until_on, now)
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        _not_oneself(actor, account_id)
        open_ = person_of(account_id).suspended_at is None
        if fields := role_faults(role, structure, programme):
            raise BadInput("Corrigez les champs signalés.", fields)
        held = NewMembership(role, structure, programme, starts, ends)
        retired = db.session.scalar(
            select(Structure.id).where(Structure.code == (structure or ""), Structure.retired_on.is_not(None))
        )
        if retired:
            raise BadInput("Cette structure est retirée.", {"structure": "Elle a été retirée de la liste."})
        insert_membership(account_id, held)
        follow_from_facts(account_id, programme)
        w.audit(grant, ("role_ajoute", role, str(account_id)))
        return open_


def date_role(
    actor: Actor,
    membership_id: uuid.UUID,
    version: int,
    from_on: date | None,
    until_on: date | None,
    now: datetime,
    *,
    end_now: bool = False,
) -> uuid.UUID:
    """Change the days of a role, or end it now; access follows at once. The account's id."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        found = db.session.get(Membership, membership_id)
        if found is None:
            raise NotFound("Ce rôle n'existe pas.")
        _not_oneself(actor, found.account_id)
        person_of(found.account_id)
        if end_now:
            values: dict[str, Any] = {"ended_at": now}
        else:
            if from_on is None and found.started_at:
                raise BadInput("Une date manque.", {"from_on": "Indiquez le jour où ce rôle commence."})
            starts, ends = span(from_on, until_on, now, found.started_at)
            values = {"started_at": starts, "ended_at": ends}
        change_row(Membership, Membership.id == membership_id, version, values)
        follow_from_facts(found.account_id, found.programme)
        w.audit(grant, ("role_termine" if end_now else "role_date", found.role, str(found.account_id)))
        return found.account_id


def span(
    from_on: date | None, until_on: date | None, now: datetime, before: datetime | None = None
) -> tuple[datetime | None, datetime | None]:
    """The instants between which a role holds; `before`: what its start was. Raises BadInput by field."""
    for name, day in (("from_on", from_on), ("until_on", until_on)):
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise BadInput(
                "Une date est impossible.", {name: f"Vérifiez l'année : de {FIRST_YEAR} à {LAST_YEAR}."}
            )
    starts = begins(from_on) if from_on else before
    ends = begins(until_on + timedelta(days=1)) if until_on else None
    if ends and starts and ends <= starts:
        raise BadInput("Ces dates se croisent.", {"until_on": "Le dernier jour vient avant le premier."})
    return starts or now, ends
