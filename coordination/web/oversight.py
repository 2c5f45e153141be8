"""Pages for those who see no file: figures, access log, accounts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from coordination.accounts.access_log import ActionCount, Refusal, count_actions, last_refusals
from coordination.accounts.queries import list_accounts, list_structures
from coordination.accounts.vocabulary import ACTIONS, SECRECY_BASES
from coordination.db import db
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.reference import every_label, labels, load
from coordination.web import current
from coordination.web.routing import declares

blueprint = Blueprint("oversight", __name__, template_folder="templates")
LOG_PERIOD = timedelta(days=30)
COUNTS = text("SELECT programme, heading, code, people FROM pilotage_counts()")
# What a refused request named instead of a journey.
SOUGHT = {"alert": "une alerte", "contact": "un échange"}
STAGES = {"PRE": "pre_stage", "CITE_EMPLOI": "employment_stage"}


@dataclass(frozen=True)
class Cell:
    """A figure, a multiple of 5; `people` is None when it is hidden."""

    label: str
    people: int | None


@dataclass(frozen=True)
class Sheet:
    """The figures of one programme."""

    programme: str
    total: int | None
    stages: tuple[Cell, ...]
    breaks: tuple[Cell, ...]


@blueprint.get("/chiffres")
@declares(Action.VIEW_COUNTS)
def counts() -> ResponseReturnValue:
    with consult(current.actor(), Action.VIEW_COUNTS, current.now()) as r:
        grant = r.require()
        rows = db.session.execute(COUNTS).all()
        r.audit(grant, ("effectifs",))
    found: dict[str, dict[str, dict[str, int | None]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        found[row.programme][row.heading][row.code] = row.people
    return render_template(
        "oversight/counts.html",
        sheets=[
            _sheet(code, label, found[code]) for code, label in labels("programme").items() if code in found
        ],
    )


def _sheet(code: str, label: str, headings: dict[str, dict[str, int | None]]) -> Sheet:
    stages = headings.get("stage", {})
    order = {"": "Étape non renseignée", **labels(STAGES[code])}
    signals = {rule["id"]: rule["signal"] for rule in load("alert_rules")["rules"]}
    breaks = [Cell(signals.get(rule, rule), people) for rule, people in headings.get("break", {}).items()]
    return Sheet(
        label,
        headings.get("total", {}).get(""),
        tuple(Cell(name, stages[stage]) for stage, name in order.items() if stage in stages),
        tuple(sorted(breaks, key=lambda cell: (-(cell.people or 0), cell.label))),
    )


@blueprint.get("/journal")
@declares(Action.VIEW_AUDIT)
def access_log() -> ResponseReturnValue:
    since = current.now() - LOG_PERIOD
    with consult(current.actor(), Action.VIEW_AUDIT, current.now()) as r:
        grant = r.require()
        done = count_actions(grant, since)
        refusals = last_refusals(grant, since)
        r.audit(grant, ("compte_par_action", "derniers_refus"))
    return render_template(
        "oversight/access_log.html",
        sought_labels=SOUGHT,
        since=since,
        counts=[_named_count(line) for line in done],
        refusals=[_named_refusal(line) for line in refusals],
    )


def _named_count(line: ActionCount) -> ActionCount:
    return replace(line, action=_label(line.action))


def _named_refusal(line: Refusal) -> Refusal:
    return replace(line, action=_label(line.action))


def _label(action: str) -> str:
    return next((label for known, label in ACTIONS.items() if known.value == action), action)


@blueprint.get("/comptes")
@declares(Action.MANAGE_ACCOUNTS)
def accounts() -> ResponseReturnValue:
    with consult(current.actor(), Action.MANAGE_ACCOUNTS, current.now()) as r:
        grant = r.require()
        people = list_accounts(grant, current.now())
        structures = list_structures(grant, current.now())
        r.audit(grant, ("liste_comptes", "liste_structures"))
    return render_template(
        "oversight/accounts.html",
        people=people,
        structures=structures,
        role_labels=every_label("user_role"),
        programme_labels=labels("programme"),
        type_labels=every_label("structure_type"),
        secrecy_bases=SECRECY_BASES,
    )
