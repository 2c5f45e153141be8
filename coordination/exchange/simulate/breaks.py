"""Which journeys break, how and when: drawn from behaviour, whatever an alert rule may say of it.

A break is real once it has lasted: three planned meetings in a row without contact, three weeks after the
day one should have come back, forty days of a step that usually takes one week. So each draws its own
room before the last day, and a journey too young for it does not break.
"""

from __future__ import annotations

from datetime import date
from random import Random

from coordination.exchange.simulate.behaviour import birthday, days
from coordination.exchange.simulate.story import Break, Pause, Story

SHARE = 0.30  # of the journeys old enough to break: about a quarter of all
WEIGHTS = {
    "PRE": {"ABANDON": 36, "INTERRUPTION": 15, "TRANSITION": 27, "STATUT": 22},
    "CITE_EMPLOI": {"ABANDON": 36, "INTERRUPTION": 15, "TRANSITION": 28, "STATUT": 21},
}
MISSED_MEETINGS = 3.0  # fewer is a slip, more is a lost contact

REASONS = {
    "PRE": ("FAMILLE", "DEPLACEMENT", "SANTE", "NAISSANCE", "AUTRE"),
    "CITE_EMPLOI": ("SANTE", "FAMILLE", "EMPLOI_COURT", "NAISSANCE", "DEPLACEMENT", "OFFRE"),
}
# Days a break's own room takes at the end of the journey, and days of ordinary life before it.
ROOM = {"INTERRUPTION": 75, "TRANSITION": 62, "STATUT": 20}
SETTLED = 25


def plan(story: Story) -> None:
    """Draws the break of a journey, if any, and its pauses. Needs the dates up to `active_from`."""
    start = story.active_from
    if start is None or start > story.last_day:
        return
    rng = story.rng
    if rng.random() < SHARE and story.may_break:
        weights = dict(WEIGHTS[story.programme])
        while weights and story.broken is None:
            kind = rng.choices(list(weights), list(weights.values()))[0]
            del weights[kind]
            story.broken = _draw(story, kind, start)
    if story.has("INTERRUPTION"):
        _unresumed(story)
    elif not story.broken and rng.random() < 0.12:
        _ordinary_pause(story, start)


def _draw(story: Story, kind: str, start: date) -> Break | None:
    rng = story.rng
    if kind == "TRANSITION" and story.programme == "PRE" and story.validated and rng.random() < 0.2:
        if (story.last_day - story.validated).days < 50:
            return None
        length = rng.uniform(48, 100)
        story.active_from = story.validated + days(length)
        return Break(kind, "no_first_action", story.validated, length, True)
    room = ROOM.get(kind, 0)
    if kind == "ABANDON":
        room = round(story.rhythm * (MISSED_MEETINGS + 1.2) * 1.3)
    at = _between(rng, start + days(SETTLED), story.last_day - days(room))
    if at is None:
        return None
    if kind == "ABANDON":
        return Break(kind, "lost", at, rng.uniform(MISSED_MEETINGS + 0.3, 9), rng.random() < 0.5)
    if kind == "INTERRUPTION":
        variant = "dated" if rng.random() < 0.65 else "undated"
        return Break(kind, variant, at, rng.uniform(24, 110), rng.random() < 0.45)
    if kind == "TRANSITION":
        variant = rng.choices(
            ("unanswered", "unstarted", "refused_alone", "nothing_follows"), (32, 28, 18, 22)
        )[0]
        return Break(kind, variant, at, rng.uniform(42, 100), rng.random() < 0.5)
    return _status_break(story, at)


def _status_break(story: Story, at: date) -> Break | None:
    rng = story.rng
    variant = rng.choices(("right", "event", "age"), (52, 33, 15))[0]
    if variant == "age":
        age = _age_that_matters(story, at)
        if age is None:
            variant = "right"
        else:
            story.person.birth = birthday(at, -age) if age else at
            return Break("STATUT", "age", birthday(story.person.birth, age), 0, False)
    return Break("STATUT", variant, at, rng.uniform(32, 90), rng.random() < 0.4)


def _age_that_matters(story: Story, at: date) -> int | None:
    """The age whose birthday could fall on `at`: 16 for the PRE, 26 for the Mission Locale."""
    age = 16 if story.programme == "PRE" else 26
    near = abs((birthday(story.person.birth, age) - at).days) < 900
    return age if near and len(story.home.members) == 1 else None


def _unresumed(story: Story) -> None:
    broken, rng = story.broken, story.rng
    assert broken is not None
    away = rng.uniform(14, 45)
    reason = rng.choice(REASONS[story.programme])
    since = story.calendar.working(broken.at)
    if broken.variant == "dated":
        expected = story.calendar.working(since + days(away))
        back = expected + days(broken.length) if broken.ends else None
        began = expected + days(1)
        settled = expected + days(21)
    else:
        expected, began, settled = None, since, since + days(60)
        back = since + days(60 + broken.length) if broken.ends else None
    if settled > story.last_day:
        story.broken = None
        back = min(back or settled, settled)
    story.pauses.append(Pause(since, expected, story.calendar.working(back) if back else None, reason))
    if story.broken:
        story.tell_truth(began, began)


def _ordinary_pause(story: Story, start: date) -> None:
    rng = story.rng
    since = _between(rng, start + days(SETTLED), story.last_day - days(5))
    if since is None:
        return
    away = days(rng.uniform(12, 45))
    expected = story.calendar.working(since + away)
    back = story.calendar.working(expected + days(rng.choice((-3, 0, 0, 0, 1, 2, 3, 5))))
    if back > story.last_day and story.exit:
        return
    promised = expected if rng.random() < 0.85 else None
    reason = rng.choice(REASONS[story.programme])
    story.pauses.append(Pause(story.calendar.working(since), promised, max(back, since), reason))


def _between(rng: Random, first: date, last: date) -> date | None:
    room = (last - first).days
    return first + days(rng.uniform(0, room)) if room >= 1 else None


def exit_of_the_lost(story: Story) -> None:
    """A journey of the Cité de l'emploi whose contact is never found again is closed, sooner or later."""
    broken = story.broken
    if broken is None or broken.type != "ABANDON" or broken.ends or story.programme == "PRE":
        return
    closes = story.calendar.working(broken.at + days(story.rng.uniform(110, 220)))
    if story.rng.random() < 0.6 and closes <= story.as_of:
        story.exit = closes
        story.exit_reason = story.rng.choices(("PERTE_CONTACT", "ARRET_DEMANDE"), (4, 1))[0]
