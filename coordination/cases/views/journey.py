"""The page of a journey."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from flask.typing import ResponseReturnValue

from coordination.accounts.vocabulary import ACTIONS
from coordination.cases.kinds_facts import offered
from coordination.cases.queries.decided import decided
from coordination.cases.queries.family_page import seen_siblings
from coordination.cases.queries.journey_page import journey_page
from coordination.cases.queries.life_panel import life_panel
from coordination.cases.queries.openings import AT_WORK, Opening
from coordination.cases.queries.reach import reach_on
from coordination.cases.timeline import UNDATED, Entry
from coordination.cases.views.pages import blueprint, show
from coordination.cases.views.picture import small_picture
from coordination.clock import paris_date
from coordination.privacy.policy import Action, can, coordinates
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
    """What has no date, planned things soonest first, then months, the latest first."""

    undated: tuple[Entry, ...]
    planned: tuple[Entry, ...]
    recent: tuple[Month, ...]
    older: tuple[Month, ...]

    @property
    def older_count(self) -> int:
        return sum(len(month.entries) for month in self.older)


@dataclass(frozen=True)
class OpenedBy:
    """One person doing one thing on one day, however many times."""

    who: str
    what: str
    last: datetime
    times: int


@blueprint.get("/<uuid:journey_id>")
@declares(Action.OPEN_JOURNEY)
def journey(journey_id: uuid.UUID) -> ResponseReturnValue:
    actor = current.actor()
    with consult(actor, Action.OPEN_JOURNEY, current.now()) as r:
        grant = r.require_alone(journey_id)
        subject = r.subject
        # First: it reads together what the others ask for too.
        page = journey_page(grant, journey_id, current.today())
        life = life_panel(grant, journey_id, current.today())
        reviewed = decided(journey_id, current.today())
        reach = reach_on(grant, actor, subject)
        shown = sorted(volet.code for volet in page.volets)
        r.audit(grant, [*shown, *seen_siblings(life.siblings)])
    return show(
        "journey.html",
        reach=reach,
        page=page,
        wish=reviewed.wish,
        decided=reviewed.last,
        glance=small_picture(page.picture, current.today()),
        timeline=by_month(page.timeline, current.today()),
        life=life,
        coordinates=coordinates(actor, subject),
        may_hand_over=can(actor, Action.HAND_OVER, subject),
        may_log=can(actor, Action.LOG_CONTACT, subject),
        may_record=can(actor, Action.WRITE_RECORD, subject),
        kinds=offered(page.programme, ended=page.ended),
        may_answer=can(actor, Action.ANSWER_ALERT, subject),
        openings=by_day(page.openings),
        # An import has written the file without anybody opening it.
        opened_before=any(one.action != Action.IMPORT for one in page.openings),
    )


def by_month(entries: tuple[Entry, ...], today: date) -> Timeline:
    """`entries` come the latest first."""
    planned = [entry for entry in entries if entry.on > today]
    past = [entry for entry in entries if UNDATED < entry.on <= today]
    first_recent = (today - RECENT).replace(day=1)
    return Timeline(
        tuple(entry for entry in entries if entry.on == UNDATED),
        tuple(reversed(planned)),
        _months(entry for entry in past if entry.on >= first_recent),
        _months(entry for entry in past if entry.on < first_recent),
    )


def by_day(openings: tuple[Opening, ...]) -> list[OpenedBy]:
    """`openings` come the latest first; what one person repeats within a day is one line."""
    labels = {action.value: label for action, label in ACTIONS.items()} | {AT_WORK: "Consultation ou saisie"}
    lines = []
    for (who, action, _day), found in groupby(openings, key=lambda o: (o.who, o.action, paris_date(o.at))):
        same = list(found)
        lines.append(OpenedBy(who, labels.get(action, action), same[0].at, len(same)))
    return lines


def _months(entries: Iterable[Entry]) -> tuple[Month, ...]:
    grouped = groupby(entries, key=lambda entry: (entry.on.year, entry.on.month))
    return tuple(Month(f"{MONTHS[month - 1]} {year}", tuple(found)) for (year, month), found in grouped)
