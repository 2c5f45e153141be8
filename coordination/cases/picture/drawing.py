"""The shapes of a picture and where they lie: x in percent of its width, y and heights in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coordination.cases.picture.periods import Scale, Tick


@dataclass(frozen=True, slots=True)
class Mark:
    """`words` says what it is and when, in one sentence."""

    x: float
    y: int
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class Caption:
    """A short text. `anchor` start, middle or end, as in SVG; `dx` in pixels.

    `lane`: it names a whole line, so that a screen too narrow for the picture may show it at the edge in sight.
    """

    x: float
    y: int
    text: str
    anchor: str = "start"
    dx: int = 0
    lane: bool = False


@dataclass(frozen=True, slots=True)
class Bar:
    """`cut_left`, `cut_right`: it goes on beyond the edge of the picture."""

    x: float
    width: float
    y: int
    style: str
    words: str
    cut_left: bool = False
    cut_right: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without any exchange; `current` if it lasts today."""

    x: float
    width: float
    y: int
    text: str
    words: str
    current: bool


@dataclass(frozen=True, slots=True)
class Band:
    """What stands behind everything: school holidays, a pause."""

    x: float
    width: float
    kind: str
    label: str
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One title and what stands under it."""

    kind: str
    label: str
    y: int
    height: int
    marks: tuple[Mark, ...] = ()
    bars: tuple[Bar, ...] = ()
    gaps: tuple[Gap, ...] = ()
    captions: tuple[Caption, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """The same content in words: one line of the table. `goes_on`: it lasts today, without an end yet."""

    since: date
    until: date | None
    group: str
    words: str
    goes_on: bool = False


@dataclass(frozen=True)
class Drawing:
    """A whole picture. `today_x` None: today lies outside it."""

    scale: Scale
    height: int
    head: int
    today_x: float | None
    ticks: tuple[Tick, ...]
    bands: tuple[Band, ...]
    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    summary: str

    def __repr__(self) -> str:
        return f"<Drawing {self.scale.first} {self.scale.last}>"
