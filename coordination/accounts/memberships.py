"""Roles held in structures, and the access to journeys that follows from them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, text, update

from coordination.accounts.models import Membership, Structure
from coordination.db import db
from coordination.errors import BadInput
from coordination.reference import labels


@dataclass(frozen=True)
class NewMembership:
    """A role in a structure (its code) for a programme; both may be absent. No end if not said."""

    role: str
    structure: str | None = None
    programme: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


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
    dates = {"started_at": membership.started_at, "ended_at": membership.ended_at}
    # A role held before and ended is taken up again.
    taken_up = db.session.execute(
        update(Membership)
        .where(*(getattr(Membership, name).is_not_distinct_from(value) for name, value in values.items()))
        .values(version=Membership.version + 1, **dates)
        .returning(Membership.id)
    ).first()
    if not taken_up:
        db.session.execute(insert(Membership).values(id=uuid.uuid4(), **values, **dates))


def structure_id_of(code: str | None) -> uuid.UUID | None:
    """The id of the structure with this code; None for none. Raises BadInput if unknown."""
    if not code:
        return None
    found = db.session.scalar(select(Structure.id).where(Structure.code == code))
    if found is None:
        raise BadInput(f"Structure inconnue : {code}.", {"structure": "Aucune structure ne porte ce code."})
    return found


def follow_from_facts(account_id: uuid.UUID, programme: str | None) -> None:
    """Make the access rows follow, for every journey of the programme (None: of both), after a role changed.

    For who manages accounts, within their work: the database walks the journeys, nothing of them comes back.
    """
    db.session.flush()
    db.session.execute(
        text("SELECT follow_roles(:account, :programme)"), {"account": account_id, "programme": programme}
    )
