"""The last six months of a journey in one path, for a line of a list. Shapes alone tell, not colours.

A tall stroke is an exchange, a short one at the foot an attempt, a cross an appointment missed, an arch over
the top a pause; a line at mid-height runs from the last exchange to today: the longer, the longer the silence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from coordination.web.filters import count

DAYS = 182
HEIGHT = 20


@dataclass(frozen=True, slots=True)
class Dated:
    """A dated fact of a journey without one word: `what` is exchange, attempt, missed, kept, other or pause."""

    what: str
    on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """`path` for a view box of DAYS × HEIGHT; `words` say the same."""

    path: str
    words: str
    silence: int | None = None
    silent_since: date | None = None
    paused: bool = False


def first_day(today: date) -> date:
    """The first day of a strip."""
    return today - timedelta(days=DAYS - 1)


def strip(facts: Iterable[Dated], today: date, silent_from: date | None = None) -> Strip:
    """The strip that ends today. `silent_from`: the last exchange, or the day since when one is awaited."""
    first = first_day(today)
    strokes: dict[str, set[int]] = {"exchange": set(), "attempt": set(), "missed": set()}
    arches: list[str] = []
    paused = False
    for fact in facts:
        if fact.what == "pause":
            end = min(fact.until or today, today)
            paused = paused or fact.until is None
            if end >= first and fact.on <= today:
                x = max((fact.on - first).days, 0)
                arches.append(f"M{x} 4V1H{(end - first).days + 1}V4")
        elif fact.what in strokes and first <= fact.on <= today:
            strokes[fact.what].add((fact.on - first).days)
    path = [f"M{x} 3V17" for x in sorted(strokes["exchange"])]
    path += [f"M{x} 13V17" for x in sorted(strokes["attempt"] - strokes["exchange"])]
    path += [f"M{x - 2} 13L{x + 2} 18M{x + 2} 13L{x - 2} 18" for x in sorted(strokes["missed"])]
    last = first + timedelta(days=max(strokes["exchange"])) if strokes["exchange"] else silent_from
    silence = (today - last).days if last and last <= today else None
    if silence and not paused:
        path.append(f"M{max(DAYS - 1 - silence, 0)} 10H{DAYS}")
    return Strip("".join(path + arches), _words(strokes, silence, paused), silence, last, paused)


def _words(strokes: dict[str, set[int]], silence: int | None, paused: bool) -> str:
    parts = [count(len(strokes["exchange"]), "jour d'échange", "jours d'échange")]
    if strokes["attempt"]:
        parts.append(count(len(strokes["attempt"]), "tentative"))
    if strokes["missed"]:
        parts.append(count(len(strokes["missed"]), "rendez-vous manqué", "rendez-vous manqués"))
    if paused:
        parts.append("en pause")
    elif silence is not None:
        parts.append(
            f"{count(silence, 'jour')} depuis le dernier"
            if strokes["exchange"]
            else f"{count(silence, 'jour')} de silence"
        )
    return f"Six derniers mois : {', '.join(parts)}"
