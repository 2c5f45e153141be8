"""The only place that reads the clock; views, jobs and commands of the CLI call it, nobody else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# A daily scan that has not come for this long is late.
LATE_AFTER = timedelta(hours=26)


def now() -> datetime:
    """The present instant, in UTC."""
    return datetime.now(UTC)


def paris_date(instant: datetime) -> date:
    """The Europe/Paris calendar date of an aware instant."""
    return instant.astimezone(PARIS).date()


def day_typed(text: str) -> date:
    """A day as a browser sends it (2026-10-12) or as people write it (12/10/2026).

    Raises ValueError with a French sentence: no such day, or one of a year that was not typed to its end.
    """
    day = _parsed(text, "%d/%m/%Y") or _parsed(text, "%Y-%m-%d")
    if day is None:
        raise ValueError(NOT_A_DATE)
    if day < FIRST_DAY:
        raise ValueError(TOO_LONG_AGO)
    return day


def _parsed(text: str, shape: str) -> date | None:
    try:
        return datetime.strptime(text, shape).date()
    except ValueError:
        return None


# Years that people may mean; others are typed wrong.
FIRST_YEAR, LAST_YEAR = 1990, 2100
NOT_A_DATE = "Cette date n'existe pas. Écrivez-la ainsi : 12/10/2026."
# As in a bundle: nobody here was born before.
FIRST_DAY = date(1900, 1, 1)
TOO_LONG_AGO = "Vérifiez l'année : une date est acceptée à partir du 01/01/1900."


def today() -> date:
    """Today's Europe/Paris date."""
    return paris_date(now())
