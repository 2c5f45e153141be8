"""Where the things of one row lie: marks with captions that never cover each other, gaps, lanes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from coordination.cases.picture.drawing import Bar, Caption, Gap, Line, Mark, Row
from coordination.cases.picture.facts import ROWS, Break, Lane, Moment, Segment
from coordination.cases.picture.periods import Scale
from coordination.web.filters import long_date

TITLE = 22
MARK_ROW = 26
# How far what joined nobody stands under what joined.
UNDER = 20
CAPTION_ROW = 18
# Marks that would cover each other stand one under the other, as do captions.
APART = 15
STACKED = 4
LANE = 34
# Pixels of a letter at the size of captions, on the wide side.
LETTER = 6.6
# A silence shorter than the shortest threshold of the rules says nothing.
SILENCE = 30


def said(day: date, words: str) -> str:
    return f"{words}, {long_date(day)}"


def moments_row(kind: str, moments: Sequence[Moment], scale: Scale, y: int) -> Row | None:
    """Marks on one line, those of near days under each other; their captions below where they fit."""
    shown = sorted((m for m in moments if scale.holds(m.on)), key=lambda m: (m.on, m.shape))
    if not shown:
        return None
    level = y + TITLE + 12
    under = _stacked([m.on for m in shown], scale)
    marks = tuple(
        Mark(scale.middle(m.on), level + number * APART, m.shape, said(m.on, m.words))
        for m, number in zip(shown, under, strict=True)
    )
    more = max(under) * APART
    captions, depth = _captions(shown, scale, level + more + 22)
    return Row(kind, ROWS[kind], y, TITLE + MARK_ROW + more + CAPTION_ROW * depth, marks, captions=captions)


def _stacked(on: Sequence[date], scale: Scale) -> list[int]:
    """For each day in order, the first line where its mark covers none; the last where there is no room at all."""
    ends = [float("-inf")] * STACKED
    found = []
    for day in on:
        x = scale.middle(day) * scale.width / 100
        number = next((number for number, end in enumerate(ends) if x >= end), STACKED - 1)
        ends[number] = x + APART
        found.append(number)
    return found


def _captions(moments: Sequence[Moment], scale: Scale, y: int) -> tuple[tuple[Caption, ...], int]:
    """Each on the first line where it covers nothing; what fits nowhere is left to the table."""
    ends = [0.0] * STACKED
    placed: list[Caption] = []
    depth = 0
    for moment in moments:
        if not moment.caption:
            continue
        x = scale.middle(moment.on)
        size = len(moment.caption) * LETTER / scale.width * 100
        start = min(max(x - size / 2, 0.0), 100.0 - size)
        line = next((number for number, end in enumerate(ends) if start >= end), None)
        if line is None or start < 0:
            continue
        ends[line] = start + size + 1.2
        depth = max(depth, line + 1)
        placed.append(Caption(round(start + size / 2, 3), y + line * 15, moment.caption, "middle"))
    return tuple(placed), depth


def exchanges_row(
    moments: Sequence[Moment],
    scale: Scale,
    y: int,
    silent_from: date | None,
    until: date,
    pauses: Sequence[Break],
) -> tuple[Row, list[Line]]:
    """Two lines: what joined the person, with the long silences between, and under it what did not.

    `silent_from`: when a silence before the first exchange begins.
    """
    shown = sorted((m for m in moments if scale.holds(m.on)), key=lambda m: (m.on, m.is_exchange))
    level = y + TITLE + 20
    marks = tuple(
        Mark(
            scale.middle(m.on),
            level if m.is_exchange or m.on > until else level + UNDER,
            m.shape,
            said(m.on, m.words),
        )
        for m in shown
    )
    gaps, lines = _gaps(moments, scale, level, silent_from, until, pauses)
    return Row("exchange", ROWS["exchange"], y, TITLE + MARK_ROW + UNDER + 10, marks, gaps=gaps), lines


def _gaps(
    moments: Sequence[Moment],
    scale: Scale,
    y: int,
    silent_from: date | None,
    until: date,
    pauses: Sequence[Break],
) -> tuple[tuple[Gap, ...], list[Line]]:
    exchanges = {m.on for m in moments if m.is_exchange and m.on <= until}
    # A return opens a new count, as for the rules: the silence of a pause is no silence.
    returns = {p.returned for p in pauses if p.returned and p.returned <= until}
    awaited = {silent_from} if silent_from and silent_from <= until else set()
    starts = sorted(exchanges | returns | awaited)
    gaps: list[Gap] = []
    lines: list[Line] = []
    for since, following in zip(starts, [*starts[1:], None], strict=False):
        end = following or until
        begun = [p.since for p in pauses if since <= p.since < end]
        current = following is None and not begun
        end = min([end, *begun])
        days = (end - since).days
        if days < SILENCE or end < scale.first or since > scale.last:
            continue
        text = f"{days} jours sans échange"
        words = f"{text}, {'depuis le' if current else 'du'} {long_date(since)}" + (
            "" if current else f" au {long_date(end)}"
        )
        x = scale.middle(since) if scale.holds(since) else 0.0
        width = (scale.middle(end) if scale.holds(end) else 100.0) - x
        room = width * scale.width / 100
        shown = text if room > len(text) * LETTER else f"{days} j" if room > 40 else ""
        gaps.append(Gap(x, round(width, 3), y, shown, words, current))
        lines.append(Line(since, None if current else end, "Silences", text, current))
    return tuple(gaps), lines


def lanes_row(
    kind: str, lanes: Iterable[Lane], scale: Scale, y: int, today: date
) -> tuple[Row | None, list[Line]]:
    """One line per lane: its caption, and under it its bars and marks."""
    bars: list[Bar] = []
    marks: list[Mark] = []
    captions: list[Caption] = []
    lines: list[Line] = []
    level = y + TITLE
    for lane in lanes:
        line = level + 22
        mine = [bar for s in lane.segments if (bar := _bar(s, lane, scale, line, today))]
        dots = [m for m in lane.marks if scale.holds(m.on)]
        if not mine and not dots:
            continue
        bars += mine
        marks += [Mark(scale.middle(m.on), line, m.shape, said(m.on, m.words)) for m in dots]
        captions.append(_above(lane.caption, mine, [scale.middle(m.on) for m in dots], scale, level + 10))
        lines += _lane_lines(lane, scale)
        level += LANE
    if level == y + TITLE:
        return None, []
    height = level - y
    return Row(kind, ROWS[kind], y, height, tuple(marks), tuple(bars), captions=tuple(captions)), lines


def _bar(segment: Segment, lane: Lane, scale: Scale, y: int, today: date) -> Bar | None:
    until = segment.until or max(today, segment.since)
    if until < scale.first or segment.since > scale.last:
        return None
    x = scale.start(segment.since)
    width = round(scale.end(until) - x, 3)
    return Bar(x, width, y, segment.style, lane.words, segment.since < scale.first, until > scale.last)


def _above(text: str, bars: Sequence[Bar], dots: Sequence[float], scale: Scale, y: int) -> Caption:
    """From where the lane begins; at its end if it began before the picture, or if there is no room."""
    size = len(text) * LETTER / scale.width * 100
    start = min([b.x for b in bars] + list(dots))
    end = max([b.x + b.width for b in bars] + list(dots))
    if any(b.cut_left for b in bars) and end > size:
        return Caption(round(end, 3), y, text, "end", -4, lane=True)
    if start + size > 100:
        return Caption(100.0, y, text, "end", -4, lane=True)
    return Caption(start, y, text, "start", 1, lane=True)


def _lane_lines(lane: Lane, scale: Scale) -> list[Line]:
    spans = [
        s for s in lane.segments if s.since <= scale.last and (s.until is None or s.until >= scale.first)
    ]
    # A mark that says the same as its lane, as that of an alert on its first day, is no line of its own.
    dots = [m for m in lane.marks if scale.holds(m.on) and not (spans and m.words == lane.words)]
    found = [Line(m.on, None, ROWS[lane.row], m.words) for m in dots]
    if spans:
        since, last = min(s.since for s in spans), max((s.until for s in spans if s.until), default=None)
        goes_on = any(s.until is None for s in spans)
        # What is planned after what goes on is drawn dashed.
        words = f"{lane.words}, fin prévue le {long_date(last)}" if goes_on and last else lane.words
        found.insert(0, Line(since, None if goes_on else last, ROWS[lane.row], words, goes_on))
    return found
