"""Which journeys run: those without an exit that were not turned down ("End" in the words of deadlines.md).

The one place that says it, as Python and as SQL; `Journey.runs` is both.
"""

from __future__ import annotations

from datetime import date

TURNED_DOWN = "NON_RETENU"
# Of the table `journey`, in statements that are written out.
NOT_TURNED_DOWN = f"stage IS DISTINCT FROM '{TURNED_DOWN}'"
RUNS = f"exit_on IS NULL AND {NOT_TURNED_DOWN}"


def runs(exit_on: date | None, stage: str | None) -> bool:
    """Whether a journey is still under way."""
    return exit_on is None and stage != TURNED_DOWN
