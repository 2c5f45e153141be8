"""Stalled journeys, by type of break, référent, neighbourhood or school: why, since when, what comes next."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import current_app

from coordination.alerts.queries import by_person, serious_alerts
from coordination.alerts.sentences import BREAKS
from coordination.alerts.standing import Standing, standing
from coordination.cases.models import Sheet
from coordination.cases.queries.listing import PAGE, JourneyLine, lines
from coordination.cases.queries.people import account_names
from coordination.cases.queries.relays import Relay, awaited
from coordination.cases.queries.search import fold
from coordination.cases.vocabulary import area_label
from coordination.db import among
from coordination.privacy.actor import Actor
from coordination.privacy.keys import secret_key
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows

FIRST = 8
NOBODY = "sans"
# What the list can be cut by: French label, and name in an address.
CUTS = {"type": "Type de rupture", "referent": "Référent", "area": "Quartier", "school": "Établissement"}
# Of a cut that says nothing of one programme: where it is offered.
_ONLY_OF = {"school": "PRE"}
NAMES = {"type": "type", "referent": "referent", "area": "quartier", "school": "ecole"}


def cuts_of(programmes: Collection[str]) -> dict[str, str]:
    """The cuts that tell something to whoever coordinates these programmes: adults have no school."""
    return {cut: label for cut, label in CUTS.items() if _ONLY_OF.get(cut) in (None, *programmes)}


@dataclass(frozen=True)
class Filters:
    """What is asked for, as it stands in an address: codes, ids and opaque values, never a word. Empty: all."""

    type: str = ""
    referent: str = ""
    area: str = ""
    school: str = ""
    by: str = "type"

    @classmethod
    def read(cls, asked: Mapping[str, str], cuts: Collection[str] = tuple(CUTS)) -> Filters:
        """From the arguments of an address: those of the `cuts` that are offered, the others cut nothing."""
        values = {cut: asked.get(name, "")[:64] for cut, name in NAMES.items() if cut in cuts}
        by = next((cut for cut in cuts if NAMES[cut] == asked.get("par")), "type")
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


_Places = Mapping[str, tuple[Choice, Choice]]
"""Journey (its id as a text) -> neighbourhood and school."""


def stalled(grant: Grant, actor: Actor, today: date, filters: Filters, page: int = 1) -> Stalled:
    """People with an alert of VIGILANCE or above, the worst first. A fixed number of statements."""
    lines_of = standing(by_type=filters.by == "type" or bool(filters.type))
    # Sealed: opened for everybody stalled only where somebody asks for it.
    sealed = {filters.by, *(cut for cut in ("area", "school") if getattr(filters, cut))} & {"area", "school"}
    places = _places(grant, actor, {one.journey_id for one in lines_of}) if sealed else {}
    choices = _choices(actor, lines_of, places)
    asked = [cut for cut in CUTS if getattr(filters, cut)]
    kept: Sequence[Standing] = lines_of
    if asked:
        kept = [o for o in kept if all(_code(o, places, cut) == getattr(filters, cut) for cut in asked)]
    relays = awaited(kept, today)
    found = _sections(kept, places, choices[filters.by], filters)
    if filters.alone:
        found = [cut for cut in found if cut[0].code == getattr(filters, filters.by)]
    pages = max(1, -(-len(found[0][1]) // PAGE)) if filters.alone and found else 1
    page = min(max(page, 1), pages)
    shown = [
        (choice, mine, mine[(page - 1) * PAGE : page * PAGE] if filters.alone else mine[:FIRST])
        for choice, mine in found
    ]
    ids = [uuid.UUID(id_) for id_ in dict.fromkeys(one.journey for _, _, part in shown for one in part)]
    by_id = {line.person.journey_id: line for line in lines(grant, today, ids, with_alerts=False)}
    alerts = serious_alerts(today, ids) if ids else []
    sections = []
    for choice, mine, part in shown:
        type_ = choice.code if filters.by == "type" else filters.type
        told = {p.journey_id: p for p in by_person(a for a in alerts if type_ in ("", a.break_type))}
        sections.append(
            Section(
                choice.code,
                choice.label,
                len(mine),
                # What was answered or opened meanwhile has no line: it comes with the next reading.
                tuple(
                    replace(by_id[one.journey_id], alerts=told[one.journey_id])
                    for one in part
                    if one.journey_id in by_id and one.journey_id in told
                ),
            )
        )
    people = len({one.journey for one in kept})
    return Stalled(relays, tuple(sections), choices, people, page, pages)


def _code(one: Standing, places: _Places, cut: str) -> str:
    """Where somebody belongs, as addresses say it; empty where it is not known yet."""
    if cut == "type":
        # Read by type, a line has one of them, as often as it has alerts.
        return one.breaks.partition(" ")[0]
    if cut == "referent":
        return one.referent or NOBODY
    place = places.get(one.journey)
    return place[0 if cut == "area" else 1].code if place else ""


def _sections(
    kept: Sequence[Standing], places: _Places, choices: Iterable[Choice], filters: Filters
) -> list[tuple[Choice, list[Standing]]]:
    """People per value of the cut; by type, somebody may stand in several."""
    by_code: dict[str, list[Standing]] = {}
    for one in kept:
        by_code.setdefault(_code(one, places, filters.by), []).append(one)
    sections = []
    for choice in choices:
        mine = by_code.get(choice.code, [])
        if mine or filters.by == "type":
            sections.append((choice, mine))
    if filters.by != "type":
        sections.sort(key=lambda cut: -len(cut[1]))
    return sections


def _places(grant: Grant, actor: Actor, ids: set[uuid.UUID]) -> _Places:
    chosen = among(Sheet.journey_id, ids)
    sheets = open_rows(grant, Sheet, ("area", "school"), chosen, listed=True) if ids else []
    # Thousands of people live in a few neighbourhoods: each value is made once.
    areas = {v: Choice(opaque(actor, "area", v), _area(v)) for v in {s["area"] for s in sheets}}
    schools = {
        v: Choice(opaque(actor, "school", v), v or "Non renseigné") for v in {s["school"] for s in sheets}
    }
    return {str(s["journey_id"]): (areas[s["area"]], schools[s["school"]]) for s in sheets}


def _area(code: str | None) -> str:
    label = area_label(code)
    return label[:1].upper() + label[1:]


def _choices(actor: Actor, people: Iterable[Standing], places: _Places) -> dict[str, tuple[Choice, ...]]:
    """What can be asked for: of neighbourhoods and schools those of somebody, once the files were opened for it."""
    referents = {one.referent for one in people}
    names = account_names({uuid.UUID(id_) for id_ in referents if id_})
    found = {
        "type": [Choice(code, label) for code, label in BREAKS.items()],
        "referent": [
            Choice(id_, names.get(uuid.UUID(id_), "Compte supprimé"))
            if id_
            else Choice(NOBODY, "Aucun référent")
            for id_ in referents
        ],
        "area": list({area for area, _ in places.values()}),
        "school": list({school for _, school in places.values()}),
    }
    return {
        cut: tuple(mine)
        if cut == "type"
        else tuple(sorted(mine, key=lambda c: (c.code == NOBODY, fold(c.label))))
        for cut, mine in found.items()
    }


def opaque(actor: Actor, cut: str, value: str | None) -> str:
    """What stands in an address for a sealed value: keyed, of this account alone, so that it tells nothing."""
    told = f"filter\x1f{actor.id}\x1f{cut}\x1f{value or ''}".encode()
    key = secret_key(current_app.config["SETTINGS"], "index")
    return hmac.digest(key, told, "sha256").hex()[:16]
