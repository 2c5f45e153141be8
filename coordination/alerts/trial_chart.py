"""The chart of a trial: new alerts by week under two settings, one above the other on one scale. Pure.

Two rows instead of two colours: it reads the same in grey, on paper, and to who does not tell colours apart.
x is in percent of the width, y and heights in pixels, so that the page decides the width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc.")
HEAD = 22
TALL = 84
BETWEEN = 34
FOOT = 24
# Of a week's room, what its bar leaves free.
GAP = 0.22


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    width: float
    y: int
    height: int
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """`base`: y of its ground line; `top`: y of its highest line, where `most` stands."""

    kind: str
    label: str
    base: int
    top: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Month:
    """`label` is empty where there is no room."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """`most`: the highest week, the top of both rows. `summary`: what it says at first sight."""

    height: int
    most: int
    rows: tuple[Row, ...]
    months: tuple[Month, ...]
    lines: tuple[tuple[date, int, int], ...]
    summary: str


def draw(from_on: date, before: Sequence[int], after: Sequence[int]) -> Chart:
    """Weeks of seven days from `from_on`, one count of each setting per week. The same weeks as a table in
    `lines`: (first day, before, after)."""
    weeks = len(before)
    most = max(1, *before, *after) if weeks else 1
    starts = [from_on + timedelta(days=7 * number) for number in range(weeks)]
    rows = []
    for place, (kind, label, counts) in enumerate(
        (("before", "Réglage actuel", before), ("after", "Réglage essayé", after))
    ):
        top = HEAD + place * (TALL + BETWEEN)
        rows.append(Row(kind, label, top + TALL, top, _bars(starts, counts, most, top + TALL)))
    return Chart(
        height=HEAD + 2 * TALL + BETWEEN + FOOT,
        most=most,
        rows=tuple(rows),
        months=_months(starts),
        lines=tuple(zip(starts, before, after, strict=True)),
        summary=f"Nouvelles alertes par semaine, sur {weeks} semaines : {sum(before)} avec le réglage actuel,"
        f" {sum(after)} avec le réglage essayé. Au plus {max(before, default=0)} et {max(after, default=0)}"
        " par semaine.",
    )


def _bars(starts: Sequence[date], counts: Sequence[int], most: int, base: int) -> tuple[Bar, ...]:
    room = 100 / max(len(starts), 1)
    bars = []
    for number, (start, found) in enumerate(zip(starts, counts, strict=True)):
        if found:
            height = max(2, round(TALL * found / most))
            words = f"Semaine du {start:%d/%m/%Y} : {found}"
            bars.append(
                Bar(
                    round((number + GAP / 2) * room, 3),
                    round((1 - GAP) * room, 3),
                    base - height,
                    height,
                    words,
                )
            )
    return tuple(bars)


def _months(starts: Sequence[date]) -> tuple[Month, ...]:
    """A tick at the first week that begins in each month; of a long period every third is named."""
    room = 100 / max(len(starts), 1)
    firsts = [n for n, day in enumerate(starts) if n and day.month != starts[n - 1].month]
    every = 3 if len(firsts) > 7 else 2
    return tuple(
        Month(round(n * room, 3), _month(starts[n]) if place % every == 0 and n * room < 82 else "")
        for place, n in enumerate(firsts)
    )


def _month(day: date) -> str:
    name = MONTHS[day.month - 1]
    return f"{name} {day.year}" if day.month == 1 else name
