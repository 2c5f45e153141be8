"""Contacts and appointments: the rhythm, the slips, the lost contacts, and how they get written down."""

from __future__ import annotations

from datetime import date, timedelta

from coordination.exchange.simulate.behaviour import days
from coordination.exchange.simulate.breaks import MISSED_MEETINGS
from coordination.exchange.simulate.staff import data
from coordination.exchange.simulate.story import Pause, Row, Story

ONE_DAY = timedelta(days=1)
MODES = {
    "PRE": {"TELEPHONE": 30, "VAD": 22, "ACCUEIL_SPONTANE": 8, "ATELIER": 12, "SMS": 12, "RDV_EXTERIEUR": 10,
            "COURRIEL": 4, "VISIO": 2},
    "CITE_EMPLOI": {"TELEPHONE": 36, "ACCUEIL_SPONTANE": 12, "ATELIER": 16, "SMS": 12, "COURRIEL": 12,
                    "RDV_EXTERIEUR": 5, "ALLER_VERS": 4, "VISIO": 3},
}  # fmt: skip
ATTEMPTS = (
    ("TELEPHONE", "MESSAGE", 34), ("TELEPHONE", "SANS_REPONSE", 24), ("SMS", "SANS_REPONSE", 16),
    ("COURRIER", "SANS_REPONSE", 8), ("COURRIEL", "SANS_REPONSE", 4), ("VAD", "SANS_REPONSE", 8),
    ("TIERS", "TIERS_NOUVELLES", 8), ("TELEPHONE", "INVALIDE", 4), ("COURRIER", "INVALIDE", 2),
)  # fmt: skip
# Meetings are aimed a little closer than the planned rhythm, since some get lost on the way.
AIM = 0.92
# Share of the meetings that are appointments, kept as such. Who was spotted is given a first one: the stage
# PREMIER_RDV of the Cité de l'emploi is named after it.
BY_APPOINTMENT, FIRST_BY_APPOINTMENT = 0.42, 0.9


def tell_approach(story: Story, first: date, until: date, author: str) -> None:
    """The few contacts before the agreement: getting to know each other, nothing else."""
    rng, day = story.rng, first
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        day = story.calendar.working(day)
        if day > until or day > story.last_day:
            return
        outcome = rng.choices(("ABOUTI", "MESSAGE", "SANS_REPONSE"), (70, 18, 12))[0]
        face_to_face = ("TELEPHONE", "TELEPHONE", "RDV_STRUCTURE", "VAD")
        mode = rng.choice(face_to_face) if outcome == "ABOUTI" else "TELEPHONE"
        contact(story, day, mode, outcome, author)
        day += days(rng.uniform(2, 9))


def tell_exchanges(story: Story) -> None:
    """The exchanges from the clock's start to the last day; settles when a lost contact began and ended."""
    day = story.clock
    if day is None or day > story.last_day:
        return
    waiting: list[date] = [pause.since for pause in story.pauses]
    lost_at = story.broken.at if story.broken and story.has("ABANDON") else None
    _meet(story, day, BY_APPOINTMENT if story.programme == "PRE" else FIRST_BY_APPOINTMENT)
    while True:
        coming = story.calendar.advance(day, _gap(story), story.programme)
        if lost_at and coming >= lost_at:
            back = _lose(story, day)
            lost_at = None
            if back is None or back > story.last_day:
                return
            coming = back
        elif waiting and coming >= waiting[0]:
            pause = story.pauses[-len(waiting)]
            waiting.pop(0)
            resumed = _away(story, day, pause)
            if resumed is None or resumed > story.last_day:
                return
            coming = resumed
        else:
            _slip(story, day, coming)
        if coming > story.last_day:
            break
        _meet(story, coming)
        day = coming
    if story.exit is None and story.rng.random() < 0.5 and coming <= story.as_of + days(60):
        story.add("appointments.csv", on=coming.isoformat(), status="A_VENIR", structure=story.structure)


def _gap(story: Story) -> float:
    shape = story.style.regularity
    return max(1.0, story.rng.gammavariate(shape, story.rhythm * AIM / shape))


def _meet(story: Story, day: date, by_appointment: float = BY_APPOINTMENT) -> None:
    """An exchange that took place, as it gets written down (or not, or late, or wrong)."""
    rng, style = story.rng, story.style
    if rng.random() < style.missing:
        return
    if rng.random() < by_appointment:
        done = rng.random() >= style.untidy
        # At some ages nobody else fits.
        place = story.structure if rng.random() < 0.9 else rng.choice(partners(story) or [story.structure])
        story.add(
            "appointments.csv", on=day.isoformat(), status="HONORE" if done else "A_PRECISER", structure=place
        )
        if done and rng.random() < 0.5:
            return
        mode = "RDV_STRUCTURE"
    else:
        table = MODES[story.programme]
        mode = rng.choices(list(table), list(table.values()))[0]
    written = day
    if rng.random() < style.late:
        # Typed days later under the day of the typing: the file then shows a date that is too recent.
        written = min(story.calendar.working(day + days(rng.uniform(1, 12))), story.last_day)
    outcome = "ABOUTI"
    if rng.random() < style.wrong:
        mode, outcome = "TELEPHONE", "MESSAGE"
    contact(story, written, mode, outcome, story.author)
    if rng.random() < 0.12:
        contact(story, day, "TIERS", "TIERS_NOUVELLES", story.author)


