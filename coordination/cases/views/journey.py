"""The page of a journey."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask.typing import ResponseReturnValue

from coordination.accounts.vocabulary import ACTIONS
from coordination.cases.queries.journey_page import journey_page
from coordination.cases.timeline import Entry
from coordination.cases.views.pages import blueprint, show
from coordination.privacy.access import subject_of
from coordination.privacy.policy import Action, can
from coordination.privacy.work import consult
from coordination.web import current
from coordination.web.filters import MONTHS
from coordination.web.routing import declares

# What is read at once on a phone; the rest is one tap away.
RECENT = timedelta(days=120)


@dataclass(frozen=True)
class Month:
    label: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Timeline:
    """Planned things soonest first, then months, the latest first."""

    planned: tuple[Entry, ...]
    recent: tuple[Month, ...]
    older: tuple[Month, ...]

    @property
    def older_count(self) -> int:
        return sum(len(month.entries) for month in self.older)


@blueprint.get("/<uuid:journey_id>")
@declares(Action.OPEN_JOURNEY)
def journey(journey_id: uuid.UUID) -> ResponseReturnValue:
    actor = current.actor()
    with consult(actor, Action.OPEN_JOURNEY, current.now()) as r:
        grant = r.require(journey_id)
        subject = subject_of(actor, journey_id)
        page = journey_page(grant, journey_id, current.today())
        r.audit(grant, sorted(volet.code for volet in page.volets))
    return show(
        "journey.html",
        page=page,
        timeline=by_month(page.timeline, current.today()),
        may_log=can(actor, Action.LOG_CONTACT, subject),
        may_answer=can(actor, Action.ANSWER_ALERT, subject),
        actions={action.value: label for action, label in ACTIONS.items()},
    )


def by_month(entries: tuple[Entry, ...], today: date) -> Timeline:
    """`entries` come the latest first."""
    planned = [entry for entry in entries if entry.on > today]
    past = [entry for entry in entries if entry.on <= today]
    first_recent = (today - RECENT).replace(day=1)
    return Timeline(
        tuple(reversed(planned)),
        _months(entry for entry in past if entry.on >= first_recent),
        _months(entry for entry in past if entry.on < first_recent),
    )


def _months(entries: object) -> tuple[Month, ...]:
    grouped = groupby(entries, key=lambda entry: (entry.on.year, entry.on.month))  # type: ignore[call-overload]
    return tuple(Month(f"{MONTHS[month - 1]} {year}", tuple(found)) for (year, month), found in grouped)
