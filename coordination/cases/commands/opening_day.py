"""Correcting the day on which a journey began: a year typed wrong moves every delay that counts from it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import date

from sqlalchemy import column, select, table

from coordination.cases.checks import Problems
from coordination.cases.dates import COMING, SINCE_OPENING
from coordination.cases.models import Journey, Sheet
from coordination.db import db
from coordination.privacy.policy import Grant
from coordination.privacy.vault import open_rows

KEPT = date.min
"""The day of a form that does not show it: what stands stays."""
_WORDS = {
    "entered_on": "L'entrée dans le parcours est notée",
    "diagnosis_on": "Le diagnostic est noté",
    "exit_on": "La sortie est notée",
    "contact": "Un échange est noté",
    "objective": "Un objectif est noté",
    "appointment": "Un rendez-vous est noté",
    "action": "Une action est notée",
    "attendance": "Une séance est notée",
    "pause": "Une pause est notée",
    "review": "Un bilan est noté",
    "barrier": "Un frein est noté",
    "life_event": "Un événement est noté",
    "agreement": "L'accord est noté",
    "turn": "Une étape est notée",
    "referral": "Une orientation est notée",
}
# Those above and what else follows the opening; an orientation belongs to a feature that lies above this one.
_DAYS = {
    **{name: days for name, days in SINCE_OPENING.items() if name in _WORDS},
    "agreement": frozenset({"on_date"}),
    "turn": frozenset({"on_date"}),
    "referral": frozenset({"sent_on"}),
}


def check_opening(
    problems: Problems,
    grant: Grant,
    journey: Journey,
    day: date | None,
    dates: Mapping[str, date | None],
    today: date,
) -> date | None:
    """The opening as it will stand; another day is refused past what followed it, among what the actor sees.

    `dates`: those of the journey, as they will be. What an import brought from before the journey may stay so.
    """
    if day == journey.opened_on or day == KEPT:
        return journey.opened_on
    problems.past_day("opened_on", day, today)
    if day is None or "opened_on" in problems:
        return journey.opened_on
    problems.ask_long_ago("opened_on", day, today)
    born = open_rows(grant, Sheet, ("birth_date",), Sheet.journey_id == journey.id)[0]["birth_date"]
    if born and day < date.fromisoformat(born):
        problems["opened_on"] = "Cette date est avant la naissance."
    passed = [
        (on, name)
        for on, name in (*_of_journey(journey, dates), *_facts(journey.id))
        if (journey.opened_on or date.min) <= on < day
    ]
    if passed:
        on, name = min(passed)
        problems["opened_on"] = (
            f"{_WORDS[name]} le {on:%d/%m/%Y} : le parcours a commencé ce jour-là au plus tard."
        )
    return journey.opened_on if "opened_on" in problems else day


def _of_journey(journey: Journey, dates: Mapping[str, date | None]) -> Iterator[tuple[date, str]]:
    for name, day in (*dates.items(), ("exit_on", journey.exit_on)):
        if day and name in _WORDS:
            yield day, name
    if journey.agreement_on:
        yield journey.agreement_on, "agreement"


def _facts(journey_id: uuid.UUID) -> Iterator[tuple[date, str]]:
    for name, days in _DAYS.items():
        rows = table(name, column("journey_id"), column("status"), *(column(day) for day in days))
        query = select(*(rows.c[day] for day in days)).where(rows.c.journey_id == journey_id)
        if name == "appointment":
            query = query.where(rows.c.status.is_distinct_from(COMING))
        for found in db.session.execute(query):
            yield from ((day, name) for day in found if day)
