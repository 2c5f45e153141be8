"""Pages of journeys: each module adds its routes to the blueprint."""

from __future__ import annotations

from coordination.cases.views import (
    agreements,
    alerts,
    board,
    contacts,
    course,
    day,
    documents,
    forecast,
    journey,
    leave_plan,
    lists,
    opening,
    outings,
    people,
    picture,
    reassign,
    records,
    sessions,
    team,
    thresholds,
    week_review,
)
from coordination.cases.views.pages import blueprint

__all__ = [
    "agreements",
    "alerts",
    "blueprint",
    "board",
    "contacts",
    "course",
    "day",
    "documents",
    "forecast",
    "journey",
    "leave_plan",
    "lists",
    "opening",
    "outings",
    "people",
    "picture",
    "reassign",
    "records",
    "sessions",
    "team",
    "thresholds",
    "week_review",
]
