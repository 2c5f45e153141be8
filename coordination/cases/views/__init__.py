"""Pages of journeys."""

from __future__ import annotations

from coordination.cases.views import (
    agreements,
    alerts,
    contacts,
    day,
    journey,
    lists,
    people,
    records,
    sessions,
)
from coordination.cases.views.pages import blueprint

__all__ = [
    "agreements",
    "alerts",
    "blueprint",
    "contacts",
    "day",
    "journey",
    "lists",
    "people",
    "records",
    "sessions",
]
