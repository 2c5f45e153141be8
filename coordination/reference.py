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
