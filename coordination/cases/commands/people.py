"""The person, who can be called for them, and their school: kept up to date, corrected without erasing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from coordination.alerts.sources import follow_all
from coordination.cases.checks import Faults, Problems
from coordination.cases.checks_people import (
    LONGEST_LINE,
    UNKNOWN,
    SchoolYear,
    check_address,
    check_area,
    check_birth,
    check_both_names,
    check_called_once,
    check_commune,
    check_reach,
    check_school,
    named_alike,
)
from coordination.cases.commands.deadlines import follow
from coordination.cases.models import Journey, Representative, Schooling, Sheet
from coordination.clock import paris_date
from coordination.db import db
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action, Grant
from coordination.privacy.records import add_record, change_record, journey_of, remove_record
from coordination.privacy.vault import Opened, open_rows
from coordination.privacy.volets import Volet
from coordination.privacy.work import Work, work

LONGEST_NAME = 100
PLACE = ("address", "commune")
HOME = ("area", "commune")
KEPT = ("birth_date", "address", "area", "commune")


BIRTH_GONE = (
    "La date de naissance notée sera effacée, et avec elle ce que l'âge annonce (les 16 ans, les 18 ans)."
)


@dataclass(frozen=True)
class Identity:
    """The person and where they live, as typed. `commune`: INSEE code; `area`: key of the territory."""

    first_name: str
    last_name: str
    birth_date: date | None
    sex: str
    phone: str
    email: str
    interpreter: bool
    prefers_oral: bool
    address: str
    commune: str
    area: str
    arrived_on: date | None


@dataclass(frozen=True)
class Relative:
    """A parent or somebody the family trusts, as typed."""

    first_name: str
    last_name: str
    tie: str
    phone: str
    email: str
    parental_authority: bool
    takes_part: bool
    trusted: bool
    interpreter: bool
    prefers_oral: bool

    def body(self) -> bytes:
        """What makes two sendings of a form the same."""
        return "\x1f".join(map(str, asdict(self).values())).encode()


def change_identity(
    actor: Actor,
    journey_id: uuid.UUID,
    identity: Identity,
    version: int,
    now: datetime,
    *,
    sure: Collection[str] = (),
    faults: Faults | None = None,
) -> list[str]:
    """Correct the sheet; the names of the fields that changed. Deadlines that hang on the age follow.

    `sure`, `faults`: see `Problems`. Raises BadInput with a sentence per field, NotFound, Forbidden, EditConflict.
    """
    today = paris_date(now)
    with work(actor, Action.CHANGE_PEOPLE, now) as w:
        grant = w.require(journey_id)
        journey = db.session.execute(
            select(Journey.programme, Journey.opened_on).where(Journey.id == journey_id)
        ).one()
        kept = open_rows(grant, Sheet, KEPT, Sheet.journey_id == journey_id)[0]
        problems = Problems(faults)
        _check_identity(problems, identity, journey.programme, journey.opened_on, today, kept)
        problems.stop_if_any(sure)
        changed = change_record(w, grant, Sheet, kept["id"], version, asdict(identity))
        if "birth_date" in changed:
            follow_all(grant, [journey_id], today, f"date de naissance corrigée le {today:%d/%m/%Y}")
        elif changed:
            follow(grant, journey_id, "written_on", today, f"fiche corrigée le {today:%d/%m/%Y}")
        w.audit(grant, ["sheet", *changed])
        return changed


def _check_identity(
    problems: Problems,
    identity: Identity,
    programme: str,
    opened_on: date | None,
    today: date,
    kept: Mapping[str, Any],
) -> None:
    """`kept`: what the sheet says, of which nothing is asked."""
    _check_names(problems, identity.first_name, identity.last_name)
    check_reach(problems, identity.phone, identity.email)
    problems.free_text("address", identity.address, LONGEST_LINE)
    if identity.arrived_on and identity.arrived_on > today:
        problems["arrived_on"] = "Cette date est dans le futur : aujourd'hui au plus tard."
    born = identity.birth_date
    check_birth(
        problems, programme, born, opened_on, today, changed=str(born or "") != (kept["birth_date"] or "")
    )
    if born is None and kept["birth_date"]:
        problems.ask("birth_date", BIRTH_GONE)
    if any(getattr(identity, name) != (kept[name] or "") for name in PLACE):
        check_address(problems, programme, identity.address, identity.commune)
    if identity.sex not in ("", "F", "M"):
        problems["sex"] = "Choisissez une des réponses proposées."
    check_commune(problems, programme, identity.commune, kept["commune"] or "")
    if any(getattr(identity, name) != (kept[name] or "") for name in HOME):
        check_area(problems, identity.area, identity.commune)


LAST_TO_CALL = "C'est la seule personne à appeler de ce parcours : il n'en restera aucune."


def add_relative(actor: Actor, journey_id: uuid.UUID, relative: Relative, now: datetime, *, key: str = "",
                 answer: str = "", sure: Collection[str] = ()) -> uuid.UUID:  # fmt: skip
    """Note a person to call. `key`, `answer`: see `log_contact`; `sure`: see `Problems`.

    Raises BadInput, NotFound, Forbidden.
    """
    with work(actor, Action.CHANGE_PEOPLE, now) as w:
        grant = w.require(journey_id)
        if key:
            w.once(key, relative.body(), answer)
        _check_relative(relative, _called(grant, journey_id), sure)
        row_id = add_record(grant, Representative, journey_id, Volet.COORDINATION, asdict(relative))
        _follow_relative(grant, journey_id, now)
        w.audit(grant, ["representative", *asdict(relative)])
        return row_id


def change_relative(actor: Actor, relative_id: uuid.UUID, relative: Relative, version: int, now: datetime, *,
                    sure: Collection[str] = ()) -> uuid.UUID:  # fmt: skip
    """Correct a person to call; the journey's id. Raises as `change_identity`."""

    def change(w: Work, grant: Grant) -> list[str]:
        assert grant.journey_id
        called = _called(grant, grant.journey_id)
        kept = [row for row in called if row["id"] == relative_id]
        # Names that stood already, by an import maybe, are not asked about.
        same = named_alike(relative.first_name, relative.last_name, kept)
        _check_relative(relative, [] if same else [row for row in called if row not in kept], sure)
        return change_record(w, grant, Representative, relative_id, version, asdict(relative))

    return _on_relative(actor, relative_id, now, change)


