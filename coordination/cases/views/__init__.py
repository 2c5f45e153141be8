"""Pages of journeys."""

from __future__ import annotations

from coordination.cases.views import (
    agreements,
    alerts,
    contacts,
    course,
    day,
    journey,
    lists,
    opening,
    people,
    team,
)
from coordination.cases.views.pages import blueprint

__all__ = [
    "agreements",
    "alerts",
    "blueprint",
    "contacts",
    "course",
    "day",
    "journey",
    "lists",
    "opening",
    "people",
    "team",
]
