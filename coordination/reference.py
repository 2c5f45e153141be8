"""Coded lists and territory, loaded from `data/reference.json` (never retyped here).

What the administrator changed of them (labels, order, retired codes, fragile neighbourhoods) is put on top by
`replace_edits`; the codes themselves are those of the file, for ever.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from coordination.console import alphabetical

RETIRED = "{} (retiré de la liste)"
_SIGNS = ((" -> ", " → "), (" >= ", " ≥ "), (" <= ", " ≤ "), (" - ", " – "), ("...", "…"))


def typeset(text: str) -> str:
    """A text of the data with the signs of a printed page instead of those of a keyboard."""
    for typed, printed in _SIGNS:
        text = text.replace(typed, printed)
    return text


@dataclass(frozen=True)
class EditedLabel:
    """What the administrator says of a code. `position` counts from 0 in its list."""

    label: str
    position: int
    retired: bool


@dataclass(frozen=True)
class FragileArea:
    """A fragile neighbourhood or residence; it counts as one from `valid_from` to `valid_until` included."""

    code: str
    label: str
    commune: str
    valid_from: date | None = None
    valid_until: date | None = None

    def valid_on(self, day: date) -> bool:
        return (self.valid_from or day) <= day <= (self.valid_until or day)


@cache
def load(name: str) -> Any:
    """The content of `data/<name>.json`."""
    return json.loads(files("coordination").joinpath("data", f"{name}.json").read_text("utf-8"))


@cache
def items(coded_list: str) -> tuple[dict[str, Any], ...]:
    """The lines of a coded list, in their order."""
    return tuple(load("reference")["coded_lists"][coded_list]["items"])


@cache
def _as_shipped(coded_list: str) -> dict[str, str]:
    return {item["code"]: item["label_fr"] for item in items(coded_list)}


# What this process knows of the edits: replaced as a whole, so that a reader sees all of them or none.
_current: dict[str, dict[str, str]] = {}
_every: dict[str, dict[str, str]] = {}
_areas: tuple[FragileArea, ...] | None = None


def replace_edits(
    edits: Mapping[str, Mapping[str, EditedLabel]], areas: Sequence[FragileArea] | None
) -> None:
    """Put the administrator's edits on top of the lists: list -> code -> edit; `areas` None: as shipped."""
    global _current, _every, _areas
    current: dict[str, dict[str, str]] = {}
    every: dict[str, dict[str, str]] = {}
    for coded_list, edited in edits.items():
        shipped = _as_shipped(coded_list)
        place = {code: number for number, code in enumerate(shipped)}
        order = sorted(
            shipped, key=lambda code: (edited[code].position if code in edited else place[code], place[code])
        )
        named = {code: edited[code].label if code in edited else shipped[code] for code in order}
        retired = {code for code in order if code in edited and edited[code].retired}
        current[coded_list] = {code: text for code, text in named.items() if code not in retired}
        every[coded_list] = {c: RETIRED.format(text) if c in retired else text for c, text in named.items()}
    _current, _every, _areas = current, every, None if areas is None else tuple(areas)


def labels(coded_list: str) -> dict[str, str]:
    """code -> French label of the codes one may choose today, in their order."""
    return _current.get(coded_list) or _as_shipped(coded_list)


def every_label(coded_list: str) -> dict[str, str]:
    """As `labels`, with the codes that were retired, which say so: for what was written before."""
    return _every.get(coded_list) or _as_shipped(coded_list)


def label(coded_list: str, code: str | None) -> str:
    """French label of a code, also of a retired one; "non renseigné" where there is none."""
    if not code:
        return "non renseigné"
    return every_label(coded_list).get(code, code)


def within(words: str) -> str:
    """A label within a sentence: in small letters, but for an acronym."""
    return words if words.isupper() else words.lower()


def fragile_areas() -> tuple[FragileArea, ...]:
    """Fragile neighbourhoods and residences, whatever their dates."""
    if _areas is not None:
        return _areas
    return tuple(FragileArea(a["key"], a["name"], a["commune"]) for a in territory()["fragile_areas"])


def territory() -> Any:
    """The territory: communes, neighbourhoods, schools, structures, key figures (as shipped)."""
    return load("reference")["territory"]


def areas() -> dict[str, str]:
    """key -> French name of the neighbourhoods and fragile residences, and of what is known without a name."""
    named = {area["key"]: area["name"] for area in territory()["qpv"]}
    named |= {area.code: area.label for area in fragile_areas()}
    return named | {"QPV": "Quartier prioritaire (à préciser)", "HORS_QPV": "Hors quartier prioritaire"}


def areas_offered(day: date, chosen: str = "", within: Collection[str] | None = None) -> dict[str, str]:
    """Those of `areas` that a form offers on a day; one that is `chosen` stays, and says that it counts no more.

    `within`: INSEE codes; what lies in none of these communes is not offered.
    """
    out = {area.code for area in fragile_areas() if not area.valid_on(day)}
    if within is not None:
        out |= {area["key"] for area in territory()["qpv"] if not {*area["communes"]} & {*within}}
        out |= {area.code for area in fragile_areas() if area.commune and area.commune not in within}
    every = areas()
    offered = {code: name for code, name in every.items() if code not in out}
    kept = {chosen: RETIRED.format(every.get(chosen, chosen))} if chosen and chosen not in offered else {}
    return offered | kept


def communes_of(area: str) -> tuple[str, ...]:
    """INSEE codes of the communes where one of `areas` lies; none where it names no place."""
    found = {a["key"]: tuple(a["communes"]) for a in territory()["qpv"]}
    found |= {a.code: (a.commune,) for a in fragile_areas() if a.commune}
    return found.get(area, ())


@cache
def communes() -> dict[str, str]:
    """INSEE code -> name of the communes of the territory, by name."""
    named = sorted(territory()["communes"], key=lambda commune: alphabetical(commune["name"]))
    return {commune["insee"]: commune["name"] for commune in named}


@cache
def pre_perimeter() -> frozenset[str]:
    """INSEE codes of the communes that the PRE covers."""
    return frozenset(c["insee"] for c in territory()["communes"] if c["in_pre_perimeter"])


@cache
def contract_objectives() -> dict[str, str]:
    """code -> wording of the objectives of the contract, in its order."""
    return {each["code"]: each["label_fr"] for each in load("reference")["contract"]["objectives"]}
