"""Pages for those who see no file: figures, access log, accounts."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import text

from coordination.accounts.access_log import ActionCount, Refusal, count_actions, last_refusals
from coordination.accounts.journal import Wanted, choices, journal_page, whole_journal
from coordination.accounts.queries import list_accounts, list_structures
from coordination.accounts.vocabulary import ACTIONS, SECRECY_BASES
from coordination.console import alphabetical
from coordination.db import db
from coordination.privacy.policy import Action
from coordination.privacy.work import consult
from coordination.reference import every_label, labels, load, typeset
from coordination.web import current
from coordination.web.journal_filters import read_filters, unlisted
from coordination.web.routing import declares

blueprint = Blueprint("oversight", __name__, template_folder="templates")
LOG_PERIOD = timedelta(days=30)
# Beyond it nobody turns pages, and the database could not count so far.
LAST_PAGE = 100_000
# Of one file: what a spreadsheet opens, and the memory of a request.
MOST_LINES = 100_000
COUNTS = text("SELECT programme, heading, code, people FROM pilotage_counts(:counted)")
# What a refused request named instead of a journey.
SOUGHT = {"alert": "une alerte", "contact": "un échange"}
EVERY_PROGRAMME = "TOUS"
# Of a journey that runs no more, or whose stage nobody said: told of only where they are many.
OVER = {"", "SORTI", "VEILLE", "NON_RETENU"}
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

    @property
    def told(self) -> tuple[Cell, ...]:
        """Signals whose figure shows."""
        return tuple(cell for cell in self.breaks if cell.people is not None)

    @property
    def rare(self) -> tuple[Cell, ...]:
        """The others: a first person among them changes nothing of what is seen."""
        return tuple(cell for cell in self.breaks if cell.people is None)


@blueprint.get("/chiffres")
@declares(Action.VIEW_COUNTS)
def counts() -> ResponseReturnValue:
    with consult(current.actor(), Action.VIEW_COUNTS, current.now()) as r:
        grant = r.require()
        rows = db.session.execute(COUNTS, {"counted": current_app.extensions["counted_alerts"]}).all()
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
    """What is at nothing stands beside what is hidden: a first person would show by a line that appears."""
    stages = headings.get("stage", {})
    order = {"": "Étape non renseignée", **labels(STAGES[code])}
    figures = headings.get("break", {})
    counted = {code.partition(":")[0] for code in current_app.extensions["counted_alerts"]}
    breaks = [
        Cell(typeset(rule["signal"]), figures.get(rule["id"]))
        for rule in load("alert_rules")["rules"]
        if rule["id"] in counted and rule["programme"] in (code, EVERY_PROGRAMME)
    ]
    return Sheet(
        label,
        headings.get("total", {}).get(""),
        tuple(
            Cell(name, stages.get(stage))
            for stage, name in order.items()
            if stages.get(stage) is not None or stage not in OVER
        ),
        tuple(sorted(breaks, key=lambda cell: (-(cell.people or 0), alphabetical(cell.label)))),
    )


@blueprint.get("/journal")
@declares(Action.VIEW_AUDIT)
def access_log() -> ResponseReturnValue:
    since = current.now() - LOG_PERIOD
    with consult(current.actor(), Action.VIEW_AUDIT, current.now()) as r:
        grant = r.require()
        done = count_actions(grant, since)
        refusals = last_refusals(grant, since)
        page = min(max(1, request.args.get("page", 1, type=int)), LAST_PAGE)
        wanted, faults = _wanted()
        entries, more = journal_page(grant, wanted, page)
        offered = choices(grant)
        r.audit(grant, ("compte_par_action", "derniers_refus", "lignes"))
    return render_template(
        "oversight/access_log.html",
        sought_labels=SOUGHT,
        since=since,
        counts=[_named_count(line) for line in done],
        refusals=[_named_refusal(line) for line in refusals],
        entries=[replace(line, action=_label(line.action)) for line in entries],
        wanted=wanted,
        faults=faults | unlisted(wanted, offered),
        choices=offered,
        actions=sorted(
            ((known.value, label) for known, label in ACTIONS.items()), key=lambda one: alphabetical(one[1])
        ),
        page=page,
        most_lines=MOST_LINES,
        newer=_address(page - 1) if page > 1 else None,
        older=_address(page + 1) if more else None,
        download=url_for("oversight.journal_file", **_cuts()),
    )


@blueprint.get("/journal.csv")
@declares(Action.VIEW_AUDIT)
def journal_file() -> ResponseReturnValue:
    """The lines asked for, ids only: neither a name of a person followed nor one of a professional."""
    with consult(current.actor(), Action.VIEW_AUDIT, current.now()) as r:
        grant = r.require()
        entries, cut = whole_journal(grant, _wanted()[0], MOST_LINES)
        r.audit(grant, ("export_csv",))
    written = io.StringIO()
    lines = csv.writer(written)
    lines.writerow(("at", "actor_id", "structure_id", "action", "result", "journey_id"))
    for one in entries:
        result = "refus" if one.refused else "fait"
        at = one.at.isoformat(timespec="seconds")
        lines.writerow((at, one.actor_id, one.structure_id, one.action, result, one.journey_id or ""))
    # Who opens it later must see that it is not all.
    name = f"journal-{MOST_LINES}-lignes-les-plus-recentes.csv" if cut else "journal.csv"
    return Response(
        written.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _wanted() -> tuple[Wanted, dict[str, str]]:
    return read_filters(request.args, current.today(), LOG_PERIOD)


def _cuts() -> dict[str, Any]:
    """The filters of the address that say something, without the page."""
    names = ("du", "au", "qui", "action", "structure", "refus")
    return {name: request.args[name] for name in names if request.args.get(name)}


def _address(page: int) -> str:
    return url_for("oversight.access_log", **_cuts(), page=page)


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
