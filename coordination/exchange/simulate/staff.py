"""The structures of the territory, its professionals and how their files are shared out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from random import Random
from typing import Any

from coordination import reference
from coordination.exchange.simulate.behaviour import WorkStyle, draw_style

DOMAIN = "demo.example"
FOLLOWING_ROLES = {"PRE": ("REFERENT_PRE",), "CITE_EMPLOI": ("CONSEILLER_ML", "REFERENT_PLIE")}


def data() -> Any:
    """The invented material: names, streets, notes, structures, staff."""
    return reference.load("simulation")


def email(local: str) -> str:
    """The professional address of an account of the demo territory."""
    return f"{local}@{DOMAIN}"


def slug(text: str, joint: str = "_") -> str:
    """Letters and digits without accents, joined: `Collège L'Esplanade` -> `COLLEGE_L_ESPLANADE`."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "Oe"))
    words = re.findall(r"[A-Za-z0-9]+", "".join(c for c in plain if not unicodedata.combining(c)))
    return joint.join(words).upper()


def structures() -> list[dict[str, str]]:
    """Lines of structures.csv: social centres and schools of the territory, and its partners."""
    territory = reference.territory()
    lines = [dict(zip(("code", "name", "type", "commune"), row, strict=True)) for row in data()["structures"]]
    for centre in territory["social_centres"]:
        lines.append(_structure(centre["key"], centre["name"], "CENTRE_SOCIAL", centre["commune"]))
    for school in territory["schools"]:
        lines.append(_structure(slug(school["name"]), school["name"], "ECOLE", school["commune"]))
    for college in territory["colleges"]:
        lines.append(_structure(slug(college["name"]), college["name"], "COLLEGE", college["commune"]))
    return lines


def _structure(code: str, name: str, kind: str, commune: str) -> dict[str, str]:
    return {"code": code, "name": name, "type": kind, "commune": commune}


def users() -> list[dict[str, str]]:
    """Lines of users.csv: the thirteen demo accounts first of their role, and their colleagues."""
    return [
        {
            "email": email(local),
            "display_name": name,
            "role": role,
            "structure": structure,
            "programme": programme,
        }
        for local, name, role, structure, programme in data()["users"]
    ]


def styles(seed: int) -> dict[str, WorkStyle]:
    """How each professional works: e-mail -> style, the same for a seed."""
    return {user["email"]: draw_style(Random(f"{seed}/style/{user['email']}")) for user in users()}


class Caseloads:
    """Gives each new journey to the professional of the role with the most room left."""

    def __init__(self) -> None:
        self._load: dict[str, int] = {}

    def _candidates(self, roles: tuple[str, ...]) -> Iterator[dict[str, str]]:
        return (user for user in users() if user["role"] in roles)

    def take(self, roles: tuple[str, ...], count: int = 1) -> dict[str, str]:
        """The user who takes `count` more journeys (a household stays with one person)."""
        sizes = data()["caseloads"]

        def filled(user: dict[str, str]) -> float:
            local = user["email"].split("@")[0]
            return (self._load.get(user["email"], 0) + count / 2) / float(sizes[local])

        chosen = min(self._candidates(roles), key=filled)
        self._load[chosen["email"]] = self._load.get(chosen["email"], 0) + count
        return chosen