def _slip(story: Story, before: date, coming: date) -> None:
    """A call that finds nobody or a meeting that falls through, before the one that takes place."""
    rng = story.rng
    if (coming - before).days < 6 or rng.random() > 0.28:
        return
    day = story.calendar.working_before(coming - days(rng.uniform(2, 5)))
    if day <= before or day > story.last_day:
        return
    if rng.random() < 0.6:
        mode, outcome = rng.choice(
            (("TELEPHONE", "MESSAGE"), ("TELEPHONE", "SANS_REPONSE"), ("SMS", "SANS_REPONSE"))
        )
        contact(story, day, mode, outcome, story.author)
    else:
        status = rng.choices(("ABS_EXCUSEE", "ABS_NON_EXCUSEE", "ANNULE_SERVICE"), (50, 30, 20))[0]
        story.add("appointments.csv", on=day.isoformat(), status=status, structure=story.structure)


def _lose(story: Story, last_met: date) -> date | None:
    """Contact is lost after `last_met`: attempts that find nobody. Returns the day it is found again."""
    broken = story.broken
    assert broken is not None
    began = last_met + ONE_DAY
    established = story.calendar.advance(last_met, story.rhythm * MISSED_MEETINGS, story.programme)
    back = (
        story.calendar.advance(last_met, story.rhythm * broken.length, story.programme)
        if broken.ends
        else None
    )
    story.lost_from, story.lost_until = began, back
    end = min(back - ONE_DAY, story.last_day) if back else story.last_day
    tries = _attempts(story, last_met, end)
    if established > story.last_day:
        story.broken = None
        return back
    due = story.calendar.advance(_last_written(story, last_met), story.rhythm, story.programme)
    story.tell_truth(began, min([due, *tries]))
    return back


def _attempts(story: Story, last_met: date, end: date) -> list[date]:
    """Writes the attempts of a lost contact; returns the days of those that were written down."""
    rng, written = story.rng, []
    step = story.rhythm * rng.uniform(0.6, 1.1)
    day = last_met
    for number in range(rng.randrange(3, 8)):
        day = story.calendar.advance(day, max(2.0, step), story.programme)
        if day > end:
            break
        step = rng.uniform(4, 12) * 1.35**number
        if rng.random() < story.style.missing * 2:
            continue
        if rng.random() < 0.3:
            status = rng.choices(("ABS_NON_EXCUSEE", "ABS_EXCUSEE", "A_PRECISER"), (80, 8, 12))[0]
            story.add("appointments.csv", on=day.isoformat(), status=status, structure=story.structure)
        else:
            mode, outcome, _ = rng.choices(ATTEMPTS, [weight for *_, weight in ATTEMPTS])[0]
            contact(story, day, mode, outcome, story.author)
        written.append(day)
    return written


def _last_written(story: Story, last_met: date) -> date:
    """The latest exchange that the file shows, late entries included."""
    seen = [
        row["on"]
        for row in story.rows.get("contacts.csv", [])
        if row["outcome"] == "ABOUTI" and row["mode"] != "TIERS"
    ]
    seen += [row["on"] for row in story.rows.get("appointments.csv", []) if row["status"] == "HONORE"]
    return date.fromisoformat(max(seen)) if seen else last_met


def _away(story: Story, last_met: date, pause: Pause) -> date | None:
    """A pause: seldom a call to hear news. Returns the day of the return, None where nobody comes back."""
    rng = story.rng
    day = pause.since
    end = min(pause.back or story.last_day, story.last_day)
    while True:
        day = story.calendar.advance(day, rng.uniform(18, 50), story.programme)
        if day >= end:
            return max(pause.back, last_met + ONE_DAY) if pause.back else None
        mode, outcome = rng.choice(
            (("TELEPHONE", "ABOUTI"), ("TELEPHONE", "MESSAGE"), ("SMS", "SANS_REPONSE"))
        )
        if rng.random() < 0.5:
            contact(story, day, mode, outcome, story.author)


def contact(story: Story, day: date, mode: str, outcome: str, author: str) -> Row:
    """Writes one contact, with a short note more often than not."""
    notes = data()["notes"][story.programme][outcome]
    if isinstance(notes, dict):
        notes = notes.get(mode, notes[""])
    note = story.rng.choice(notes) if story.rng.random() < 0.62 else ""
    return story.add("contacts.csv", on=day.isoformat(), mode=mode, outcome=outcome, author=author, note=note)


def partners(story: Story) -> list[str]:
    """Codes of the structures this programme works with for this person."""
    return [story.local(code) for code, *_ in story.fitting("partners")]
