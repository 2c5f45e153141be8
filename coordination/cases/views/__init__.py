"""Pages of journeys."""

from __future__ import annotations

from coordination.cases.views import alerts, board, contacts, day, journey, lists, picture, reassign
from coordination.cases.views.pages import blueprint

__all__ = [
    "alerts",
    "blueprint",
    "board",
    "contacts",
    "day",
    "journey",
    "lists",
    "picture",
    "reassign",
]
