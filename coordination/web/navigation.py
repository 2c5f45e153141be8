"""What a person may reach, as the policy says: the menu, and the page where each role starts."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g, request, url_for

from coordination.accounts.queries import SignedIn
from coordination.db import NOBODY
from coordination.privacy.actor import Actor
from coordination.privacy.policy import COORDINATING_ROLES, FACELESS_ROLES, FOLLOWING_ROLES, Action, can
from coordination.web import alive, current


@dataclass(frozen=True)
class Entry:
    """A line of the menu. `endpoint` joins the menu when a feature has registered it.

    `roles`: whose menu it is in, where more people may open the page.
    """

    endpoint: str
    label: str
    action: Action
    roles: tuple[str, ...] = ()


ENTRIES = (
    Entry("cases.day", "Ma journée", Action.VIEW_DAY, FOLLOWING_ROLES),
    Entry("cases.mine", "Mes parcours", Action.VIEW_DAY, FOLLOWING_ROLES),
    Entry("cases.journeys", "Parcours", Action.LIST_JOURNEYS),
    Entry("cases.board", "Tableau", Action.LIST_STALLED),
    Entry("cases.stalled", "Parcours bloqués", Action.LIST_STALLED),
    Entry("cases.review", "Revue de la semaine", Action.LIST_STALLED),
    Entry("cases.forecast", "À venir", Action.VIEW_FORECAST),
    Entry("cases.search", "Rechercher", Action.SEARCH),
    Entry("oversight.counts", "Chiffres", Action.VIEW_COUNTS),
    Entry("oversight.access_log", "Journal des accès", Action.VIEW_AUDIT),
    Entry("oversight.accounts", "Comptes et structures", Action.MANAGE_ACCOUNTS),
    Entry("administration.lists_index", "Listes", Action.MANAGE_LISTS),
    Entry("administration.areas", "Quartiers fragiles", Action.MANAGE_LISTS),
    Entry("administration.school_years", "Années scolaires", Action.MANAGE_LISTS),
    Entry("administration.service", "État du service", Action.MANAGE_ACCOUNTS),
    Entry("entry.welcome", "Mon rôle ici", Action.VIEW_START),
)
# Where a role starts, first match first: who follows people starts with their day.
STARTS = (
    (FOLLOWING_ROLES, "cases.day"),
    (COORDINATING_ROLES, "cases.journeys"),
    (("DPO",), "oversight.access_log"),
    (("ADMIN",), "oversight.accounts"),
    (("PILOTAGE",), "oversight.counts"),
)


def menu(actor: Actor) -> list[Entry]:
    """The lines of the menu that the actor's roles allow."""
    return [
        e
        for e in ENTRIES
        if e.endpoint in current_app.view_functions
        and can(actor, e.action)
        and (not e.roles or actor.has(*e.roles))
    ]


def start_page(actor: Actor) -> str:
    """Address of the page where this actor starts."""
    for roles, endpoint in STARTS:
        if actor.has(*roles) and endpoint in current_app.view_functions:
            return url_for(endpoint)
    return url_for("entry.welcome")


def _sees_too_little(holder: SignedIn) -> bool:
    """A role that works with journeys, and a charter or secrecy basis that shows it none."""
    works_with_people = any(role.code not in FACELESS_ROLES for role in holder.actor.roles)
    return works_with_people and not holder.may_see_journeys(current.today())


@cache
def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def asset(filename: str) -> str:
    """Address of a file of ours, with its version: browsers keep it a week, never an old one."""
    folder = Path(current_app.static_folder or "")
    return url_for("static", filename=filename, v=_version(folder / filename))


def address(endpoint: str, **one: uuid.UUID) -> str:
    """Address of a page whose one argument is an id; put together once, since a list holds it for every line."""
    ((name, row_id),) = one.items()
    before, after = address_parts(endpoint, name)
    return f"{before}{row_id}{after}"


def address_parts(endpoint: str, name: str, slug: str = "") -> tuple[str, str]:
    """What stands before and after the id named `name` in the address of a page; `slug`: where it has one."""
    known: dict[tuple[str, str, str], tuple[str, str]] = g.setdefault("addresses", {})
    place = (endpoint, slug, request.script_root)
    if place not in known:
        nowhere: dict[str, Any] = {name: NOBODY} | ({"slug": slug} if slug else {})
        before, after = url_for(endpoint, **nowhere).split(str(NOBODY))
        known[place] = (before, after)
    return known[place]


def register(app: Flask) -> None:
    """Give every template `signed_in` (account or None), `menu`, `today`, the addresses, and what to warn of."""
    app.jinja_env.globals.update(asset=asset, address=address, address_parts=address_parts)

    @app.context_processor
    def layout() -> dict[str, Any]:
        holder = current.signed_in()
        return {
            "signed_in": holder,
            "menu": menu(holder.actor) if holder else [],
            "today": current.today(),
            "late_since": alive.late_since(holder.actor) if holder else None,
            "never_scanned": holder is not None and alive.never_scanned(holder.actor),
            "charter_missing": holder is not None and _sees_too_little(holder),
        }
