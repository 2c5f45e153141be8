"""A refusal or a withdrawal that is noted already: an older bundle does not undo it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from coordination.cases.stages import FROZEN
from coordination.exchange.bundle.faults import Fault, fault
from coordination.exchange.bundle.known import NOBODY, Targets
from coordination.exchange.bundle.lines import Line

_SAID = {"REFUS": "un refus de l’accord", "RETIRE": "un retrait de l’accord"}


def undone_refusals(lines: Sequence[Line], targets: Targets) -> Iterator[Fault]:
    """A fault for each line of journeys.csv that would undo one that the database holds."""
    for line in lines:
        known = targets.known.journeys.get(line.text("ref") or "", NOBODY)
        if reason := why_undone(line, known.agreement_status, known.agreement_on):
            yield fault(line.file, line.number, "agreement_status", reason, line.text("agreement_status"))


def why_undone(line: Line, stored: str | None, since: date | None) -> str | None:
    """Why the line's agreement cannot replace the one that is stored; None where it may.

    Only a status dated after the refusal or the withdrawal may.
    """
    status, on = line.text("agreement_status"), line.day("agreement_on")
    if stored not in FROZEN or "agreement_status" in line.unread or status == stored:
        return None
    if status and on and since and on > since:
        return None
    dated = f"daté du {since}" if since else "sans date"
    kept = f"et {since} dans agreement_on" if since else "et laissez agreement_on vide"
    new = (
        "un accord plus récent porte une date postérieure"
        if since
        else "un nouvel accord se note sur la page"
    )
    return (
        f"{_SAID[stored]} {dated} est enregistré : pour le garder, écrivez {stored} dans agreement_status {kept}"
        f" ({new})"
    )
