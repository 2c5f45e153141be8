"""Pages of journeys."""

from __future__ import annotations

from coordination.cases.views import alerts, contacts, day, documents, journey, lists, outings
from coordination.cases.views.pages import blueprint

__all__ = ["alerts", "blueprint", "contacts", "day", "documents", "journey", "lists", "outings"]
