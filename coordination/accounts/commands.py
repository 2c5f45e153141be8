"""What the administrator and the operator do with accounts: one function per intention."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from coordination.accounts import passwords
from coordination.accounts.memberships import NewMembership as NewMembership
from coordination.accounts.memberships import follow_from_facts, insert_membership, structure_id_of
from coordination.accounts.models import OPERATOR_EMAIL, Account, Membership, SignInSession, Structure
from coordination.accounts.queries import read_once
from coordination.accounts.vocabulary import SECRECY_BASES
from coordination.clock import paris_date
from coordination.db import db
from coordination.errors import BadInput, NotFound
from coordination.privacy.access import call
from coordination.privacy.actor import Actor
from coordination.privacy.policy import COORDINATING_ROLES, Action
from coordination.privacy.work import work
from coordination.reference import labels

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True)
class Charter:
    """The confidentiality charter as signed; access ends on `expires_on`."""

    version: str
    signed_on: date
    expires_on: date


def ensure_operator(now: datetime) -> Actor:
    """The account under which commands run, made once. It has no password and no page signs it in."""
    known = _find_operator()
    if known:
        return known
    # The very first account is its own maker.
    operator = Actor(uuid.uuid4(), kind="operator")
    with work(operator, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        # No grant reaches `kind`: this function of the wall makes the one account of its kind.
        call("make_operator", operator.id, OPERATOR_EMAIL, "Opérateur des commandes")
        w.audit(grant, ("operateur",))
    return operator_actor()


def operator_actor() -> Actor:
    """The operator. Raises NotFound before `coordination init`."""
    known = _find_operator()
    if not known:
        raise NotFound("Le compte de l'opérateur n'existe pas : lancez « coordination init ».")
    return known


def _find_operator() -> Actor | None:
    rows = read_once(select(Account.id).where(Account.kind == "operator"))
    return Actor(rows[0].id, kind="operator") if rows else None


def save_structure(
    actor: Actor, code: str, name: str, now: datetime, *, type: str | None = None, commune: str | None = None
) -> uuid.UUID:
    """Create a structure or rename the one with this code; its id."""
    if type and type not in labels("structure_type"):
        raise BadInput(f"Type de structure inconnu : {type}.", {"type": "Ce type n'est pas dans la liste."})
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        values = {"name": name, "type": type, "commune": commune}
        structure_id: uuid.UUID = db.session.execute(
            upsert(Structure)
            .values(id=uuid.uuid4(), code=code, **values)
            .on_conflict_do_update(index_elements=["code"], set_=values)
            .returning(Structure.id)
        ).scalar_one()
        w.audit(grant, ("structure", str(structure_id)))
    return structure_id


def create_account(
    actor: Actor,
    email: str,
    display_name: str,
    now: datetime,
    *,
    password: str | None = None,
    secrecy_basis: str = "AUCUN",
    charter: Charter | None = None,
    memberships: Iterable[NewMembership] = (),
    demo: bool = False,
) -> uuid.UUID:
    """Create a person's account; its id. Without a password nobody signs in with it yet.

    `demo` accepts any password: the demonstration territory holds no real family. Raises BadInput by field.
    """
    email, display_name = email.strip().lower(), display_name.strip()
    if not is_email(email):
        raise BadInput("Adresse e-mail invalide.", {"email": "Attendu : prenom.nom@structure.fr"})
    if not display_name:
        raise BadInput("Le nom manque.", {"display_name": "Indiquez le nom qui s'affichera."})
    check_basis(secrecy_basis)
    if charter:
        check_charter(charter, paris_date(now))
    if password is not None and not demo:
        passwords.check_new_password(password, email, display_name)
    wanted = tuple(memberships)
    account_id = uuid.uuid4()
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        made = db.session.execute(
            upsert(Account)
            .values(
                id=account_id,
                email=email,
                display_name=display_name,
                password_hash=passwords.hash_password(password) if password is not None else None,
                secrecy_basis=secrecy_basis,
                charter_version=charter.version if charter else None,
                charter_signed_on=charter.signed_on if charter else None,
                charter_expires_on=charter.expires_on if charter else None,
            )
            .on_conflict_do_nothing()
            .returning(Account.id)
        ).first()
        if not made:
            raise BadInput("Un compte porte déjà cette adresse.", {"email": "Elle a déjà un compte."})
        for membership in wanted:
            insert_membership(account_id, membership)
        # Nobody's référent yet: only coordinators see journeys from the first day.
        for programme in {m.programme for m in wanted if m.role in COORDINATING_ROLES}:
            follow_from_facts(account_id, programme)
        w.audit(grant, ("creation", str(account_id)))
    return account_id


def suspend(actor: Actor, account_id: uuid.UUID, now: datetime) -> None:
    """Close the account at once: its sessions end, the database shows it nothing."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        _change(account_id, suspended_at=now)
        end_sessions(account_id, now)
        w.audit(grant, ("suspension", str(account_id)))


