"""Structures: added under a code that never changes, renamed, retired; never deleted."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select

from coordination import reference
from coordination.accounts.lists import change_row
from coordination.accounts.models import Structure
from coordination.accounts.territory import NOT_A_COMMUNE
from coordination.db import db
from coordination.errors import BadInput, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work

_CODE = re.compile(r"[A-Z0-9][A-Z0-9_-]{1,63}")


@dataclass(frozen=True)
class StructureValues:
    """The values of a structure's form."""

    name: str
    type: str | None
    commune: str | None
    retired_on: date | None


def structure_sheet(grant: Grant, structure_id: uuid.UUID) -> Structure:
    """A structure. Raises NotFound."""
    found = db.session.get(Structure, structure_id)
    if found is None:
        raise NotFound("Cette structure n'existe pas.")
    return found


def add_structure(actor: Actor, code: str, values: StructureValues, now: datetime) -> uuid.UUID:
    """Add a structure under a new code, which never changes; its id. Raises BadInput by field."""
    fields = _structure_faults(values, None)
    if not _CODE.fullmatch(code):
        fields["code"] = "De 2 à 64 majuscules, chiffres ou tirets bas, par exemple CENTRE_SOCIAL_ARQUES."
    if fields:
        raise BadInput("Corrigez les champs signalés.", fields)
    structure_id = uuid.uuid4()
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        if db.session.scalar(select(Structure.id).where(Structure.code == code)):
            raise BadInput("Ce code existe déjà.", {"code": "Une structure porte déjà ce code."})
        given = {"name": values.name, "type": values.type, "commune": values.commune}
        db.session.execute(insert(Structure).values(id=structure_id, code=code, **given))
        w.audit(grant, ("structure", str(structure_id)))
    return structure_id


def change_structure(
    actor: Actor, structure_id: uuid.UUID, version: int, values: StructureValues, now: datetime
) -> None:
    """Rename, retire or bring back a structure; what refers to it keeps it. Raises BadInput, Conflict, NotFound."""
    with work(actor, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        before = structure_sheet(grant, structure_id)
        fields = _structure_faults(values, before)
        if fields:
            raise BadInput("Corrigez les champs signalés.", fields)
        given = vars(values)
        change_row(Structure, Structure.id == structure_id, version, given)
        w.audit(grant, ("structure", *sorted(given), str(structure_id)))


def _structure_faults(values: StructureValues, before: Structure | None) -> dict[str, str]:
    """`before`: what stands may stay, a type retired since or a commune that an import brought from elsewhere."""
    fields = {}
    types = {*reference.labels("structure_type"), before and before.type}
    communes = {*reference.communes(), before and before.commune}
    if not values.name:
        fields["name"] = "Indiquez le nom de la structure."
    if values.type and values.type not in types:
        fields["type"] = "Choisissez un type de la liste."
    if values.commune and values.commune not in communes:
        fields["commune"] = NOT_A_COMMUNE
    return fields
