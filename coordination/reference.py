"""Coded lists and territory, loaded from `data/reference.json` (never retyped here)."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load(name: str) -> Any:
    """The content of `data/<name>.json`."""
    return json.loads(files("coordination").joinpath("data", f"{name}.json").read_text("utf-8"))


@cache
def items(coded_list: str) -> tuple[dict[str, Any], ...]:
    """The lines of a coded list, in their order."""
    return tuple(load("reference")["coded_lists"][coded_list]["items"])


@cache
def labels(coded_list: str) -> dict[str, str]:
    """code -> French label of a coded list, in its order."""
    return {item["code"]: item["label_fr"] for item in items(coded_list)}


def label(coded_list: str, code: str | None) -> str:
    """French label of a code; "non renseigné" where there is none."""
    if not code:
        return "non renseigné"
    return labels(coded_list).get(code, code)


def territory() -> Any:
    """The territory: communes, neighbourhoods, schools, structures, key figures."""
    return load("reference")["territory"]


@cache
def areas() -> dict[str, str]:
    """key -> French name of the neighbourhoods and fragile residences, and of what is known without a name."""
    named = {area["key"]: area["name"] for area in (*territory()["qpv"], *territory()["fragile_areas"])}
    return named | {"QPV": "Quartier prioritaire (à préciser)", "HORS_QPV": "Hors quartier prioritaire"}


@cache
def communes() -> dict[str, str]:
    """INSEE code -> name of the communes of the territory."""
    return {commune["insee"]: commune["name"] for commune in territory()["communes"]}


@cache
def pre_perimeter() -> frozenset[str]:
    """INSEE codes of the communes that the PRE covers."""
    return frozenset(c["insee"] for c in territory()["communes"] if c["in_pre_perimeter"])


@cache
def contract_objectives() -> dict[str, str]:
    """code -> wording of the objectives of the contract, in its order."""
    return {each["code"]: each["label_fr"] for each in load("reference")["contract"]["objectives"]}
