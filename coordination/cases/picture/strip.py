"""The last six months of a journey in one path, for a line of a list. Shapes alone tell, not colours.

A tall stroke is an exchange, a short one at the foot an attempt, a cross an appointment missed, an arch over
the top a pause; a line at mid-height runs from the last exchange to today: the longer, the longer the silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from coordination.web.filters import count

DAYS = 182
HEIGHT = 20


@dataclass(slots=True)
class Happened:
    """What happened within the strip, in days since its first. `days`: of exchange, attempt and missed.

    `pauses`: (first day, day of return or None), which may lie before the strip.
    """

    days: dict[str, Sequence[int]] = field(default_factory=dict)
    pauses: list[tuple[int, int | None]] = field(default_factory=list)


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


def strip(happened: Happened, today: date, silent_from: date | None = None) -> Strip:
    """The strip that ends today. `silent_from`: the last exchange, or the day since when one is awaited."""
    last_day = DAYS - 1
    exchanges, attempts, missed = (
        sorted(set(happened.days.get(what, ()))) for what in ("exchange", "attempt", "missed")
    )
    path = [f"M{x} 3V17" for x in exchanges]
    path += [f"M{x} 13V17" for x in attempts if x not in exchanges]
    path += [f"M{x - 2} 13L{x + 2} 18M{x + 2} 13L{x - 2} 18" for x in missed]
    since = exchanges[-1] if exchanges else (silent_from - first_day(today)).days if silent_from else None
    silence = last_day - since if since is not None and since <= last_day else None
    paused = any(until is None for _, until in happened.pauses)
    if silence and not paused:
        path.append(f"M{max(last_day - silence, 0)} 10H{DAYS}")
    for begun, until in happened.pauses:
        path.append(f"M{max(begun, 0)} 4V1H{min(last_day if until is None else until, last_day) + 1}V4")
    words = _words(len(exchanges), len(attempts), len(missed), silence, paused)
    last = first_day(today) + timedelta(days=since) if since is not None else None
    return Strip("".join(path), words, silence, last, paused)


def _words(exchanges: int, attempts: int, missed: int, silence: int | None, paused: bool) -> str:
    parts = [count(exchanges, "jour d'échange", "jours d'échange")]
    if attempts:
        parts.append(count(attempts, "tentative"))
    if missed:
        parts.append(count(missed, "rendez-vous manqué", "rendez-vous manqués"))
    if paused:
        parts.append("en pause")
    elif silence is not None:
        after = "depuis le dernier" if exchanges else "de silence"
        parts.append(f"{count(silence, 'jour')} {after}")
    return f"Six derniers mois : {', '.join(parts)}"
