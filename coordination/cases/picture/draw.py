"""`draw`: from the facts of a journey to a picture of a period. Pure; today is an argument."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from coordination.cases.picture.drawing import Band, Drawing, Line, Row
from coordination.cases.picture.facts import ROWS, Break, PictureFacts
from coordination.cases.picture.periods import PERIODS, Scale, ticks, window
from coordination.cases.picture.place import exchanges_row, lanes_row, moments_row
from coordination.web.filters import count, long_date

HEAD = 60
FOOT = 8
BETWEEN = 8
# What the small picture on the page of a journey keeps.
SMALL = frozenset({"exchange", "milestone"})
ATTEMPTS = ("no-answer", "message", "invalid")
Holidays = Iterable[tuple[date, date]]


def draw(
    facts: PictureFacts, period: str, today: date, holidays: Holidays, rows: Collection[str] = frozenset(ROWS)
) -> Drawing:
    """The picture of a period (a key of PERIODS), with the `rows` asked for.

    `holidays`: first and last day of each period of school holidays, both included.
    """
    scale = window(facts, period, today)
    until = min(today, facts.exit_on) if facts.exit_on else today
    bands, lines = _ground(facts.pauses, holidays, scale, until)
    drawn: list[Row] = []
    y = HEAD
    for kind in ROWS:
        if kind not in rows:
            continue
        mine = [m for m in facts.moments if m.row == kind]
        row: Row | None
        if kind == "exchange":
            row, more = exchanges_row(mine, scale, y, facts.silent_from, until, facts.pauses)
        elif any(lane.row == kind for lane in facts.lanes):
            row, more = lanes_row(kind, (x for x in facts.lanes if x.row == kind), scale, y, until)
        else:
            row, more = moments_row(kind, mine, scale, y), []
        lines += more
        lines += [Line(m.on, None, ROWS[kind], m.words) for m in mine if scale.holds(m.on)]
        if row is not None:
            drawn.append(row)
            y += row.height + BETWEEN
    lines.sort(key=lambda line: (line.since, line.group, line.words), reverse=True)
    return Drawing(
        scale=scale,
        height=y + FOOT,
        head=HEAD,
        today_x=scale.middle(today) if scale.holds(today) else None,
        ticks=ticks(scale),
        bands=bands,
        rows=tuple(drawn),
        lines=tuple(lines),
        summary=summary(facts, scale, period),
    )


def summary(facts: PictureFacts, scale: Scale, period: str) -> str:
    """What the picture says at first sight, in one sentence."""
    shown = [m for m in facts.moments if scale.holds(m.on)]
    # A contact and an appointment kept on one day are one, as for the strips and the rules.
    days = count(len({m.on for m in shown if m.is_exchange}), "jour d'échange", "jours d'échange")
    attempts = sum(m.shape in ATTEMPTS for m in shown)
    missed = sum(m.shape == "missed" for m in shown)
    standing = [lane for lane in facts.lanes if lane.row == "alert"]
    label = "Tout le parcours" if period == "tout" else f"Sur {PERIODS[period][0]}"
    return (
        f"{label} : {days}, {count(attempts, 'tentative')},"
        f" {count(missed, 'rendez-vous manqué', 'rendez-vous manqués')}"
        + (f", {count(len(standing), 'alerte ouverte', 'alertes ouvertes')}." if standing else ".")
    )


def _ground(
    pauses: Iterable[Break], holidays: Holidays, scale: Scale, until: date
) -> tuple[tuple[Band, ...], list[Line]]:
    """School holidays and pauses, behind everything else."""
    bands: list[Band] = []
    lines: list[Line] = []
    spans = [("holiday", "Vacances scolaires", a, b, "") for a, b in holidays]
    spans += [("pause", "Pause", p.since, p.returned or max(until, p.since), _running(p)) for p in pauses]
    for kind, label, since, end, still in spans:
        if end < scale.first or since > scale.last:
            continue
        x = scale.start(since)
        width = round(scale.end(end) - x, 3)
        room = width * scale.width / 100
        short = next((text for text in (label, label.split()[0]) if room > 7 * len(text)), "")
        words = (
            f"{label}{still}, depuis le {since:%d/%m/%Y}"
            if still
            else f"{label} du {since:%d/%m/%Y} au {end:%d/%m/%Y}"
        )
        bands.append(Band(x, width, kind, short, words))
        group = "Vacances scolaires" if kind == "holiday" else "Pauses"
        lines.append(Line(since, None if still else end, group, label + still, bool(still)))
    return tuple(bands), lines


def _running(pause: Break) -> str:
    """What is said of a pause that runs; nothing of one that is over."""
    if pause.returned:
        return ""
    back = f"reprise prévue le {long_date(pause.expected)}" if pause.expected else "sans date de reprise"
    return f" en cours, {back}"
