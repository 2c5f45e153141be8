"""The window of time of a picture, and where a day lies in it (in percent, so that the page decides the width)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from coordination.alerts.calendar import shift
from coordination.cases.picture.facts import PictureFacts
from coordination.web.filters import MONTHS, SHORT_MONTHS

# code -> label, days behind, days ahead, least width in pixels (below it the picture scrolls in its box).
PERIODS: dict[str, tuple[str, int, int, int]] = {
    "3m": ("3 mois", 91, 21, 620),
    "6m": ("6 mois", 182, 40, 680),
    "1a": ("1 an", 365, 70, 860),
    "tout": ("Tout", 0, 70, 860),
}
DEFAULT = "6m"
# Of a very long journey, the last years: the picture stays a picture.
LONGEST = 366 * 4
_PER_MONTH = 44
# Pixels of a letter of a month's name.
_LETTER = 7.5


@dataclass(frozen=True)
class Scale:
    """First and last day shown, both included. `width`: the least width in pixels that stays readable."""

    first: date
    last: date
    width: int = 680

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    def start(self, day: date) -> float:
        """Where a day begins, in percent, held within the picture."""
        return round(min(max((day - self.first).days / self.days, 0.0), 1.0) * 100, 3)

    def end(self, day: date) -> float:
        """Where a day ends."""
        return self.start(shift(day, 1))

    def middle(self, day: date) -> float:
        return round(((day - self.first).days + 0.5) / self.days * 100, 3)


@dataclass(frozen=True)
class Tick:
    """The first day of a month. `label` is empty where it would not fit."""

    x: float
    label: str
    is_year: bool


def window(facts: PictureFacts, period: str, today: date) -> Scale:
    """The days that a period shows. A journey that ended is seen from its end."""
    _label, behind, ahead, width = PERIODS[period]
    ended = facts.exit_on is not None and facts.exit_on < today
    anchor = facts.exit_on if ended and facts.exit_on else today
    last = shift(anchor, 14 if ended else ahead)
    first = shift(anchor, -behind)
    if not behind:
        first = max(facts.first_day() or shift(anchor, -182), shift(anchor, -LONGEST))
        first = min(shift(first, -7), shift(anchor, -91))
        width = max(width, (last - first).days * _PER_MONTH // 30)
    return Scale(first, last, width)


def ticks(scale: Scale) -> tuple[Tick, ...]:
    """The months, named as the room allows; January carries its year, and so does the first month named."""
    month_px = scale.width * 30 / scale.days
    names = MONTHS if month_px > 80 else SHORT_MONTHS
    every = 1 if month_px > 40 else 3
    found: list[Tick] = []
    day = scale.first.replace(day=1)
    named = False
    while day <= scale.last:
        following = (day + timedelta(days=32)).replace(day=1)
        room = (min(following, shift(scale.last, 1)) - max(day, scale.first)).days * scale.width / scale.days
        name = names[day.month - 1] if (day.month - 1) % every == 0 else ""
        whole = f"{name} {day.year}" if name and (day.month == 1 or not named) else name
        short = str(day.year) if day.month == 1 else name
        label = next((text for text in (whole, short, name) if room >= _LETTER * (len(text) + 1)), "")
        named = named or str(day.year) in label
        found.append(Tick(scale.start(day), label, day.month == 1 and scale.holds(day)))
        day = following
    return tuple(found)