def resume(actor: Actor, account_id: uuid.UUID, now: datetime) -> None:
    """Open a suspended account again; it has to sign in anew."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        _change(account_id, suspended_at=None)
        w.audit(grant, ("reprise", str(account_id)))


def set_password(
    actor: Actor, account_id: uuid.UUID, password: str, now: datetime, *, demo: bool = False
) -> None:
    """Give the account a password and end its sessions. Raises BadInput (field `password`)."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        account = person_of(account_id)
        if not demo:
            passwords.check_new_password(password, account.email, account.display_name)
        _change(account_id, password_hash=passwords.hash_password(password))
        end_sessions(account_id, now)
        w.audit(grant, ("mot_de_passe", str(account_id)))


def sign_charter(
    actor: Actor, account_id: uuid.UUID, charter: Charter, now: datetime, *, secrecy_basis: str | None = None
) -> None:
    """Record the charter as signed, and the basis of professional secrecy if given. Raises BadInput."""
    check_charter(charter, paris_date(now))
    values: dict[str, object] = {
        "charter_version": charter.version,
        "charter_signed_on": charter.signed_on,
        "charter_expires_on": charter.expires_on,
    }
    if secrecy_basis is not None:
        check_basis(secrecy_basis)
        values["secrecy_basis"] = secrecy_basis
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        _change(account_id, **values)
        w.audit(grant, (*sorted(values), str(account_id)))


def add_membership(actor: Actor, account_id: uuid.UUID, membership: NewMembership, now: datetime) -> None:
    """Give a role; the journeys it opens open at once."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        person_of(account_id)
        insert_membership(account_id, membership)
        follow_from_facts(account_id, membership.programme)
        w.audit(grant, ("role_ajoute", membership.role, str(account_id)))


def end_membership(actor: Actor, account_id: uuid.UUID, membership: NewMembership, now: datetime) -> None:
    """End a role; the journeys it opened close at once. Raises NotFound if the account does not hold it."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        ended = db.session.execute(
            update(Membership)
            .where(
                Membership.account_id == account_id,
                Membership.role == membership.role,
                Membership.structure_id.is_not_distinct_from(structure_id_of(membership.structure)),
                Membership.programme.is_not_distinct_from(membership.programme),
                Membership.ended_at.is_(None),
            )
            .values(ended_at=now)
            .returning(Membership.id)
        ).all()
        if not ended:
            raise NotFound("Ce compte n'a pas ce rôle dans cette structure.")
        follow_from_facts(account_id, membership.programme)
        w.audit(grant, ("role_termine", membership.role, str(account_id)))


def is_email(text: str) -> bool:
    """Whether a text has the shape of an address that the account table can hold."""
    return bool(_EMAIL.fullmatch(text)) and len(text) <= 254


def person_of(account_id: uuid.UUID) -> Account:
    """The account of a person. Raises NotFound, BadInput for the operator's."""
    account = db.session.get(Account, account_id)
    if account is None:
        raise NotFound("Ce compte n'existe pas.")
    if account.kind != "person":
        raise BadInput("Le compte de l'opérateur ne se modifie pas.")
    return account


def _change(account_id: uuid.UUID, **values: object) -> None:
    person_of(account_id)
    db.session.execute(update(Account).where(Account.id == account_id).values(**values))


def end_sessions(account_id: uuid.UUID, now: datetime) -> None:
    """Within a work: every browser of the account has to sign in again."""
    db.session.execute(
        update(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.revoked_at.is_(None))
        .values(revoked_at=now)
    )


def check_basis(basis: str) -> None:
    """Raises BadInput (field `secrecy_basis`)."""
    if basis not in SECRECY_BASES:
        raise BadInput(
            f"Base du secret inconnue : {basis}.", {"secrecy_basis": f"Attendu : {', '.join(SECRECY_BASES)}."}
        )


def check_charter(charter: Charter, today: date) -> None:
    """Raises BadInput (field `charter_signed_on` or `charter_expires_on`)."""
    if charter.signed_on > today:
        raise BadInput(
            "La charte n'est pas encore signée.",
            {"charter_signed_on": "Cette date est dans le futur : une charte se note une fois signée."},
        )
    if charter.expires_on <= charter.signed_on:
        raise BadInput(
            "La charte expire avant d'être signée.",
            {"charter_expires_on": "Cette date doit suivre celle de la signature."},
        )
