"""The demonstration territory: invented people of the CAPSO, and an account per role."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ScalarSelect, case, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from coordination.accounts.commands import operator_actor
from coordination.accounts.models import Account, Membership
from coordination.accounts.passwords import hash_password
from coordination.accounts.territory import save_school_year, usual_year
from coordination.alerts.models import State
from coordination.db import db
from coordination.errors import BadInput
from coordination.exchange.bundle.reader import read_bundle
from coordination.exchange.recompute import territory
from coordination.exchange.simulate import simulate, write_bundle
from coordination.exchange.store import store_bundle
from coordination.privacy.actor import Actor
from coordination.privacy.policy import Action
from coordination.privacy.work import work

PRE, CITE, MONTHS, SEED = 149, 320, 18, 2026
ACCOUNTS = (
    "referent.pre",
    "coordination.pre",
    "eps.ecole",
    "eps.social",
    "coordination.cite",
    "mipe.ml",
    "mipe.plie",
    "centre.social",
    "ccas",
    "mediation.sante",
    "pilotage",
    "dpo",
    "admin",
)
DOMAIN = "@demo.example"
CHARTER = "2026-1"
# Why people of a role are bound to secrecy, as far as a demonstration may guess: social workers and carers by
# profession, who decides on aid by mission, the others by their contract.
SECRECY = {
    "REFERENT_PRE": "PROFESSION",
    "EPS_SOCIAL": "PROFESSION",
    "MEDIATEUR_SANTE": "PROFESSION",
    "CCAS": "MISSION_L133_5",
    "COORD_PRE": "MISSION_L133_5",
}
USUAL_SECRECY = "CONTRACTUEL"


def is_demo() -> bool:
    """Whether this installation holds the demonstration territory (no second factor asked)."""
    return db.session.scalar(select(State.value).where(State.name == "demo")) == "1"


def load_demo(operator: Actor, password: str, today: date, now: datetime) -> dict[str, int]:
    """Fill an empty installation, or give a demo one its password again; how many journeys it holds.

    Raises BadInput if it holds anything that is not the demo.
    """
    known = territory(operator)
    demo = is_demo()
    db.session.rollback()
    if known and not demo:
        raise BadInput(
            "Cette installation contient déjà des parcours : la démonstration ne s'y installe pas."
        )
    if not known:
        with tempfile.TemporaryDirectory(prefix="demo-") as folder:
            bundle = Path(folder) / "bundle"
            write_bundle(simulate(pre=PRE, cite=CITE, months=MONTHS, seed=SEED, as_of=today), bundle)
            result = read_bundle(bundle, as_of=today)
        if result.faults:
            raise BadInput("Le territoire de démonstration n'est pas conforme.")
        mark_demo(operator, now)
        store_bundle(operator, result.lines, as_of=today, now=now, commit=True)
        starts_on, ends_on = usual_year(today)
        for years in (0, 1):
            first, last = (day.replace(year=day.year + years) for day in (starts_on, ends_on))
            save_school_year(operator, None, None, now, first, last)
    sign_all_charters(today, now, password)
    return {"journeys": len(known) or PRE + CITE}


def mark_demo(operator: Actor, now: datetime) -> None:
    with work(operator, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        db.session.execute(upsert(State).values(name="demo", value="1").on_conflict_do_nothing())
        w.audit(grant, ["demo"])


def sign_all_charters(today: date, now: datetime, password: str | None = None) -> None:
    """Demo accounts and their colleagues have signed the charter, and have the password if there is one."""
    operator = operator_actor()
    values: dict[str, Any] = {
        "secrecy_basis": _secrecy(),
        "charter_version": CHARTER,
        "charter_signed_on": today - timedelta(days=30),
        "charter_expires_on": today + timedelta(days=335),
    }
    if password is not None:
        values["password_hash"] = hash_password(password)
    with work(operator, Action.MANAGE_ACCOUNTS, now) as w:
        grant = w.require()
        db.session.execute(
            update(Account).where(Account.kind == "person", Account.email.endswith(DOMAIN)).values(values)
        )
        w.audit(grant, ["charter", "password_hash"])


def _secrecy() -> Any:
    """The basis of an account, from its roles: by profession before by mission, by contract otherwise."""
    by_role = case(SECRECY, value=Membership.role)
    found: ScalarSelect[Any] = (
        select(func.max(by_role)).where(Membership.account_id == Account.id).scalar_subquery()
    )
    return func.coalesce(found, USUAL_SECRECY)