def remove_relative(actor: Actor, relative_id: uuid.UUID, version: int, now: datetime, *,
                    sure: Collection[str] = ()) -> uuid.UUID:  # fmt: skip
    """Take a person off the list, with its trace; the journey's id. The last one is asked about (field `person`).

    `sure`: see `Problems`. Raises as `change_identity`.
    """

    def remove(w: Work, grant: Grant) -> list[str]:
        assert grant.journey_id
        problems = Problems()
        if all(row["id"] == relative_id for row in _called(grant, grant.journey_id)):
            problems.ask("person", LAST_TO_CALL)
        problems.stop_if_any(sure)
        remove_record(w, grant, Representative, relative_id, version)
        return ["removed"]

    return _on_relative(actor, relative_id, now, remove)


def _on_relative(
    actor: Actor, relative_id: uuid.UUID, now: datetime, do: Callable[[Work, Grant], list[str]]
) -> uuid.UUID:
    with work(actor, Action.CHANGE_PEOPLE, now) as w:
        journey_id = journey_of(Representative, relative_id)
        grant = w.require(journey_id)
        changed = do(w, grant)
        _follow_relative(grant, journey_id, now)
        w.audit(grant, ["representative", *changed])
        return journey_id


def _follow_relative(grant: Grant, journey_id: uuid.UUID, now: datetime) -> None:
    today = paris_date(now)
    follow(grant, journey_id, "written_on", today, f"personne à appeler notée le {today:%d/%m/%Y}")


def record_schooling(
    actor: Actor,
    journey_id: uuid.UUID,
    given: SchoolYear,
    current_year: int,
    version: int,
    now: datetime,
    *,
    sure: Collection[str] = (),
    faults: Faults | None = None,
) -> None:
    """Note school and level of a year (`version` 0: the year is new); the sheet follows for the current one.

    `sure`, `faults`: see `Problems`. Raises BadInput, NotFound, Forbidden, EditConflict.
    """
    with work(actor, Action.CHANGE_PEOPLE, now) as w:
        grant = w.require(journey_id)
        values = {"school": given.school.strip(), "school_level": given.school_level}
        of_year = (Schooling.journey_id == journey_id, Schooling.school_year == given.year)
        row = next(iter(open_rows(grant, Schooling, (*values, "version"), *of_year)), None)
        problems = Problems(faults)
        sheet_now = open_rows(grant, Sheet, ("birth_date",), Sheet.journey_id == journey_id)[0]
        born = date.fromisoformat(sheet_now["birth_date"]) if sheet_now["birth_date"] else None
        check_school(problems, given, current_year, row or {}, born, paris_date(now))
        problems.stop_if_any(sure)
        if row is None:
            add_record(
                grant, Schooling, journey_id, Volet.COORDINATION, {"school_year": given.year, **values}
            )
        else:
            change_record(w, grant, Schooling, row["id"], version or row["version"], values)
        if given.year == current_year:
            sheet = db.session.execute(
                select(Sheet.id, Sheet.version).where(Sheet.journey_id == journey_id)
            ).one()
            change_record(w, grant, Sheet, sheet.id, sheet.version, values)
        today = paris_date(now)
        follow(grant, journey_id, "school", today, f"scolarité mise à jour le {today:%d/%m/%Y}")
        w.audit(grant, ["schooling", "school", "school_level"])


def _called(grant: Grant, journey_id: uuid.UUID) -> list[Opened]:
    columns = ("first_name", "last_name", "tie")
    return open_rows(grant, Representative, columns, Representative.journey_id == journey_id)


def _check_relative(relative: Relative, others: Sequence[Opened], sure: Collection[str]) -> None:
    problems = Problems()
    check_both_names(problems, relative.first_name, relative.last_name, hint=UNKNOWN)
    for name in ("first_name", "last_name", "tie"):
        problems.free_text(name, getattr(relative, name), LONGEST_NAME)
    check_reach(problems, relative.phone, relative.email)
    check_called_once(problems, relative.first_name, relative.last_name, others)
    problems.stop_if_any(sure)


def _check_names(problems: Problems, first_name: str, last_name: str) -> None:
    check_both_names(problems, first_name, last_name)
    for name, text in (("first_name", first_name), ("last_name", last_name)):
        problems.free_text(name, text, LONGEST_NAME)
