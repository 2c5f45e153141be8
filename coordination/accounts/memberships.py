"""Roles held in structures, and the access to journeys that follows from them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import insert, select, text, update

from coordination.accounts.models import Membership, Structure
from coordination.db import db
from coordination.errors import BadInput, Forbidden
from coordination.privacy.access import sync_access
from coordination.privacy.work import Work
from coordination.reference import labels

_BATCH = 5_000


@dataclass(frozen=True)
class NewMembership:
    """A role in a structure (its code) for a programme; both may be absent."""

    role: str
    structure: str | None = None
    programme: str | None = None


def insert_membership(account_id: uuid.UUID, membership: NewMembership) -> None:
    """Write the role, within the caller's work. Raises BadInput for an unknown code."""
    if membership.role not in labels("user_role"):
        raise BadInput(f"Rôle inconnu : {membership.role}.", {"role": "Ce rôle n'est pas dans la liste."})
    if membership.programme and membership.programme not in labels("programme"):
        raise BadInput(
            f"Dispositif inconnu : {membership.programme}.", {"programme": "Attendu : PRE ou CITE_EMPLOI."}
        )
    values = {
        "account_id": account_id,
        "role": membership.role,
        "structure_id": structure_id_of(membership.structure),
        "programme": membership.programme,
    }
    # A role held before and ended is taken up again.
    taken_up = db.session.execute(
        update(Membership)
        .where(*(getattr(Membership, name).is_not_distinct_from(value) for name, value in values.items()))
        .values(ended_at=None)
        .returning(Membership.id)
    ).first()
    if not taken_up:
        db.session.execute(insert(Membership).values(id=uuid.uuid4(), **values))


def structure_id_of(code: str | None) -> uuid.UUID | None:
    """The id of the structure with this code; None for none. Raises BadInput if unknown."""
    if not code:
        return None
    found = db.session.scalar(select(Structure.id).where(Structure.code == code))
    if found is None:
        raise BadInput(f"Structure inconnue : {code}.", {"structure": "Aucune structure ne porte ce code."})
    return found


def follow_from_facts(w: Work, programme: str | None) -> None:
    """Make the access rows of every journey of the programme (None: of both) follow from its facts."""
    if w.actor.kind != "operator":
        raise Forbidden("Un rôle qui ouvre des parcours se change par « coordination user membership ».")
    db.session.flush()
    ids = db.session.scalars(
        text("SELECT id FROM operator_journeys() WHERE CAST(:programme AS text) IN (programme) OR :every"),
        {"programme": programme, "every": programme is None},
    ).all()
    for start in range(0, len(ids), _BATCH):
        sync_access(ids[start : start + _BATCH])
