"""What the records of `kinds_facts` cannot say, beside what no record can."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from coordination.cases.checks import Problems, before_opening
from coordination.cases.kinds import RecordKind
from coordination.cases.kinds_facts import ABSENCE, APPLICATION, CHILD, INVITATION, RETENTION, STAY

MOST_HALF_DAYS = 60
OLDEST_CHILD = 25
KEEP = "CONSERVER"


def check_fact(
    problems: Problems,
    kind: RecordKind,
    values: Mapping[str, Any],
    began_on: date | None,
    exit_on: date | None,
    today: date,
) -> None:
    """Add a sentence beside each cell that cannot be kept; `began_on`: the entry, else the opening."""
    if kind in (INVITATION, APPLICATION):
        if values.get("answered_on") and not values.get("answer"):
            problems.setdefault("answer", "Indiquez quelle est la réponse, ou effacez sa date.")
        if values.get("answer") and not values.get("answered_on"):
            problems.setdefault("answered_on", "Indiquez le jour de la réponse.")
    elif kind is ABSENCE:
        number = values.get("half_days")
        if number is not None and not 1 <= number <= MOST_HALF_DAYS:
            problems["half_days"] = f"Indiquez un nombre de demi-journées, de 1 à {MOST_HALF_DAYS}."
    elif kind is CHILD:
        _check_month(problems, values.get("birth_month"), today)
    elif kind is STAY:
        day = values.get("on_date")
        if day and began_on and day < began_on:
            problems.setdefault("on_date", before_opening(began_on))
    elif kind.after_end:
        day = values.get("on_date")
        if day and day > today:
            problems["on_date"] = "Cette date est dans le futur : n'indiquez ici que ce qui a eu lieu."
        elif day and exit_on and day < exit_on:
            problems["on_date"] = f"Le parcours s'est terminé après, le {exit_on:%d/%m/%Y}."
    if kind is RETENTION and values.get("decision") == KEEP and not values.get("reason"):
        problems.setdefault("reason", "Écrivez pourquoi le dossier est gardé plus longtemps.")


def _check_month(problems: Problems, month: str | None, today: date) -> None:
    if month is None:
        return
    if month > f"{today:%Y-%m}":
        problems["birth_month"] = "Ce mois est dans le futur : ce mois-ci au plus tard."
    elif int(month[:4]) < today.year - OLDEST_CHILD:
        problems["birth_month"] = f"Vérifiez l'année : cela fait plus de {OLDEST_CHILD} ans."
