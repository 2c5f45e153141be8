"""Fragile neighbourhoods and school years, kept by the administrator. Nothing is deleted: it ends."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from coordination import reference
from coordination.accounts.list_models import Area, SchoolYear
from coordination.accounts.lists import LONGEST_LABEL, change_row, note_change, one_at_a_time, refresh
from coordination.db import db
from coordination.errors import BadInput, NotFound
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.work import work

NOT_A_COMMUNE = "Choisissez une des communes proposées."
_CODE = re.compile(r"[A-Z][A-Z0-9_]{2,31}")


@dataclass(frozen=True)
class AreaValues:
    """The values of a neighbourhood's form; both days are included, None: without limit."""

    label: str
    commune: str
    valid_from: date | None
    valid_until: date | None


def list_areas(grant: Grant) -> list[Area]:
    """Every fragile neighbourhood, by name."""
    return list(db.session.scalars(select(Area).order_by(Area.label)))


def area_sheet(grant: Grant, code: str) -> Area:
    """A neighbourhood. Raises NotFound."""
    found = db.session.get(Area, code)
    if found is None:
        raise NotFound("Ce quartier n'existe pas.")
    return found


def save_area(actor: Actor, code: str, version: int | None, now: datetime, values: AreaValues) -> None:
    """Add (`version` None) or change a fragile neighbourhood. Raises BadInput by field, Conflict, NotFound."""
    fields: dict[str, str] = {}
    if version is None and not _CODE.fullmatch(code):
        fields["code"] = "De 3 à 32 majuscules, chiffres ou tirets bas, par exemple QF_MAILLEBOIS."
    if not 1 <= len(values.label) <= LONGEST_LABEL:
        fields["label"] = f"Écrivez de 1 à {LONGEST_LABEL} caractères."
    if values.commune not in reference.communes():
        fields["commune"] = NOT_A_COMMUNE
    if values.valid_from and values.valid_until and values.valid_until < values.valid_from:
        fields["valid_until"] = "La fin vient avant le début."
    if code in {q["key"] for q in reference.territory()["qpv"]}:
        fields["code"] = "Un quartier prioritaire porte déjà ce code."
    if fields:
        raise BadInput("Corrigez les champs signalés.", fields)
    given = vars(values)
    with work(actor, Action.MANAGE_LISTS, now) as w:
        grant = w.require()
        if version is not None:
            change_row(Area, Area.code == code, version, given)
        elif not db.session.execute(
            upsert(Area).values(code=code, **given).on_conflict_do_nothing().returning(Area.code)
        ).first():
            raise BadInput("Ce code existe déjà.", {"code": "Un quartier porte déjà ce code."})
        note_change()
        w.audit(grant, ("quartier", code, *sorted(given)))
    refresh(at_once=True)


def list_school_years(grant: Grant) -> list[SchoolYear]:
    """School years, the latest first."""
    return list(db.session.scalars(select(SchoolYear).order_by(SchoolYear.starts_on.desc())))


def save_school_year(
    actor: Actor,
    year_id: uuid.UUID | None,
    version: int | None,
    now: datetime,
    starts_on: date | None,
    ends_on: date | None,
) -> None:
    """Add (`year_id` None) or change a school year. Raises BadInput by field, Conflict, NotFound."""
    if starts_on is None or ends_on is None:
        given = {"starts_on": starts_on, "ends_on": ends_on}
        missing = {name: "Indiquez une date." for name, day in given.items() if day is None}
        raise BadInput("Une date manque.", missing)
    if not 200 <= (ends_on - starts_on).days <= 366:
        raise BadInput(
            "Ces dates ne font pas une année scolaire.",
            {"ends_on": "Une année scolaire dure de 200 à 366 jours."},
        )
    with work(actor, Action.MANAGE_LISTS, now) as w:
        grant = w.require()
        one_at_a_time()
        for other in list_school_years(grant):
            if other.id != year_id and other.starts_on <= ends_on and starts_on <= other.ends_on:
                years = f"du {other.starts_on:%d/%m/%Y} au {other.ends_on:%d/%m/%Y}"
                raise BadInput("Deux années se chevauchent.", {"starts_on": f"Une année va déjà {years}."})
        values = {"starts_on": starts_on, "ends_on": ends_on}
        if year_id is None:
            year_id = uuid.uuid4()
            db.session.execute(insert(SchoolYear).values(id=year_id, **values))
        else:
            change_row(SchoolYear, SchoolYear.id == year_id, version or 0, values)
        w.audit(grant, ("annee_scolaire", str(year_id)))


def usual_year(today: date) -> tuple[date, date]:
    """The school year to propose: from 1 September to 5 July; from June on, the next one."""
    return _year_from(today.year if today.month >= 6 else today.year - 1)


def next_year(today: date, known: Sequence[SchoolYear]) -> tuple[date, date]:
    """The first school year to propose, from the usual one on, that overlaps none of those that are there."""
    starts_on, ends_on = usual_year(today)
    while any(year.starts_on <= ends_on and starts_on <= year.ends_on for year in known):
        starts_on, ends_on = _year_from(starts_on.year + 1)
    return starts_on, ends_on


def _year_from(first: int) -> tuple[date, date]:
    return date(first, 9, 1), date(first + 1, 7, 5)
