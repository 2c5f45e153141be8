"""Stalled journeys, by type of break, référent, neighbourhood or school: why, since when, what comes next."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from flask import current_app
from sqlalchemy import select

from coordination.alerts.queries import AlertView, PersonAlerts, by_person, serious_alerts
from coordination.alerts.sentences import BREAKS
from coordination.cases.models import Journey, Sheet
from coordination.cases.queries.listing import PAGE, JourneyLine, lines
from coordination.cases.queries.people import account_names
from coordination.cases.queries.relays import Relay, awaited
from coordination.cases.queries.search import fold
from coordination.cases.vocabulary import area_label
from coordination.db import among, db
from coordination.privacy.actor import Actor
from coordination.privacy.keys import secret_key
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows

FIRST = 10
NOBODY = "sans"
# What the list can be cut by: French label, and name in an address.
CUTS = {"type": "Type de rupture", "referent": "Référent", "area": "Quartier", "school": "Établissement"}
NAMES = {"type": "type", "referent": "referent", "area": "quartier", "school": "ecole"}


@dataclass(frozen=True)
class Filters:
    """What is asked for, as it stands in an address: codes, ids and opaque values, never a word. Empty: all."""

    type: str = ""
    referent: str = ""
    area: str = ""
    school: str = ""
    by: str = "type"

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Filters:
        values = {cut: asked.get(name, "")[:64] for cut, name in NAMES.items()}
        by = next((cut for cut, name in NAMES.items() if name == asked.get("par")), "type")
        return cls(**values, by=by)

    def address(self, **changed: str) -> dict[str, str]:
        """Arguments of the address that asks for the same, some cuts `changed`."""
        asked = {name: changed.get(cut, getattr(self, cut)) for cut, name in NAMES.items()}
        asked["par"] = NAMES[self.by] if self.by != "type" else ""
        return {name: value for name, value in asked.items() if value}

    @property
    def alone(self) -> bool:
        """One section is asked for: it is shown whole, page by page."""
        return bool(getattr(self, self.by))


@dataclass(frozen=True)
class Choice:
    """A value that can be asked for. `code` goes into addresses, `label` never does."""

    code: str
    label: str


@dataclass(frozen=True)
class Section:
    code: str
    label: str
    total: int
    lines: tuple[JourneyLine, ...]


@dataclass(frozen=True)
class Stalled:
    relays: tuple[Relay, ...]
    sections: tuple[Section, ...]
    choices: dict[str, tuple[Choice, ...]]
    people: int
    page: int
    pages: int

    @property
    def shown(self) -> list[str]:
        """Ids of the journeys on the page, for the audit."""
        return sorted({str(line.person.journey_id) for section in self.sections for line in section.lines})


@dataclass(frozen=True)
class _Place:
    """Where a stalled journey belongs, for each cut but the type: (code, label)."""

    referent_id: uuid.UUID | None
    referent: Choice
    area: Choice
    school: Choice


def stalled(grant: Grant, actor: Actor, today: date, filters: Filters, page: int = 1) -> Stalled:
    """People with an alert of VIGILANCE or above, the worst first. A fixed number of statements."""
    alerts = serious_alerts(today)
    places = _places(grant, actor, {alert.journey_id for alert in alerts})
    # What was opened meanwhile has no place yet: it comes with the next reading.
    alerts = [alert for alert in alerts if alert.journey_id in places]
    choices = _choices(places.values())
    kept = [alert for alert in alerts if _wanted(alert, places[alert.journey_id], filters)]
    relays = awaited(kept, {id_: place.referent_id for id_, place in places.items()})
    found = _sections(kept, places, choices[filters.by], filters)
    if filters.alone:
        found = [cut for cut in found if cut[0].code == getattr(filters, filters.by)]
    pages = max(1, -(-len(found[0][1]) // PAGE)) if filters.alone and found else 1
    page = min(max(page, 1), pages)
    shown = [
        (choice, mine, mine[(page - 1) * PAGE : page * PAGE] if filters.alone else mine[:FIRST])
        for choice, mine in found
    ]
    ids = list(dict.fromkeys(p.journey_id for _, _, part in shown for p in part))
    by_id = {line.person.journey_id: line for line in lines(grant, today, ids, with_alerts=False)}
    sections = tuple(
        Section(
            choice.code,
            choice.label,
            len(mine),
            tuple(replace(by_id[p.journey_id], alerts=p) for p in part if p.journey_id in by_id),
        )
        for choice, mine, part in shown
    )
    return Stalled(relays, sections, choices, len({alert.journey_id for alert in kept}), page, pages)


def _wanted(alert: AlertView, place: _Place, filters: Filters) -> bool:
    if filters.type and alert.break_type != filters.type:
        return False
    return all(
        not (asked := getattr(filters, cut)) or getattr(place, cut).code == asked
        for cut in CUTS
        if cut != "type"
    )


def _sections(
    alerts: list[AlertView], places: Mapping[uuid.UUID, _Place], choices: Iterable[Choice], filters: Filters
) -> list[tuple[Choice, list[PersonAlerts]]]:
    """People per value of the cut; by type, somebody may stand in several."""
    by_code: dict[str, list[AlertView]] = {}
    for alert in alerts:
        place = places[alert.journey_id]
        code = alert.break_type if filters.by == "type" else getattr(place, filters.by).code
        by_code.setdefault(code, []).append(alert)
    sections = []
    for choice in choices:
        mine = by_person(by_code.get(choice.code, ()))
        if mine or filters.by == "type":
            sections.append((choice, mine))
    if filters.by != "type":
        sections.sort(key=lambda cut: -len(cut[1]))
    return sections


def _places(grant: Grant, actor: Actor, ids: set[uuid.UUID]) -> dict[uuid.UUID, _Place]:
    if not ids:
        return {}
    referents = {
        id_: referent
        for id_, referent in db.session.execute(
            select(Journey.id, Journey.referent_id).where(among(Journey.id, ids))
        )
    }
    names = account_names({id_ for id_ in referents.values() if id_})
    sheets = open_rows(grant, Sheet, ("area", "school"), among(Sheet.journey_id, ids))
    # Thousands of people live in a few neighbourhoods: each value is made once.
    areas = {v: Choice(opaque(actor, "area", v), _area(v)) for v in {s["area"] for s in sheets}}
    schools = {
        v: Choice(opaque(actor, "school", v), v or "Non renseigné") for v in {s["school"] for s in sheets}
    }
    places = {}
    for sheet in sheets:
        referent = referents.get(sheet["journey_id"])
        places[sheet["journey_id"]] = _Place(
            referent,
            Choice(str(referent), names.get(referent, "Compte supprimé"))
            if referent
            else Choice(NOBODY, "Aucun référent"),
            areas[sheet["area"]],
            schools[sheet["school"]],
        )
    return places


def _area(code: str | None) -> str:
    label = area_label(code)
    return label[:1].upper() + label[1:]


def _choices(places: Iterable[_Place]) -> dict[str, tuple[Choice, ...]]:
    found: dict[str, dict[str, Choice]] = {cut: {} for cut in CUTS if cut != "type"}
    for place in places:
        for cut, mine in found.items():
            choice = getattr(place, cut)
            mine[choice.code] = choice
    return {"type": tuple(Choice(code, label) for code, label in BREAKS.items())} | {
        cut: tuple(sorted(mine.values(), key=lambda c: (c.code == NOBODY, fold(c.label))))
        for cut, mine in found.items()
    }


def opaque(actor: Actor, cut: str, value: str | None) -> str:
    """What stands in an address for a sealed value: keyed, of this account alone, so that it tells nothing."""
    told = f"filter\x1f{actor.id}\x1f{cut}\x1f{value or ''}".encode()
    key = secret_key(current_app.config["SETTINGS"], "index")
    return hmac.digest(key, told, "sha256").hex()[:16]
